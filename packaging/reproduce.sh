#!/usr/bin/env bash
# Builds the static binary from two copies of the sources in two folders, and compares the bytes. Takes two builds.
#
#   packaging/reproduce.sh
. "$(dirname "$0")/release.sh"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
for copy in one another-folder-with-a-longer-name; do
  mkdir "$temporary/$copy"
  git -C "$SOURCE" archive HEAD | tar -x -C "$temporary/$copy"
  "$temporary/$copy/packaging/build.sh" "$temporary/$copy/target" >"$temporary/$copy.path"
  sha256sum <"$(cat "$temporary/$copy.path")" | tee "$temporary/$copy.sum"
  rm -rf "$temporary/$copy/target/$(rustc -vV | sed -n 's/^host: //p')/dist/deps"
done
cmp "$temporary"/*.sum
echo "two builds are equal"
