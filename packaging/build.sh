#!/usr/bin/env bash
# Builds the static binary that every package contains, once, and prints its path.
#
#   packaging/build.sh [TARGET_FOLDER]
#
# The profile and the flags are those of docker/Dockerfile. Paths of this machine do not get into the binary, so that the same
# sources and toolchain give the same bytes in every folder: packaging/reproduce.sh holds that.
. "$(dirname "$0")/release.sh"
folder=${1:-$SOURCE/target}
target=${AMPLS_DNS_TARGET:-$(rustc -vV | sed -n 's/^host: //p')}
home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="-C target-feature=+crt-static -C force-unwind-tables=no -C link-arg=-Wl,--icf=all -C link-arg=-Wl,-z,pack-relative-relocs -C link-arg=-Wl,--no-eh-frame-hdr -C link-arg=-Wl,-T,packaging/no-unwind-tables.ld --remap-path-prefix=$home=/cargo --remap-path-prefix=$SOURCE=/ampls-dns"
export CARGO_INCREMENTAL=0
(cd "$SOURCE" && cargo build --profile dist --locked --bin ampls-dns --target "$target" --target-dir "$folder" >&2)
echo "$folder/$target/dist/ampls-dns"
