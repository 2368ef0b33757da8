"""The next page of own trades, by the venue's own cursor.

Pages by time lose trades: a large order fills hundreds of times in one millisecond, and whoever goes on "from the last
time" gets the same page again, or (one millisecond later) skips what stood behind it. Every venue has a cursor that is
exact; ccxt hands it on in ``params``, but has no common word for it::

    Binance   the trades from an id on            fromId (not beside a start time)
    Bybit     what the last answer said           cursor = nextPageCursor
    OKX       the bills before an id, newest first    after = billId
    Kraken    so many rows further back, newest first  ofs

Sources: each venue's page on its trade history (myTrades, execution/list, fills-history, TradesHistory).

>>> following("binance", [{"id": "7"}, {"id": "9"}], None)
{'fromId': '10'}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CURSORS = ("binance", "bybit", "okx", "kraken")
FROM_ID = "fromId"
"""A cursor that stands in the place of a start time."""


def has_cursor(exchange: str) -> bool:
    """Whether the cursor of a class of ccxt is known here."""
    return exchange.startswith(CURSORS)


def following(exchange: str, rows: Sequence[Any], answer: Any) -> dict[str, str] | None:
    """Parameters for the page behind ``rows`` (all that are known so far) and behind the last ``answer`` (its JSON);
    None where this exchange's cursor is not known here, or the answer says that there is no more."""
    if exchange.startswith("binance"):
        return {FROM_ID: str(max(int(row["id"]) for row in rows) + 1)}
    if exchange == "bybit":
        cursor = answer["result"].get("nextPageCursor") if isinstance(answer, dict) else None
        return {"cursor": str(cursor)} if cursor else None
    if exchange == "okx":
        return {"after": str(min(int(row["info"]["billId"]) for row in rows))}
    if exchange == "kraken":
        return {"ofs": str(len(rows))}
    return None
