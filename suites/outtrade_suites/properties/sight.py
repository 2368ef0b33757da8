"""Sightings: what the venue told the target about an order, and when.

"Without evidence" is the heart of most recovery bugs: a timeout is read as a rejection, a failed query as "does not
exist". To judge it, the checks need the opposite record: every answer and every pushed event that *named* an order,
with the state it gave. A sighting is such a mention::

    Response to GET order  {"orderId": 7, "clientOrderId": "AB12CD34-1", "status": "FILLED", ...}
        ->  Sight(names={"7", "AB12CD34-1"}, status="filled", op="query", asked=<request>, seq=<answer>)

Bodies are read without asking which venue wrote them: an object names an order by any field that ends in ``id`` (or
is called ``order``), and gives its state by one of ``STATES``. An object with a state may also be named by the key it
stands under. Lists of trades name orders without a state.
Only whole answers that the venue's traits call ``ok`` count; a refusal is read by its error class, not by its body.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from outtrade.judge.index import Index
from outtrade.judge.records import Operation, Order
from outtrade.model.history import Response, StreamEvent
from outtrade_suites.properties.compare import TERMINAL, status_word

TELLING = frozenset(
    {"place", "cancel", "cancel_all", "cancel_replace", "amend", "query", "open_orders", "all_orders", "trades"}
)
"""Operations whose answers name orders."""

STATES = ("status", "state", "orderStatus", "order_state")
"""Fields that give an order's state, in the words of venues."""

OVER = TERMINAL - {"filled"}


@dataclass(frozen=True, slots=True)
class Sight:
    """One mention of an order that reached the target."""

    names: frozenset[str]
    """Client order ids and venue ids by which the order was named."""
    status: str | None
    """The state it gave, in the words of the contract; None where it gave none (trades)."""
    op: str
    """The operation that was answered, or ``stream``."""
    asked: int
    """Sequence number of the request (for the stream: of the event)."""
    seq: int
    """Sequence number of the answer or the event."""
    at: int

    @property
    def terminal(self) -> bool:
        """Whether it shows that the order can never trade again."""
        return self.status in TERMINAL


def sights(ix: Index) -> list[Sight]:
    """Everything the target was told about orders, in order of arrival."""
    return ix.memo("sights", _collect)


def _collect(ix: Index) -> list[Sight]:
    found = [sight for op in ix.ops if op.request.op in TELLING and op.state == "ok" for sight in _read(ix, op)]
    found.extend(_pushed(event) for event in ix.stream_events if event.client_id or event.venue_id)
    found.sort(key=lambda sight: sight.seq)
    return found


def _pushed(event: StreamEvent) -> Sight:
    names = frozenset(name for name in (event.client_id, event.venue_id) if name)
    return Sight(names, status_word(event.status), "stream", event.seq, event.seq, event.at)


def _read(ix: Index, op: Operation) -> Iterator[Sight]:
    end = op.end
    if not isinstance(end, Response):
        return
    request = op.request
    asked_for = {name for name in (request.client_id, request.venue_id) if name}
    mentions = list(_mentioned(ix, ix.body(end), trades=request.op == "trades"))
    if not any(names & asked_for for names, _ in mentions) and request.op in ("place", "query", "cancel", "amend"):
        # An answer that does not repeat the id is about the order that was asked for.
        status = mentions[0][1] if len(mentions) == 1 else None
        mentions.append((frozenset(asked_for), status))
    for names, status in mentions:
        if len(mentions) == 1:
            names = names | asked_for
        if request.op == "cancel" and status is None:
            status = "cancelled"
        yield Sight(names, status, request.op, op.seq, end.seq, end.at)


def _mentioned(ix: Index, body: str, *, trades: bool) -> list[tuple[frozenset[str], str | None]]:
    """The mentions in an answer. Whoever polls gets the same answer many times; it is read once."""
    known: dict[tuple[str, bool], list[tuple[frozenset[str], str | None]]] = ix.memo("mentions", lambda _: {})
    found = known.get((body, trades))
    if found is None:
        try:
            data = msgspec.json.decode(body)
        except msgspec.MsgspecError:
            data = None
        found = known[body, trades] = list(_mentions(data, trades=trades))
    return found


def _mentions(data: Any, *, trades: bool = False, under: str = "") -> Iterator[tuple[frozenset[str], str | None]]:
    """Objects that carry an id, each with its state, outermost first. The bare ``id`` of a trade is no order's.
    ``under``: the key that the data stands under."""
    if isinstance(data, list):
        for item in data:
            yield from _mentions(item, trades=trades)
    elif isinstance(data, dict):
        names = {name for key, value in data.items() if _is_name(key, trades) for name in _names(value)}
        status = next((value for key in STATES if isinstance(value := data.get(key), str)), None)
        if under and status is not None:
            names.add(under)
        if names:
            yield frozenset(names), status_word(status)
        for key, value in data.items():
            if isinstance(value, list | dict) and key != "fills":
                yield from _mentions(value, trades=trades, under=key)


def _names(value: Any) -> list[str]:
    """An id, or the ids of a list (an answer may name the orders it placed as ``txid: [...]``)."""
    values = value if isinstance(value, list) else [value]
    return [str(one) for one in values if isinstance(one, str | int)]


@lru_cache(maxsize=4096)
def _is_name(key: str, trades: bool) -> bool:
    """Whether a field names an order: ``orderId``, ``client_id``, ``order``; not the number of a trade."""
    word = key.lower()
    if word == "id":
        return not trades
    return (word.endswith("id") and "trade" not in word) or word == "order"


def of(ix: Index, names: Iterable[str], *, after: int = -1, before: int | None = None) -> list[Sight]:
    """Sightings of an order by any of its names that arrived after event ``after`` and before event ``before``."""
    wanted = set(names)
    end = ix.end if before is None else before
    return [sight for sight in sights(ix) if after < sight.seq < end and wanted & sight.names]


def names_of(op: Operation) -> set[str]:
    """All names of the order that a request asked for: the client order id, and what the venue called it."""
    names = {name for order in op.orders for name in (*order.names, order.id)}
    if op.client_id is not None:
        names.add(op.client_id)
    return names


def names_in(order: Order) -> set[str]:
    """All names of an order on the venue."""
    return {order.id, *order.names}


def shown_over(ix: Index, order: Order, *, before: int) -> Sight | None:
    """The first sighting before event ``before`` that showed the order to be over.

    A mention without a state (a trade, a fill event) shows it where the order was already filled when it was made.
    """
    for sight in of(ix, names_in(order), before=before):
        if sight.terminal:
            return sight
        if sight.status is None and _filled_when(order, sight):
            return sight
    return None


def _filled_when(order: Order, sight: Sight) -> bool:
    state = order.state_at(sight.seq)
    return state is not None and state.status == "filled"


def not_found(ix: Index, names: Iterable[str], *, after: int, before: int) -> list[Operation]:
    """By-id queries sent after event ``after`` and answered before ``before`` with the venue's own "not found"."""
    wanted = set(names)
    return [
        op
        for op in ix.by_op("query")
        if op.seq > after
        and op.state == "definite"
        and op.error in ("not_found", "unknown_order")
        and op.ended_seq is not None
        and op.ended_seq < before
        and (op.request.client_id in wanted or op.request.venue_id in wanted)
    ]
