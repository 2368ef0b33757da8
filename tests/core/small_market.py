"""A small instrument whose numbers are easy to follow."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Instrument

SYMBOL = "ABC/USD"


def instrument(**changes: Any) -> Instrument:
    """Tick 1, step 1, no decimals: a price of 100 and a quantity of 3 move 300 atoms. No fees unless asked."""
    rules: dict[str, Any] = {
        "symbol": SYMBOL, "base": "ABC", "quote": "USD", "tick": Decimal(1), "step": Decimal(1),
        "base_precision": 0, "quote_precision": 0,
    }  # fmt: skip
    return Instrument(**(rules | changes))
