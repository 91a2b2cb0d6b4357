# DNS servers as people run them, in front of what stands in for 168.63.129.16.
say "168.63.129.16 is this lab's own container, or nothing is sent to it"
# The server first, and alone: nobody asks anything before it is known who answers.
up dns prober
healthy dns
azure_network="${LAB_PROJECT}_azure"
failed_before=$LAB_FAILED
hold "address of the container" 168.63.129.16 \
  "$(docker inspect --format "{{(index .NetworkSettings.Networks \"$azure_network\").IPAddress}}" "$(container dns)")"
hold "its network is cut off from others" true "$(docker network inspect --format '{{.Internal}}' "$azure_network")"
hold "its network holds the address" 168.63.129.0/24 "$(docker network inspect --format '{{(index .IPAM.Config 0).Subnet}}' "$azure_network")"
hold "networks the one who asks is in" "$azure_network" \
  "$(docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}' "$(container prober)")"
hold "the neighbour's hardware address is the container's" \
  "$(docker inspect --format "{{(index .NetworkSettings.Networks \"$azure_network\").MacAddress}}" "$(container dns)")" \
  "$(inside prober sh -c 'busybox arping -c 1 -f -I eth0 168.63.129.16 2>/dev/null' | sed -n 's/.*\[\([0-9a-f:]*\)\].*/\1/p')"
if [ "$LAB_FAILED" = "$failed_before" ]; then
  version=$(inside prober dig +short +tries=1 CH TXT version.bind @168.63.129.16)
  hold_in "it says what it is" '"ampls-dns ' "$version"
  hold "and whose view it gives" '"hub"' "$(inside prober dig +short +tries=1 CH TXT hostname.bind @168.63.129.16)"
fi
if [ "$LAB_FAILED" != "$failed_before" ]; then
  say "it is not: nothing else is sent, and this lab ends here"
  return 0
fi

up
shared=api.monitor.azure.com
own=11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com
old=dc.services.visualstudio.com
for server in bind:11 bind:12 bind:13 unbound:21 unbound:22 unbound:23 dnsmasq:31 dnsmasq:32 dnsmasq:33; do
  ready client dig +tries=1 +time=1 @10.1.0."${server#*:}" version.bind CH TXT
done
# What a client of one of the forwarders sees.
through() { road "$(seen client "@10.1.0.$1" "$2")"; }

say "everything forwarded to Azure: private from any of them"
shown client dig +noall +answer "$shared" @10.1.0.11
for server in bind:11 unbound:21 dnsmasq:31; do
  hold "${server%:*} gives $shared" 10.1.0.135 "$(seen client "@10.1.0.${server#*:}" $shared)"
  hold "${server%:*} gives $own" 10.1.0.133 "$(seen client "@10.1.0.${server#*:}" $own)"
  hold "${server%:*} gives an old entry host, $old" 10.1.0.136 "$(seen client "@10.1.0.${server#*:}" $old)"
  hold "${server%:*} gives no AAAA, and no error" NODATA "$(seen client "@10.1.0.${server#*:}" $shared AAAA)"
  hold "${server%:*} says what the zone does not have" NXDOMAIN "$(seen client "@10.1.0.${server#*:}" nothing.privatelink.monitor.azure.com)"
done
hold "the client's own resolver, through Docker's, gives $shared" 10.1.0.135 "$(inside client getent ahostsv4 $shared | awk 'NR == 1 { print $1 }')"

say "the public names forwarded, as documented: private again"
for server in bind:12 unbound:22 dnsmasq:32; do
  hold "${server%:*} gives $shared" private "$(through "${server#*:}" $shared)"
  hold "${server%:*} gives $own" private "$(through "${server#*:}" $own)"
done

say "only the privatelink names forwarded: BIND and unbound ask anew for each alias, dnsmasq takes the chain as it comes"
shown client dig +noall +answer "$shared" @10.1.0.13
shown client dig +noall +answer "$shared" @10.1.0.33
for server in bind:13:private unbound:23:private dnsmasq:33:public; do
  IFS=: read -r kind host road <<<"$server"
  hold "$kind gives $shared" "$road" "$(through "$host" $shared)"
  hold "$kind gives $own" "$road" "$(through "$host" $own)"
done

say "an old entry host, whose name is in no zone that is forwarded: the same again"
for server in bind:12:private unbound:22:private dnsmasq:32:public; do
  IFS=: read -r kind host road <<<"$server"
  hold "$kind with the public names forwarded gives $old" "$road" "$(through "$host" $old)"
done
