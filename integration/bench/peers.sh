#!/usr/bin/env bash
# Measures ampls-dns beside other DNS servers on this machine and writes integration/bench/RESULTS.md.
#
#   integration/bench/peers.sh [--rounds N] [--seconds N] [--peers knot,nsd,unbound,bind,pdns,dnsmasq] [--parts udp,tcp,...]
#                             [--before BINARY] [--out FILE]
#
# Installs what is missing from Debian (dnsperf and the peers), builds what the image holds and the examples `echo` and `scale`, and measures
# in a network namespace of its own, so that nothing of the host's (conntrack, other servers) takes part. Needs root for
# both; without it, what is missing is left out and the host's loopback is used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [ -z "${AMPLS_BENCH_INNER:-}" ]; then
  missing=()
  for pair in dnsperf:dnsperf knotd:knot nsd:nsd unbound:unbound named:bind9 pdns_server:pdns-server dnsmasq:dnsmasq-base ip:iproute2 python3:python3; do
    PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  ls /usr/lib/*/pdns/libbindbackend.so >/dev/null 2>&1 || missing+=(pdns-backend-bind)
  if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ]; then
    # Services of packages must not start: they would take ports and time.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
      printf '#!/bin/sh\nexit 101\n' >$policy
      chmod 755 $policy
      trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    install=(apt-get -o DPkg::Lock::Timeout=600 -qq -y --no-install-recommends install "${missing[@]}")
    "${install[@]}" >/dev/null || { apt-get -qq update && "${install[@]}" >/dev/null; }
    rm -f $policy
    trap - EXIT
  fi
  if [ -z "${AMPLS_BENCH_BINARY:-}" ]; then
    cargo build --quiet --locked --profile dist --bin ampls-dns --example echo --example scale
  fi
  export AMPLS_BENCH_INNER=1
  if [ "$(id -u)" = 0 ] && unshare --net true 2>/dev/null; then
    exec unshare --net bash -c 'ip link set lo up && exec "$0" "$@"' "$PWD/integration/bench/peers.sh" "$@"
  fi
fi
export PATH="$PATH:/usr/sbin"
exec python3 integration/bench/peers.py "$@"
