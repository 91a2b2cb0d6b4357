# Whom a network asks decides what it sees, not which network it is peered with.
up
shared=api.monitor.azure.com
own=11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com
elsewhere=22222222-2222-4222-8222-222222222222.ods.opinsights.azure.com
for client in client-hub client-spoke client-office-before client-office-after; do
  ready "$client" dig +tries=1 +time=1 "$shared"
done

say "the hub, where the zones are linked"
hold "client-hub asks for $shared" 10.1.0.135 "$(seen client-hub $shared)"
say "the spoke is peered with the hub; no zone is linked to it"
hold "asking Azure's DNS in the spoke, for $shared" public "$(road "$(seen client-spoke-azure-dns $shared)")"
hold "asking the hub's DNS server, for $shared" 10.1.0.135 "$(seen client-spoke $shared)"
hold "asking the hub's DNS server, for $own" 10.1.0.133 "$(seen client-spoke $own)"
shown client-spoke dig +noall +answer "$own"

say "the office, before and after its DNS server forwards"
hold "before, $shared" public "$(road "$(seen client-office-before $shared)")"
hold "before, $own" public "$(road "$(seen client-office-before $own)")"
hold "after, $shared" 10.1.0.135 "$(seen client-office-after $shared)"
hold "after, $own" 10.1.0.133 "$(seen client-office-after $own)"
hold "after, a workspace in no scope" public "$(road "$(seen client-office-after $elsewhere)")"

say "without the hub's DNS server, the spoke and the office have no answer"
compose stop -t 1 hub-dns >/dev/null 2>&1
hold "client-spoke asks for $shared" "no answer" "$(seen client-spoke +tries=1 +time=2 $shared | sed 's/SERVFAIL/no answer/')"
hold "client-hub still does for $shared" 10.1.0.135 "$(seen client-hub $shared)"
