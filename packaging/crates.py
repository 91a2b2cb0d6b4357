"""The crates that are in the program, from cargo: for licences and the bill of materials."""
import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def linked(target: str = "x86_64-unknown-linux-gnu") -> tuple[dict, list[dict], dict[str, list[str]]]:
    """The program's own package, those that are linked into it for a target, and what each of them needs.

    Crates of tests, of build scripts and of macros' compile time alone are not in the program.
    """
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
    document = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    packages = {package["id"]: package for package in document["packages"]}
    nodes = {node["id"]: node for node in document["resolve"]["nodes"]}
    root = document["resolve"]["root"]
    edges: dict[str, list[str]] = {}
    waiting = [root]
    while waiting:
        identifier = waiting.pop()
        if identifier in edges:
            continue
        normal = [one["pkg"] for one in nodes[identifier]["deps"] if any(kind["kind"] is None for kind in one["dep_kinds"])]
        edges[identifier] = normal
        waiting += normal
    found = [packages[one] for one in edges if one != root]
    return packages[root], sorted(found, key=lambda one: (one["name"], one["version"])), edges


def checksums() -> dict[tuple[str, str], str]:
    """The SHA-256 of each crate by name and version, from Cargo.lock."""
    text = (ROOT / "Cargo.lock").read_text(encoding="utf-8")
    parts = re.findall(r'name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(.+)"', text)
    return {(name, version): checksum for name, version, checksum in parts}
