"""PAR-08: combinations that the venue does not offer.

An order type that a venue has not got, or terms that contradict each other, leave three ways: refuse the intent, use a
type that the intent names as a fallback, or send something else in silence. The third is an order nobody asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Operation
from outtrade.model.task import Instrument
from outtrade_suites.properties.sent import Asked, asked_of, asked_of_gateway


def not_offered(wanted: Asked, rule: Instrument) -> str | None:
    """Why no order can say what is asked for; None where one can, or might."""
    if wanted.type is not None and wanted.type not in rule.types:
        return f"order type {wanted.type} is not offered"
    if wanted.post_only and (wanted.type == "market" or wanted.tif in ("IOC", "FOK")):
        return f"post-only contradicts {'market' if wanted.type == 'market' else wanted.tif}"
    if wanted.type == "market" and wanted.tif == "FOK":
        return "a market order is not fill-or-kill"
    if wanted.reduce_only and ":" not in (wanted.symbol or ""):
        return "reduce-only has no meaning where there are no positions"
    return None


def _demands(ix: Index) -> Iterator[tuple[str, int | None, Asked, list[Operation]]]:
    """Everything that was asked for: its name, the event by which it is known that nothing more is sent for it (None:
    not known), what it says, and the order requests for it. Agents are asked by intents, gateways by calls."""
    if ix.scope == "G":
        for call in ix.gateway:
            if call.call.method == "submit":
                sends = [op for op in call.requests if op.is_send]
                seq = None if call.result is None else call.result.seq
                yield str(call.call.args.get("client_id") or call.call.id), seq, asked_of_gateway(call.call.args), sends
        return
    end = ix.reported
    for intent in ix.intents.values():
        if intent.kind == "order":
            known = end.seq if end is not None and end.at > ns(intent.at) else None
            yield intent.id, known, asked_of(intent), ix.sends_of(intent)


# ---------------------------------------------------------------- PAR-08
def check_offered(ix: Index) -> Iterator[Case]:
    """PAR-08. What only some venues offer and no trait declares (times in force but for these) is not judged."""
    for name, end, wanted, sends in _demands(ix):
        rule = ix.instruments.get(wanted.symbol or "")
        reason = not_offered(wanted, rule) if rule is not None else None
        if reason is None or rule is None:
            continue
        for op in sends:
            kind = op.order.type if op.order is not None else None
            if kind in wanted.fallback_types and kind in rule.types and kind != wanted.type:
                yield held(op.seq, subject=name)
            else:
                same = kind == wanted.type
                yield broke(
                    f"{name} asks for what there is not ({reason}); {op.name} was sent"
                    + ("" if same else f" as {kind}, which nobody allowed"),
                    op.seq,
                    subject=name,
                    key="sent" if same else "altered",
                )
        if not sends and end is not None:
            yield held(end, subject=name)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="PAR-08",
        title="What the venue does not offer is refused, or replaced as allowed",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
Venues differ in what an order can say. Code that is written for many of them drops what one does not know: the
trailing stop becomes a market order, post-only vanishes beside immediate-or-cancel. What is sent is accepted, and is an
order that nobody asked for.

Example: a trailing stop on a venue that has none. Reporting `refused` passes; so does a limit order where the intent
names `limit` in `fallback_types`. A market order at once does not.

Real bugs: parameters that a unified interface accepts and leaves out on some exchanges, without an error.

How to mend: look at the instrument's list of types before anything is sent; let whoever translates terms raise on
everything that it cannot express, and never drop a word.

Judged: `order` intents, and what a gateway is asked to submit, whose type is not among the instrument's, that are
post-only and at the same time market, immediate or fill-or-kill, that are fill-or-kill at the market, or reduce-only
where there are no positions. Every order request for one is of an allowed fallback type that the venue has; or there is
none until the report.""",
        source="ccxt/ccxt#17932; the contract with agents (fallback_types: order types that may replace `type` where"
        " the venue lacks it)",
        check=check_offered,
    ),
)
