"""What Coinbase remembers of an order beside what the core does: how it was asked for.

An order's configuration has one key, which is its type and time in force in one, and what it holds comes back in every
answer as it was sent::

    {"limit_limit_gtc": {"base_size": "0.1", "limit_price": "45000", "post_only": false}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from outtrade_mocks.venues.coinbase.reference import Listing


@dataclass(frozen=True, slots=True)
class Kind:
    """What a key of ``order_configuration`` stands for, in the words of answers."""

    order_type: str
    tif: str
    """``time_in_force``."""
    stream: str
    """``order_type`` on the user channel."""
    unified: str
    core_tif: str
    fields: tuple[str, ...]
    """What has to be there."""


def _kind(order_type: str, stream: str, unified: str, tif: str, *fields: str) -> Kind:
    words = {"GTC": "GOOD_UNTIL_CANCELLED", "GTD": "GOOD_UNTIL_DATE_TIME", "IOC": "IMMEDIATE_OR_CANCEL",
             "FOK": "FILL_OR_KILL"}  # fmt: skip
    return Kind(order_type, words[tif], stream, unified, tif, fields)


_LIMIT = ("base_size", "limit_price")
KINDS: dict[str, Kind] = {
    "market_market_ioc": _kind("MARKET", "Market", "market", "IOC"),
    "limit_limit_gtc": _kind("LIMIT", "Limit", "limit", "GTC", *_LIMIT),
    "limit_limit_gtd": _kind("LIMIT", "Limit", "limit", "GTD", *_LIMIT, "end_time"),
    "limit_limit_fok": _kind("LIMIT", "Limit", "limit", "FOK", *_LIMIT),
    "sor_limit_ioc": _kind("LIMIT", "Limit", "limit", "IOC", *_LIMIT),
    "stop_limit_stop_limit_gtc": _kind(
        "STOP_LIMIT", "Stop Limit", "stop_limit", "GTC", *_LIMIT, "stop_price", "stop_direction"
    ),
    "stop_limit_stop_limit_gtd": _kind(
        "STOP_LIMIT", "Stop Limit", "stop_limit", "GTD", *_LIMIT, "stop_price", "stop_direction", "end_time"
    ),
    "trigger_bracket_gtc": _kind("BRACKET", "Bracket", "limit", "GTC", *_LIMIT, "stop_trigger_price"),
    "trigger_bracket_gtd": _kind("BRACKET", "Bracket", "limit", "GTD", *_LIMIT, "stop_trigger_price", "end_time"),
}
"""Key of ``order_configuration`` -> what it is."""
ELSEWHERE = ("market_market_fok", "twap_limit_gtd", "scaled_limit_gtc")
"""Configurations that the documentation has, and that are refused here (``market_market_fok`` also by the venue, on
spot: nautilus_trader)."""


class Note(msgspec.Struct):
    """An order as it was asked for."""

    id: str
    client_id: str
    listing: Listing
    side: str
    kind: str
    """Key of the configuration."""
    sent: dict[str, Any]
    """What is in the configuration, as it is shown."""
    core_id: int = 0
    created: int = 0
    """UNIX ns."""
    stop: int | None = None
    """Of a bracket: the price in ticks at which it gives up its limit; None once that has happened."""
    edits: list[dict[str, str]] = msgspec.field(default_factory=list)
    """Every edit: price, size, and when it was taken."""
    attached_to: str = ""

    @property
    def about(self) -> Kind:
        """What its configuration stands for."""
        return KINDS[self.kind]

    @property
    def configuration(self) -> dict[str, Any]:
        """``order_configuration``."""
        return {self.kind: self.sent}

    @property
    def in_quote(self) -> bool:
        """Whether its size is an amount of quote."""
        return "quote_size" in self.sent
