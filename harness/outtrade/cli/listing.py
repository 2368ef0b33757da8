"""``outtrade list`` and ``outtrade explain``: what there is, in words."""

from __future__ import annotations

import inspect
import textwrap

from outtrade import suites
from outtrade.cli.guard import consoles
from outtrade.report.terminal import WIDTH, Terminal
from outtrade.report.text import clean
from outtrade.score import OK


def terminal_of() -> Terminal:
    return Terminal(*consoles())


def definition(terminal: Terminal, name: str, text: str, *, column: int = 20, style: str = "bold") -> None:
    """``name   text``, the text cleaned and wrapped in its own column."""
    from rich.text import Text

    parts = textwrap.wrap(clean(text), WIDTH - column) or [""]
    if len(name) >= column:
        terminal.line(name, style)
        name = ""
    terminal.line(Text.assemble((f"{name:<{column}}", style), parts[0]))
    for part in parts[1:]:
        terminal.line(" " * column + part)


def first_paragraph(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split()).replace("``", "")


def faults_command() -> int:
    """``outtrade list faults``: layer by layer, what each is, what a client sees, its forms and parameters."""
    from outtrade.faults import catalogue

    terminal, layer = terminal_of(), ""
    for row in catalogue.entries().values():
        if row.layer != layer:
            terminal.line(("\n" if layer else "") + f"{row.layer}: {catalogue.LAYERS[row.layer]}", "bold")
            layer = row.layer
        definition(terminal, f"  {row.kind}", row.text.replace("`", ""))
        definition(terminal, "", f"seen: {row.seen}", style="")
        if row.variants != (row.kind,):
            definition(terminal, "", f"forms: {', '.join(row.variants)}", style="dim")
        if row.parameters:
            definition(terminal, "", f"parameters: {', '.join(one.name for one in row.parameters)}", style="dim")
    return OK


def properties_command(*, suite: str) -> int:
    """``outtrade list properties``."""
    terminal = terminal_of()
    before = ""
    for prop in suites.load(suite).properties:
        if prop.dimension != before:
            terminal.line(("\n" if before else "") + prop.dimension, "bold")
            before = prop.dimension
        definition(
            terminal,
            f"  {prop.id:<8}{prop.level:<8}{prop.severity:<10}{prop.scope:<4}",
            prop.title,
            column=34,
            style="",
        )
    return OK


def profiles_command(*, suite: str) -> int:
    """``outtrade list profiles``."""
    from outtrade.profile import peek

    terminal = terminal_of()
    for name, file in suites.load(suite).profiles.items():
        head = peek(file)
        terminal.line(name, "bold")
        facts = f"{head.about} {head.scenarios} scenarios, {len(head.properties)} properties; every report holds"
        terminal.paragraph(f"{facts} {', '.join(head.requires)}.")
        terminal.line(f"  sha256 {head.sha256}", "dim")
    return OK


def regressions_command(*, suite: str) -> int:
    """``outtrade list regressions``."""
    terminal = terminal_of()
    for one in suites.load(suite).regressions.values():
        terminal.line(clean(one.name), "bold")
        terminal.paragraph(f"{one.bug} ({one.row}, {one.source}; {one.property}, shown by zoo:{one.agent})")
        terminal.paragraph(one.line)
    return OK


def spaces_command(*, suite: str) -> int:
    """``outtrade list spaces``."""
    terminal = terminal_of()
    for name, space in suites.load(suite).spaces.items():
        definition(terminal, clean(name), first_paragraph(space))
    return OK


def capabilities_command() -> int:
    """``outtrade list capabilities``."""
    from outtrade.model.capability import MEANING

    terminal = terminal_of()
    for name, text in MEANING.items():
        definition(terminal, name, text)
    return OK


def agents_command(*, suite: str) -> int:
    """``outtrade list agents``."""
    terminal = terminal_of()
    loaded = suites.load(suite)
    terminal.line("reference agents", "bold")
    for name, spec in loaded.agents.items():
        definition(terminal, f"  agent:{clean(name)}", spec, column=30, style="")
    if loaded.models:
        terminal.line("\nscripted models (they trade by venue.tools)", "bold")
    for model in loaded.models:
        text = model.purpose + (f"; fails {model.property}" if model.property else "")
        definition(terminal, f"  agent:models/{clean(model.name)}", text, column=36, style="")
    terminal.line("\nbroken agents (the zoo)", "bold")
    for broken in loaded.zoo:
        text = f"{broken.property}, made from {broken.base}. {broken.source}"
        definition(terminal, f"  zoo:{clean(broken.name)}", text, column=30, style="")
    return OK


def explain_command(wanted: str, *, suite: str) -> int:
    """``outtrade explain PROPERTY``; the fingerprint of a failure (``RTY-02:new-order``) names its property, too."""
    terminal = terminal_of()
    loaded = suites.load(suite)
    prop = loaded.property(wanted.partition(":")[0])
    terminal.paragraph(f"{prop.id}  {prop.title}", indent="")
    judged = {"A": "agents", "G": "gateways", "AG": "agents and gateways"}[prop.scope]
    terminal.line(f"{prop.level}, {prop.severity}; dimension {prop.dimension}; judged for {judged}", "dim")
    terminal.line()
    for paragraph in inspect.cleandoc(prop.explain).split("\n\n"):
        terminal.paragraph(paragraph, indent="")
        terminal.line()
    terminal.paragraph(f"Source: {prop.source}", indent="")
    made = [broken.name for broken in loaded.zoo if broken.property == prop.id]
    if made:
        terminal.paragraph(f"Shown by: {', '.join('zoo:' + name for name in made)}", indent="")
    return OK
