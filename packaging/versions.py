#!/usr/bin/env python3
"""Checks that the version stands the same everywhere, and with a tag that tag, version and changelog agree.

    packaging/versions.py [TAG]

A tag is `v` and the version, and the changelog must have a part for it with a date: `## 0.1.0 - 2026-01-31`.
"""
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def main() -> None:
    version = re.search(r'^version = "(.*)"', read("Cargo.toml"), re.MULTILINE)[1]
    wrong = []

    def hold(path: str, pattern: str) -> None:
        found = re.findall(pattern, read(path), re.MULTILINE)
        if not found:
            wrong.append(f"{path}: no version matches {pattern}")
        wrong.extend(f"{path}: version {one}, expected {version}" for one in found if one != version)

    hold("Cargo.lock", r'^name = "ampls-dns"\nversion = "(.*)"')
    hold("packaging/kustomize/base/kustomization.yaml", r"newTag: (\S+)")
    hold("packaging/azure-pipelines/ampls-dns.yml", r"(?:refs/tags/v|default: )(\d+\.\d+\.\d+)")
    hold("packaging/azure-pipelines/example.yml", r"refs/tags/v(\d+\.\d+\.\d+)")
    hold("packaging/gitlab/ampls-dns.gitlab-ci.yml", r"(?:AMPLS_DNS_VERSION: |ampls-dns/v)(\d+\.\d+\.\d+)")
    hold("docs/ci-systems.md", r"refs/tags/v(\d+\.\d+\.\d+)")
    for example in sorted((ROOT / "packaging/action/examples").glob("*.yml")):
        hold(str(example.relative_to(ROOT)), r"ampls-dns@[0-9a-f]{40} # v(\S+)")
    if json.loads(read("packaging/npm/ampls-dns/package.json"))["version"] != "0.0.0":
        wrong.append("packaging/npm/ampls-dns/package.json: the version is written by packaging/npm.sh; expected 0.0.0")
    parts = re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)
    if not parts or parts[0] != "Unreleased":
        wrong.append("CHANGELOG.md: the first part must be `## Unreleased`")
    for part in parts[1:]:
        if not re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}", part):
            wrong.append(f"CHANGELOG.md: `## {part}` is not a version and a date")
    if len(sys.argv) > 1:
        tag = sys.argv[1]
        if tag != f"v{version}":
            wrong.append(f"the tag is {tag}, and Cargo.toml has version {version}")
        newest = parts[1].split(" - ")[0] if len(parts) > 1 else "none"
        if newest != version:
            wrong.append(f"CHANGELOG.md: the newest version is {newest}, expected {version}")
    if wrong:
        sys.exit("\n".join(f"error: {one}" for one in wrong))
    print(f"version {version} stands everywhere")


main()
