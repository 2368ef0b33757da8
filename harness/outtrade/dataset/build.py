"""All rows of one scenario: as drawn, its twin, its control; every target; pairs among them.

    from a seed:     runs each, judges each, rows of all
    from a history:  rows of that run alone (a stored run keeps what failed)

Rows of one drawn scenario share a *group*; the split goes by the group, so that neither a twin nor a pair ever
straddles train and test.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from outtrade.dataset import execution
from outtrade.dataset.labels import fault_step, labels
from outtrade.dataset.messages import Chat, chat, digest, tools_text
from outtrade.dataset.preference import preferences
from outtrade.dataset.rows import Order, Pair, Preference, Role, Source, Split, Trajectory
from outtrade.dataset.rules import decisions
from outtrade.dataset.steps import Play, play
from outtrade.judge.api import Property, judge
from outtrade.judge.index import Index
from outtrade.model.fault import WRITES, LostAnswer
from outtrade.model.history import History
from outtrade.model.scenario import Scenario
from outtrade.targets import Target
from outtrade_mocks import venues

AnyRow = Trajectory | Order | Preference

TRAIN, VALIDATION = 80, 90
"""Groups by hash in per cent: below 80 train, below 90 validation, the rest test."""


def split_of(group: str) -> Split:
    """The split of a group; the same in every dataset."""
    place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") % 100
    return "train" if place < TRAIN else "validation" if place < VALIDATION else "test"


@dataclass(frozen=True, slots=True)
class Told:
    """A run and what it is part of."""

    history: History
    target: str
    role: Role
    group: str
    drawn: str
    """Id of the scenario as drawn; twin and control have ids of their own."""
    index: int = -1
    control: str | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """The trajectory of a run, its chat and its orders."""

    row: Trajectory
    chat: Chat
    orders: tuple[Order, ...]


def build(told: Told, properties: Sequence[Property]) -> Built:
    """The rows of one run. Raises ValueError where several copies of an agent ran, or several venues were there: a
    trajectory is what one agent did at one venue."""
    ix = Index(told.history)
    scenario = ix.scenario
    if scenario.several:
        raise ValueError(f"a row is made of one agent at one venue, and there are several {scenario.several}")
    steps = play(ix)
    account = venues.load(scenario.venue).credentials
    words = chat(ix, steps, (account.secret, account.key, *([account.passphrase] if account.passphrase else ())))
    judged = [judge(prop, ix) for prop in properties if told.history.header.scope in prop.scope]
    made = decisions(ix, steps)
    known = labels(ix, steps, words, judged, properties, made)
    common = {
        "group": told.group,
        "split": split_of(told.group),
        "source": Source(
            scenario=scenario.id,
            space=scenario.space,
            seed=scenario.seed,
            index=told.index,
            venue=scenario.venue,
            target=told.target,
            role=told.role,
            calls="wire" if steps.wire else "tools",
            history=told.history.hash(),
        ),
    }
    name = row_id(told)
    row = Trajectory(
        id=name,
        control=told.control,
        pair=_pair(ix, steps, words),
        tools=tools_text(steps),
        messages=words.messages,
        steps=_steps(steps, words),
        labels=known,
        truncated=words.truncated,
        **common,
    )
    orders = tuple(
        Order(id=f"{name}/order-{number}", trajectory=name, **common, **fields)
        for number, fields in enumerate(execution.records(ix, steps), 1)
    )
    return Built(row, words, orders)


def row_id(told: Told) -> str:
    """The id of a run's trajectory."""
    return f"{told.drawn}/{told.role}/{re.sub(r'[^A-Za-z0-9_.-]+', '-', told.target).strip('-')}"


def _steps(steps: Play, words: Chat) -> tuple[dict[str, object], ...]:
    return tuple(
        {
            "step": step.index,
            "message": words.message_of[step.index],
            "tool": step.tool[:200],
            "sent_at": step.at / 1e9,
            "ended_at": None if step.ended_at is None else step.ended_at / 1e9,
        }
        for step in steps.steps
    )


# ------------------------------------------------------------------ twins
def lost_write(scenario: Scenario) -> int | None:
    """Index of the first fault that loses the answer to a write: the fault that has a twin."""
    for index, fault in enumerate(scenario.faults):
        if isinstance(fault, LostAnswer) and fault.on.op in WRITES:
            return index
    return None


def twin(scenario: Scenario) -> Scenario | None:
    """The same scenario with the opposite truth; None where no answer to a write is lost."""
    index = lost_write(scenario)
    if index is None:
        return None
    fault = scenario.faults[index]
    assert isinstance(fault, LostAnswer)
    other = fault.model_copy(update={"committed": not fault.committed})
    faults = (*scenario.faults[:index], other, *scenario.faults[index + 1 :])
    return scenario.model_copy(update={"faults": faults, "id": f"{scenario.id}-twin"})


def _pair(ix: Index, steps: Play, words: Chat) -> Pair | None:
    index = lost_write(ix.scenario)
    if index is None:
        return None
    fault = ix.scenario.faults[index]
    assert isinstance(fault, LostAnswer)
    step = fault_step(steps, ix.faults[index])
    seen = None if step is None else digest(words.messages[: words.end_of[step.index]])
    name = ix.scenario.pair or f"{ix.scenario.id.removesuffix('-twin')}-pair"
    return Pair(id=name, truth="committed" if fault.committed else "absent", observation=seen)


# ------------------------------------------------------------------ from a seed
class Maker:
    """Makes the rows of the scenarios of one space and seed, for some targets."""

    def __init__(
        self, targets: Sequence[tuple[str, Target]], properties: Sequence[Property], *, twins: bool = True,
        controls: bool = True,
    ) -> None:  # fmt: skip
        self.targets, self.properties = targets, properties
        self.twins, self.controls = twins, controls

    def rows(self, scenario: Scenario, index: int) -> Iterator[AnyRow]:
        """All rows of a drawn scenario: each target's, then the preference pairs."""
        from outtrade.engine.run import run

        group = scenario.pair or scenario.id
        plays = self._plays(scenario)
        for role, played in plays:
            found: list[Built] = []
            for spec, target in self.targets:
                told = Told(run(target, played), spec, role, group, scenario.id, index)
                if self.controls and role != "control" and scenario.faults:
                    told = replace(told, control=row_id(replace(told, role="control")))
                built = build(told, self.properties)
                found.append(built)
                yield built.row
                yield from built.orders
            if role != "control":
                yield from self._preferences(found)

    def _plays(self, scenario: Scenario) -> list[tuple[Role, Scenario]]:
        plays: list[tuple[Role, Scenario]] = []
        if self.controls and scenario.faults:
            calm = scenario.model_copy(update={"faults": (), "pair": None, "id": f"{scenario.id}-control"})
            plays.append(("control", calm))
        plays.append(("fault" if scenario.faults else "control", scenario))
        other = twin(scenario) if self.twins and scenario.pair is None else None
        if other is not None:
            plays.append(("twin", other))
        return plays

    def _preferences(self, found: list[Built]) -> Iterator[Preference]:
        by_id = {built.row.id: built.row for built in found}
        for fields in preferences([(built.row, built.chat) for built in found]):
            chosen = by_id[fields["chosen_trajectory"]]
            rejected = by_id[fields["rejected_trajectory"]]
            other = rejected.id.rpartition("/")[2]
            yield Preference(
                id=f"{chosen.id}/over-{other}", group=chosen.group, split=chosen.split, source=chosen.source, **fields
            )
