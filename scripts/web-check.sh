#!/usr/bin/env bash
# The page's JavaScript: syntax by node, lints by eslint, types by TypeScript's checkJs. The tools are pinned in
# web/check; the page itself has no build step and no dependency.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

shopt -s nullglob
scripts=(web/live-page/*.js)
if ((${#scripts[@]} == 0)); then
  echo "error: no scripts in web/live-page" >&2
  exit 1
fi
for script in "${scripts[@]}"; do
  node --check "$script"
done

./scripts/npm-ci.sh web/check
cd web/check
npm run --silent lint
npm run --silent types
echo "web ok: ${#scripts[@]} scripts"
