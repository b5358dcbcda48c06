#!/usr/bin/env bash
# Starts the release binary with the sample shop on a free port and an empty directory, runs the browser tests
# against it, and drains it. The address comes from the first line that the server prints; every wait is for an
# event and has an end. SOUK=<path> takes another binary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

souk=${SOUK:-./target/release/souk}
[[ -x $souk ]] || { echo "error: $souk is missing; run 'make build' first" >&2; exit 1; }
./scripts/npm-ci.sh web/e2e

work=$(mktemp -d)
pid=
# The server of this moment: the restart scenario replaces it.
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

password=end-to-end-tests-only
mkfifo "$work/out"
SOUK_SUPERADMIN_PASSWORD=$password "$souk" serve --config config/sample.toml --sample \
  --listen 127.0.0.1:0 --data-dir "$work/data" >"$work/out" 2>"$work/log" </dev/null &
pid=$!
echo "$pid" >"$work/pid"
# The read end stays open, so that what the server prints later never meets a closed pipe.
exec 3<"$work/out"
if ! IFS= read -r -t 60 first <&3; then
  echo "error: the server ended, or did not listen within a minute" >&2
  exit 1
fi
SOUK_URL=${first#souk listening on }
[[ $SOUK_URL == http://127.0.0.1:* ]] || { echo "error: not an address in the first line: $first" >&2; exit 1; }
# Only now: the server refuses a SOUK_ variable that it does not know.
export SOUK_URL SOUK_ADMIN_PASSWORD=$password
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
[[ -n $CHROMIUM ]] || { echo "error: no chromium; run 'make setup', or set CHROMIUM" >&2; exit 1; }
export CHROMIUM

# What the restart scenario calls: kill -9, and the same shop again on the same address and directory.
cat >"$work/restart" <<RESTART
#!/usr/bin/env bash
set -euo pipefail
cd "$PWD"
old=\$(cat "$work/pid")
kill -KILL "\$old"
timeout 20 tail --pid="\$old" -s 0.1 -f /dev/null
mkfifo "$work/again.\$old"
SOUK_SUPERADMIN_PASSWORD=$password "$souk" serve --config config/sample.toml --sample \\
  --listen "${SOUK_URL#http://}" --data-dir "$work/data" >"$work/again.\$old" 2>>"$work/log" </dev/null &
echo "\$!" >"$work/pid"
IFS= read -r -t 60 first <"$work/again.\$old"
[[ \$first == "souk listening on $SOUK_URL" ]]
RESTART
chmod +x "$work/restart"
export SOUK_RESTART_CMD=$work/restart

echo "end-to-end tests against $SOUK_URL"
cd web/e2e
timeout 480 npm test --silent </dev/null
