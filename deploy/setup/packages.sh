#!/bin/sh
# Install the locked packages of a requirements file into .venv, and say what is done meanwhile.
# Usage: packages.sh FILE STEP SIZE, where STEP and SIZE are for the reader ("2/3", "90 MB").
set -eu
file=$1 step=$2 size=$3
echo "$step Packages: $(grep -c '==' "$file") of $file, about $size; a minute or two"
start=$(date +%s)
.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$file"
echo "    done in $(($(date +%s) - start)) s"
