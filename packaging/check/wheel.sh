# The wheels: metadata, a fresh environment, the program, and the example tests of the pytest plugin and the embedding.
python
"$PACKAGING/wheel.sh" "$binary" "$CHECK_OUT" | xargs -n 1 basename
"$CHECK_TEMPORARY/python/bin/twine" check --strict "$CHECK_OUT"/*.whl >"$CHECK_TEMPORARY/twine.log" || { cat "$CHECK_TEMPORARY/twine.log"; fail "twine"; }
fresh=$CHECK_TEMPORARY/fresh
python3 -m venv "$fresh"
# The wheels from here, whatever a registry has under these names.
"$fresh/bin/pip" -q --disable-pip-version-check install dnspython pytest
"$fresh/bin/pip" -q --disable-pip-version-check install --no-index --no-deps "$CHECK_OUT"/*.whl
[ "$("$fresh/bin/ampls-dns" --version)" = "ampls-dns $VERSION" ] || fail "another version"
"$fresh/bin/python" -m ampls_dns --version >/dev/null
serves "$fresh/bin/ampls-dns" serve
(cd "$CHECK_TEMPORARY" && "$fresh/bin/python" -m pytest -q -p no:cacheprovider "$PACKAGING/python/pytest-ampls-dns/tests" "$SOURCE/integration/embedding/pytest")
