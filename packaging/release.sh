# What the scripts of this folder share: the version, its time, and where things are. Sourced, not run.
#
# Every file of a package gets the time of the commit, and nothing of this machine, so that two builds are equal.
set -euo pipefail
PACKAGING=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOURCE=$(dirname "$PACKAGING")
REPOSITORY=$(sed -n 's/^repository = "\(.*\)"/\1/p' "$SOURCE/Cargo.toml")
VERSION=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' "$SOURCE/Cargo.toml" | head -n 1)
export REVISION=${REVISION:-$(git -C "$SOURCE" rev-parse HEAD 2>/dev/null || echo unknown)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$SOURCE" log -1 --format=%ct 2>/dev/null || echo 0)}
export TZ=UTC LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
umask 022

# The machine that the binary is for, as Rust names it: from the ELF header, not from this machine.
machine_of() {
  case "$(od -An -tx1 -j18 -N2 "$1" | tr -d ' ')" in
    3e00) echo x86_64 ;;
    b700) echo aarch64 ;;
    *) echo "error: $1 is not an ELF program for x86-64 or arm64" >&2; return 2 ;;
  esac
}

# A binary that is linked dynamically would run on some machines only. AMPLS_DNS_DYNAMIC=yes lets one through, to try the scripts.
require_static() {
  if [ "${AMPLS_DNS_DYNAMIC:-}" != yes ] && head -c 4096 "$1" | LC_ALL=C grep -q 'ld-linux'; then
    echo "error: $1 is linked dynamically" >&2
    echo "help: build it with packaging/build.sh, or set AMPLS_DNS_DYNAMIC=yes to try the scripts with it" >&2
    return 2
  fi
}

# Gives every file below a folder the time of the commit.
settle() {
  python3 -c 'import os, sys
for folder, names, files in os.walk(sys.argv[1]):
    for name in [".", *files]:
        os.utime(os.path.join(folder, name), (int(sys.argv[2]),) * 2, follow_symlinks=False)' "$1" "$SOURCE_DATE_EPOCH"
}

# Man pages and completions of the binary below a folder laid out as /usr, and licences below share/doc.
lay_documents() {
  local binary=$1 usr=$2 verb
  mkdir -p "$usr/share/man/man1" "$usr/share/bash-completion/completions" "$usr/share/zsh/site-functions" \
    "$usr/share/fish/vendor_completions.d" "$usr/share/doc/ampls-dns"
  "$binary" man --dir "$usr/share/man/man1" >/dev/null
  "$binary" completions bash >"$usr/share/bash-completion/completions/ampls-dns"
  "$binary" completions zsh >"$usr/share/zsh/site-functions/_ampls-dns"
  "$binary" completions fish >"$usr/share/fish/vendor_completions.d/ampls-dns.fish"
  cp "$SOURCE/LICENSE-MIT" "$SOURCE/LICENSE-APACHE" "$usr/share/doc/ampls-dns/"
  python3 "$PACKAGING/notices.py" "$(machine_of "$binary")-unknown-linux-gnu" >"$usr/share/doc/ampls-dns/THIRD-PARTY-LICENSES"
}
