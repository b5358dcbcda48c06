#!/usr/bin/env bash
# contract.sh: whether the API is what docs/openapi.json says. Lints the document (redocly), generates clients for
# TypeScript and Python and buys something with each, then sends requests made from the document (schemathesis) and
# holds every answer against it. A shop of its own on a free port; every wait has an end. SOUK=<path> takes another binary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

souk=${SOUK:-./target/release/souk}
[[ -x $souk ]] || { echo "error: $souk is missing; run 'make build' first" >&2; exit 1; }
./scripts/npm-ci.sh tests/contract

venv=target/contract/venv
if ! cmp -s tests/contract/requirements.txt "$venv/requirements.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  timeout 600 "$venv/bin/pip" install -q --disable-pip-version-check -r tests/contract/requirements.txt
  cp tests/contract/requirements.txt "$venv/requirements.txt"
fi
export PATH="$PWD/$venv/bin:$PATH"

work=$(mktemp -d)
pid=
finish() {
  status=$?
  trap - EXIT
  if [[ -n $pid ]] && kill -TERM "$pid" 2>/dev/null; then
    timeout 20 tail --pid="$pid" -s 0.1 -f /dev/null || kill -KILL "$pid"
  fi
  if ((status != 0)); then
    echo "--- the server's last lines" >&2
    tail -n 30 "$work/log" >&2 2>/dev/null || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

password=contract-tests-only
mkfifo "$work/out"
SOUK_SUPERADMIN_PASSWORD=$password "$souk" serve --config config/sample.toml --sample \
  --listen 127.0.0.1:0 --data-dir "$work/data" >"$work/out" 2>"$work/log" </dev/null &
pid=$!
# The read end stays open, so that what the server prints later never meets a closed pipe.
exec 3<"$work/out"
if ! IFS= read -r -t 60 first <&3; then
  echo "error: the server ended, or did not listen within a minute" >&2
  exit 1
fi
url=${first#souk listening on }
[[ $url == http://127.0.0.1:* ]] || { echo "error: not an address in the first line: $first" >&2; exit 1; }

(cd tests/contract && npm run --silent lint && npm run --silent generate >/dev/null && npm run --silent check)
rm -rf "$work/generated"
mkdir "$work/generated"
openapi-python-client generate --path docs/openapi.json --meta none --output-path "$work/generated/souk_client" \
  >"$work/generator.log" || { cat "$work/generator.log" >&2; exit 1; }
export SOUK_URL=$url SOUK_ADMIN_PASSWORD=$password SOUK_GENERATED=$work/generated
(cd tests/contract && timeout 60 npm run --silent test)
timeout 60 python3 tests/contract/client.py

token=$(python3 - <<'PY'
import json, os, urllib.request
body = json.dumps({"email": "admin@souk.local", "password": os.environ["SOUK_ADMIN_PASSWORD"]}).encode()
request = urllib.request.Request(os.environ["SOUK_URL"] + "/api/auth/login", body, {"content-type": "application/json"})
print(json.load(urllib.request.urlopen(request, timeout=10))["access_token"])
PY
)
unset SOUK_URL SOUK_ADMIN_PASSWORD SOUK_GENERATED
# Not the live feed, whose responses never end (tests/live has it); and a valid body may meet a rule of the shop, such as
# a SKU that is not sold.
SOUK_TOKEN=$token timeout 300 schemathesis --config-file tests/contract/schemathesis.toml run "$url/api/openapi.json" \
  --exclude-path /live --exclude-path /live/sse --exclude-checks positive_data_acceptance
