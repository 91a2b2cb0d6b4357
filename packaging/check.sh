#!/usr/bin/env bash
# Makes every package from a binary and tries it as its users do. Needs npm and Python; `deb` and `image` need root.
#
#   packaging/check.sh BINARY [PART ...]
#
# Parts: tarball, wheel, npm, deb, embedding, manifests, materials, workflows, formats, image. Without any, all.
# Without a container engine, `image` ends with exit code 3, as docker/labs.sh does.
. "$(dirname "$0")/release.sh"
binary=$(realpath "${1:?which binary}")
shift
[ $# -gt 0 ] || set -- tarball wheel npm deb embedding manifests materials workflows formats image
CHECK_TEMPORARY=$(mktemp -d "${TMPDIR:-/tmp}/ampls-dns-packages.XXXXXX")
CHECK_OUT=$CHECK_TEMPORARY/out
mkdir "$CHECK_OUT"
CHECK_PROCESSES=()
ended() {
  local code=$? process
  trap - EXIT
  for process in "${CHECK_PROCESSES[@]}"; do kill "$process" 2>/dev/null || true; done
  [ -z "${CHECK_DOWN:-}" ] || "$CHECK_DOWN" || true
  rm -rf "$CHECK_TEMPORARY"
  exit "$code"
}
trap ended EXIT

say() { printf '\n-- %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
# The Python with what is needed to build and check; made once.
python() {
  if [ ! -x "$CHECK_TEMPORARY/python/bin/python" ]; then
    python3 -m venv "$CHECK_TEMPORARY/python"
    "$CHECK_TEMPORARY/python/bin/pip" -q --disable-pip-version-check install \
      build hatchling twine check-jsonschema kubernetes-validate zizmor pyyaml
  fi
}
export PYTHON=$CHECK_TEMPORARY/python/bin/python
# Waits until a log has a line that begins with a text, and prints it.
line_of() {
  local log=$1 text=$2
  for _ in $(seq 300); do
    grep -m 1 "^$text" "$log" && return
    sleep 0.1
  done
  cat "$log" >&2
  fail "no line begins with $text"
}
# Starts a command that serves, asks it with dig as it says, and ends it.
serves() {
  local log=$CHECK_TEMPORARY/serve.log process answer
  : >"$log"
  "$@" --base-port 0 --admin off >"$log" 2>&1 &
  process=$!
  CHECK_PROCESSES+=("$process")
  line_of "$log" "ctrl-c ends" >/dev/null
  answer=$($(sed -n 's/.* \(dig @.*\)$/\1/p' "$log" | sed -n 2p) +short | tail -n 1)
  kill -TERM "$process"
  wait "$process" || fail "$* did not end well"
  [ "$answer" = 10.0.2.7 ] || fail "$* answers \`$answer\`"
  echo "$1 serves: $answer"
}

for part in "$@"; do
  begun=$SECONDS
  say "$part"
  . "$PACKAGING/check/$part.sh"
  echo "took $((SECONDS - begun)) s"
done
