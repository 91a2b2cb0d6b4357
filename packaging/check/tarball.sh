# The tarball: its checksum, what is in it, that it is the same twice, and that its program serves.
archive=$("$PACKAGING/tarball.sh" "$binary" "$CHECK_OUT")
(cd "$CHECK_OUT" && sha256sum --quiet --check "$(basename "$archive").sha256")
first=$(sha256sum <"$archive")
sleep 1
"$PACKAGING/tarball.sh" "$binary" "$CHECK_OUT" >/dev/null
[ "$first" = "$(sha256sum <"$archive")" ] || fail "two tarballs of the same binary differ"
mkdir "$CHECK_TEMPORARY/tarball"
tar -xzf "$archive" -C "$CHECK_TEMPORARY/tarball"
root=$(echo "$CHECK_TEMPORARY"/tarball/*)
for file in LICENSE-MIT LICENSE-APACHE share/doc/ampls-dns/THIRD-PARTY-LICENSES share/man/man1/ampls-dns.1 \
  share/man/man1/ampls-dns-serve.1 share/bash-completion/completions/ampls-dns share/zsh/site-functions/_ampls-dns \
  share/fish/vendor_completions.d/ampls-dns.fish; do
  [ -s "$root/$file" ] || fail "the tarball has no $file"
done
bash -n "$root/share/bash-completion/completions/ampls-dns"
serves "$root/ampls-dns" serve
# `cargo binstall` looks for these names.
for found in "ampls-dns-{ version }-$(machine_of "$binary")-linux.tar.gz" "ampls-dns-{ version }-$(machine_of "$binary")-linux/{ bin }"; do
  [ "$(grep -cF "$found" "$SOURCE/Cargo.toml")" = 2 ] || fail "Cargo.toml does not name $found for glibc and musl"
done
