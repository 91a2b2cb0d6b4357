#!/usr/bin/env bash
# The Debian package: the static binary, a systemd unit, man pages and completions.
#
#   packaging/deb.sh BINARY FOLDER
. "$(dirname "$0")/release.sh"
binary=$(realpath "${1:?which binary}") folder=$(realpath "${2:?to which folder}")
require_static "$binary"
case "$(machine_of "$binary")" in x86_64) architecture=amd64 ;; aarch64) architecture=arm64 ;; esac
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
root=$temporary/root
mkdir -p "$root/DEBIAN" "$root/usr/bin" "$root/usr/lib/systemd/system" "$root/etc/default" "$root/etc/ampls-dns"
chmod 755 "$root"
install -m 755 "$binary" "$root/usr/bin/ampls-dns"
lay_documents "$binary" "$root/usr"
find "$root/usr/share/man" -name '*.1' -exec gzip -9n {} +
documents=$root/usr/share/doc/ampls-dns
rm "$documents/LICENSE-MIT" "$documents/LICENSE-APACHE"
{
  printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: ampls-dns\nSource: %s\n\n' "$REPOSITORY"
  printf 'Files: *\nCopyright: the ampls-dns developers\nLicense: Expat or Apache-2.0\n\nLicense: Apache-2.0\n On Debian systems: /usr/share/common-licenses/Apache-2.0\n\nLicense: Expat\n'
  sed '1,2d;s/^$/./;s/^/ /' "$SOURCE/LICENSE-MIT"
} >"$documents/copyright"
gzip -9n "$documents/THIRD-PARTY-LICENSES"
gzip -9nc "$SOURCE/CHANGELOG.md" >"$documents/changelog.gz"
install -m 644 "$PACKAGING/debian/ampls-dns.service" "$root/usr/lib/systemd/system/"
install -m 644 "$PACKAGING/debian/ampls-dns.default" "$root/etc/default/ampls-dns"
echo /etc/default/ampls-dns >"$root/DEBIAN/conffiles"
install -m 755 "$PACKAGING"/debian/{postinst,prerm,postrm} "$root/DEBIAN/"
size=$(du -k --apparent-size -s "$root" | cut -f 1)
sed "s|@VERSION@|$VERSION|;s|@ARCHITECTURE@|$architecture|;s|@SIZE@|$size|;s|@REPOSITORY@|$REPOSITORY|" \
  "$PACKAGING/debian/control" >"$root/DEBIAN/control"
(cd "$root" && find usr etc -type f -exec md5sum {} + | sort -k 2 >DEBIAN/md5sums)
settle "$root"
# dpkg-deb takes the times from SOURCE_DATE_EPOCH.
dpkg-deb --build --root-owner-group -Zxz "$root" "$folder/ampls-dns_${VERSION}_$architecture.deb" >/dev/null
echo "$folder/ampls-dns_${VERSION}_$architecture.deb"
