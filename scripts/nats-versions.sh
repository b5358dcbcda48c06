#!/usr/bin/env bash
# The cluster's tests on other nats-servers than the pinned one (scripts/nats-server.sh), each fetched and never installed.
#
#   scripts/nats-versions.sh                     on the floor and on a newer one; and on an old one what must work there
#   VERSIONS=2.15.1 OLD= TESTS="journal_tck" scripts/nats-versions.sh
#   SOUK_NATS_SERVER=/opt/nats/nats-server scripts/nats-versions.sh     on that one
#
# OLD is a server below the floor, such as Debian 12's 2.9.10. A node takes it only with cluster.allow_old_servers; the log's
# contract and the tools must work on it, because a shop that lives there has to be moved away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

read -ra versions <<<"${VERSIONS-2.10.26 2.15.1}"
read -ra tests <<<"${TESTS:-journal_tck transport_nats nats_permissions cluster_shop cluster}"
old=${OLD-$(command -v nats-server || true)}

run() { # server, then the names of tests
  local server=$1 arguments=() test
  shift
  for test in "$@"; do arguments+=(--test "$test"); done
  echo "== $("$server" --version)"
  SOUK_NATS_SERVER=$server timeout 2700 cargo test --release --locked "${arguments[@]}"
}

if [[ -n ${SOUK_NATS_SERVER:-} ]]; then
  run "$(./scripts/nats-server.sh)" "${tests[@]}"
  exit
fi
for version in "${versions[@]}"; do
  # Two statements: a failure inside an argument would go unnoticed.
  server=$(./scripts/nats-server.sh "$version")
  run "$server" "${tests[@]}"
done
if [[ -n $old && $("$old" --version) == *v2.9.* ]]; then
  SOUK_CLUSTER__ALLOW_OLD_SERVERS=true run "$old" journal_tck
fi
