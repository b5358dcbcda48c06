# Sourced by e2e.sh and contract.sh, in the project's folder. `start_sample_shop PASSWORD` starts the release binary with
# the sample shop on a free port and an empty directory, and sets `url`; at the script's end the shop is drained. The
# address comes from the first line that the server prints; every wait is for an event and has an end. SOUK=<path> takes
# another binary.

souk=${SOUK:-./target/release/souk}
[[ -x $souk ]] || { echo "error: $souk is missing; run 'make build' first" >&2; exit 1; }

work=$(mktemp -d)
# The server of this moment: a test may replace it.
current() { cat "$work/pid" 2>/dev/null || true; }
ended() { timeout "$1" tail --pid="$pid" -s 0.1 -f /dev/null; }
finish() {
  status=$?
  trap - EXIT
  pid=$(current)
  if [[ -n $pid ]] && kill -TERM "$pid" 2>/dev/null && ! ended 20; then
    echo "error: the server did not drain within 20 seconds" >&2
    kill -KILL "$pid" || true
    status=1
  fi
  if ((status != 0)); then
    echo "--- the server's last lines" >&2
    tail -n 60 "$work/log" >&2 2>/dev/null || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_sample_shop() { # password
  local first
  mkfifo "$work/out"
  # Every test comes from one address.
  SOUK_BUDGETS__ENFORCED=false SOUK_SUPERADMIN_PASSWORD=$1 "$souk" serve --config config/sample.toml --sample \
    --listen 127.0.0.1:0 --data-dir "$work/data" >"$work/out" 2>"$work/log" </dev/null &
  echo "$!" >"$work/pid"
  # The read end stays open, so that what the server prints later never meets a closed pipe.
  exec 3<"$work/out"
  if ! IFS= read -r -t 60 first <&3; then
    echo "error: the server ended, or did not listen within a minute" >&2
    exit 1
  fi
  url=${first#souk listening on }
  [[ $url == http://127.0.0.1:* ]] || { echo "error: not an address in the first line: $first" >&2; exit 1; }
}
