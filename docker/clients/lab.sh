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
