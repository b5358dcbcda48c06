#!/usr/bin/env bash
# Starts the release binary with the sample shop on a free port and an empty directory, runs the browser tests
# against it, and ends it. The address comes from the first line that the server prints.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ! -f web/e2e/package.json ]]; then
  echo "error: web/e2e is missing" >&2
  exit 1
fi
souk=./target/release/souk
[[ -x $souk ]] || { echo "error: $souk is missing; run 'make build' first" >&2; exit 1; }

work=$(mktemp -d)
pid=
finish() {
  status=$?
  if [[ -n $pid ]] && kill -0 "$pid" 2>/dev/null; then
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
  fi
  if ((status != 0)); then
    echo "--- the server's last lines" >&2
    tail -n 40 "$work/err" >&2 2>/dev/null || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT INT TERM

export SOUK_SUPERADMIN_PASSWORD=${SOUK_SUPERADMIN_PASSWORD:-end-to-end-tests-only}
"$souk" serve --config config/sample.toml --sample --listen 127.0.0.1:0 --data-dir "$work/data" \
  >"$work/out" 2>"$work/err" </dev/null &
pid=$!

url=
for _ in $(seq 600); do
  url=$(sed -n 's/^souk listening on \(http:[^ ]*\)$/\1/p' "$work/out" | head -n 1)
  [[ -n $url ]] && break
  kill -0 "$pid" 2>/dev/null || { echo "error: the server ended before it listened" >&2; exit 1; }
  sleep 0.1
done
[[ -n $url ]] || { echo "error: the server did not listen within a minute" >&2; exit 1; }

export SOUK_URL=$url
export CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
echo "end-to-end tests against $SOUK_URL"
cd web/e2e
timeout 480 npm test --silent </dev/null
