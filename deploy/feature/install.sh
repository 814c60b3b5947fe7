#!/bin/sh
# Installs contract-first in an environment of its own, and its command for everyone; the option is SOURCE.
set -eu
prefix="${PREFIX:-/usr/local/lib/contract-first}"
python3 -m venv "$prefix"
"$prefix/bin/pip" install --no-cache-dir "${SOURCE:-contract-first[check]}"
ln -sf "$prefix/bin/contract-first" "${PROGRAMS:-/usr/local/bin}/contract-first"
