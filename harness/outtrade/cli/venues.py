"""``outtrade list venues``: the mock exchanges, and what they are declared to do.

Side by side, a row is a trait and a column a venue. Where not all venues fit beside each other, the table comes in
parts. A venue that is named is shown in full instead, each trait with its confidence and its source.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from outtrade.cli.listing import definition, first_paragraph, terminal_of
from outtrade.report.terminal import WIDTH, Terminal
from outtrade.report.text import clean
from outtrade.score import OK
from outtrade_mocks.venues import NAMES, load
from outtrade_mocks.venues.about import told
from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.vocabulary import GROUPS, TRAITS

LEAST = 22
"""Characters of a column below which venues go into another part of the table."""
JUDGED = ("documented", "recorded", "maintainer")


def venues_command(names: Sequence[str], *, traits: bool, as_json: bool) -> int:
    """``outtrade list venues``; raises VenueError on a name that is none."""
    modules = {name: load(name) for name in names or NAMES}
    if as_json:
        sys.stdout.write(json.dumps(_plain(modules, traits=traits), indent=2, ensure_ascii=False) + "\n")
        return OK
    terminal = terminal_of()
    if traits and not names:
        _side_by_side(terminal, modules)
        return OK
    for name, module in modules.items():
        definition(terminal, name, first_paragraph(module))
        if traits:
            _in_full(terminal, module)
    return OK


def _plain(modules: dict[str, Any], *, traits: bool) -> dict[str, Any]:
    """What ``--json`` prints: ``venues``, and with traits what each name says."""
    venues = {}
    for name, module in modules.items():
        venues[name] = {"about": first_paragraph(module), "market": module.market, "rest_url": module.rest_url}
        if traits:
            venues[name]["traits"] = {
                trait: {"value": _jsonable(said.value), "source": said.source, "confidence": said.confidence}
                for trait, said in _ordered(module)
            }
    return {"traits": dict(TRAITS), "venues": venues} if traits else {"venues": venues}


def _jsonable(value: Any) -> Any:
    """A trait's value as JSON has it: keys are text, sequences lists."""
    if isinstance(value, Mapping):
        return {str(name): _jsonable(member) for name, member in value.items()}
    if isinstance(value, tuple | list | range):
        return [_jsonable(member) for member in value]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def _ordered(module: Any) -> list[tuple[str, Trait]]:
    """Traits in the order of the vocabulary, then those of the venue's own."""
    names = [*(name for name in TRAITS if name in module.traits), *sorted(set(module.traits) - set(TRAITS))]
    return [(name, module.traits[name]) for name in names]


def _in_full(terminal: Terminal, module: Any) -> None:
    for trait, said in _ordered(module):
        terminal.line("  " + clean(trait), "bold")
        terminal.paragraph(clean(TRAITS.get(trait, "of this venue alone")), indent="      ")
        terminal.paragraph("= " + clean(told(said)), indent="      ")
        terminal.paragraph(f"{said.confidence}: {clean(said.source)}", indent="      ")


def _side_by_side(terminal: Terminal, modules: dict[str, Any]) -> None:
    width = terminal.out.width if terminal.out.is_terminal else WIDTH
    fits = max(1, width // LEAST - 1)
    names = list(modules)
    size = -(-len(names) // -(-len(names) // fits))
    for group, members in GROUPS.items():
        for start in range(0, len(names), size):
            shown = {name: modules[name] for name in names[start : start + size]}
            terminal.out.print(_table(group, members, shown), width=width)
    terminal.paragraph("~ inferred or not known, never judged. Sources: outtrade list venues VENUE --traits", indent="")


def _table(group: str, members: Mapping[str, str], modules: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, show_edge=False, header_style="bold")
    for head in (group, *modules):
        table.add_column(head, ratio=1, overflow="fold")
    for trait, says in members.items():
        cells = [_cell(module.traits[trait]) for module in modules.values()]
        table.add_row(Text.assemble((trait, "bold"), "\n", (says, "dim")), *cells)
        table.add_row()
    return table


def _cell(said: Trait) -> Text:
    mark = "" if said.confidence in JUDGED else "~ "
    return Text(mark + clean(told(said)), style="" if said.confidence in JUDGED else "dim")
