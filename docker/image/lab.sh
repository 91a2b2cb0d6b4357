# What the image is, and what becomes of settings that cannot work.
say "the image"
size=$(docker image inspect --format '{{.Size}}' ampls-dns)
hold "smaller than 17 MB ($((size / 1000)) kB)" yes "$([ "$size" -lt 17000000 ] && echo yes || echo no)"
hold "user" 65532:65532 "$(docker image inspect --format '{{.Config.User}}' ampls-dns)"
hold "ports" "5299/tcp 53/tcp 53/udp" "$(docker image inspect --format '{{range $port, $_ := .Config.ExposedPorts}}{{$port}} {{end}}' ampls-dns | xargs -n 1 | sort | xargs)"
hold "title" ampls-dns "$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.title"}}' ampls-dns)"
held=$(docker create ampls-dns)
hold "files of its own" ampls-dns \
  "$(docker export "$held" | tar -t | grep -Ev '^(dev|etc|proc|sys)/|/$|^\.dockerenv$' | xargs)"
docker cp -q "$held:/ampls-dns" "$LAB_TEMPORARY/from-image" >/dev/null 2>&1
docker rm "$held" >/dev/null
hold "its binary needs no interpreter and no library" "not a dynamic executable" \
  "$(ldd "$LAB_TEMPORARY/from-image" 2>&1 | sed 's/^[[:space:]]*//; s/^statically linked$/not a dynamic executable/')"

say "read-only, without a capability, as a user who is nobody"
up
healthy dns
server=$(container dns)
hold "a capability it has" 0000000000000000 "$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$(docker inspect --format '{{.State.Pid}}' "$server")/status")"
hold "UDP" 10.0.2.7 "$(seen client @10.0.1.200 api.monitor.azure.com)"
hold "TCP" 10.0.2.7 "$(seen client @10.0.1.200 +tcp api.monitor.azure.com)"
hold_in "healthcheck" "answers" "$(docker exec "$server" /ampls-dns healthcheck)"
hold "the admin API from another container" refused \
  "$(inside client nc -z -w 1 10.0.1.200 5299 >/dev/null 2>&1 && echo open || echo refused)"
begun=$SECONDS
docker stop -t 10 "$server" >/dev/null
hold "SIGTERM ends it with" 0 "$(docker inspect --format '{{.State.ExitCode}}' "$server")"
hold "at once" yes "$([ $((SECONDS - begun)) -lt 5 ] && echo yes || echo no)"

say "settings that cannot work end at once, with exit code 2 and the reason"
printf 'version: 1\nnetworks: {vnet1: {addressSpace: [10.0.1.0/24]}}\n' >"$LAB_TEMPORARY/estate.yaml"
printf 'version: 1\nnetwork: {}\n' >"$LAB_TEMPORARY/mistaken.yaml"
cp "$LAB_TEMPORARY/estate.yaml" "$LAB_TEMPORARY/secret.yaml"
chmod 600 "$LAB_TEMPORARY/secret.yaml"
chmod 755 "$LAB_TEMPORARY"
# wrong WHAT WANTED-WORDS then what docker run takes
wrong() {
  local what=$1 wanted=$2 told code=0
  shift 2
  told=$(timeout 20 docker run --rm --network "${LAB_PROJECT}_vnet1" --read-only --cap-drop ALL --security-opt no-new-privileges "$@" 2>&1) || code=$?
  hold "$what ends with" 2 "$code"
  hold_in "$what" "$wanted" "$told"
  hold "$what: lines that say error" 1 "$(grep -c '^error' <<<"$told")"
}
wrong "no such file" 'error: there is no file and no built-in scenario `/estate.yaml`' -e AMPLS_DNS_SCENARIO=/estate.yaml ampls-dns
wrong "a file it may not read" 'error: the scenario `/estate.yaml` cannot be read' \
  -e AMPLS_DNS_SCENARIO=/estate.yaml -v "$LAB_TEMPORARY/secret.yaml:/estate.yaml:ro" ampls-dns
