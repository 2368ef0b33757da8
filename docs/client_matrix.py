"""Writes docs/client_matrix.md: which unmodified client carried out which operation at which venue, proved by a test.

    python docs/client_matrix.py            after a test run: writes the page from reports/client_matrix.json
    python docs/client_matrix.py --check    writes nothing; exit code 1 where the page says what the run did not prove

A run of some tests only adds to the page. A run of all of them (``python dev.py test``) may also take out, and only
such a run can be checked against: what a run did not get to is neither proved nor refuted.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "client_matrix.md"
RUN = ROOT / "reports" / "client_matrix.json"

Done = set[tuple[str, str, str]]
"""Venue, client, operation."""

HEAD = """# What real clients did

This page is written by `python dev.py matrix` after a test run; do not edit it. Each mark is an operation that an
unmodified client carried out against a mock venue, with an assertion on what came back, in a test that CI runs. Clients
that CI does not install stand in [clients.md](clients.md).
"""


def read_run(path: Path) -> tuple[bool, Done]:
    """Whether a run was whole, and what it proved. Raises ValueError with one line."""
    try:
        told = json.loads(path.read_text())
        done = {(row["venue"], row["client"], row["operation"]) for row in told["rows"]}
        return bool(told["whole"]), done
    except FileNotFoundError:
        raise ValueError(f"no {path.name} of a test run: run python dev.py test first") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not what a test run writes: {error}") from None


def read_page(text: str) -> Done:
    """What a page says."""
    done: Done = set()
    venue, clients = "", []
    for line in text.splitlines():
        if match := re.fullmatch(r"## (\S+)", line):
            venue = match[1]
        elif line.startswith("| operation |"):
            clients = [cell.strip() for cell in line.strip("|").split("|")[1:]]
        elif line.startswith("| ") and venue:
            operation, *marks = [cell.strip() for cell in line.strip("|").split("|")]
            done |= {(venue, client, operation) for client, mark in zip(clients, marks, strict=True) if mark}
    return done


def page(done: Iterable[tuple[str, str, str]]) -> str:
    """The page: for each venue a table, operations down, clients across."""
    known = set(done)
    parts = [HEAD]
    for venue in sorted({row[0] for row in known}):
        clients = sorted({row[1] for row in known if row[0] == venue})
        operations = sorted({row[2] for row in known if row[0] == venue})
        lines = [f"| operation | {' | '.join(clients)} |", "|---|" + ":-:|" * len(clients)]
        for operation in operations:
            marks = " | ".join("x" if (venue, client, operation) in known else "" for client in clients)
            lines.append(f"| {operation} | {marks} |")
        parts.append(f"## {venue}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def main(argv: Sequence[str], *, run: Path = RUN, written: Path = PAGE) -> int:
    parser = argparse.ArgumentParser(prog="docs/client_matrix.py", description="Write docs/client_matrix.md.")
    parser.add_argument("--check", action="store_true", help="write nothing, say what the last run did not prove")
    options = parser.parse_args(argv)
    try:
        whole, done = read_run(run)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    said = read_page(written.read_text()) if written.exists() else set()
    if not options.check:
        written.write_text(page(done if whole else done | said))
        return 0
    if not whole:
        print("the last test run was not whole: run python dev.py test without further words", file=sys.stderr)
        return 2
    for venue, client, operation in sorted(said - done):
        print(f"{venue}: {client} did not {operation}: the page says so, no test of this run proves it")
    for venue, client, operation in sorted(done - said):
        print(f"{venue}: {client}: {operation} is proved and not on the page (python dev.py matrix)")
    return 1 if said - done else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
