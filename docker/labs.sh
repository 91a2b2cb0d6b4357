#!/usr/bin/env bash
# Runs the labs: builds the images, brings each lab up, holds what one must see in it, and takes everything away again.
#
#   docker/labs.sh                    all labs
#   docker/labs.sh two-scopes-one-dns one of them
#   docker/labs.sh --look sidecar     one of them, then a shell in its first client; leaving the shell ends it
#   docker/labs.sh --list             their names
#
# The engine that runs here is used; where none answers, root starts one of the labs' own and ends it (docker/engine.sh).
#   AMPLS_DNS_LAB_ENGINE=own          start one though another answers
#   AMPLS_DNS_LAB_CACHE=FOLDER        keep what stands in for debian:bookworm-slim there, for the next time
#   AMPLS_DNS_LAB_BINARY=FILE         take this static binary instead of building one
#   AMPLS_DNS_LAB_KEEP=FILE           keep the static binary of the image there
# Exit codes: 0 all holds, 1 something does not, 2 could not run, 3 there is no engine and none can be started here.
set -euo pipefail
LAB_HERE=$(cd "$(dirname "$0")" && pwd)
LAB_SOURCE=$(dirname "$LAB_HERE")
LAB_RUST_IMAGE=rust:1.95-slim-bookworm
LABS=(image printed two-scopes-one-dns azure-dns hub-and-spoke sidecar ama-check clients)

look=
case ${1:-} in
  --list) printf '%s\n' "${LABS[@]}"; exit 0 ;;
  --look) look=${2:?--look needs the name of a lab}; set -- "$look" ;;
  -*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
[ $# -gt 0 ] || set -- "${LABS[@]}"
for lab in "$@"; do
  [[ " ${LABS[*]} " == *" $lab "* ]] || { echo "there is no lab \`$lab\`; the labs are ${LABS[*]}" >&2; exit 2; }
done

LAB_TEMPORARY=$(mktemp -d "${TMPDIR:-/tmp}/ampls-dns-labs.XXXXXX")
. "$LAB_HERE/engine.sh"
. "$LAB_HERE/lab/asking.sh"

# Whatever happens, nothing stays.
LAB_FOLDER='' LAB_PROJECT=''
networks() { docker network ls --quiet --filter "label=com.docker.compose.project=$LAB_PROJECT"; }
away() {
  [ -n "$LAB_FOLDER" ] && [ -f "$LAB_FOLDER/docker-compose.yml" ] || return 0
  local attempt network
  # An engine that is busy may still count a container that is gone as one of its network's.
  for attempt in $(seq 10); do
    if compose down --volumes --remove-orphans --timeout 1 >"$LAB_TEMPORARY/down.log" 2>&1 && [ -z "$(networks)" ]; then break; fi
    for network in $(networks); do
      docker network inspect --format '{{range .Containers}}{{.Name}} {{end}}' "$network" 2>/dev/null | xargs -n 1 -r docker network disconnect -f "$network" >/dev/null 2>&1 || true
    done
    sleep 1
  done
  [ -z "$(networks)" ] || tail -n 20 "$LAB_TEMPORARY/down.log" >&2
  LAB_FOLDER=''
}
ended() {
  local code=$?
  trap - EXIT INT TERM
  set +e
  away
  engine_down
  rm -rf "$LAB_TEMPORARY"
  exit "$code"
}
trap ended EXIT
trap 'exit 130' INT TERM

engine_up || exit 3
engine_bases || exit 2

build() {
  local log="$LAB_TEMPORARY/build.log"
  DOCKER_BUILDKIT=0 docker build "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; return 2; }
}
if [ -n "${AMPLS_DNS_LAB_BINARY:-}" ]; then
  engine_say "building the image ampls-dns around $AMPLS_DNS_LAB_BINARY"
  mkdir "$LAB_TEMPORARY/image"
  cp "$AMPLS_DNS_LAB_BINARY" "$LAB_TEMPORARY/image/ampls-dns"
  sed -n '/^FROM scratch/,$s/^COPY --from=build \/ampls-dns/COPY ampls-dns/;/^FROM scratch/,$p' "$LAB_HERE/Dockerfile" >"$LAB_TEMPORARY/image/Dockerfile"
  build -t ampls-dns "$LAB_TEMPORARY/image" || exit 2
else
  engine_rust || exit 2
  engine_say "building the image ampls-dns from docker/Dockerfile"
  # What the networks of building are is the engine's affair; an engine of the labs' own has none.
  begun=$SECONDS
  if [ "$LAB_OWN_ENGINE" = yes ]; then network=none; else network=default; fi
  build --network "$network" -f "$LAB_HERE/Dockerfile" -t ampls-dns "$LAB_SOURCE" || exit 2
  echo "took $((SECONDS - begun)) s"
fi
if [ -n "${AMPLS_DNS_LAB_KEEP:-}" ]; then
  # What was built is wanted elsewhere too.
  kept=$(docker create ampls-dns)
  docker cp "$kept:/ampls-dns" "$AMPLS_DNS_LAB_KEEP" && docker rm "$kept" >/dev/null || exit 2
fi
engine_say "building the machine of the labs"
if [ "$LAB_OWN_ENGINE" = yes ]; then network=none; else network=default; fi
build --network "$network" -t ampls-dns-lab "$LAB_HERE/lab" || exit 2

for lab in "$@"; do
  printf '\n== lab %s\n' "$lab"
  begun=$SECONDS
  LAB_FOLDER="$LAB_HERE/$lab" LAB_PROJECT="ampls-dns-$lab"
  . "$LAB_FOLDER/lab.sh"
  if [ -n "$look" ]; then
    first=$(compose ps --services | grep -m 1 client)
    printf '\nA shell in %s. The server tells more from here:\n  docker exec %s /ampls-dns explain api.monitor.azure.com --from NETWORK\nexit ends the lab.\n' \
      "$first" "$(container dns | cut -c 1-12)"
    docker exec -i $([ -t 0 ] && echo -t) "$(container "$first")" bash || true
  fi
  away
  echo "took $((SECONDS - begun)) s"
done

printf '\n%s held, %s failed\n' "$((LAB_HELD - LAB_FAILED))" "$LAB_FAILED"
[ "$LAB_FAILED" = 0 ]
