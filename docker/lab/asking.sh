# What the labs' scripts ask and hold. Sourced by docker/labs.sh, before the script of a lab.

LAB_FAILED=0
LAB_HELD=0

say() { printf '\n# %s\n' "$*"; }

# Compose with the lab's own file and project.
compose() {
  docker-compose --project-directory "$LAB_FOLDER" --file "$LAB_FOLDER/docker-compose.yml" --project-name "$LAB_PROJECT" "$@"
}

# Brings services up, all or those named; what compose says is shown only where it fails.
up() {
  compose up -d "$@" >"$LAB_TEMPORARY/up.log" 2>&1 && return
  tail -n 20 "$LAB_TEMPORARY/up.log" >&2
  return 1
}

# The container of a service.
container() { compose ps -q "$1"; }

# A command in the container of a service, shown before it runs.
shown() {
  local service=$1
  shift
  printf '%s$ %s\n' "$service" "$*"
  inside "$service" "$@"
}

# The same without showing.
inside() {
  local service=$1
  shift
  docker exec "$(container "$service")" "$@"
}

# Holds that something is as it must be, and says both where it is not.
hold() {
  local what=$1 wanted=$2 seen=$3
  LAB_HELD=$((LAB_HELD + 1))
  if [ "$wanted" = "$seen" ]; then
    printf '  ok      %s: %s\n' "$what" "$seen"
  else
    LAB_FAILED=$((LAB_FAILED + 1))
    printf '  FAILED  %s: wanted %s, saw %s\n' "$what" "$wanted" "$seen"
  fi
}

# Holds that a text has a piece in it.
hold_in() {
  local what=$1 wanted=$2 seen=$3
  LAB_HELD=$((LAB_HELD + 1))
  if [[ "$seen" == *"$wanted"* ]]; then
    printf '  ok      %s: %s\n' "$what" "$wanted"
  else
    LAB_FAILED=$((LAB_FAILED + 1))
    printf '  FAILED  %s: wanted %s, saw:\n%s\n' "$what" "$wanted" "$seen"
  fi
}

# What dig in a container sees of a name: the last record's data, NODATA, or the response code. Arguments: service, name,
# and whatever else dig takes.
seen() {
  local service=$1 told rcode
  shift
  if ! told=$(inside "$service" dig +noall +comments +answer +tries=2 +time=5 "$@"); then
    echo "no answer"
    return
  fi
  rcode=$(sed -n 's/.*status: \([A-Z0-9]*\),.*/\1/p' <<<"$told" | tail -n 1)
  if [ "$rcode" != NOERROR ]; then
    echo "$rcode"
    return
  fi
  told=$(grep -v '^;' <<<"$told" | awk 'NF { kind = $4; data = $5 } END { if (kind != "") print kind, data }')
  case $told in
    A\ * | AAAA\ *) echo "${told#* }" ;;
    "" | CNAME\ *) echo NODATA ;;
    *) echo "${told#* }" ;;
  esac
}

# "private" for an address that no public name has here, "public" for a documentation address, else what was seen.
road() {
  case $1 in
    192.0.2.* | 198.51.100.* | 203.0.113.*) echo public ;;
    10.* | 192.168.*) echo private ;;
    *) echo "$1" ;;
  esac
}

# Waits until a service is healthy.
healthy() {
  local service=$1 until=$((SECONDS + 30)) state=unknown
  while [ "$SECONDS" -lt "$until" ]; do
    state=$(docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$(container "$service")")
    case $state in
      healthy) return ;;
      exited | dead) break ;;
    esac
    sleep 0.2
  done
  echo "$service is $state" >&2
  compose logs --no-color "$service" >&2
  return 1
}

# Waits until a command in a container ends well.
ready() {
  local until=$((SECONDS + 20))
  while [ "$SECONDS" -lt "$until" ]; do
    if inside "$@" >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  echo "$1 never got ready: $*" >&2
  compose logs --no-color >&2
  return 1
}
