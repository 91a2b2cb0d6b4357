# The estate's names from the sidecar, everything else from where it came before.
up
healthy dns
ready client dig +tries=1 +time=1 www.example.org
shared=api.monitor.azure.com

say "without the sidecar"
hold "the application asks for $shared" 192.0.2.99 "$(seen client-without $shared)"
hold "the application asks for www.example.org" 192.0.2.80 "$(seen client-without www.example.org)"

say "with it"
shown client getent ahostsv4 "$shared"
hold "the application asks for $shared" 10.0.1.9 "$(seen client $shared)"
hold "glibc does" 10.0.1.9 "$(inside client getent ahostsv4 $shared | awk 'NR == 1 { print $1 }')"
hold "Python does" 10.0.1.9 "$(inside client python3 -c "import socket; print(socket.gethostbyname('$shared'))")"
hold "the sidecar answers on the application's own loopback" 10.0.1.9 "$(seen client @127.0.0.1 $shared)"
hold "the application asks for www.example.org" 192.0.2.80 "$(seen client www.example.org)"
hold "the application asks for what is not there" NXDOMAIN "$(seen client www.example.net)"
hold "names of the other containers still resolve" 10.0.1.54 "$(inside client getent ahostsv4 elsewhere | awk 'NR == 1 { print $1 }')"
hold "the sidecar is nobody else's resolver" "no answer" "$(seen client-without @10.0.1.10 +tries=1 +time=1 $shared)"

say "without the other server, the estate's names still resolve"
compose stop -t 1 elsewhere >/dev/null 2>&1
hold "the application asks for $shared" 10.0.1.9 "$(seen client $shared)"
hold "the application asks for www.example.com" SERVFAIL "$(seen client @127.0.0.1 +tries=1 +time=15 www.example.com)"
