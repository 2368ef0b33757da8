"""What the agent believed beside what was true when its report came: the out-trades of one history in a table.

This is for reading. The verdict is the judge's, which also knows what the agent was able to see; here a line is marked
as different where the two columns cannot both be right, by the tolerances of the contract (half a step for
quantities, half an asset's smallest unit for balances). Of several copies of an agent the reports are put together, as
the judge does; of several venues balances are the main one's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from outtrade.judge.fleet import Fleet
from outtrade.model.history import History, OrderTruth, Reported, Snapshot
from outtrade.report.text import clean, number

MAX_ROWS = 40
"""Most lines; an agent can report as many orders as it likes."""

_UNIT = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Belief:
    """One line. ``differs``: the two can't both be right."""

    what: str
    believed: str
    true: str
    differs: bool


def beliefs(history: History) -> list[Belief]:
    """The lines of a history: intents, orders, balances. Empty where no report came, or not from every copy."""
    if history.header.scenario.get("fleet"):
        history = Fleet(history).whole().history
    report = next((event for event in reversed(history.events) if isinstance(event, Reported)), None)
    if report is None:
        return []
    orders: dict[str, OrderTruth] = {}
    snapshot: Snapshot | None = None
    for event in history.events:
        if isinstance(event, OrderTruth) and event.seq < report.seq:
            orders[event.order] = event
        elif isinstance(event, Snapshot) and event.why == "report" and event.venue == 0:
            snapshot = event
    own = [order for order in orders.values() if not order.foreign]
    rows = [
        *_intents(history, report.report, own),
        *_orders(history, report.report, own),
        *_balances(report.report, snapshot),
    ]
    return rows[:MAX_ROWS]


def _intents(history: History, report: Mapping[str, Any], own: Sequence[OrderTruth]) -> Iterator[Belief]:
    outcomes = report.get("outcomes") or {}
    intents = list(history.header.scenario.get("intents", ()))
    for intent in intents:
        ident, tag = str(intent.get("id")), str(intent.get("tag"))
        outcome = outcomes.get(ident)
        mine = [order for order in own if tag in order.created_as or _alone(intents, order) is intent]
        if outcome is None and not mine:
            continue
        filled = sum((_decimal(order.filled) or Decimal(0) for order in mine), Decimal(0))
        working = sum(order.status == "open" for order in mine)
        true = f"{number(filled)} filled in {len(mine)} order{'' if len(mine) == 1 else 's'}"
        true += f", {working} working" if working else ", nothing working"
        if outcome is None:
            yield Belief(f"intent {clean(ident, 40)}", "not reported", true, True)
            continue
        said = outcome.get("filled")
        believed = clean(outcome.get("status"), 40) + (
            f", {clean(number(said), 40)} filled" if said is not None else ""
        )
        wrong = said is not None and _apart(said, filled, _tolerance(history, intent.get("symbol")))
        wrong = wrong or (bool(working) and outcome.get("status") in ("failed", "refused", "done", "partial"))
        kind = intent.get("kind")
        yield Belief(f"intent {clean(ident, 40)}", believed, true, wrong and kind in ("order", "trade", "scale"))


def _alone(intents: Sequence[Mapping[str, Any]], order: OrderTruth) -> Mapping[str, Any] | None:
    """The intent that an order without any intent's tag belongs to: the only one of its symbol and side."""
    if any(str(intent.get("tag")) in order.created_as for intent in intents):
        return None
    alike = [one for one in intents if (one.get("symbol"), one.get("side")) == (order.symbol, order.side)]
    return alike[0] if len(alike) == 1 else None


def _orders(history: History, report: Mapping[str, Any], own: Sequence[OrderTruth]) -> Iterator[Belief]:
    known: set[str] = set()
    for view in report.get("orders") or ():
        ids = [str(name) for name in view.get("venue_ids") or ()]
        names = [str(name) for name in (view.get("client_id"), *ids) if name]
        order = next((one for one in own if one.order in ids), None)
        order = order or next((one for one in own if one.created_as in names), None)
        what = f"order {clean(names[0], 48) if names else 'without an id'}"
        believed = f"{clean(view.get('status'), 40)}, {clean(number(view.get('filled', '0')), 40)} filled"
        if order is None:
            if not any(name in names for name in _foreign(history)):
                yield Belief(what, believed, "not on the exchange", True)
            continue
        known.add(order.order)
        status = view.get("status")
        wrong = _apart(view.get("filled", "0"), Decimal(order.filled), _tolerance(history, order.symbol))
        wrong = wrong or (status in ("open", "filled", "cancelled", "rejected", "expired") and status != order.status)
        yield Belief(what, believed, _truth(order), wrong)
    for order in own:
        if order.order not in known and order.status != "rejected":
            yield Belief(f"order {clean(order.created_as, 48)}", "not known", _truth(order), True)


def _foreign(history: History) -> Iterator[str]:
    for event in history.events:
        if isinstance(event, OrderTruth) and event.foreign:
            yield from (event.order, event.created_as)


def _balances(report: Mapping[str, Any], snapshot: Snapshot | None) -> Iterator[Belief]:
    """Balances that differ; those that agree are not worth a line."""
    said = report.get("balances")
    if not isinstance(said, dict) or snapshot is None:
        return
    for asset in sorted({*said, *snapshot.balances}):
        view = said.get(asset) or {}
        true = snapshot.balances.get(asset, ("0", "0"))
        believed = (view.get("free") or "0", view.get("locked") or "0")
        if any(_apart(one, Decimal(other), _UNIT / 2) for one, other in zip(believed, true, strict=True)):
            columns = [f"{clean(number(free), 40)} free, {clean(number(locked), 40)} locked"
                       for free, locked in (believed, true)]  # fmt: skip
            yield Belief(f"balance {clean(asset, 20)}", columns[0], columns[1], True)


def _truth(order: OrderTruth) -> str:
    return f"{clean(order.status)}, {number(order.filled)} filled"


def _tolerance(history: History, symbol: object) -> Decimal:
    step = history.header.instruments.get(str(symbol), {}).get("step")
    return (_decimal(step) or _UNIT) / 2


def _apart(said: object, true: Decimal, tolerance: Decimal) -> bool:
    value = _decimal(said)
    return value is None or abs(value - true) > tolerance


def _decimal(value: object) -> Decimal | None:
    try:
        plain = Decimal(str(value))
    except InvalidOperation:
        return None
    return plain if plain.is_finite() else None
