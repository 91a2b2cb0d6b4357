#!/usr/bin/env bash
# schemathesis against the admin API of a real server on loopback: requests made from the OpenAPI document, good and bad.
# Usage: integration/schemathesis.sh [BINARY]
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:-target/release/ampls-dns}
version=4.32.5
tools=${SCHEMATHESIS_VENV:-target/schemathesis-$version}

if [ ! -x "$tools/bin/schemathesis" ]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi

log=$(mktemp)
"$binary" serve --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT
for _ in $(seq 100); do grep -q '^admin: ' "$log" && break; sleep 0.1; done
admin=$(sed -n 's/^admin: //p' "$log")
[ -n "$admin" ] || { cat "$log"; exit 1; }

# The same requests in every run, so that a change of ours is what turns it red.
"$tools/bin/schemathesis" --config-file integration/schemathesis.toml run "$admin/openapi.json" \
  --generation-deterministic --max-examples 20 --max-time 60 --request-timeout 20 --continue-on-failure --no-color

kill -TERM "$server"
wait "$server"
