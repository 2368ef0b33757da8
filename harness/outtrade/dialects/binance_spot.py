"""How Binance spot's answers, errors and events are read. No I/O; shared by tools and
reference agents.

The rule for errors, from the venue's documentation (REST API: "HTTP return codes"; errors): a 4xx with a JSON code
is the client's fault and was not executed; 429 and 418 were turned away at the door; **every 5xx is "unknown"**, and
so are the codes in ``AMBIGUOUS``, whatever status they come with. A body that is no JSON, or not the JSON that was
asked for, says nothing about execution either.

    >>> read_answer(504, {}, "<html>Gateway Time-out</html>", now=0.0)
    Traceback (most recent call last):
    outtrade.dialects.words.Doubtful: HTTP 504
    >>> read_answer(400, {}, '{"code":-2013,"msg":"Order does not exist."}', now=0.0)
    Traceback (most recent call last):
    outtrade.dialects.words.Refused: not_found: Order does not exist.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from outtrade.dialects.words import Doubtful, Fill, Kind, OrderState, Quote, Refused, Terms, plain
from outtrade.model.task import OrderStatus, OrderType, Side

T = TypeVar("T")

AMBIGUOUS = frozenset({-1000, -1001, -1006, -1007, -1008})
"""Internal error, disconnected, unexpected response, timeout, overloaded: the documentation promises no outcome."""

KINDS: dict[int, Kind] = {
    -1003: "rate", -1015: "busy", -1021: "clock", -2011: "unknown_order", -2013: "not_found",
    -1002: "auth", -1022: "auth", -2014: "auth", -2015: "auth", -1013: "rules", -1111: "rules", -1121: "rules",
}  # fmt: skip

MESSAGES: tuple[tuple[str, Kind], ...] = (
    ("duplicate order", "duplicate"),
    ("insufficient balance", "funds"),
    ("market is closed", "closed"),
    ("would immediately match", "would_take"),
    ("would trigger immediately", "would_trigger"),
    ("relationship of the prices", "would_trigger"),
)
"""-2010 is the matching engine's "no"; only its text says which."""

STATUSES: dict[str, OrderStatus] = {
    "NEW": "open", "PENDING_NEW": "open", "PARTIALLY_FILLED": "open", "PENDING_CANCEL": "open", "FILLED": "filled",
    "CANCELED": "cancelled", "REJECTED": "rejected", "EXPIRED": "expired", "EXPIRED_IN_MATCH": "expired",
}  # fmt: skip

TYPES: dict[str, OrderType] = {
    "MARKET": "market", "STOP_LOSS": "stop", "STOP_LOSS_LIMIT": "stop_limit", "TAKE_PROFIT": "take_profit",
    "TAKE_PROFIT_LIMIT": "take_profit_limit",
}  # fmt: skip
"""The venue's words for order types; all others are limit orders."""

BANNED_UNTIL = re.compile(r"banned until (\d{12,14})")
"""The end of a ban stands in the text of code -1003, in UNIX milliseconds."""

PAGE = 1000
"""The most rows that one answer of allOrders or myTrades holds."""


def read_answer(status: int, headers: Mapping[str, str], body: str, *, now: float) -> Any:
    """The JSON of a good answer; raises Refused or Doubtful. ``now``: UNIX seconds, for the end of a ban."""
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    error = data if isinstance(data, dict) and isinstance(data.get("code"), int) and "msg" in data else None
    code: int = error["code"] if error else 0
    message = str(error["msg"]) if error else f"HTTP {status}"
    if status in (418, 429):
        kind: Kind = "ban" if status == 418 else "busy" if code == -1015 else "rate"
        raise Refused(kind, message, code=code, retry_after=_silence(headers, message, now))
    if status >= 500 or code in AMBIGUOUS or (status >= 400 and error is None):
        raise Doubtful(message)
    if error and status >= 400:
        raise Refused(_kind(code, message), message, code=code)
    if error or not isinstance(data, dict | list):
        raise Doubtful(f"HTTP {status} with a body that is no answer")
    return data


