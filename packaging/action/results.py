#!/usr/bin/env python3
"""Prints a JUnit file as Markdown for a job's summary, and its failures as annotations on standard error's behalf.

    results.py RESULTS.xml

Workflow commands are read from standard output too, but that is the summary: they go to standard error, which GitHub reads as well.
"""
import re
import sys
import xml.etree.ElementTree as tree


def escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_(text: str) -> str:
    return escaped(text).replace(":", "%3A").replace(",", "%2C")


def main() -> None:
    root = tree.parse(sys.argv[1]).getroot()
    cell = lambda text: text.replace("|", "\\|").replace("\n", " ")
    failed = []
    print("| Expectations | Passed | Failed | Skipped |\n|---|---|---|---|")
    for suite in root.iter("testsuite"):
        count = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
        wrong = count["failures"] + count["errors"]
        print(f"| {cell(suite.get('name', ''))} | {count['tests'] - wrong - count['skipped']} | {wrong} | {count['skipped']} |")
        failed += [(case, case.find("failure")) for case in suite.iter("testcase") if case.find("failure") is not None]
    if failed:
        print("\n| Failed | What differs |\n|---|---|")
    for case, failure in failed:
        print(f"| {cell(case.get('name', ''))} | {cell(failure.get('message', ''))} |")
        text = failure.text or ""
        place = re.search(r"^written +(.*):(\d+):(\d+)$", text, re.MULTILINE)
        where = f"file={property_(place[1])},line={place[2]},col={place[3]}," if place else ""
        print(f"::error {where}title={property_(case.get('name', ''))}::{escaped(text)}", file=sys.stderr)


main()
