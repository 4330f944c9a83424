#!/bin/sh
# Create .venv with the Python in $1. On Debian, `venv` is a separate package: install it as root.
set -eu
python=${1:-}
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Waspada needs Python 3.11 or later: apt-get install python3 (or: make PYTHON=/path/to/python3)" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $package, which this Python needs"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
    else
        echo "This Python lacks the venv module. Run: sudo apt-get install $package" >&2
        exit 1
    fi
fi
exec "$python" -m venv .venv
