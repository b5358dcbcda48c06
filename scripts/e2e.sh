#!/usr/bin/env bash
# Runs the browser tests against the sample shop (sample-shop.sh). SOUK=<path> takes another binary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source scripts/sample-shop.sh
./scripts/npm-ci.sh web/e2e

password=end-to-end-tests-only
start_sample_shop "$password"
SOUK_URL=$url
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
SOUK_BUDGETS__ENFORCED=false SOUK_SUPERADMIN_PASSWORD=$password "$souk" serve --config config/sample.toml --sample \\
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
