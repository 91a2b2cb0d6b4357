# A second scope takes the shared names, and its end gives them back to nobody.
up
ready pe1 busybox nc -w 1 10.0.1.9 443
ready pe2 busybox nc -w 1 10.0.2.7 443

shared=api.monitor.azure.com
alpha=11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com
beta=22222222-2222-4222-8222-222222222222.ods.opinsights.azure.com

# Who answers a connection to the shared name, as a program in the container finds it.
reached() { inside "$1" busybox nc -w 2 "$shared" 443 2>/dev/null || echo nobody; }
# The server moves to the next step while it goes on answering.
next() { docker exec "$(container dns)" /ampls-dns step next >/dev/null; }

say "before: no private zone; every name is public from both networks"
shown client1 dig +noall +answer "$shared"
for client in client1 client2; do
  hold "$client asks for $shared" public "$(road "$(seen $client $shared)")"
  hold "$client asks for $alpha" public "$(road "$(seen $client $alpha)")"
done

say "first-scope: pe1 in vnet1 writes into the zones both networks are linked to"
next
shown client1 dig +noall +answer "$shared"
hold "client1 asks for $shared" 10.0.1.9 "$(seen client1 $shared)"
hold "client2 asks for $shared" 10.0.1.9 "$(seen client2 $shared)"
hold "client1 connects to $shared" "this is pe1 in vnet1" "$(reached client1)"
hold "client2 connects to $shared" nobody "$(reached client2)"
hold "client1 asks for its AAAA" NODATA "$(seen client1 $shared AAAA)"
hold "client1 asks for $beta, in no scope yet" public "$(road "$(seen client1 $beta)")"

say "second-scope: pe2 in vnet2 writes the same record sets; vnet1 loses what it had"
next
shown client1 dig +noall +comments +answer "$shared" @10.0.1.200
hold "client1 asks for $shared" 10.0.2.7 "$(seen client1 $shared)"
hold "client2 asks for $shared" 10.0.2.7 "$(seen client2 $shared)"
hold "client1 connects to $shared" nobody "$(reached client1)"
hold "client2 connects to $shared" "this is pe2 in vnet2" "$(reached client2)"
hold "client1 asks for $alpha, which is its own" 10.0.1.5 "$(seen client1 $alpha)"
hold_in "dig is told why" "overwrote 10.0.1.9 of pe1" "$(inside client1 dig $shared @10.0.1.200)"
shown dns /ampls-dns explain $shared --from vnet1 --at second-scope

say "second-endpoint-deleted: the names are gone, and the first endpoint's do not come back"
next
hold "client1 asks for $shared" NXDOMAIN "$(seen client1 $shared)"
hold "client2 asks for $shared" NXDOMAIN "$(seen client2 $shared)"
hold "client1 asks for $alpha" 10.0.1.5 "$(seen client1 $alpha)"
