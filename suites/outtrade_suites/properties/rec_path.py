"""REC-07: what an agent says of an order while it works forms a legal path.

Agents publish what they believe, and others act on it: hedgers, risk limits, people. An order that was filled stays
filled, one that was cancelled stays cancelled, and a filled quantity never shrinks.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index
from outtrade.model.history import Published
from outtrade_suites.properties.compare import TERMINAL, plain


def check_path(ix: Index) -> Iterator[Case]:
    """REC-07."""
    said: dict[tuple[int, str], list[tuple[Published, str, Decimal]]] = {}
    for event in ix.published:
        view = event.data
        name, status = view.get("client_id"), view.get("status")
        if event.view == "OrderView" and name is not None and isinstance(status, str):
            key = (event.incarnation, str(name))
            said.setdefault(key, []).append((event, status, Decimal(str(view.get("filled") or 0))))
    for (_, name), path in said.items():
        yield next(_broken(name, path), held(path[0][0].seq, path[-1][0].seq, subject=name))


def _broken(name: str, path: list[tuple[Published, str, Decimal]]) -> Iterator[Case]:
    for (before, was, filled), (after, now, more) in pairwise(path):
        if was in TERMINAL and now != was:
            text, key = f"{name} was said to be {was}, and then {now}", f"{was}-then-{now}"
        elif more < filled:
            text = f"{plain(filled)} of {name} was said to be filled, and then {plain(more)}"
            key = "filled-shrinks"
        else:
            continue
        yield broke(text, before.seq, after.seq, subject=name, key=key)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="REC-07",
        title="Order states form a legal path",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
An order that is over is over. Agents that let every message overwrite what they knew bring dead orders back to life: an
old "new" that arrives late turns "filled" into "open", a poll that shows the past turns it into "cancelled". Whoever
listens hedges twice, or places again.

Example: "filled", and a second later "open" because a delayed event came in.

What passes: ignoring the old event; saying "unknown" for as long as nothing is known; a filled quantity that grows.

How it is judged: over what the agent publishes of each order within one incarnation. After `filled`, `cancelled`,
`expired` or `rejected` no other state follows, and the filled quantity never shrinks. Nothing published: not
applicable.""",
        source="nautechsystems/nautilus_trader release notes (terminal states are absorbing);"
        " nautechsystems/nautilus_trader#3797",
        check=check_path,
        venues="each",
    ),
)
