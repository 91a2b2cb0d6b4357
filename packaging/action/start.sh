#!/usr/bin/env bash
# Step two of the action: starts the server, waits until it answers, and tells later steps where.
set -euo pipefail
log=$RUNNER_TEMP/ampls-dns.log
arguments=(serve "$SCENARIO" --admin "$ADMIN")
[ -z "$AT" ] || arguments+=(--at "$AT")
[ -z "$UPSTREAM" ] || arguments+=(--upstream "$UPSTREAM")
if [ "$ADDRESS" = 127.0.0.1 ]; then
  arguments+=(--base-port "$PORT")
else
  # The public view first, then each network in the order declared.
  port=$PORT
  listen=$ADDRESS:$port
  while read -r network; do
    [ "$port" = 0 ] || port=$((port + 1))
    listen+=",$network=$ADDRESS:$port"
  done < <("$BINARY" compose "$SCENARIO" ${AT:+--at "$AT"} --format json |
    python3 -c 'import json, sys
for listener in json.load(sys.stdin)["services"]["dns"]["environment"]["AMPLS_DNS_LISTEN"].split(","):
    network, equals, _ = listener.replace("$$", "$").rpartition("=")
    if equals: print(network)')
  arguments+=(--listen "$listen")
fi
# The step ends and the server stays: nothing of it may hold the step's own output.
nohup "$BINARY" "${arguments[@]}" >"$log" 2>&1 </dev/null &
process=$!
disown
for _ in $(seq 100); do
  if state=$("$BINARY" status --admin "$ADMIN" --format json 2>/dev/null); then break; fi
  if ! kill -0 "$process" 2>/dev/null; then
    echo "::error::$(grep -m 1 '^error' "$log" || tail -n 1 "$log")"
    cat "$log"
    exit 2
  fi
  sleep 0.1
done
[ -n "${state:-}" ] || { echo "::error::the server did not get ready within ten seconds"; cat "$log"; exit 2; }
cat "$log"
python3 - "$state" <<'PYTHON' >>"$GITHUB_OUTPUT"
import json, sys
state = json.loads(sys.argv[1])
print("public=" + (state["listeners"] or [""])[0])
print("networks=" + json.dumps({network["name"]: network["listener"] for network in state["networks"] if network.get("listener")}))
PYTHON
{
  echo "admin=http://$ADMIN"
  echo "process=$process"
  echo "log=$log"
} >>"$GITHUB_OUTPUT"
# `ampls-dns step` of a later step asks this server.
echo "AMPLS_DNS_ADMIN=http://$ADMIN" >>"$GITHUB_ENV"
