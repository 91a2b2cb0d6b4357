# The Kustomize base: each resource against the schemas of Kubernetes, and the estates against themselves. No renderer is in a
# registry that this runs with, so `kubectl kustomize` itself is not tried.
python
base=$PACKAGING/kustomize/base
"$CHECK_TEMPORARY/python/bin/kubernetes-validate" --strict "$base"/{deployment,service,networkpolicy,poddisruptionbudget}.yaml
for estate in "$base/estate.yaml" "$PACKAGING/kustomize/examples/pods/estate.yaml"; do "$binary" test "$estate" | tail -n 1; done
"$PYTHON" - "$PACKAGING/kustomize" "$VERSION" "$binary" <<'PYTHON'
import subprocess, sys
from pathlib import Path
import yaml

folder, version, binary = Path(sys.argv[1]), *sys.argv[2:]
for file in sorted(folder.rglob("kustomization.yaml")):
    said = yaml.safe_load(file.read_text())
    assert said["kind"] == "Kustomization", file
    for name in said["resources"] + [one for map_ in said["configMapGenerator"] for one in map_["files"]]:
        assert (file.parent / name).exists(), f"{file} names {name}"
base = yaml.safe_load((folder / "base/kustomization.yaml").read_text())
assert [image["newTag"] for image in base["images"]] == [version], f"the image of the base is not {version}"
[deployment] = yaml.safe_load_all((folder / "base/deployment.yaml").read_text())
[container] = deployment["spec"]["template"]["spec"]["containers"]
# The binary knows its arguments: it gets as far as the estate, which is not here.
ended = subprocess.run([binary, *container["args"]], env={one["name"]: one["value"] for one in container["env"]}, text=True, capture_output=True, timeout=20)
assert ended.returncode == 2 and "/estate/estate.yaml" in ended.stderr, ended
print("the base names what is there, and the server takes its arguments")
PYTHON
