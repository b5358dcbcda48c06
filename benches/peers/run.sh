#!/usr/bin/env bash
# run.sh [PEER..] [--seconds N] [--json FILE] [--sockets N,N] [--smoke]
# Installs the peers (redis postgresql ws socket.io vendure; all of them unless some are named), drives Souk and them with
# the same work on loopback, one after the other, and prints one table. What cannot be installed is named and left out.
# --smoke: redis, postgresql and ws for a second each, without apt. Ends everything that it started, whatever happens.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

peers=() rest=() smoke=
while (($#)); do
  case $1 in
    redis | postgresql | ws | socket.io | vendure) peers+=("$1") ;;
    --seconds | --sockets) rest+=("$1" "${2:?$1 needs a value}") && shift ;;
    --json) rest+=("$1" "$(realpath -m "${2:?$1 needs a value}")") && shift ;;
    --smoke) smoke=1 ;;
    -h | --help) sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}" && exit 0 ;;
    *) echo "error: no peer or option: $1 (see --help)" >&2 && exit 2 ;;
  esac
  shift
done
if [[ $smoke ]]; then
  rest=(--seconds 1 "${rest[@]}")
  ((${#peers[@]})) || peers=(redis postgresql ws)
fi
((${#peers[@]})) || peers=(redis postgresql ws socket.io vendure)

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

apt_install() { # package
  [[ $smoke ]] && return 1
  command -v apt-get >/dev/null || return 1
  local install=(env DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -y -qq --no-install-recommends
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$1")
  echo "installing $1"
  # An old package list names versions that are gone: a second try with a new one.
  as_root "${install[@]}" >/dev/null 2>&1 ||
    { as_root timeout 300 apt-get update -qq && as_root "${install[@]}" >/dev/null; }
}

# Each installs if it must; what fails is said by the bench, too, and the others go on.
install_redis() {
  command -v redis-server >/dev/null && return
  apt_install redis-server || return
  # Debian starts one; the bench starts its own on a free port.
  if command -v systemctl >/dev/null; then as_root systemctl disable --now redis-server >/dev/null 2>&1 || true; fi
}
install_postgresql() {
  [[ -x /usr/lib/postgresql/15/bin/postgres ]] && return
  apt_install postgresql-15 || return
  as_root pg_ctlcluster 15 main stop >/dev/null 2>&1 || true
}
install_npm() {
  command -v node >/dev/null && command -v npm >/dev/null || return
  ./scripts/npm-ci.sh "benches/peers/$1" >/dev/null
}
for peer in "${peers[@]}"; do
  case $peer in
    redis | postgresql) "install_$peer" ;;
    vendure) install_postgresql && install_npm vendure ;;
    *) install_npm "$peer" ;;
  esac || echo "warning: $peer cannot be installed here; the others are compared without it" >&2
done

# The program itself rather than cargo: what is started here is ended here, by its id.
bench=$(cargo bench --locked --no-run --bench peers --message-format json-render-diagnostics |
  node -e 'for (const line of require("fs").readFileSync(0, "utf8").split("\n")) {
    const at = line && JSON.parse(line);
    if (at && at.reason === "compiler-artifact" && at.target.name === "peers") console.log(at.executable);
  }')

ulimit -n "$(ulimit -Hn)"
mkdir -p target/tmp
SOUK_BENCH_DIR=$(mktemp -d "$PWD/target/tmp/peers-XXXXXX")
# PostgreSQL runs as a user of its own when this is root.
chmod 755 "$SOUK_BENCH_DIR"
export SOUK_BENCH_DIR
pid=
descendants() {
  local child
  for child in $(ps -o pid= --ppid "$1"); do
    descendants "$child"
    echo "$child"
  done
}
finish() {
  trap - EXIT INT TERM
  if [[ $pid ]]; then
    local all
    all=$(descendants "$pid")
    kill -TERM "$pid" $all 2>/dev/null || true
    timeout 15 tail --pid="$pid" -s 0.1 -f /dev/null || kill -KILL "$pid" 2>/dev/null || true
    for one in $all; do
      timeout 15 tail --pid="$one" -s 0.1 -f /dev/null || kill -KILL "$one" 2>/dev/null || true
    done
  fi
  rm -rf "$SOUK_BENCH_DIR"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

timeout 3000 "$bench" "${peers[@]}" "${rest[@]}" </dev/null &
pid=$!
status=0
wait "$pid" || status=$?
pid=
exit "$status"
