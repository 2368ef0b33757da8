"""Faults as typed data: what breaks, when, and for how long.

A plan is a tuple of faults. Each has a trigger (which operation, the how-manieth, in which window of run time)
and its own parameters. For every operation the pipeline asks the plan in order; the first fault that matches
decides. A ledger proves that each planned fault landed (`outtrade.faults.ledger`).

The flagship is ``lost_answer``: with ``committed=True`` the exchange executes the request and the answer is lost;
with ``committed=False`` nothing is executed and the client sees *the same bytes*. Every ambiguity is tested as a
pair, so "always assume failed" and "always assume placed" both lose.

Operations (the same for every venue, by REST or in a frame): ``place cancel cancel_all cancel_replace amend place_list
cancel_list place_batch cancel_batch amend_batch dead_man leverage position_mode margin_mode margin query open_orders
all_orders lists trades account positions fees time exchange_info depth public_trades ticker ping currencies status
token other``; ``login`` and ``subscribe`` on a stream, ``event`` for a pushed stream event, ``connect`` for a TCP
connection (REST and stream alike).

    >>> f = LostAnswer(on=Trigger(op="place"), committed=True, symptom="hang")
    >>> f.variant
    'lost_answer.hang.committed'
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from outtrade.model.fault import contracts, exchange, lasting
from outtrade.model.fault.contracts import Adl, Expiry, Liquidation
from outtrade.model.fault.exchange import (
    CancelRace,
    DelayedFill,
    Duplicated,
    Overfill,
    PartialFill,
    UnlistedFill,
    Visibility,
)
from outtrade.model.fault.http import Ban, Forbidden, RateLimit, Reject
from outtrade.model.fault.lasting import ClockSkew, Halt, OthersCancel, RuleChange, Stray, Transfer
from outtrade.model.fault.lost import LostAnswer, Symptom
from outtrade.model.fault.network import (
    Blackhole,
    Disconnect,
    DnsFailure,
    HalfOpen,
    Latency,
    LateRequest,
    Refuse,
    Trickle,
)
from outtrade.model.fault.process import POINTS, Crash, Pause, Point, SecondInstance
from outtrade.model.fault.stream import (
    StreamClose,
    StreamDrop,
    StreamDuplicate,
    StreamEarly,
    StreamExpire,
    StreamReorder,
    StreamSilent,
    StreamStall,
)
from outtrade.model.fault.trigger import READS, WRITES, FaultBase, OrderState, Trigger

Fault = Annotated[
    DnsFailure
    | Refuse
    | Blackhole
    | Latency
    | Trickle
    | LateRequest
    | HalfOpen
    | Disconnect
    | LostAnswer
    | RateLimit
    | Ban
    | Forbidden
    | Reject
    | PartialFill
    | DelayedFill
    | CancelRace
    | Visibility
    | Duplicated
    | StreamDrop
    | StreamDuplicate
    | StreamReorder
    | StreamEarly
    | StreamSilent
    | StreamClose
    | StreamStall
    | StreamExpire
    | Crash
    | Pause
    | SecondInstance
    | OthersCancel
    | Halt
    | ClockSkew
    | RuleChange
    | Stray
    | Transfer
    | Liquidation
    | Adl
    | Expiry
    | Overfill
    | UnlistedFill,
    Field(discriminator="kind"),
]

PLOTTED = lasting.KINDS | contracts.KINDS | exchange.KINDS | {"second_instance"}
"""Kinds that a scenario plans around its orders and positions; they are not thrown into any scenario."""

FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)

__all__ = [
    "FAULT",
    "PLOTTED",
    "POINTS",
    "READS",
    "WRITES",
    "Adl",
    "Ban",
    "Blackhole",
    "CancelRace",
    "ClockSkew",
    "Crash",
    "DelayedFill",
    "Disconnect",
    "DnsFailure",
    "Duplicated",
    "Expiry",
    "Fault",
    "FaultBase",
    "Forbidden",
    "HalfOpen",
    "Halt",
    "LateRequest",
    "Latency",
    "Liquidation",
    "LostAnswer",
    "OrderState",
    "OthersCancel",
    "Overfill",
    "PartialFill",
    "Pause",
    "Point",
    "RateLimit",
    "Refuse",
    "Reject",
    "RuleChange",
    "SecondInstance",
    "Stray",
    "StreamClose",
    "StreamDrop",
    "StreamDuplicate",
    "StreamEarly",
    "StreamExpire",
    "StreamReorder",
    "StreamSilent",
    "StreamStall",
    "Symptom",
    "Transfer",
    "Trickle",
    "Trigger",
    "UnlistedFill",
    "Visibility",
]
