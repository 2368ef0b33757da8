"""The catalogue of faults as rows: layer, forms, parameters, what a client sees, what is true behind it.

Made from the typed data (``outtrade.model.fault``); ``outtrade list faults`` and docs/faults.md show it.

>>> row = entries()["pause"]
>>> row.layer, row.variants
('process', ('pause.at', 'pause.after_send', 'pause.after_commit', 'pause.after_ack'))
>>> twins()["lost_answer.hang.committed"]
'lost_answer.hang.absent'
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

from outtrade.model.fault import Fault, FaultBase, Trigger

LAYERS: dict[str, str] = {
    "network": "names, connections, packets",
    "lost": "the answer, and the truth behind it",
    "http": "the venue, or what stands before it, refuses",
    "exchange": "fills, races, what can be seen and when",
    "lasting": "operations of the exchange: what others do, halts, clocks, rules",
    "contracts": "what the venue does to positions",
    "stream": "the private stream",
    "process": "the process under test",
}
"""Layer (the module of ``outtrade.model.fault``) -> what lies in it."""

_OPERATIONS: dict[str, tuple[str, ...]] = {"lost_answer": ("place", "query"), "duplicated": ("place", "cancel")}
"""Kinds whose forms depend on the operation they hit."""

SEEN: dict[str, str] = {
    "dns_failure": "names do not resolve; open connections are reset",
    "refuse": "connections are refused; open ones are reset",
    "blackhole": "nothing: connects and requests time out, on all connections",
    "latency": "the answer, late",
    "trickle": "the answer in pieces, with pauses longer than a read timeout",
    "late_request": "the answer, late: the venue got the request late",
    "half_open": "nothing on the connections that were open; new ones work",
    "disconnect": "FIN or RST on a connection that it believed open",
    "lost_answer": "nothing, RST, FIN, half an answer, a page, an empty body, or an error that says nothing",
    "rate_limit": "429, with or without Retry-After, in the venue's words or as a page",
    "ban": "418 (or the venue's own form), with or without Retry-After",
    "forbidden": "403 and a page that does not say whether anything was executed",
    "reject": "the venue's own definite refusal",
    "partial_fill": "an order of which a part is filled",
    "delayed_fill": "a resting order that fills much later",
    "cancel_race": "'unknown order' or a filled order in answer to a cancel",
    "visibility": "queries that do not know yet what was accepted",
    "duplicated": "'duplicate' for an order that stands, 'unknown order' for a cancel that worked",
    "overfill": "an order, a trade and balances that say that more was filled than the order asked for",
    "unlisted_fill": "a list of trades that adds up to less than the order says was filled",
    "others_cancel": "an order that ended though it never asked for that",
    "halt": "the market is closed; in maintenance cancels are refused as well",
    "clock_skew": "signed requests are refused for their time, until it takes the venue's",
    "liquidation": "nothing it asked for: its position and its orders are gone, and so is a fee",
    "adl": "nothing it asked for: its position is smaller, its orders in the symbol are gone",
    "expiry": "orders that expired, a position that was settled, a market that is closed for good",
    "rule_change": "prices, quantities or values that were good are refused, until it reads the rules again",
    "stray": "an order under its own tag that it never sent, filled or at work",
    "transfer": "balances that no trade explains",
    "stream_drop": "one event less, on a healthy stream",
    "stream_duplicate": "an event twice",
    "stream_reorder": "two events in the wrong order",
    "stream_early": "the event before the answer to the request",
    "stream_silent": "an open connection on which nothing comes, no ping either",
    "stream_close": "a close frame; new connections are refused for a while",
    "stream_stall": "pings and heartbeats, and no event of the account",
    "stream_expire": "a notice that the subscription has ended, or a close frame",
    "crash": "it dies and is started again, with its store, an old copy of it, or none",
    "second_instance": "another life of the same copy, which does what it does; the store says so",
    "pause": "its own clock jumps; what came meanwhile is all there at once",
}
"""Kind -> what the client sees."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of a fault: what values it takes, and its default (None: it must be given)."""

    name: str
    values: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of fault."""

    kind: str
    layer: str
    text: str
    seen: str
    parameters: tuple[Parameter, ...]
    variants: tuple[str, ...]


def classes() -> tuple[type[FaultBase], ...]:
    """The classes of all kinds, in the order of the model."""
    found: tuple[type[FaultBase], ...] = get_args(get_args(Fault)[0])
    return found


@lru_cache(maxsize=1)
def entries() -> dict[str, Entry]:
    """Every kind of fault by name, layer by layer."""
    rows = [_entry(one) for one in classes()]
    order = list(LAYERS)
    return {row.kind: row for row in sorted(rows, key=lambda row: order.index(row.layer))}


def twins() -> dict[str, str]:
    """Every form whose bytes do not tell what is true -> the form with the same bytes and the opposite truth."""
    found = {}
    for variant in entries()["lost_answer"].variants:
        kind, symptom, truth = variant.split(".")
        if truth != "read":
            found[variant] = f"{kind}.{symptom}.{'absent' if truth == 'committed' else 'committed'}"
    return found | {"forbidden.committed": "forbidden.absent", "forbidden.absent": "forbidden.committed"}


def _entry(one: type[FaultBase]) -> Entry:
    kind = one.model_fields["kind"].default
    paragraphs = inspect.cleandoc(one.__doc__ or "").split("\n\n")
    return Entry(
        kind=kind,
        layer=one.__module__.rpartition(".")[2],
        text=" ".join(paragraphs[0].split()).replace("``", "`"),
        seen=SEEN[kind],
        parameters=tuple(_parameters(one)),
        variants=tuple(dict.fromkeys(_variants(kind, one))),
    )


def _parameters(one: type[FaultBase]) -> Iterator[Parameter]:
    for name, field in one.model_fields.items():
        if name == "kind" or name in FaultBase.model_fields:
            continue
        default = None if field.is_required() else str(field.get_default(call_default_factory=True)).lower()
        yield Parameter(name, " ".join(_choices(field.annotation)) or _name(field.annotation), default)


def _name(annotation: Any) -> str:
    return {"float": "number", "int": "whole number", "bool": "true or false"}.get(annotation.__name__, "text")


def _choices(annotation: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in get_args(annotation)) if get_origin(annotation) is Literal else ()


def _variants(kind: str, one: type[FaultBase]) -> Iterator[str]:
    """The labels of all forms: every combination of what can be chosen among a few values."""
    options: dict[str, tuple[Any, ...]] = {}
    for name, field in one.model_fields.items():
        if name == "kind" or name in FaultBase.model_fields:
            continue
        if choices := _choices(field.annotation):
            options[name] = choices
        elif field.annotation is bool:
            options[name] = (True, False)
        elif field.is_required():
            options[name] = (1.0,)
    for op in _OPERATIONS.get(kind, ("place",)):
        for values in itertools.product(*options.values()):
            made = one.model_validate({"on": Trigger(op=op), **dict(zip(options, values, strict=True))})
            yield made.variant
