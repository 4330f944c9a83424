#!/bin/sh
# Find a Chromium for the page tests, or install Debian's as root, or print the command to install it.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the page tests"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
else
    echo "The page tests need Chromium, which is not installed. Run: sudo apt-get install chromium" >&2
    exit 1
fi
