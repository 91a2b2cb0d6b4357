#!/usr/bin/env bash
# Measures what building costs: from a clone to the first answer, with the README's command and with the release profile,
# and `cargo test`, all from cold.
#
#   integration/bench/build.sh [answer] [release] [test]
#
# Crates are downloaded before, the target folders are new, and nothing else should run. Each line has the wall time and
# the processor time; where other work runs beside, half the processor time is what two cores would take at best.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(answer release test)
cargo fetch --locked --quiet
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
export CARGO_TARGET_DIR=$folder/target
TIMEFORMAT='%R s wall, %U s user, %S s system'

# Builds with a profile, serves, and waits for the answer to the first query; fails if none comes.
answer() {
  local folder_of_profile=$1
  cargo build --profile "$2" --locked --quiet
  "$CARGO_TARGET_DIR/$folder_of_profile/ampls-dns" serve --listen vnet1=127.0.0.1:0 --admin off >"$folder/out" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    grep -q '^ctrl-c ends' "$folder/out" && break
    sleep 0.05
  done
  port=$(sed -n 's/^.*dig @127\.0\.0\.1 -p \([0-9]*\) .*/\1/p' "$folder/out" | head -n 1)
  python3 - "$port" <<'PYTHON'
import socket, struct, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
name = b"".join(bytes([len(label)]) + label for label in b"api.monitor.azure.com".split(b".")) + b"\0"
client.sendto(struct.pack("!6H", 1, 0x100, 1, 0, 0, 0) + name + struct.pack("!2H", 1, 1), ("127.0.0.1", int(sys.argv[1])))
assert client.recv(512)[-4:] == bytes([10, 0, 2, 7])
PYTHON
  kill -TERM "$server"
  wait "$server"
  server=
}

for part in "${parts[@]}"; do
  rm -rf "$CARGO_TARGET_DIR"
  case $part in
    answer)
      echo "clone to first answer ($(rustc --version), $(nproc) cores):"
      time answer debug dev
      ;;
    release)
      echo "clone to first answer with --release:"
      time answer release release
      ;;
    test)
      echo "cargo test, compiling:"
      time cargo test --locked --quiet --no-run
      echo "cargo test, running:"
      time cargo test --locked --quiet >"$folder/test" 2>&1 || { tail -n 40 "$folder/test" && exit 1; }
      ;;
    *) echo "usage: integration/bench/build.sh [answer] [release] [test]" >&2 && exit 2 ;;
  esac
done
