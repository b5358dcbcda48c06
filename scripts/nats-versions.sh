#!/usr/bin/env bash
# The cluster's tests on other nats-servers than this Debian's: those of newer Debian releases, fetched by apt from the mirror
# that this machine uses, unpacked under target/ and never installed.
#
#   scripts/nats-versions.sh                     on trixie's (2.10) and sid's (2.11 or later)
#   SUITES=sid TESTS="journal_tck" scripts/nats-versions.sh
#   NATS_SERVER=/opt/nats/nats-server scripts/nats-versions.sh     on that one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

read -ra suites <<<"${SUITES:-trixie sid}"
read -ra tests <<<"${TESTS:-journal_tck transport_nats nats_permissions cluster_shop cluster}"
fail() { echo "error: $*" >&2; exit 1; }

dir=$PWD/target/nats
mkdir -p "$dir"

# A package list of its own: what this machine installs from is not touched.
fetch() { # suite; prints the path of its server
  local suite=$1 at=$dir/$1 mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(apt-get indextargets --format '$(SITE)' 2>/dev/null | grep -v security | head -n 1) || true
  [[ -n $mirror && -r $keyring ]] || fail "this machine has no Debian mirror; set NATS_SERVER to a nats-server"
  mkdir -p "$at"/{lists/partial,cache/archives/partial}
  echo "deb [signed-by=$keyring] $mirror $suite main" >"$at/sources.list"
  local apt=(-qq -o "Dir::Etc::sourcelist=$at/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$at/lists" -o "Dir::Cache=$at/cache" -o APT::Sandbox::User=)
  timeout 300 apt-get "${apt[@]}" update >&2 || fail "the package list of $suite is out of reach"
  local version
  version=$(apt-cache "${apt[@]}" madison nats-server | awk -F'|' '{ gsub(/ /, "", $2); print $2; exit }')
  [[ -n $version ]] || fail "$suite has no nats-server"
  (cd "$at" && rm -f ./*.deb && timeout 300 apt-get "${apt[@]}" download "nats-server=$version" >&2 &&
    rm -rf unpacked && dpkg-deb -x ./*.deb unpacked)
  echo "$at/unpacked/usr/sbin/nats-server"
}

servers=()
if [[ -n ${NATS_SERVER:-} ]]; then
  servers=("$(realpath "$NATS_SERVER")")
else
  for suite in "${suites[@]}"; do
    # Two statements: a failure inside an array's element would go unnoticed.
    server=$(fetch "$suite")
    servers+=("$server")
  done
fi

arguments=()
for test in "${tests[@]}"; do arguments+=(--test "$test"); done
for server in "${servers[@]}"; do
  version=$("$server" --version) || fail "$server does not run here"
  echo "== $version"
  PATH=$(dirname "$server"):$PATH timeout 2700 cargo test --release --locked "${arguments[@]}"
done
