"""A small world for the command line: an engine that takes an agent at its word, and a suite of three properties.

The agent under test is a real Python file; ``run`` calls it and records what it returns as its report: the ids of the
properties it wants to violate. So every path of the command line is driven by real targets, real processes and real
files, in milliseconds. The real engine has its own tests, and ``test_end_to_end`` puts both together.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from outtrade import suites
from outtrade.judge.api import Case, Property, broke, held, undecided, waived
from outtrade.model.fault import LostAnswer, RateLimit, Trigger
from outtrade.model.history import Ended, Header, History, Landed, Ledger, Log, NoReport, Planned, Reported, Started
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Intent
from outtrade.suites import Broken, Suite
from outtrade.targets import Target

NS = 1_000_000_000


def run(target: Target, scenario: Scenario) -> History:
    """The engine: one call of the agent, everything it says on the record."""
    history = History(Header(target=target.name, scope=target.scope, scenario=scenario.model_dump(mode="json")))
    for n, fault in enumerate(scenario.faults):
        history.add(Planned(fault=n, kind=fault.kind, variant=fault.variant))
    history.add(Started(incarnation=0))
    for n, _ in enumerate(scenario.faults):
        history.add(Landed(at=5 * NS, fault=n))
    try:
        said = target.fresh()(scenario.task(), scenario)  # type: ignore[arg-type]
    except Exception as error:
        history.add(NoReport(at=6 * NS, incarnation=0, why="raised", detail=f"{type(error).__name__}: {error}"))
    else:
        if isinstance(said, dict):
            history.add(Log(at=6 * NS, incarnation=0, stream="stdout", text=str(said.get("log", ""))))
        history.add(Reported(at=7 * NS, incarnation=0, report={"said": said}))
    for n, _ in enumerate(scenario.faults):
        history.add(Ledger(at=8 * NS, fault=n, status="landed", times=1))
    history.add(Ended(at=9 * NS))
    return history


def _check(ident: str):  # type: ignore[no-untyped-def]
    def check(ix) -> Iterator[Case]:  # type: ignore[no-untyped-def]
        for event in ix.history.events:
            if isinstance(event, NoReport) and ident == "REC-12":
                yield broke(f"There is no report: {event.detail}", event.seq, key=event.why)
            if isinstance(event, Reported):
                said = event.report["said"]
                said = dict.fromkeys(said, said) if isinstance(said, list) else dict(said or {})
                word = said.get(ident)
                if word == "undecided":
                    yield undecided("Nobody knows.", event.seq)
                elif word == "waived":
                    yield waived("Not tracked.")
                elif word == "crash":
                    raise RuntimeError("the check crashed")
                elif word is None:
                    yield held(event.seq)
                else:
                    text = word if isinstance(word, str) else "It went wrong."
                    yield broke(text, event.seq, subject="i1", key="went-wrong")

    return check


def _property(ident: str, title: str, level: str, severity: str, scope: str = "AG") -> Property:
    explain = f"What {ident} says.\n\nAnd why."
    return Property(ident, title, level, severity, scope, explain, "docs", _check(ident))  # type: ignore[arg-type]


PROPERTIES = (
    _property("PAR-01", "every price lies on the tick grid", "MUST", "major"),
    _property("RTY-01", "one intent, one exposure", "MUST", "critical"),
    _property("RTY-14", "no rate limit is hit", "SHOULD", "minor"),
    _property("REC-12", "the outcome reported is admissible", "MUST", "critical", "A"),
)


class Draw:
    """What the spaces of this suite draw from."""

    def __init__(self, seed: int, index: int) -> None:
        self.seed, self.index = seed, index


def scenario(d: Draw) -> Scenario:
    """Odd scenarios lose an answer, every fourth is limited; three intents each."""
    intents = tuple(
        Intent(id=f"i{n}", tag=f"TAG{d.index:04d}{n}", at=5.0 * n, kind="order", symbol="BTC/USDT", side="buy",
               quantity="0.4", type="limit", limit_price="50000", text="buy some")
        for n in range(1, 4)
    )  # fmt: skip
    faults: list[LostAnswer | RateLimit] = []
    if d.index % 2:
        faults.append(LostAnswer(on=Trigger(op="place", nth=2), committed=True, symptom="hang"))
    if d.index % 4 == 0:
        faults.append(RateLimit(on=Trigger(op="place"), duration=20))
    return Scenario(
        id=f"demo-{d.seed}-{d.index}", seed=d.seed * 1000 + d.index, until=600, symbols=("BTC/USDT", "ETH/USDT"),
        balances={"USDT": "100000"}, intents=intents, faults=tuple(faults), knobs={"odd": True},
        markets={name: Market(mid="50000", depth="1", taker_size="0.1") for name in ("BTC/USDT", "ETH/USDT")},
    )  # fmt: skip


def deep(d: Draw) -> Scenario:
    """The same under a name of its own."""
    return scenario(d).model_copy(update={"id": f"deep-{d.seed}-{d.index}"})


def needy(d: Draw) -> Scenario:
    """Odd ones need a stream, every fourth a stop order, too."""
    needs = ("stream",) * (d.index % 2) + ("stop_orders",) * (d.index % 4 == 3)
    return scenario(d).model_copy(update={"id": f"needy-{d.seed}-{d.index}", "needs": needs})


def stubborn(d: Draw) -> Scenario:
    """Every one needs a stream."""
    return scenario(d).model_copy(update={"id": f"stubborn-{d.seed}-{d.index}", "needs": ("stream",)})


ZOO: list[Broken] = []
AGENTS: dict[str, str] = {}


def make_suite() -> Suite:
    return Suite(
        "core",
        properties=lambda: PROPERTIES,
        spaces=lambda: {"demo": scenario, "other": scenario, "deep": deep, "needy": needy, "stubborn": stubborn},
        draw=Draw,
        agents=lambda: dict(AGENTS),
        zoo=lambda: tuple(ZOO),
    )


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The small world; the current folder is an empty one, which is returned."""
    import outtrade.engine

    module, here, points = parts()
    monkeypatch.setitem(sys.modules, "outtrade.engine.run", module)
    monkeypatch.setattr(outtrade.engine, "run", module, raising=False)
    monkeypatch.setitem(sys.modules, "demo_suite_of_tests", here)
    monkeypatch.setattr(suites, "entry_points", points)
    tests = Path(__file__).parents[1]
    boot = f"sys.path.insert(0, {str(tests)!r}); from cli.conftest import elsewhere as serve; serve()"
    monkeypatch.setattr("outtrade.engine.elsewhere.MAIN", boot)
    monkeypatch.chdir(tmp_path)
    AGENTS.clear()
    ZOO.clear()
    return tmp_path