def _kind(code: int, message: str) -> Kind:
    if code == -2010:
        return next((kind for text, kind in MESSAGES if text in message.lower()), "other")
    if -1136 < code <= -1100:
        return "rules"
    return KINDS.get(code, "other")


def _silence(headers: Mapping[str, str], message: str, now: float) -> float | None:
    """Seconds of silence asked for, by the Retry-After header and by the text of a ban; the longer one."""
    waits = []
    header = headers.get("Retry-After") or headers.get("retry-after") or ""
    if header.strip().isdigit():
        waits.append(float(header))
    if until := BANNED_UNTIL.search(message):
        waits.append(max(0.0, int(until.group(1)) / 1000 - now))
    return max(waits, default=None)


def parsed(read: Callable[[], T]) -> T:
    """Run a reader; a body without the fields that the venue documents is an answer that cannot be read."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise Doubtful(f"unreadable answer: {error!r}") from None


def _side(text: str) -> Side:
    return "buy" if text == "BUY" else "sell"


def _type(text: str, trail: Any = None) -> OrderType:
    """``trail``: the distance of a stop that follows the price (trailingDelta), if it is one."""
    return TYPES.get(text, "limit") if trail is None else "trailing_stop"


def read_order(data: Mapping[str, Any], symbol: str) -> OrderState:
    """An order object of any REST answer (place, query, lists, cancel)."""
    venue_id = str(data["orderId"])
    side = _side(data["side"])
    fills = tuple(
        Fill(
            str(fill["tradeId"]), venue_id, symbol, side, Decimal(fill["price"]), Decimal(fill["qty"]),
            Decimal(fill["commission"]), str(fill["commissionAsset"]),
        )
        for fill in data.get("fills", ())
    )  # fmt: skip
    return OrderState(
        venue_id=venue_id,
        client_id=str(data["clientOrderId"]),
        placed_as=data.get("origClientOrderId"),
        symbol=symbol,
        side=side,
        type=_type(data["type"], data.get("trailingDelta")),
        status=STATUSES[data["status"]],
        quantity=Decimal(data["origQty"]),
        price=Decimal(data["price"]) or None,
        filled=Decimal(data["executedQty"]),
        quote_filled=Decimal(data["cummulativeQuoteQty"]),
        fills=fills,
    )


def read_event(data: Mapping[str, Any], symbols: Mapping[str, str]) -> OrderState | None:
    """An ``executionReport`` of the private stream; None for other events. ``symbols``: venue id -> unified.

    ``C`` is the client id before a cancel renamed the order (``c``); ``t`` is -1 where nothing was executed.
    """
    if data.get("e") != "executionReport" or data.get("s") not in symbols:
        return None
    symbol, venue_id, side = symbols[data["s"]], str(data["i"]), _side(data["S"])
    fills: tuple[Fill, ...] = ()
    if data["x"] == "TRADE":
        price, quantity, fee = Decimal(data["L"]), Decimal(data["l"]), Decimal(data["n"])
        fills = (Fill(str(data["t"]), venue_id, symbol, side, price, quantity, fee, str(data["N"])),)
    return OrderState(
        venue_id=venue_id,
        client_id=str(data["c"]),
        placed_as=data.get("C") or None,
        symbol=symbol,
        side=side,
        type=_type(data["o"], data.get("d")),
        status=STATUSES[data["X"]],
        quantity=Decimal(data["q"]),
        price=Decimal(data["p"]) or None,
        filled=Decimal(data["z"]),
        quote_filled=Decimal(data["Z"]),
        fills=fills,
    )


def read_fill(data: Mapping[str, Any], symbol: str) -> Fill:
    """A row of myTrades."""
    return Fill(
        str(data["id"]), str(data["orderId"]), symbol, "buy" if data["isBuyer"] else "sell", Decimal(data["price"]),
        Decimal(data["qty"]), Decimal(data["commission"]), str(data["commissionAsset"]),
    )  # fmt: skip


def read_balances(data: Mapping[str, Any]) -> dict[str, tuple[Decimal, Decimal]]:
    """The balances of account: asset -> (free, locked), zeros left out."""
    found = {row["asset"]: (Decimal(row["free"]), Decimal(row["locked"])) for row in data["balances"]}
    return {asset: both for asset, both in found.items() if any(both)}


def read_quote(data: Mapping[str, Any]) -> Quote:
    """Best prices from an order book; where nobody buys (sells), the best ask (bid) stands for both. Raises ValueError
    on an empty book."""
    bids, asks = (tuple((Decimal(price), Decimal(size)) for price, size in data[side]) for side in ("bids", "asks"))
    best = [levels[0][0] for levels in (bids, asks) if levels]
    if not best:
        raise ValueError("an empty order book")
    return Quote(best[0], best[-1], bids, asks)


def read_rules(data: Mapping[str, Any]) -> dict[str, Decimal | None]:
    """Tick, step, least quantity and least notional out of the exchangeInfo of one symbol."""
    filters = {one["filterType"]: one for one in data["symbols"][0]["filters"]}
    lot, notional = filters["LOT_SIZE"], filters.get("NOTIONAL", {})
    return {
        "tick": Decimal(filters["PRICE_FILTER"]["tickSize"]),
        "step": Decimal(lot["stepSize"]),
        "quantity_min": Decimal(lot["minQty"]),
        "notional_min": Decimal(notional["minNotional"]) if "minNotional" in notional else None,
    }


def order_params(venue_symbol: str, client_id: str, terms: Terms) -> dict[str, str]:
    """The parameters of a new order."""
    params = {"symbol": venue_symbol, "side": terms.side.upper(), "newClientOrderId": client_id}
    params["type"] = venue_type(terms)
    if params["type"].endswith("LIMIT"):
        params["timeInForce"] = terms.time_in_force or "GTC"
    if terms.stop_price is not None:
        params["stopPrice"] = plain(terms.stop_price)
    if terms.trail is not None:
        params["trailingDelta"] = plain(terms.trail)
    if terms.price is not None:
        params["price"] = plain(terms.price)
    if terms.quantity is not None:
        params["quantity"] = plain(terms.quantity)
    if terms.quote_quantity is not None:
        params["quoteOrderQty"] = plain(terms.quote_quantity)
    return params | {"newOrderRespType": "FULL"}


def venue_type(terms: Terms) -> str:
    """The venue's word for the type of an order."""
    if terms.post_only:
        return "LIMIT_MAKER"
    words = {unified: word for word, unified in TYPES.items()} | {"trailing_stop": "STOP_LOSS"}
    return words.get(terms.type, "LIMIT")


