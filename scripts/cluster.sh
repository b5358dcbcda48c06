#!/usr/bin/env bash
# A whole cluster on this machine: three nats-servers with the files of cluster/nats, three nodes, one of which makes the
# sample shop. Prints where everything is; Ctrl-C (or SIGTERM) ends the nodes one after another, then the servers.
#
#   scripts/cluster.sh                 on ports 8081-8083, with its data in data/cluster; run again, it is the same shop
#   SOUK_SUPERADMIN_PASSWORD=.. scripts/cluster.sh      with your own password of the first account
#   CLUSTER_DIR=/tmp/c CLUSTER_BASE_PORT=20000 SOUK=target/debug/souk scripts/cluster.sh
#
# Each process has a file start-NAME, so that what was killed can be started again while this runs. Every wait has an end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

souk=$(realpath -m "${SOUK:-target/release/souk}")
dir=$(realpath -m "${CLUSTER_DIR:-data/cluster}")
[[ -x $souk ]] || { echo "error: $souk is missing; run 'make build' first" >&2; exit 1; }
nats_server=$(./scripts/nats-server.sh --have)
umask 077
mkdir -p "$dir"

# With a base B: nodes at B+1..3, NATS at B+11..13, its routes at B+21..23, its monitoring at B+31..33.
base=${CLUSTER_BASE_PORT:-}
node_port() { echo $((${base:-8080} + $1)); }
nats_port() { echo $((${base:-4220} + 10 + $1)); }
route_port() { echo $((${base:-6200} + 20 + $1)); }
http_port() { echo $((${base:-8200} + 30 + $1)); }

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
for n in 1 2 3; do
  for port in "$(node_port $n)" "$(nats_port $n)" "$(route_port $n)" "$(http_port $n)"; do
    if taken "$port"; then
      echo "error: port $port is taken; end what listens there, or set CLUSTER_BASE_PORT=20000" >&2
      exit 1
    fi
  done
done

# Made once, kept beside the data: the nodes' common signing key, the passwords of NATS and of the first account.
secrets=$dir/secrets
new=
if [[ ! -s $secrets ]]; then
  new=1
  word() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }
  {
    echo "export SOUK_IDENTITY__SIGNING_KEY=$(word 32)"
    echo "export SOUK_SUPERADMIN_PASSWORD=p$(word 10)"
    # A letter first: NATS reads a value of digits as a number.
    for name in NODE MONITOR OPERATOR SYS; do echo "export NATS_${name}_PASSWORD=p$(word 16)"; done
  } >"$secrets.new"
  mv "$secrets.new" "$secrets"
fi
# The caller's own password for the first account replaces the kept one, as it does on one machine.
given=${SOUK_SUPERADMIN_PASSWORD:-}
if [[ -n $given ]]; then
  {
    grep -v '^export SOUK_SUPERADMIN_PASSWORD=' "$secrets"
    echo "export SOUK_SUPERADMIN_PASSWORD=$(printf %q "$given")"
  } >"$secrets.new"
  mv "$secrets.new" "$secrets"
fi

# start-NAME: the one way in which a process is started; its id is in NAME.pid, what it says in NAME.log.
starter() { # name, then lines of the script
  local name=$1
  shift
  {
    echo '#!/usr/bin/env bash'
    echo "set -euo pipefail; cd $(printf %q "$PWD")"
    echo ". $(printf %q "$secrets"); echo \$\$ >$(printf %q "$dir/$name.pid")"
    printf '%s\n' "$@"
  } >"$dir/start-$name"
  chmod +x "$dir/start-$name"
}
routes=$(for n in 1 2 3; do printf 'nats://127.0.0.1:%s,' "$(route_port $n)"; done)
urls=$(for n in 1 2 3; do printf '"nats://127.0.0.1:%s",' "$(nats_port $n)"; done)
log() { printf '</dev/null >>%q 2>&1' "$dir/$1.log"; }
for n in 1 2 3; do
  starter "nats-$n" \
    "export NATS_STORE_DIR=$(printf %q "$dir/nats-$n") NATS_HTTP=127.0.0.1:$(http_port $n)" \
    "exec $(printf %q "$nats_server") -c cluster/nats/nats-$n.conf -a 127.0.0.1 -p $(nats_port $n) -P $(printf %q "$dir/nats-$n.nats-pid") \\" \
    "  --cluster nats://127.0.0.1:$(route_port $n) --routes ${routes%,} $(log "nats-$n")"
  sample=
  ((n == 1)) && sample=--sample
  starter "node-$n" \
    "export SOUK_CLUSTER__URLS='[${urls%,}]' SOUK_CLUSTER__USER=node SOUK_CLUSTER__PASSWORD=\$NATS_NODE_PASSWORD" \
    "export SOUK_CLUSTER__NAME=souk SOUK_CLUSTER__NODE=node-$n SOUK_CLUSTER__REPLICAS=3" \
    "export SOUK_CLUSTER__PUBLIC_URL=http://127.0.0.1:$(node_port $n)" \
    "unset NATS_OPERATOR_PASSWORD NATS_MONITOR_PASSWORD NATS_SYS_PASSWORD NATS_NODE_PASSWORD" \
    "exec $(printf %q "$souk") serve --config config/sample.toml $sample --listen 127.0.0.1:$(node_port $n) \\" \
    "  --data-dir $(printf %q "$dir/node-$n") $(log "node-$n")"
