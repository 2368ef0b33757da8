"""Writes what can be generated of docs/venues: tables out of each venue's own data, and the venues side by side.

    python docs/venue_tables.py                  writes every page, and in docs/add-a-venue.md what the eighth took
    python docs/venue_tables.py kraken_spot      writes one venue's page alone
    python docs/venue_tables.py --check          writes nothing; exit code 1 where a page is not up to date

A page of a venue is written by hand but for what stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``;
NAME is one of endpoints, errors, order types, channels, traits, knobs. A venue without a page gets one with all of
them. ``docs/venues/README.md``, the comparison, is generated as a whole.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "venues"
RECIPE = ROOT / "docs" / "add-a-venue.md"
BY_RECIPE = "deribit"
"""The venue that was written from the recipe alone."""
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "mocks")]

from outtrade_mocks.venues import NAMES, load  # noqa: E402
from outtrade_mocks.venues.about import classes_of, told  # noqa: E402
from outtrade_mocks.venues.vocabulary import GROUPS, TRAITS  # noqa: E402

ESCAPED = {"\\": "\\\\", "|": "\\|", "*": "\\*", "<": "&lt;"}
BLOCK = re.compile(r"(<!-- generated: ([a-z_ ]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def cell(text: object) -> str:
    """Text in a cell of a Markdown table."""
    return "".join(ESCAPED.get(char, char) for char in " ".join(str(text).split()))


def code(text: object) -> str:
    """The same, as it is sent. A cell cannot hold a bare pipe, not even in code."""
    plain = " ".join(str(text).split()).replace("|", "\\|")
    return f"`{plain}`" if plain else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, or a line that says that there is nothing."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines]) if lines else "None."


def endpoints(module: Any) -> str:
    """Requests and what they cost."""
    rows = module.about().endpoints
    return table(
        ("request", "operation", "needs", "costs", ""),
        ((code(f"{row.method} {row.path}"), row.op, row.security, cell(row.cost), cell(row.note)) for row in rows),
    )


def errors(module: Any) -> str:
    """Errors by code, with the class that the traits give them."""
    rows = module.about().errors
    return table(
        ("code", "HTTP", "text", "class", ""),
        (
            (code(row.code), str(row.status), code(row.text), ", ".join(classes_of(row, module.traits)), cell(row.note))
            for row in rows
        ),
    )


def order_types(module: Any) -> str:
    """Order types by their unified names."""
    rows = module.about().order_types
    return table(("type", "sent as", ""), ((row.type, cell(row.sent_as), cell(row.note)) for row in rows))


def channels(module: Any) -> str:
    """Channels of the streams."""
    rows = module.about().channels
    return table(
        ("channel", "needs a login", "says"),
        ((code(row.channel), "yes" if row.private else "no", cell(row.says)) for row in rows),
    )


def traits(module: Any) -> str:
    """Declared behaviour, those of the vocabulary first."""
    names = [*TRAITS, *sorted(set(module.traits) - set(TRAITS))]
    return table(
        ("trait", "value", "confidence", "source"),
        (
            (f"`{name}`", cell(told(declared)), declared.confidence, cell(declared.source))
            for name in names
            if (declared := module.traits.get(name)) is not None
        ),
    )


def knobs(module: Any) -> str:
    """Settings of a scenario for what nobody documents."""
    return table(
        ("knob", "default", "others", "what it decides"),
        (
            (
                f"`{name}`",
                code(rule.default),
                ", ".join(code(choice) for choice in rule.choices if choice != rule.default) or "any positive number",
                cell(rule.why),
            )
            for name, rule in sorted(module.KNOBS.items())
        ),
    )


TABLES: dict[str, Callable[[Any], str]] = {
    "order types": order_types,
    "endpoints": endpoints,
    "channels": channels,
    "errors": errors,
    "traits": traits,
    "knobs": knobs,
}

SKELETON = """# {name}

## Fidelity

