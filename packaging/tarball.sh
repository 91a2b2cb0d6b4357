#!/usr/bin/env bash
# The tarball of a release: the static binary, man pages, completions and licences, and its checksum beside it.
#
#   packaging/tarball.sh BINARY FOLDER
. "$(dirname "$0")/release.sh"
binary=$(realpath "${1:?which binary}") folder=$(realpath "${2:?to which folder}")
require_static "$binary"
name=ampls-dns-$VERSION-$(machine_of "$binary")-linux
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
root=$temporary/$name
mkdir "$root"
install -m 755 "$binary" "$root/ampls-dns"
lay_documents "$binary" "$root"
cp "$SOURCE/README.md" "$SOURCE/CHANGELOG.md" "$SOURCE/LICENSE-MIT" "$SOURCE/LICENSE-APACHE" "$root/"
settle "$root"
tar -C "$temporary" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=gnu -cf - "$name" |
  gzip -9n >"$folder/$name.tar.gz"
(cd "$folder" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
echo "$folder/$name.tar.gz"
