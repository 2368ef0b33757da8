"""What a gateway says of an order, held against what the venue told it and against the truth.

A gateway decides nothing: it translates. What can be wrong is the translation: an exception whose documented meaning is
"rejected" for an order that stands, "not found" for a question that was never answered, "cancelled" for an order of
which the venue only said that it does not know it. The driver that asks the questions is ours and is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, broke, held
from outtrade.judge.index import Index
from outtrade.judge.records import GatewayOp, Order
from outtrade.model.fault import READS
from outtrade.model.history import NS
from outtrade_suites.properties.books import view_of
from outtrade_suites.properties.compare import TERMINAL, names_order
from outtrade_suites.properties.truth import Window, visible_since

REFUSALS = frozenset({"rejected", "not_sent", "not_found", "rate_limited"})
"""Meanings by which a gateway says that an order it was asked to submit does not stand."""
NO_SUCH_ORDER = frozenset({"not_found", "unknown_order"})
"""Error classes by which a venue says that it does not know an order."""
ON_ONE_ORDER = frozenset({"submit", "order", "cancel", "amend"})


def subject(said: GatewayOp) -> str:
    """The order that a call was about, for a sentence."""
    args = said.call.args
    return str(args.get("client_id") or args.get("venue_id") or said.call.intent or said.call.method)


def made(said: GatewayOp) -> list[Order]:
    """Orders that stood on the venue because of this call."""
    return [order for op in said.requests if op.is_send for order in op.orders if order.accepted]


def evidence(said: GatewayOp) -> tuple[int, ...]:
    """The call, its requests and its result."""
    result = (said.result.seq,) if said.result is not None else ()
    return (said.call.seq, *(op.seq for op in said.requests), *result)


def verdicts(ix: Index) -> Iterator[Case]:
    """RCV-03 for gateways: no order that stands is called rejected, none is given a terminal state it did not have."""
    for said in ix.gateway:
        result = said.result
        if result is None or said.call.method not in ON_ONE_ORDER:
            continue
        if not result.ok:
            if said.call.method == "submit" and any(op.is_send for op in said.requests):
                yield _refusal(said, result.meaning or "")
            continue
        view = view_of(said)
        if view is None or view.status not in TERMINAL:
            continue
        orders = [order for order in ix.orders.values() if not order.foreign and names_order(view, order)]
        window = Window(visible_since(ix, said.call.at - 1, result.seq), result.at, result.seq)
        if not orders:
            refused = any(op.is_send and op.state == "definite" for op in said.requests)
            if said.call.method == "submit" and refused and view.status != "filled":
                yield held(*evidence(said), subject=subject(said))
            continue
        if any(agrees(view.status, order, window) for order in orders):
            yield held(*evidence(said), subject=subject(said))
        else:
            state = orders[-1].state_at(result.seq)
            message = (
                f"{said.call.method} at {said.call.at / NS:.3f} s called {subject(said)} {view.status}; on the venue it"
                f" was {'not there' if state is None else state.status}"
            )
            yield broke(message, *evidence(said), subject=subject(said), key=f"{said.call.method}-{view.status}")


def _refusal(said: GatewayOp, meaning: str) -> Case:
    standing = [order for order in made(said) if order.changes[0].status == "open" or order.fills]
    if meaning in REFUSALS and standing:
        error = said.result.error if said.result is not None else ""
        message = (
            f"submit at {said.call.at / NS:.3f} s raised an error that means {meaning} ({error[:80]}), while the venue"
            f" had accepted the order as {standing[0].id}"
        )
        return broke(message, *evidence(said), subject=subject(said), key=f"submit-{meaning}")
    return held(*evidence(said), subject=subject(said))


def agrees(status: str, order: Order, window: Window) -> bool:
    """Whether a terminal status was true of an order at some instant of the window. How the end of an unfilled
    remainder is worded (cancelled, expired, rejected) is a matter of venue and library; that it traded is not."""
    for state in window.states(order):
        if state is None or state.status == "open":
            continue
        if (status == "filled") == (state.status == "filled"):
            return True
    return False


def failed_queries(ix: Index) -> Iterator[Case]:
    """RCV-05 for gateways: "not found" is said only where the venue said it."""
    for said in ix.gateway:
        result = said.result
        if result is None or said.call.method not in ("order", "cancel", "amend"):
            continue
        answered = any(op.error in NO_SUCH_ORDER for op in said.requests)
        failed = [op for op in said.requests if op.state != "ok" and op.error not in NO_SUCH_ORDER]
        if not result.ok and result.meaning == "not_found" and not answered:
            message = (
                f"{said.call.method} at {said.call.at / NS:.3f} s raised an error that means not_found"
                f" ({result.error[:80]}); the venue never said so"
            )
            key = f"{said.call.method}-not-found"
            yield broke(message, *evidence(said), subject=subject(said), key=key)
        elif failed and failed[-1].request.op in READS:
            yield held(*evidence(said), subject=subject(said))


def unknown_cancels(ix: Index) -> Iterator[Case]:
    """RCV-15 for gateways: an "unknown order" on a cancel is not turned into "cancelled"."""
    for said in ix.gateway:
        result = said.result
        unknown = [op for op in said.requests if op.request.op == "cancel" and op.error == "unknown_order"]
        if result is None or not unknown:
            continue
        view = view_of(said)
        asked = any(op.request.op in READS and op.state == "ok" for op in said.requests if op.seq > unknown[-1].seq)
        if view is not None and view.status in TERMINAL and not asked:
            message = (
                f"cancel at {said.call.at / NS:.3f} s: the venue does not know {subject(said)}, and the gateway says"
                f" {view.status} without having asked"
            )
            yield broke(message, *evidence(said), subject=subject(said), key=f"unknown-is-{view.status}")
        else:
            yield held(*evidence(said), subject=subject(said))
