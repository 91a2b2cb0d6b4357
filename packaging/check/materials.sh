# The bill of materials: the schema of CycloneDX, and every crate that the licences name, with its checksum: of this system and of
# Windows, whose crates cargo knows as well.
python
"$CHECK_TEMPORARY/python/bin/pip" -q --disable-pip-version-check install 'cyclonedx-python-lib[json-validation]>=9,<12'
for target in x86_64-unknown-linux-gnu x86_64-pc-windows-msvc; do
  "$PYTHON" "$PACKAGING/sbom.py" "$target" >"$CHECK_TEMPORARY/materials.json"
  python3 "$PACKAGING/notices.py" "$target" >"$CHECK_TEMPORARY/notices.txt"
  python3 - "$target" "$CHECK_TEMPORARY/materials.json" "$CHECK_TEMPORARY/notices.txt" "$VERSION" <<'PYTHON'
import json, re, sys
from pathlib import Path

target, materials, notices, version = sys.argv[1:]
document = json.loads(Path(materials).read_text())
program = document["metadata"]["component"]
assert (program["name"], program["version"]) == ("ampls-dns", version), program
crates = {f"{one['name']} {one['version']}": one for one in document["components"]}
named = set(re.findall(r"^(\S+ \d\S*): ", Path(notices).read_text().split("-" * 80)[0], re.MULTILINE))
assert named == set(crates), named ^ set(crates)
for name, crate in crates.items():
    assert crate["licenses"] and crate["hashes"][0]["alg"] == "SHA-256", name
print(f"{target}: {len(crates)} crates")
PYTHON
done
