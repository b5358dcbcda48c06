#!/usr/bin/env bash
# npm-ci.sh FOLDER: the packages of its lock file, installed once for each content of the lock file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../$1"

stamp=node_modules/.souk-lock
cmp -s package-lock.json "$stamp" && exit 0
timeout 600 npm ci --no-audit --no-fund
cp package-lock.json "$stamp"