done

# The process of that name, if it lives and is ours: an id that the system gave to somebody else is left alone.
alive() {
  local pid
  pid=$(cat "$dir/$1.pid" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] && kill -0 "$pid" 2>/dev/null || return 1
  [[ $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" || ps -o args= -p "$pid") == *"$dir/"* ]] && echo "$pid"
}
ended() { # name, seconds; whoever started it may not have taken note yet: a name without a command line is over
  local until=$((SECONDS + $2))
  while alive "$1" >/dev/null; do
    ((SECONDS < until)) || return 1
    sleep 0.1
  done
}
end() { # name, seconds
  local pid
  pid=$(alive "$1") || return 0
  kill -TERM "$pid" 2>/dev/null || return 0
  # One that was stopped (kill -STOP) hears nothing until it goes on.
  kill -CONT "$pid" 2>/dev/null || true
  if ! ended "$1" "$2"; then
    echo "error: $1 did not end within $2 seconds and is killed; see $dir/$1.log" >&2
    kill -KILL "$pid" 2>/dev/null || true
    status=1
  fi
}
finish() {
  status=$?
  trap - EXIT
  trap '' INT TERM HUP
  echo "ending: nodes hand over one after another, then the servers"
  for n in 1 2 3; do end "node-$n" 40; done
  for n in 1 2 3; do end "nats-$n" 20; done
  exit "$status"
}
# Job control: each child in a process group of its own, so that Ctrl-C reaches this script alone and the order is kept.
set -m
trap finish EXIT
trap 'exit 0' INT TERM HUP
for n in 1 2 3; do "$dir/start-nats-$n" & disown; done
for n in 1 2 3; do "$dir/start-node-$n" & disown; done

# 200 or not, with nothing but bash.
ready() {
  local line
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
  IFS= read -r -t 2 line <&3 || line=
  exec 3>&-
  [[ $line == *" 200 "* ]]
}
echo "starting three nats-servers and three nodes in $dir"
deadline=$((SECONDS + ${CLUSTER_START_SECONDS:-120}))
for n in 1 2 3; do
  until ready "$(node_port $n)" 2>/dev/null; do
    for name in nats-1 nats-2 nats-3 node-1 node-2 node-3; do
      if [[ -s $dir/$name.pid ]] && ! alive "$name" >/dev/null && ! kill -0 "$(cat "$dir/$name.pid")" 2>/dev/null; then
        echo "error: $name ended; the last lines of $dir/$name.log:" >&2
        tail -n 15 "$dir/$name.log" >&2
        exit 1
      fi
    done
    if ((SECONDS >= deadline)); then
      echo "error: node-$n is not ready in time; the last lines of $dir/node-$n.log:" >&2
      tail -n 15 "$dir/node-$n.log" >&2
      exit 1
    fi
    sleep 0.2
  done
done

. "$secrets"
first=http://127.0.0.1:$(node_port 1)
echo
for n in 1 2 3; do
  echo "  node-$n   http://127.0.0.1:$(node_port $n)/   pid $(cat "$dir/node-$n.pid")"
done
echo "  servers  $(for n in 1 2 3; do printf 'nats://127.0.0.1:%s ' "$(nats_port $n)"; done)"
if [[ -n $given ]]; then
  echo "  staff    admin@souk.local with the password of SOUK_SUPERADMIN_PASSWORD (kept in $secrets)"
elif [[ -n $new ]]; then
  echo "  staff    admin@souk.local with password $SOUK_SUPERADMIN_PASSWORD (shown this once; kept in $secrets)"
else
  echo "  staff    admin@souk.local; the password is in $secrets"
fi
cat <<TEXT

Who owns what:
  . $secrets
  TOKEN=\$(curl -s $first/api/auth/login -H 'content-type: application/json' \\
    -d '{"email":"admin@souk.local","password":"'\$SOUK_SUPERADMIN_PASSWORD'"}' | jq -r .access_token)
  curl -s $first/api/cluster -H "authorization: Bearer \$TOKEN" | jq
Kill a node and watch the others take over, then start it again:
  kill -9 \$(cat $dir/node-2.pid)
  $dir/start-node-2
Ctrl-C ends them all; the shop is there at the next start. rm -r $dir starts over.
TEXT
# Whoever ends is named; the others go on, that is what they are for.
seen=
while :; do
  sleep 1 &
  wait $! || true
  gone=
  for name in nats-1 nats-2 nats-3 node-1 node-2 node-3; do
    alive "$name" >/dev/null || gone+=" $name"
  done
  if [[ $gone != "$seen" && -n $gone ]]; then echo "not running:$gone"; fi
  if [[ -n $seen && -z $gone ]]; then echo "all run again"; fi
  seen=$gone
done
