#!/bin/sh
# Find a PgBouncer for the tests with a pooler, or install Debian's as root, or print the command to install it.
set -eu
PATH="$PATH:/usr/sbin"
if command -v pgbouncer >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing PgBouncer for the tests with a pooler"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null
else
    echo "The tests with a pooler need PgBouncer, which is not installed. Run: sudo apt-get install pgbouncer" >&2
    exit 1
fi
