"""The maintainer's command: ``python dev.py freeze NAME...`` draws, measures and freezes profiles.

    python dev.py freeze exec-core-2026.11                  one profile; it must not be there yet
    python dev.py freeze all-2026.11 --replace              every family; replaces those of that name, for as long as
                                                            they were never published

The reference agents run every scenario. They have to be clean, because a profile that a correct agent fails is a bug of
ours, and what they decided sets the coverage that the profile asks for: each property has to be decided in half as many
scenarios as by the reference agent that decided it least. Writes the table of docs/profiles.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from outtrade import suites
from outtrade.cli.guard import complain
from outtrade.cli.run import default_workers
from outtrade.engine.events import RunFinished
from outtrade.engine.many import run_many
from outtrade.engine.plan import Plan, prepare
from outtrade.profile import Profile, ProfileError, freeze, peek, read
from outtrade.score import Scorecard
from outtrade_suites.profiles import RECIPES, Recipe, recipe

FOLDER = Path(__file__).parent
REFERENCES = ("agent:ccxt", "agent:httpx")
MARK = "<!-- profiles -->"


def make(name: str, found: Recipe, folder: Path, references: Sequence[str]) -> Profile:
    """Draw, run, measure, freeze. Raises ProfileError where a reference agent is not clean."""
    suite = suites.load()
    drawn = tuple(found.drawn(suite.spaces))
    scenarios = [suite.scenario(part.space, part.seed, index) for part in drawn for index in range(part.count)]
    chosen = [prop.id for prop in suite.properties if found.dimension in (None, prop.dimension)]
    fields = {
        "name": name, "about": found.about, "suite": suite.name, "drawn": drawn, "scenarios": scenarios,
        "properties": chosen, "requires": found.requires,
    }  # fmt: skip
    with TemporaryDirectory() as place:
        draft = freeze(Path(place), coverage={}, **fields)  # type: ignore[arg-type]
    cards = [run(draft, spec) for spec in references]
    applied = [{row.id: row.applied for row in card.properties} for card in cards]
    least = {ident: min((rows.get(ident, 0) for rows in applied), default=0) // 2 for ident in chosen}
    return freeze(folder, coverage=least, **fields)  # type: ignore[arg-type]


def run(profile: Profile, spec: str) -> Scorecard:
    """The scorecard of a reference agent, which must be clean."""
    plan = Plan(spec, profile=profile, scenarios=profile.head.scenarios, baseline=False)
    for event in run_many(prepare(plan), workers=default_workers(), budget=0):
        if isinstance(event, RunFinished):
            bad = [f"{row.id} in {row.violations}" for row in event.card.properties if row.violations]
            if bad or event.card.errors or event.interrupted:
                why = ", ".join(bad) or "; ".join(event.card.reasons) or "it was interrupted"
                raise ProfileError(f"{profile.head.name}: {spec} is not clean: {why}")
            return event.card
    raise AssertionError("a run ends with RunFinished")


def table(folder: Path = FOLDER) -> str:
    """The profiles of a folder as a table for docs/profiles.md."""
    lines = ["| profile | scenarios | properties | what | sha256 |", "|---|--:|--:|---|---|"]
    for file in sorted(folder.glob("*.json")):
        head = peek(file)
        lines.append(f"| `{head.name}` | {head.scenarios} | {len(head.properties)} | {head.about} | `{head.sha256}` |")
    return "\n".join(lines) + "\n"


def write_table(page: Path, folder: Path = FOLDER) -> None:
    """Put the table between the marks of the page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(MARK)
    after = rest.partition(MARK)[2]
    page.write_text(f"{before}{MARK}\n{table(folder)}{MARK}{after}", encoding="utf-8")


def main(argv: Sequence[str]) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python dev.py freeze", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME", help="FAMILY-YEAR.MONTH, or all-YEAR.MONTH")
    parser.add_argument("--replace", action="store_true", help="replace a profile that was never published")
    parser.add_argument("--reference", action="append", metavar="TARGET", help="agents that must be clean")
    parser.add_argument("--page", type=Path, default=Path("docs/profiles.md"), help="page that holds the table")
    options = parser.parse_args(argv)
    for name in options.names:
        family, _, when = name.rpartition("-")
        for one in [f"{known}-{when}" for known in RECIPES] if family == "all" else [name]:
            try:
                found = recipe(one)
            except KeyError:
                complain(f"{one}: no recipe; there are {', '.join(RECIPES)}")
                return 2
            old = FOLDER / f"{one}.json"
            if old.exists() and not options.replace:
                complain(f"{old}: is frozen; a new one takes a new name (or --replace)")
                return 2
            try:
                with TemporaryDirectory() as place:
                    made = make(one, found, Path(place), options.reference or REFERENCES)
                    for file in Path(place).iterdir():
                        (FOLDER / file.name).write_bytes(file.read_bytes())
                read(old)
            except ProfileError as error:
                complain(f"{error}")
                return 2
            head = made.head
            sys.stdout.write(f"{one}: {head.scenarios} scenarios, {len(head.properties)} properties, {head.sha256}\n")
    if options.page.exists():
        write_table(options.page)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
