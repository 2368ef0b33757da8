"""What a scenario may ask of a target that not every target has.

A scenario names what it needs (``Scenario.needs``); a target says what it has not got: a Python agent's module by
``LACKS = ("stream",)``, any target by ``--lacks stream``. A scenario that needs something of that is not played. It is
*waived*: counted, named in every report, outside every rate, and never a pass.

    >>> sorted(missing(("stream", "store"), {"stream", "contracts"}))
    ['stream']
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

Capability = Literal[
    "amend",
    "cancel",
    "contracts",
    "crypto",
    "dead_man",
    "fallback",
    "flatten",
    "halt",
    "instances",
    "leverage",
    "margin",
    "oco",
    "post_only",
    "protect",
    "quote_quantity",
    "reduce_only",
    "restart",
    "scale",
    "sessions",
    "stop_orders",
    "store",
    "stream",
    "take_profit",
    "time_in_force",
    "trade",
    "trailing_stop",
    "watch",
]

MEANING: dict[str, str] = {
    "amend": "carries out intents that change an order",
    "cancel": "carries out intents that cancel an order",
    "contracts": "trades perpetuals and futures",
    "crypto": "trades coins at a venue that has shares beside them",
    "dead_man": "keeps the venue's dead-man switch set while orders stand",
    "fallback": "goes to another access when the main one is down",
    "flatten": "carries out intents that close a position",
    "halt": "carries out the kill switch",
    "instances": "runs in several copies at once",
    "leverage": "sets the leverage of contracts",
    "margin": "trades on borrowed money",
    "oco": "has two orders of which one cancels the other",
    "post_only": "places orders that only make",
    "protect": "carries out intents that protect a position",
    "quote_quantity": "takes a quantity in quote currency",
    "reduce_only": "places orders that only reduce",
    "restart": "is started again after a crash",
    "scale": "carries out intents of several orders at spaced prices",
    "sessions": "trades at markets that open and close",
    "stop_orders": "places stop and stop-limit orders",
    "store": "keeps what it must know after a crash in task.store",
    "stream": "follows a private stream",
    "take_profit": "places take-profit orders",
    "time_in_force": "places orders that are immediate, all-or-nothing, or good until a date",
    "trade": "carries out intents that leave the orders to the agent",
    "trailing_stop": "places stops that follow the price",
    "watch": "carries out intents that only keep books",
}
"""Every capability in words, for ``outtrade list capabilities``."""

CAPABILITIES: tuple[str, ...] = get_args(Capability)


class CapabilityError(ValueError):
    """A capability that there is none of; the message is one line for the user."""


def checked(names: Iterable[str], where: str) -> frozenset[str]:
    """``names`` as a set. Raises CapabilityError for a word that is no capability; ``where`` names who said it."""
    found = frozenset(names)
    unknown = sorted(found - set(CAPABILITIES))
    if unknown:
        raise CapabilityError(f"{where}: no capability {unknown[0]!r}; there are {', '.join(CAPABILITIES)}")
    return found


def missing(needs: Iterable[str], lacks: Iterable[str]) -> tuple[str, ...]:
    """What of ``needs`` a target lacks, by name."""
    return tuple(sorted(set(needs) & set(lacks)))
