#!/usr/bin/env python3
"""Draws the tables of RESULTS.md: plots.py [RESULTS.md] [FOLDER]

Writes one SVG for each plot: the CPU time a query beside the peers, the memory a record beside the peers, and the time to
start by networks. The figures are those of the page, so that plots and tables cannot disagree.
"""

import itertools
import re
import sys
from pathlib import Path

WIDTH, ROW, LEFT, RIGHT, TOP = 720, 26, 130, 90, 56


def table(text, heading, first):
    """The rows of the first table under a heading, which begins with this column: each a dictionary by column."""
    part = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = part.splitlines()
    begin = next((at for at, line in enumerate(lines) if line.startswith("|")), len(lines))
    lines = list(itertools.takewhile(lambda line: line.startswith("|"), lines[begin:]))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if not cells or cells[0][0] != first:
        sys.exit(f"plots.py: no table with the column `{first}` under `{heading}`")
    return [dict(zip(cells[0], row)) for row in cells[2:]]


def number(cell):
    """The first number of a cell."""
    return float(re.match(r"[\d.,]+", cell)[0].replace(",", ""))


def bars(title, unit, rows):
    """A bar for each pair of a label and a number; the product's own stands out."""
    most = max(value for _, value in rows)
    height = TOP + ROW * len(rows) + 16
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">',
        "<style>text{font:13px sans-serif;fill:#222}.h{font-size:16px;font-weight:600}.b{fill:#8aa0b8}.o{fill:#0b5cad}"
        "@media(prefers-color-scheme:dark){text{fill:#ddd}.b{fill:#5b6f86}.o{fill:#5aa9f5}}</style>",
        f'<text class="h" x="12" y="24">{title}</text><text x="12" y="43">{unit}</text>',
    ]
    for index, (label, value) in enumerate(rows):
        y = TOP + ROW * index
        width = max(1, (WIDTH - LEFT - RIGHT) * value / most)
        kind = "o" if label.startswith("ampls-dns") else "b"
        out.append(f'<text x="{LEFT - 8}" y="{y + 17}" text-anchor="end">{label}</text>')
        out.append(f'<rect class="{kind}" x="{LEFT}" y="{y + 4}" width="{width:.1f}" height="{ROW - 8}"/>')
        out.append(f'<text x="{LEFT + width + 6:.1f}" y="{y + 17}">{value:g}</text>')
    return "\n".join([*out, "</svg>", ""])


def line(title, unit, points):
    """A line through points, both axes from zero, each point with its numbers."""
    height, bottom = 340, 60
    across, up = max(x for x, _ in points), max(y for _, y in points)
    place = lambda x, y: (LEFT + (WIDTH - LEFT - RIGHT) * x / across, height - bottom - (height - bottom - TOP) * y / up)
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in (place(x, y) for x, y in [(0, 0), *points]))
    left, right, low = LEFT, WIDTH - RIGHT, height - bottom
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">',
        "<style>text{font:13px sans-serif;fill:#222}.h{font-size:16px;font-weight:600}polyline,path{fill:none;stroke:#0b5cad;"
        "stroke-width:2}path{stroke:#999;stroke-width:1}circle{fill:#0b5cad}@media(prefers-color-scheme:dark){text{fill:#ddd}"
        "polyline{stroke:#5aa9f5}circle{fill:#5aa9f5}}</style>",
        f'<text class="h" x="12" y="24">{title}</text><text x="12" y="43">{unit}</text>',
        f'<path d="M{left} {TOP}V{low}H{right}"/><polyline points="{path}"/>',
    ]
    for x, y in points:
        a, b = place(x, y)
        out.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4"/>')
        out.append(f'<text x="{a:.1f}" y="{b - 10:.1f}" text-anchor="end">{y:g} s</text>')
        out.append(f'<text x="{a:.1f}" y="{low + 20}" text-anchor="middle">{x:,.0f}</text>')
    out.append(f'<text x="{(left + right) / 2:.0f}" y="{height - 14}" text-anchor="middle">networks</text>')
    return "\n".join([*out, "</svg>", ""])


def main():
    page = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "RESULTS.md")
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else page.parent
    text = page.read_text()
    udp = table(text, "UDP, one worker on a core of its own", "server")
    records = table(text, "1,000,000 record sets in one zone", "server")
    estates = table(text, "Estates at scale", "networks, scopes × workspaces")
    plots = {
        "cpu-per-query.svg": bars(
            "CPU time of an answered query over UDP", "microseconds, one worker; echo only sends back what it receives",
            [(row["server"], number(row["CPU a query, us"])) for row in udp]),
        "memory-per-record.svg": bars(
            "Resident memory of a zone with 1,000,000 record sets", "octets a record set",
            [(row["server"], number(row["octets a record"])) for row in records]),
        "start-by-networks.svg": line(
            "Start of a server", "seconds from the command to ready, 300 workspaces in each scope, 3 scopes for 10 networks",
            [(number(row["networks, scopes × workspaces"].rsplit(", ", 1)[0]), number(row["`serve` ready"])) for row in estates]),
    }
    for name, svg in plots.items():
        (folder / name).write_text(svg)


if __name__ == "__main__":
    main()