wrong "a folder in its place" 'error: the folder `/estate` has no .json, .jsonc, .tfstate or .zone file' \
  -e AMPLS_DNS_SCENARIO=/estate -v "$LAB_TEMPORARY/engine:/estate:ro" ampls-dns
wrong "a mistake in it" 'mistaken.yaml:2:1' -e AMPLS_DNS_SCENARIO=/mistaken.yaml -v "$LAB_TEMPORARY/mistaken.yaml:/mistaken.yaml:ro" ampls-dns
wrong "no such step" 'error: the scenario has no step `third-scope`' -e AMPLS_DNS_AT=third-scope ampls-dns
wrong "no such network" 'has an unknown network; the scenario has vnet1, vnet2' -e AMPLS_DNS_LISTEN=vnet9=0.0.0.0:53 ampls-dns
wrong "an address that is not the container's" '10.99.99.99 is not an address of this machine' -e AMPLS_DNS_LISTEN=10.99.99.99:53 ampls-dns
wrong "a port it may not have" 'has no permission to listen on port 53' --sysctl net.ipv4.ip_unprivileged_port_start=1024 ampls-dns
wrong "no number" "invalid value 'many'" -e AMPLS_DNS_WORKERS=many ampls-dns
wrong "neither yes nor no" "invalid value 'perhaps'" -e AMPLS_DNS_STRICT=perhaps ampls-dns
wrong "admin for everybody without a token" 'token' -e AMPLS_DNS_ADMIN=0.0.0.0:5299 ampls-dns
wrong "a token file that is not there" 'token' -e AMPLS_DNS_ADMIN=0.0.0.0:5299 -e AMPLS_DNS_ADMIN_TOKEN_FILE=/token ampls-dns

say "a scenario that changes is read again, also the way Kubernetes changes a ConfigMap: by turning a link"
folder=$LAB_TEMPORARY/configmap
mkdir -p "$folder/..one" "$folder/..two"
printf 'version: 1\nnetworks: {hub: {addressSpace: [10.1.0.0/24]}}\n' >"$folder/..one/estate.yaml"
cp "$LAB_HERE/azure-dns/estate.yaml" "$folder/..two/"
ln -s ..one "$folder/..data"
ln -s ..data/estate.yaml "$folder/estate.yaml"
watched=$(docker run -d --network "${LAB_PROJECT}_vnet1" --ip 10.0.1.220 --read-only -v "$folder:/estate:ro" \
  -e AMPLS_DNS_SCENARIO=/estate/estate.yaml -e AMPLS_DNS_LISTEN=hub=0.0.0.0:53 -e AMPLS_DNS_WATCH=true ampls-dns)
ready client dig +tries=1 +time=1 @10.0.1.220 api.monitor.azure.com
hold "before" public "$(road "$(seen client @10.0.1.220 api.monitor.azure.com)")"
ln -s ..two "$folder/..data-new"
mv -T "$folder/..data-new" "$folder/..data"
until=$((SECONDS + 15))
while [ "$(seen client @10.0.1.220 api.monitor.azure.com)" != 10.1.0.135 ] && [ "$SECONDS" -lt "$until" ]; do sleep 0.5; done
hold "after" 10.1.0.135 "$(seen client @10.0.1.220 api.monitor.azure.com)"
printf 'version: 1\nnetwork: {}\n' >"$folder/..one/estate.yaml"
ln -s ..one "$folder/..data-new"
mv -T "$folder/..data-new" "$folder/..data"
until=$((SECONDS + 15))
while docker exec "$watched" /ampls-dns status >/dev/null 2>&1 && [ "$SECONDS" -lt "$until" ]; do sleep 0.5; done
hold "status, once it cannot be read, ends with" 1 "$(docker exec "$watched" /ampls-dns status >/dev/null 2>&1; echo $?)"
hold "the answer stays" 10.1.0.135 "$(seen client @10.0.1.220 api.monitor.azure.com)"
docker rm -f "$watched" >/dev/null
