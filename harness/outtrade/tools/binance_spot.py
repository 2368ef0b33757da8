"""Binance spot behind the tools: which requests a tool sends, and what it makes of the answers. No I/O.

Reading and signing are those of ``outtrade.dialects.binance_spot``. A cancel by client id sends that id as the
cancel's own too, so that the order keeps its name (the venue renames an order that is cancelled).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from outtrade.dialects.binance_spot import (
    PAGE,
    order_params,
    parsed,
    read_answer,
    read_balances,
    read_fill,
    read_order,
)
from outtrade.dialects.words import Fill, OrderState, PortError, Refused, Terms, plain
from outtrade.model.task import Instrument
from outtrade.tools import arguments as a
from outtrade.tools import failures
from outtrade.tools.steps import Pause, Send, Steps, Wire

RECV_WINDOW = 5000
"""Milliseconds for which a request is valid on its way."""


class BinanceSpot:
    """The dialect of one account on Binance spot."""

    def __init__(
        self,
        symbols: Mapping[str, str],
        instruments: Mapping[str, Instrument],
        key: str,
        secret: str,
        absent_after: float,
        clock: Callable[[], float],
    ) -> None:
        self.symbols = symbols
        self.instruments_known = instruments
        self._key, self._secret = key, secret
        self._absent_after = absent_after
        self._clock = clock
        self._skew = 0.0
        """Seconds by which the venue's clock is ahead of ours."""

    # ------------------------------------------------------------------ requests
    def wire(self, step: Send) -> Wire:
        """The request, signed where it has to be, with the time of now."""
        params = step.params
        if not step.signed:
            return Wire(f"{step.path}?{urlencode(params)}" if params else step.path, {})
        stamp = str(int((self._clock() + self._skew) * 1000))
        query = urlencode(params | {"recvWindow": str(RECV_WINDOW), "timestamp": stamp})
        signature = hmac.new(self._secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return Wire(f"{step.path}?{query}&signature={signature}", {"X-MBX-APIKEY": self._key})

    def answer(self, status: int, headers: Mapping[str, str], body: str) -> Any:
        """The JSON of a good answer; raises Refused or Doubtful."""
        return read_answer(status, headers, body, now=self._clock())

    def run(self, tool: str, given: a.Arguments) -> Steps:
        """The steps of a tool. A refusal for the time stamp sets the clock right, for whatever is sent next."""
        try:
            result = yield from getattr(self, f"_{tool}")(given)
        except Refused as refusal:
            if refusal.kind == "clock":
                yield from self._set_clock()
            raise
        return result

    def _set_clock(self) -> Steps:
        try:
            data = yield Send("GET", "/api/v3/time", {}, signed=False)
            self._skew = parsed(lambda: int(data["serverTime"])) / 1000 - self._clock()
        except PortError:
            return None
        return None

    def _symbol(self, symbol: str) -> dict[str, str]:
        return {"symbol": self.symbols[symbol]}

    # ------------------------------------------------------------------ the market
    def _instruments(self, given: a.AnySymbol) -> Steps:
        wanted = [given.symbol] if given.symbol else list(self.symbols)
        names = "[" + ",".join(f'"{self.symbols[symbol]}"' for symbol in wanted) + "]"
        data = yield Send("GET", "/api/v3/exchangeInfo", {"symbols": names}, signed=False)
        rows = parsed(lambda: {row["symbol"]: row for row in data["symbols"]})
        return parsed(lambda: {symbol: self._rules(symbol, rows[self.symbols[symbol]]) for symbol in wanted})

    def _rules(self, symbol: str, row: Mapping[str, Any]) -> dict[str, Any]:
        filters = {entry["filterType"]: entry for entry in row["filters"]}
        price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
        market, notional = filters.get("MARKET_LOT_SIZE", {}), filters.get("NOTIONAL", {})
        known = self.instruments_known.get(symbol)
        return {
            "venue_symbol": row["symbol"],
            "base": row["baseAsset"],
            "quote": row["quoteAsset"],
            "status": "trading" if row["status"] == "TRADING" else str(row["status"]).lower(),
            "types": ["market", "limit"],
            "tick": _bound(price["tickSize"]),
            "price_min": _bound(price["minPrice"]),
            "price_max": _bound(price["maxPrice"]),
            "step": _bound(lot["stepSize"]),
            "quantity_min": _bound(lot["minQty"]),
            "quantity_max": _bound(lot["maxQty"]),
            "market_step": _bound(market.get("stepSize")),
            "market_min": _bound(market.get("minQty")),
            "market_max": _bound(market.get("maxQty")),
            "notional_min": _bound(notional.get("minNotional")),
            "notional_max": _bound(notional.get("maxNotional")),
            "maker_fee": plain(known.maker_fee) if known else None,
            "taker_fee": plain(known.taker_fee) if known else None,
        }

    def _ticker(self, given: a.OneSymbol) -> Steps:
        data = yield Send("GET", "/api/v3/ticker/24hr", self._symbol(given.symbol), signed=False)
        fields = {"bid": "bidPrice", "bid_quantity": "bidQty", "ask": "askPrice", "ask_quantity": "askQty"}
        fields["last"] = "lastPrice"
        shown = parsed(lambda: {ours: _number(data[theirs]) for ours, theirs in fields.items()})
        return {"symbol": given.symbol} | shown

    def _book(self, given: a.Book) -> Steps:
        params = self._symbol(given.symbol) | {"limit": str(given.depth)}
        data = yield Send("GET", "/api/v3/depth", params, signed=False)
        sides = parsed(lambda: {s: [[_number(p), _number(q)] for p, q in data[s]] for s in ("bids", "asks")})
        return {"symbol": given.symbol} | sides

    def _status(self, given: a.Nothing) -> Steps:
        data = yield Send("GET", "/sapi/v1/system/status", {}, signed=False)
        is_open = parsed(lambda: int(data["status"]) == 0)
        return {"open": is_open, "message": str(data.get("msg", ""))[:200]} | {
            "absent_after": self._absent_after,
            "time": self._clock(),
        }

    # ------------------------------------------------------------------ orders
    def _place(self, given: a.Place) -> Steps:
        terms = Terms(
            given.symbol,
            given.side,
            given.type,
            quantity=given.quantity,
            quote_quantity=given.quote_quantity,
            price=given.limit_price,
            time_in_force=given.time_in_force,
            post_only=given.post_only,
        )
        params = order_params(self.symbols[given.symbol], given.client_id or "", terms)
        if given.client_id is None:
            del params["newClientOrderId"]
        data = yield Send("POST", "/api/v3/order", params)
        return parsed(lambda: show_order(read_order(data, given.symbol)))

    def _amend(self, given: a.Amend) -> Steps:
        yield from ()
        return failures.error(
            "rejected",
            "Binance spot, as mocked here, does not change working orders; nothing was sent. Cancel the order, learn"
            " how it ended, then place a new one under a new client_id.",
            code="not_offered",
        )

    def _named(self, given: a.Order) -> dict[str, str]:
        which = {"orderId": given.venue_id} if given.venue_id else {"origClientOrderId": str(given.client_id)}
        return self._symbol(given.symbol) | which

    def _cancel(self, given: a.Order) -> Steps:
        params = self._named(given)
        if given.client_id is not None:
            params["newClientOrderId"] = given.client_id
        data = yield Send("DELETE", "/api/v3/order", params)
        return parsed(lambda: show_order(read_order(data, given.symbol)))

    def _cancel_all(self, given: a.OneSymbol) -> Steps:
        try:
            data = yield Send("DELETE", "/api/v3/openOrders", self._symbol(given.symbol))
        except Refused as refusal:
            if refusal.kind != "unknown_order":
                raise
            data = []  # the venue's words for "nothing was open"
        return parsed(lambda: {"cancelled": [show_order(read_order(row, given.symbol)) for row in data]})

    def _order(self, given: a.Order) -> Steps:
        data = yield Send("GET", "/api/v3/order", self._named(given))
        return parsed(lambda: show_order(read_order(data, given.symbol)))

    def _open_orders(self, given: a.OneSymbol) -> Steps:
        data = yield Send("GET", "/api/v3/openOrders", self._symbol(given.symbol))
        return parsed(lambda: {"orders": [show_order(read_order(row, given.symbol)) for row in data]})

    # ------------------------------------------------------------------ the account
    def _fills(self, given: a.Fills) -> Steps:
        params = self._symbol(given.symbol) | {"limit": str(PAGE)}
        first: dict[str, str] = {}
        if given.venue_id is not None:
            params["orderId"] = given.venue_id
        if given.since is not None:
            first["startTime"] = str(int(given.since * 1000))
        rows = page = yield Send("GET", "/api/v3/myTrades", params | first)
        whole = given.since is not None or given.venue_id is not None
        while whole and parsed(_length(page)) == PAGE:
            page = yield Send("GET", "/api/v3/myTrades", params | {"fromId": str(page[-1]["id"] + 1)})
            rows = rows + page
        return parsed(lambda: {"fills": [show_fill(read_fill(row, given.symbol)) for row in rows]})

    def _balances(self, given: a.Nothing) -> Steps:
        data = yield Send("GET", "/api/v3/account", {})
        both = parsed(lambda: read_balances(data))
        return {asset: {"free": plain(free), "locked": plain(locked)} for asset, (free, locked) in both.items()}

    def _positions(self, given: a.Nothing) -> Steps:
        yield from ()
        return failures.error(
            "rejected",
            "Binance spot has no positions; nothing was sent. What is held is in `balances`; what your own orders"
            " bought and sold, and in which asset the fee was taken, is in `fills`.",
            code="not_offered",
        )

    # ------------------------------------------------------------------ without the venue
    def _wait(self, given: a.Wait) -> Steps:
        yield Pause(given.seconds)
        return {"time": self._clock()}


def _length(page: Any) -> Callable[[], int]:
    return lambda: len(page)


def _number(text: Any) -> str:
    return plain(Decimal(str(text)))


def _bound(text: Any) -> str | None:
    """A bound of a filter: zero or absent means that there is none."""
    value = Decimal(str(text)) if text is not None else Decimal(0)
    return plain(value) if value else None


def show_order(state: OrderState) -> dict[str, Any]:
    """An order as plain JSON, in the words of the report. ``client_id``: what it was placed as, if that is known."""
    average = state.quote_filled / state.filled if state.filled else None
    shown: dict[str, Any] = {
        "symbol": state.symbol,
        "client_id": state.placed_as or state.client_id,
        "venue_id": state.venue_id,
        "side": state.side,
        "type": state.type,
        "status": state.status,
        "quantity": plain(state.quantity),
        "limit_price": plain(state.price) if state.price is not None else None,
        "filled": plain(state.filled),
        "average_price": plain(average) if average is not None else None,
    }
    if state.fills:
        shown["fills"] = [show_fill(fill) for fill in state.fills]
    return shown


def show_fill(fill: Fill) -> dict[str, Any]:
    """A fill as plain JSON; ``order`` is the venue's order id."""
    return {
        "trade_id": fill.trade_id,
        "order": fill.order,
        "symbol": fill.symbol,
        "side": fill.side,
        "price": plain(fill.price),
        "quantity": plain(fill.quantity),
        "fee": plain(fill.fee),
        "fee_asset": fill.fee_asset,
    }