def parts() -> tuple[ModuleType, ModuleType, Any]:
    """The engine's module, the module that holds the suite, and what finds it."""
    module = ModuleType("outtrade.engine.run")
    module.run = run  # type: ignore[attr-defined]
    here = ModuleType("demo_suite_of_tests")
    here.suite = make_suite()  # type: ignore[attr-defined]
    point = EntryPoint("core", "demo_suite_of_tests:suite", suites.GROUP)
    return module, here, lambda group: (point,)


def outside() -> None:
    """Become the small world in a process of its own, and do what the command line says."""
    from outtrade.cli import main

    become_small()
    main()


def elsewhere() -> None:
    """Become the small world in the other process of a determinism check."""
    from outtrade.engine.elsewhere import serve

    become_small()
    serve()


def become_small() -> None:
    """The small world takes this process over."""
    import outtrade.engine

    module, here, points = parts()
    sys.modules["outtrade.engine.run"] = outtrade.engine.run = module  # type: ignore[attr-defined]
    sys.modules["demo_suite_of_tests"] = here
    suites.entry_points = points


def agent(folder: Path, body: str, name: str = "agent") -> str:
    """Write an agent whose body is ``body`` (of ``def execute(task, scenario)``); returns its spec."""
    lines = "\n".join("    " + line for line in body.splitlines())
    (folder / f"{name}.py").write_text(f"def execute(task, scenario):\n{lines}\n")
    return f"py:{name}.py:execute"


GOOD = "return []"
BAD = "return ['RTY-01'] if any(f.kind == 'lost_answer' for f in scenario.faults) else []"
