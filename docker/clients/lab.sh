# Each client, asked for what makes clients differ.
up
healthy dns
healthy dns-earlier
own=11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com
gone=api.monitor.azure.com
inside client sh -c 'echo "nameserver 10.0.1.200" >/etc/resolv.conf'
asks() { inside "$1" ask "${@:2}"; }

# asked SERVICE CLIENT GONE NODATA MANY: what makes clients differ, in one go. GONE and NODATA are what the client calls a
# name that does not exist and one without an AAAA; MANY is what it makes of more addresses than fit into a datagram.
# getent asks for AAAA only on a machine with an IPv6 address, which no container of this lab has; Python, on the same
# library, asks.
asked() {
  local service=$1 client=$2 gone_word=$3 nodata_word=$4 many_word=$5 both="192.0.2.4 2001:db8::4" answers
  [ "$client" != glibc ] || both="192.0.2.4 none"
  mapfile -t answers < <(asks "$service" "$client" $own A $own AAAA $gone A alias.lab.example A alias.lab.example AAAA many.lab.example A)
  hold "an address behind an alias" 10.0.1.5 "${answers[0]:-}"
  hold "no AAAA" "$nodata_word" "${answers[1]:-}"
  hold "a name that is gone" "$gone_word" "${answers[2]:-}"
  hold "both families" "$both" "${answers[3]:-} ${answers[4]:-}"
  hold "a hundred addresses" "$many_word" "${answers[5]:-}"
}

for client in dig kdig nslookup host node; do
  say "$client"
  asked client $client NXDOMAIN NODATA "100 addresses"
done
# Their libraries have one word for both.
for client in glibc python node-lookup go; do
  say "$client"
  asked client $client none none "100 addresses"
done
# No TCP of their own accord: they make do with what is in a truncated answer, which is nothing.
say drill
asked client drill NXDOMAIN NODATA NODATA
say busybox
asked client busybox NXDOMAIN NODATA NODATA
say "musl 1.2.3"
asked client musl none none none

say "systemd-resolved, by its own client and by its stub"
inside client-resolved sh -c 'echo "nameserver 127.0.0.53" >/etc/resolv.conf'
ready client-resolved resolvectl status
asked client-resolved resolved NXDOMAIN NODATA "100 addresses"
hold "glibc through the stub" 10.0.1.5 "$(asks client-resolved glibc $own A)"
hold "dig through the stub, a name that is gone" NXDOMAIN "$(asks client-resolved dig $gone A)"

say "Docker's own resolver in front"
shown client-docker grep ^nameserver /etc/resolv.conf
asked client-docker dig NXDOMAIN NODATA "100 addresses"
asked client-docker glibc none none "100 addresses"
for client in nslookup musl go python; do
  hold "$client, an address behind an alias" 10.0.1.5 "$(asks client-docker $client $own A)"
done
hold "a type Docker knows nothing of" NODATA "$(seen client-docker $own HTTPS)"

say "its servers in order: a refusal and silence are no answer, and NXDOMAIN is one where the version says so"
hold "the second server has the name" 10.0.1.9 "$(seen client @10.0.1.202 $gone)"
case $(docker version --format '{{.Server.Version}}') in
  # Takes NXDOMAIN for the last word only with the bit AA, which Azure's answers do not have.
  20.10.*) hold "the first says NXDOMAIN, and Docker 20.10 asks the second" 10.0.1.9 "$(seen client-two-servers $gone)" ;;
  *) printf '  seen    the first says NXDOMAIN: %s\n' "$(seen client-two-servers $gone)" ;;
esac
hold "the first refuses, the second answers" 10.0.1.9 "$(seen client-refused-first $gone)"
hold "the first is silent, the second answers" 10.0.1.9 "$(seen client-dead-first +time=15 $gone)"
docker stop -t 1 "$(container dns)" >/dev/null
hold "once the first is gone, the second is asked" 10.0.1.9 "$(seen client-two-servers +time=15 $gone)"
