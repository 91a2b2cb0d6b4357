#!/usr/bin/env python3
"""Prints the licence of every crate that is in the program, and the text of each, once.

    packaging/notices.py [TARGET]

The texts are those of the crates as cargo fetched them; a crate that has none is named with its SPDX expression.
"""
import sys
from pathlib import Path

from crates import linked

BEGINNINGS = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE")


def main() -> None:
    _, packages, _ = linked(*sys.argv[1:])
    texts: dict[str, list[str]] = {}
    print("ampls-dns contains these crates.\n")
    for package in packages:
        name = f"{package['name']} {package['version']}"
        print(f"{name}: {package['license'] or 'see its licence file'}")
        folder = Path(package["manifest_path"]).parent
        files = [file for file in sorted(folder.iterdir()) if file.is_file() and file.name.upper().startswith(BEGINNINGS)]
        for file in files:
            texts.setdefault(file.read_text(encoding="utf-8", errors="replace").strip(), []).append(name)
        if not files and not package["license"]:
            sys.exit(f"error: {name} has neither a licence file nor an SPDX expression")
    for text, names in texts.items():
        print("\n" + "-" * 80 + "\n" + ", ".join(dict.fromkeys(names)) + "\n\n" + text)


main()