def pair_params(venue_symbol: str, legs: Sequence[tuple[str, Terms]]) -> dict[str, str]:
    """The parameters of an OCO pair (orderList/oco): ``legs`` are (client id, terms), of one side and quantity; the
    one with the higher price or trigger lies above the market (rest-api.md, New Order list - OCO)."""
    terms = legs[0][1]
    params = {"symbol": venue_symbol, "side": terms.side.upper(), "quantity": plain(terms.quantity or Decimal(0))}
    by_height = sorted(legs, key=lambda leg: leg[1].stop_price or leg[1].price or Decimal(0))
    for place, (client_id, leg) in zip(("below", "above"), by_height, strict=True):
        kind = venue_type(replace(leg, post_only=True) if leg.type == "limit" else leg)
        params |= {f"{place}Type": kind, f"{place}ClientOrderId": client_id}
        if leg.price is not None:
            params[f"{place}Price"] = plain(leg.price)
        if leg.stop_price is not None:
            params[f"{place}StopPrice"] = plain(leg.stop_price)
        if kind.endswith("_LIMIT"):
            params[f"{place}TimeInForce"] = leg.time_in_force or "GTC"
    return params | {"newOrderRespType": "FULL"}


def read_pair(data: Mapping[str, Any], symbol: str) -> list[OrderState]:
    """The orders of an answer about an order list."""
    return [read_order(report, symbol) for report in data["orderReports"]]


def read_cancelled(data: Mapping[str, Any], symbol: str, venue_id: str) -> OrderState:
    """The order that a cancel was about; one of a list is cancelled with its list, and the answer is the list's."""
    reports = data.get("orderReports", (data,))
    return read_order(next(report for report in reports if str(report["orderId"]) == venue_id), symbol)
