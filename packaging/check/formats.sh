# What CI systems read, from this binary: SARIF against its schema (of the package @microsoft/jest-sarif), Code Quality against the
# fields that GitLab requires, JUnit as a document, and the steps of Azure Pipelines and GitLab run with bash.
python
formats=$CHECK_TEMPORARY/formats
mkdir "$formats"
(cd "$formats" && npm pack --silent @microsoft/jest-sarif@1.0.0-beta.0 >/dev/null && tar -xzf ./*.tgz)
cd "$SOURCE"
estate=zones/scenarios/two-scopes-one-dns.yaml
printf 'version: 1\nnetworks: { vnet1: { addresSpace: [10.0.1.0/24] } }\n' >"$formats/broken.yaml"
"$binary" check "$estate" --format sarif >"$formats/findings.sarif" || [ $? = 1 ]
"$binary" check "$formats/broken.yaml" --format sarif >"$formats/broken.sarif" 2>/dev/null || [ $? = 2 ]
"$CHECK_TEMPORARY/python/bin/check-jsonschema" --regex-variant nonunicode --schemafile "$formats/package/lib/schemas/sarif-2.1.0-rtm.5.json" "$formats"/*.sarif
"$binary" check "$estate" --format gitlab >"$formats/check.json" || [ $? = 1 ]
"$binary" check "$estate" --format azure >"$formats/azure.txt" || [ $? = 1 ]
"$binary" test "$estate" --format junit >"$formats/test.xml"
"$PYTHON" - "$formats" <<'PYTHON'
import json, re, sys
from pathlib import Path
import xml.etree.ElementTree as tree

folder = Path(sys.argv[1])
for file in ("findings", "broken"):
    [run] = json.loads((folder / f"{file}.sarif").read_text())["runs"]
    assert run["tool"]["driver"]["informationUri"].startswith("https://")
    assert run["results"] and all(one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"])
    assert all(rule["help"]["text"] for rule in run["tool"]["driver"]["rules"])
issues = json.loads((folder / "check.json").read_text())
for issue in issues:
    assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}, issue
    assert issue["severity"] in ("info", "minor", "major", "critical", "blocker") and issue["location"]["lines"]["begin"] >= 1
assert issues and len({one["fingerprint"] for one in issues}) == len(issues)
for line in (folder / "azure.txt").read_text().splitlines():
    assert re.fullmatch(r"##vso\[task\.logissue type=(error|warning);sourcepath=[^;\]]+;linenumber=\d+;columnnumber=\d+;code=AMPLS\d{3};\].+|note: .+", line), line
suites = list(tree.parse(folder / "test.xml").getroot().iter("testsuite"))
assert {"vnet1", "vnet2"} <= {one.get("name").rsplit(": ", 1)[-1] for one in suites}
assert all(case.get("time") is not None for suite in suites for case in suite.iter("testcase"))
print(f"{len(issues)} issues, {len(suites)} suites")
PYTHON
"$PYTHON" packaging/azure-pipelines/test.py "$binary"
cd - >/dev/null