### Modelled
### Simplified
### Absent
"""


def filled(name: str, text: str) -> str:
    """A venue's page with its tables as they are today. Raises ValueError on a block that is no table's."""
    module = load(name)

    def made(block: re.Match[str]) -> str:
        if block[2] not in TABLES:
            raise ValueError(f"{name}: no table {block[2]!r}; there is {', '.join(TABLES)}")
        return f"{block[1]}{TABLES[block[2]](module)}\n{block[4]}"

    if (openers := text.count("<!-- generated: ")) != len(BLOCK.findall(text)):
        raise ValueError(f"{name}: {openers} marks open a table, not all are ended by <!-- end -->")
    return BLOCK.sub(made, text)


def skeleton(name: str) -> str:
    """A page to begin with."""
    blocks = (f"## {table.capitalize()}\n<!-- generated: {table} -->\n<!-- end -->\n" for table in TABLES)
    return "\n".join([SKELETON.format(name=name), *blocks])


def comparison() -> str:
    """All venues side by side, trait by trait."""
    modules = {name: load(name) for name in NAMES}
    parts = []
    for group, members in GROUPS.items():
        rows = []
        for trait, says in members.items():
            shown = []
            for module in modules.values():
                declared = module.traits[trait]
                mark = "" if declared.confidence in ("documented", "recorded", "maintainer") else "*"
                shown.append(f"{mark}{cell(told(declared))}{mark}")
            rows.append((f"**{trait}**<br>{cell(says)}", *shown))
        parts.append(f"## {group[0].upper()}{group[1:]}\n\n{table(('', *NAMES), rows)}\n")
    links = "\n".join(f"* [{name}]({name}.md): {modules[name].rest_url}, {modules[name].market}" for name in NAMES)
    return f"""# The venues side by side

This page is written by `python docs/venue_tables.py`; do not edit it. Sources and confidence of each value stand on the
venue's own page, and in `outtrade list venues NAME --traits`; what is in *italics* is inferred or not known, and never
judged. How to add a venue: [add-a-venue.md](../add-a-venue.md).

{links}

{chr(10).join(parts)}"""


def sizes(name: str) -> str:
    """What a venue takes: files and lines of its folders, and of its page what is written by hand."""
    folders = (
        ("the venue", f"mocks/outtrade_mocks/venues/{name}", "*.py"),
        ("cassettes", f"cassettes/{name}", "*.yaml"),
        ("tests", f"tests/{name}", "*.py"),
    )
    rows, total = [], [0, 0]
    for what, folder, pattern in folders:
        texts = [path.read_text() for path in sorted((ROOT / folder).glob(pattern))]
        rows.append((what, f"`{folder}`", len(texts), sum(len(text.splitlines()) for text in texts)))
    by_hand = BLOCK.sub("", (PAGES / f"{name}.md").read_text())
    rows.append(("the page, by hand", f"`docs/venues/{name}.md`", 1, len(by_hand.splitlines())))
    for row in rows:
        total = [total[0] + row[2], total[1] + row[3]]
    shown = [(what, where, str(files), f"{lines:,}") for what, where, files, lines in (*rows, ("all", "", *total))]
    return table(("", "where", "files", "lines"), shown)


def recipe() -> str:
    """What ought to stand in the recipe: the size of the venue that was written from it."""
    made = {f"size of {BY_RECIPE}": sizes(BY_RECIPE)}
    return BLOCK.sub(lambda block: f"{block[1]}{made[block[2]]}\n{block[4]}", RECIPE.read_text())


def page(name: str) -> str:
    """What ought to stand on a venue's page."""
    path = PAGES / f"{name}.md"
    return filled(name, path.read_text() if path.exists() else skeleton(name))


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="docs/venue_tables.py", description="Write what is generated of docs/venues.")
    parser.add_argument("venue", nargs="*", help="the pages of these venues only")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is not up to date")
    options = parser.parse_args(argv)
    if unknown := [name for name in options.venue if name not in NAMES]:
        parser.error(f"no venue {unknown[0]!r}; there is {', '.join(NAMES)}")
    stale = 0
    pages = {PAGES / f"{name}.md": page(name) for name in options.venue or NAMES}
    if not options.venue:
        pages[PAGES / "README.md"] = comparison()
        pages[RECIPE] = recipe()
    for path, text in pages.items():
        if path.exists() and path.read_text() == text:
            continue
        stale += 1
        if options.check:
            print(f"{path.relative_to(ROOT)}: not up to date, run: python docs/venue_tables.py")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            print(path.relative_to(ROOT))
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
