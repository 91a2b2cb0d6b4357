#!/bin/sh
# A script that resolves its host by the private link, held against ampls-dns. Needs ampls-dns and dig.
#
#   PATH=/where/ampls-dns/is:$PATH integration/embedding/shell/names.sh
set -eu

log=$(mktemp)
ampls-dns serve two-scopes-one-dns --at first-scope --base-port 0 --admin 127.0.0.1:0 >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT
for _ in $(seq 100); do grep -q '^ctrl-c ends' "$log" && break; sleep 0.1; done
AMPLS_DNS_ADMIN=$(sed -n 's/^admin: //p' "$log")
export AMPLS_DNS_ADMIN
# The line of `serve` for the network: dig @ADDRESS -p PORT NAME
dig_vnet1=$(sed -n 's/^vnet1 .*\(dig @[^ ]* -p [0-9]*\) .*/\1/p' "$log")

expect() {
  found=$($dig_vnet1 +short "$1" | tail -n 1)
  [ "$found" = "$2" ] || { echo "$1: expected $2, found $found" >&2; exit 1; }
  echo "ok: $1 is $2"
}

expect api.monitor.azure.com 10.0.1.9
ampls-dns step second-scope >/dev/null
expect api.monitor.azure.com 10.0.2.7
