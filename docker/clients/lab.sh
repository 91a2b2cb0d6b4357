# Each client, asked for what makes clients differ.
compose up -d >/dev/null 2>&1
healthy dns
healthy dns-earlier
own=11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com
gone=api.monitor.azure.com
inside client sh -c 'echo "nameserver 10.0.1.200" >/etc/resolv.conf'
many=$(inside client sh -c 'seq -f 198.51.100.%g 1 100' | xargs)
asks() { inside "$1" ask "${@:2}"; }

# Clients that tell NODATA from NXDOMAIN, and those whose library says the same for both.
for client in dig kdig drill nslookup host busybox python node; do
  say "$client"
  hold "an address behind an alias" 10.0.1.5 "$(asks client $client $own A)"
  hold "no AAAA" NODATA "$(asks client $client $own AAAA)"
  hold "a name that is gone" NXDOMAIN "$(asks client $client $gone A | sed 's/^NODATA$/no NXDOMAIN/')"
  hold "both families" "192.0.2.4 2001:db8::4" "$(asks client $client alias.lab.example A) $(asks client $client alias.lab.example AAAA)"
  case $client in
    busybox) ;; # Looks at what fits into 512 octets, and not over TCP.
    drill) hold "a hundred addresses, over TCP" "$many" "$(inside client drill -t many.lab.example A | awk '$4 == "A" && !/^;/ && /^many/ { print $5 }' | sort -V | xargs)" ;;
    *) hold "a hundred addresses, over TCP" "$many" "$(asks client $client many.lab.example A)" ;;
  esac
done
for client in glibc musl node-lookup go; do
  say "$client"
  hold "an address behind an alias" 10.0.1.5 "$(asks client $client $own A)"
  hold "no AAAA" none "$(asks client $client $own AAAA)"
  hold "a name that is gone" none "$(asks client $client $gone A)"
  hold "both families" "192.0.2.4 2001:db8::4" "$(asks client $client alias.lab.example A) $(asks client $client alias.lab.example AAAA)"
  case $client in
    musl) ;; # Before 1.2.4 it has no TCP.
    *) hold "a hundred addresses, over TCP" "$many" "$(asks client $client many.lab.example A)" ;;
  esac
done

say "systemd-resolved, by its own client and by its stub"
inside client-resolved sh -c 'echo "nameserver 127.0.0.53" >/etc/resolv.conf'
ready client-resolved resolvectl status
hold "an address behind an alias" 10.0.1.5 "$(asks client-resolved resolved $own A)"
hold "no AAAA" NODATA "$(asks client-resolved resolved $own AAAA)"
hold "a name that is gone" NXDOMAIN "$(asks client-resolved resolved $gone A)"
hold "both families" "192.0.2.4 2001:db8::4" "$(asks client-resolved resolved both.lab.example A) $(asks client-resolved resolved both.lab.example AAAA)"
hold "a hundred addresses" "$many" "$(asks client-resolved resolved many.lab.example A)"
hold "glibc through the stub" 10.0.1.5 "$(asks client-resolved glibc $own A)"
hold "dig through the stub, a name that is gone" NXDOMAIN "$(asks client-resolved dig $gone A)"

say "Docker's own resolver in front"
shown client-docker grep ^nameserver /etc/resolv.conf
for client in dig nslookup glibc musl go; do
  hold "$client, an address behind an alias" 10.0.1.5 "$(asks client-docker $client $own A)"
done
hold "dig, no AAAA" NODATA "$(asks client-docker dig $own AAAA)"
hold "dig, a name that is gone" NXDOMAIN "$(asks client-docker dig $gone A)"
hold "dig, a type Docker knows nothing of" NODATA "$(seen client-docker $own HTTPS)"
hold "dig, a hundred addresses, over TCP" "$many" "$(asks client-docker dig many.lab.example A)"

say "its servers in order: NXDOMAIN is an answer, a refusal and silence are none"
hold "the second server has the name" 10.0.1.9 "$(seen client @10.0.1.202 $gone)"
hold "the first says NXDOMAIN, and that is it" NXDOMAIN "$(seen client-two-servers $gone)"
hold "the first refuses, the second answers" 10.0.1.9 "$(seen client-refused-first $gone)"
hold "the first is silent, the second answers" 10.0.1.9 "$(seen client-dead-first +time=15 $gone)"
docker stop -t 1 "$(container dns)" >/dev/null
hold "once the first is gone, the second is asked" 10.0.1.9 "$(seen client-two-servers +time=15 $gone)"
