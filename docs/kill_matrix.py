"""Writes the page and the drawing of the kill matrix from a run of the whole zoo.

    outtrade zoo --report reports/zoo
    python docs/kill_matrix.py reports/zoo      writes docs/kill_matrix.md and docs/kill_matrix.svg

Every number is out of ``matrix.json``, which the run wrote. A run of some agents only, or one that failed, makes no
page.
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

from outtrade.suites import Broken
from outtrade_suites import suite

DOCS = Path(__file__).resolve().parent
CELL, LEFT, TOP = 13, 210, 74
COLOURS = {"#": "#b3261e", "+": "#f0b8b3", ".": "#e4ebe4", " ": "#ffffff"}
HEAD = """\
# The kill matrix: the judge is judged
Every property is worth what it catches, and what it leaves alone. Each agent of the zoo is a reference agent with one
overridden method, which holds one real bug; it must be caught by the property it was made for. The reference agents,
which differ in design, must fail nothing. This page was made by

    outtrade zoo --report reports/zoo && python docs/kill_matrix.py reports/zoo

![kill matrix](kill_matrix.svg)

Dark red: caught by the property it was made for. Pale red: fails that one too, as a consequence of its bug (it was read
and permitted; anything else fails the zoo). Green: decided, and not failed. White: never applied.

"""


def marks(row: dict[str, Any], order: list[str]) -> str:
    """One character for each property, as in the terminal."""
    found = ""
    for ident in order:
        if row["failed"].get(ident):
            found += "#" if ident == row["expected"] else "+"
        else:
            found += "." if row["applied"].get(ident) else " "
    return found


def drawing(rows: list[dict[str, Any]], order: list[str]) -> str:
    """The matrix as SVG: agents down, properties across."""
    width, height = LEFT + CELL * len(order) + 10, TOP + CELL * len(rows) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        ' font-family="system-ui,sans-serif" font-size="10" fill="#222">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for n, ident in enumerate(order):
        x = LEFT + CELL * n + CELL - 3
        parts.append(f'<text transform="translate({x},{TOP - 5}) rotate(-90)">{escape(ident)}</text>')
    for m, row in enumerate(rows):
        y = TOP + CELL * m
        weight = "" if row["expected"] else ' font-weight="bold"'
        parts.append(f'<text x="{LEFT - 6}" y="{y + 10}" text-anchor="end"{weight}>{escape(row["agent"])}</text>')
        for n, mark in enumerate(marks(row, order)):
            failed, applied = row["failed"].get(order[n], 0), row["applied"].get(order[n], 0)
            tip = f"{row['agent']}, {order[n]}: fails {failed} of {applied}"
            parts.append(
                f'<rect x="{LEFT + CELL * n}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" fill="{COLOURS[mark]}">'
                f"<title>{escape(tip)}</title></rect>"
            )
    return "\n".join([*parts, "</svg>"]) + "\n"


def page(rows: list[dict[str, Any]], order: list[str]) -> str:
    """The page in Markdown."""
    zoo: dict[str, Broken] = {one.name: one for one in suite.zoo}
    right, wrong = [row for row in rows if not row["expected"]], [row for row in rows if row["expected"]]
    lines = [HEAD + f"{len(wrong)} broken agents, {len(order)} properties.\n", "## Agents that are right"]
    lines += ["| agent | space | scenarios | properties decided | failed |", "|---|---|--:|--:|--:|"]
    for row in right:
        name = row["agent"].partition(" ")[0]
        decided = sum(1 for count in row["applied"].values() if count)
        lines.append(f"| `{name}` | {row['space']} | {row['scenarios']} | {decided} | {len(row['failed'])} |")
    lines += ["\n## Agents that are wrong", "The bug is that of the source; *caught* counts the scenarios in which the"]
    lines += ["property was violated, of those in which it was decided.\n"]
    lines += [
        "| agent | made from | property | caught | also fails | the bug was seen in |",
        "|---|---|---|--:|---|---|",
    ]
    for row in wrong:
        one, ident = zoo[row["agent"]], row["expected"]
        also = " ".join(other for other in order if other in row["failed"] and other != ident)
        caught = f"{row['failed'][ident]} of {row['applied'][ident]}"
        file = f"../suites/outtrade_suites/zoo/{one.name}.py"
        lines.append(f"| [`{one.name}`]({file}) | {one.base} | {ident} | {caught} | {also} | {one.source} |")
    lines += ["\n## Properties", "| property | fails | passes (reference agents, scenarios) |", "|---|---|--:|"]
    for ident in order:
        killers = ", ".join(f"`{row['agent']}`" for row in wrong if row["failed"].get(ident))
        lines.append(f"| {ident} | {killers} | {sum(row['applied'].get(ident, 0) for row in right)} |")
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> int:
    """Write both; returns the exit code."""
    rows = json.loads((Path(words[0]) / "matrix.json").read_text())
    order = [prop.id for prop in suite.properties]
    missing = [one.name for one in suite.zoo if one.name not in {row["agent"] for row in rows}]
    bad = [line for row in rows for line in row["wrong"]]
    if missing or bad:
        print(f"no page: {(bad or [missing[0] + ' did not run'])[0]}", file=sys.stderr)
        return 1
    (DOCS / "kill_matrix.md").write_text(page(rows, order))
    (DOCS / "kill_matrix.svg").write_text(drawing(rows, order))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
