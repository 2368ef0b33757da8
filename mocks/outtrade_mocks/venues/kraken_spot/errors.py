"""Errors in Kraken's own words.

Kraken has no error numbers: an error is a text with a severity, a category and what it is about, in a list beside the
result, and HTTP says 200. The texts come from the cassette ``errors``; code names them by the name the interaction has
there. ``%s`` in a text is filled here::

    >>> refuse("invalid_argument", "volume").text
    'EGeneral:Invalid arguments:volume'
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from outtrade_mocks import cassettes
from outtrade_mocks.core.orders import Reject, RejectReason

VENUE = "kraken_spot"


class Refusal(Exception):
    """The venue refuses a request; nothing has changed."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.text = text

    def encode(self) -> bytes:
        """The body of the answer."""
        return msgspec.json.encode({"error": [self.text]})


@lru_cache(maxsize=1)
def table() -> dict[str, str]:
    """All errors by name, with their placeholders."""
    return {interaction.name: interaction.json()["error"][0] for interaction in cassettes.load(VENUE, "errors")}


def refuse(name: str, *values: object) -> Refusal:
    """The refusal of this name, its placeholders filled with ``values``."""
    text = table()[name]
    return Refusal(name, text % values if values else text)


_REASONS = {
    RejectReason.UNKNOWN_SYMBOL: "unknown_pair",
    RejectReason.MARKET_CLOSED: "unavailable",
    RejectReason.CANCEL_ONLY: "cancel_only",
    RejectReason.POST_ONLY_MODE: "post_only_mode",
    RejectReason.AUCTION: "unavailable",
    RejectReason.MAINTENANCE: "unavailable",
    RejectReason.PRICE_FILTER: "invalid_price",
    RejectReason.LOT_SIZE: "order_minimum",
    RejectReason.MARKET_LOT_SIZE: "order_minimum",
    RejectReason.NOTIONAL: "cost_minimum",
    RejectReason.MAX_NUM_ORDERS: "orders_limit",
    RejectReason.DUPLICATE_CLIENT_ID: "duplicate",
    RejectReason.INSUFFICIENT_BALANCE: "funds",
    RejectReason.WOULD_TAKE: "post_only",
    RejectReason.TRIGGER_IMMEDIATE: "invalid_price",
    RejectReason.NO_TRIGGER_PRICE: "invalid_price",
    RejectReason.UNKNOWN_ORDER: "unknown_order",
    RejectReason.NO_SUCH_ORDER: "invalid_order",
}
_ARGUMENTS = {RejectReason.EXPIRY: "expiretm", RejectReason.ICEBERG_PARTS: "displayvol"}


def translate(reject: Reject) -> Refusal:
    """The core's refusal in Kraken's words."""
    argument = _ARGUMENTS.get(reject.reason)
    if argument is not None:
        return refuse("invalid_argument", argument)
    return refuse(_REASONS.get(reject.reason, "invalid_arguments"))
