"""Writes the tables of docs/faults.md out of the typed data: kinds, forms, parameters, rates.

    python docs/fault_tables.py            writes the page
    python docs/fault_tables.py --check    writes nothing; exit code 1 where it is not up to date
    python docs/fault_tables.py --coverage FILE    takes the coverage table from a file (bench/fault_coverage.py)

What stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` is generated; NAME is kinds, forms or rates.
``coverage`` is measured, and stays what it is unless a file is given.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "faults.md"
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / name) for name in ("harness", "mocks", "suites")]

from outtrade.faults import catalogue  # noqa: E402
from outtrade_suites.spaces import rates  # noqa: E402

BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def cell(text: str) -> str:
    """Text in a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(cell(one) for one in row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]]) + "\n"


def kinds() -> str:
    """Each layer, each kind: what it does, what is seen, its parameters."""
    parts = []
    for layer, what in catalogue.LAYERS.items():
        rows = [
            [
                f"`{row.kind}`",
                row.text,
                row.seen,
                "; ".join(
                    f"`{one.name}` {one.values}" + (f" ({one.default})" if one.default is not None else "")
                    for one in row.parameters
                ),
            ]
            for row in catalogue.entries().values()
            if row.layer == layer
        ]
        head = ["kind", "what happens", "what the client sees", "parameters (defaults)"]
        parts.append(f"### {layer}: {what}\n\n{table(head, rows)}")
    return "\n".join(parts)


def forms() -> str:
    """Every form by name, and the twin of those that leave the truth open."""
    twins = catalogue.twins()
    rows = [
        [f"`{row.kind}`", " ".join(f"`{form}`" for form in row.variants), "yes" * any(f in twins for f in row.variants)]
        for row in catalogue.entries().values()
    ]
    return table(["kind", "forms", "in pairs"], rows)


def chances() -> str:
    """What realistic means."""
    rows = [[f"`{kind}`", f"{rate.chance:g}", rate.basis, rate.source] for kind, rate in rates.REALISTIC.items()]
    return table(["kind", "chance per scenario", "because", "source"], rows)


def page(text: str, coverage: str | None = None) -> str:
    """The page with its generated parts as they are to be."""
    made = {"kinds": kinds, "forms": forms, "rates": chances}

    def block(match: re.Match[str]) -> str:
        name = match[2]
        body = coverage if name == "coverage" else None
        inner = made[name]() if name in made else body if body is not None else match[3]
        return f"{match[1]}{inner}{match[4]}"

    return BLOCK.sub(block, text)


def main() -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description="Write the tables of docs/faults.md.")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--coverage", type=Path)
    options = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    wanted = page(text, options.coverage.read_text(encoding="utf-8") if options.coverage else None)
    if options.check:
        if wanted != text:
            print("docs/faults.md is not up to date: run python docs/fault_tables.py")
        return int(wanted != text)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
