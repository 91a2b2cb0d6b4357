#!/usr/bin/env python3
"""Writes the image: one layer with one file, and the configuration that docker/Dockerfile has, so that both images are the same.

    image.py BINARY TAR        (called by image.sh, with its variables)
"""
import hashlib
import io
import json
import os
import re
import sys
import tarfile
import time

EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])


def tar(files: list[tuple[str, bytes, int]]) -> bytes:
    """A tar with these files: name, content and mode. Nothing in it depends on this machine."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content, mode in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), mode, EPOCH
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def instructions(path: str) -> dict[str, str]:
    """The instructions of the last stage of the Dockerfile, each as one line."""
    text = open(path, encoding="utf-8").read().split("FROM scratch\n", 1)[1].replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: value.strip() for name, value in (line.split(" ", 1) for line in lines)}


def main() -> None:
    binary, target = sys.argv[1:]
    said = instructions(os.environ["DOCKERFILE"])
    labels = dict(re.findall(r'([\w.]+)="([^"]*)"', said["LABEL"]))
    prefix = "org.opencontainers.image."
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EPOCH))
    labels |= {
        prefix + "source": os.environ["REPOSITORY"], prefix + "url": os.environ["REPOSITORY"], prefix + "version": os.environ["VERSION"],
        prefix + "revision": os.environ["REVISION"], prefix + "created": created,
    }
    health = re.fullmatch(r"--interval=(\d+)s --timeout=(\d+)s --start-period=(\d+)s --retries=(\d+) CMD (.*)", said["HEALTHCHECK"])
    seconds = 1_000_000_000
    layer = tar([("ampls-dns", open(binary, "rb").read(), 0o755)])
    config = {
        "created": created,
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.environ["MACHINE"]],
        "os": "linux",
        "config": {
            "User": said["USER"],
            "ExposedPorts": {port: {} for port in said["EXPOSE"].split()},
            "Env": said["ENV"].split(),
            "Entrypoint": json.loads(said["ENTRYPOINT"]),
            "Cmd": json.loads(said["CMD"]),
            "Labels": labels,
            "Healthcheck": {
                "Test": ["CMD", *json.loads(health[5])], "Interval": int(health[1]) * seconds, "Timeout": int(health[2]) * seconds,
                "StartPeriod": int(health[3]) * seconds, "Retries": int(health[4]),
            },
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created": created, "created_by": "packaging/image.sh"}],
    }
    blobs: dict[str, bytes] = {}

    def blob(content: bytes, media_type: str) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def text(document: object) -> bytes:
        return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()

    kind = "application/vnd.oci.image."
    described = blob(text(config), kind + "config.v1+json")
    layered = blob(layer, kind + "layer.v1.tar")
    manifest = blob(text({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": described, "layers": [layered], "annotations": labels}), kind + "manifest.v1+json")
    name = "ampls-dns:" + os.environ["VERSION"]
    manifest |= {
        "platform": {"architecture": config["architecture"], "os": "linux"},
        "annotations": {"io.containerd.image.name": f"docker.io/library/{name}", prefix + "ref.name": os.environ["VERSION"]},
    }
    path = lambda descriptor: "blobs/sha256/" + descriptor["digest"].split(":")[1]
    files = {
        "oci-layout": text({"imageLayoutVersion": "1.0.0"}),
        "index.json": text({"schemaVersion": 2, "mediaType": kind + "index.v1+json", "manifests": [manifest]}),
        # `docker load` of engines before 25 reads this one.
        "manifest.json": text([{"Config": path(described), "RepoTags": [name, "ampls-dns:latest"], "Layers": [path(layered)]}]),
        **blobs,
    }
    with open(target, "wb") as out:
        out.write(tar([(name, content, 0o644) for name, content in sorted(files.items())]))


main()
