#!/usr/bin/env bash
# How long the release binary takes to its first answer, on an empty directory and on a filled one, and what it
# holds in memory then. SOUK=<path> takes another binary. Prints one line for each start.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

souk=${SOUK:-./target/release/souk}
work=$(mktemp -d)
pid=
finish() {
  if [[ -n $pid ]]; then kill -KILL "$pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

now_ms() { echo $(($(date +%s%N) / 1000000)); }
status() { awk -v name="$1:" '$1 == name { printf "%.0f", $2 / 1024 }' "/proc/$pid/status"; }
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / hz }' "/proc/$pid/stat"; }

for start in first second third; do
  mkfifo "$work/out"
  began=$(now_ms)
  SOUK_SUPERADMIN_PASSWORD=only-for-measuring "$souk" serve --config config/sample.toml --sample \
    --listen 127.0.0.1:0 --data-dir "$work/data" >"$work/out" 2>"$work/log" </dev/null &
  pid=$!
  exec 3<"$work/out"
  IFS= read -r -t 60 first <&3 || { cat "$work/log" >&2; exit 1; }
  curl -fsS -o /dev/null "${first#souk listening on }/api/products?limit=24"
  answered=$(now_ms)
  echo "$start start: first answer after $((answered - began)) ms, $(cpu_ms) ms of CPU, resident $(status VmRSS) MiB"
  kill -TERM "$pid"
  timeout 30 tail --pid="$pid" -s 0.1 -f /dev/null
  pid=
  exec 3<&-
  rm "$work/out"
done
