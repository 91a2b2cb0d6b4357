#!/usr/bin/env bash
# The wheels: `ampls-dns` with the static binary, and `pytest-ampls-dns`. hatchling writes them; nothing is compiled.
#
#   packaging/wheel.sh BINARY FOLDER
#
# PYTHON is a Python with hatchling and build (default: a new venv gets them).
. "$(dirname "$0")/release.sh"
binary=$(realpath "${1:?which binary}") folder=$(realpath "${2:?to which folder}")
require_static "$binary"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
if [ -z "${PYTHON:-}" ]; then
  python3 -m venv "$temporary/python"
  PYTHON=$temporary/python/bin/python
  [ -x "$PYTHON" ] || PYTHON=$temporary/python/Scripts/python.exe
  "$PYTHON" -m pip -q --disable-pip-version-check install build hatchling
fi
cp -r "$PACKAGING/python" "$temporary/sources"
for package in ampls-dns pytest-ampls-dns; do
  cp "$SOURCE/LICENSE-MIT" "$SOURCE/LICENSE-APACHE" "$temporary/sources/$package/"
done
python3 "$PACKAGING/notices.py" >"$temporary/sources/ampls-dns/THIRD-PARTY-LICENSES"
mkdir "$temporary/bin"
program=ampls-dns
[ "${binary%.exe}" = "$binary" ] || program=ampls-dns.exe
install -m 755 "$binary" "$temporary/bin/$program"
settle "$temporary/sources"
settle "$temporary/bin"
# A static binary needs no C library: it runs where glibc is old, and where it is musl.
export AMPLS_DNS_VERSION=$VERSION AMPLS_DNS_WHEEL_BINARY=$temporary/bin/$program
if [ -z "${AMPLS_DNS_WHEEL_PLATFORM:-}" ]; then
  machine=$(machine_of "$binary")
  AMPLS_DNS_WHEEL_PLATFORM=manylinux_2_17_$machine.manylinux2014_$machine.musllinux_1_1_$machine
fi
export AMPLS_DNS_WHEEL_PLATFORM
for package in ampls-dns pytest-ampls-dns; do
  "$PYTHON" -m build --wheel --no-isolation --outdir "$folder" "$temporary/sources/$package" >"$temporary/log" 2>&1 ||
    { cat "$temporary/log" >&2; exit 2; }
done
ls "$folder"/*.whl
