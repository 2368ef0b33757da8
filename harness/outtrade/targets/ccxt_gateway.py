"""ccxt as a gateway: the thinnest adapter a user of ccxt could write, for its blocking and its asyncio form.

The class is unmodified, numbers are floats (as its manual asks), orders are named by ``clientOrderId``. Nothing is
retried and nothing mended here: what ccxt gets wrong is to be seen. ``MEANINGS_OF`` says what each exception means
by ccxt's documentation, not by what one might know of its source; a line that is only inferred says so.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from outtrade.model.task import BalanceView, FillView, OrderStatus, OrderType, OrderView
from outtrade.targets.access import VenueAccess
from outtrade.targets.gateway import Meaning, OrderRef, OrderRequest

_MANUAL = "ccxt manual, Error Handling"
_FAMILY = f"{_MANUAL}, Exception Hierarchy"
_TREE = "inferred from ccxt's class tree; no text of the manual was read for it"

MEANINGS_OF: tuple[tuple[str, Meaning, str], ...] = (
    ("RequestTimeout", "ambiguous", f"{_MANUAL}, RequestTimeout: the user does not know the outcome of the request"),
    ("RateLimitExceeded", "rate_limited", f"{_MANUAL}, DDoSProtection: requests were sent too frequently"),
    ("DDoSProtection", "rate_limited", f"{_MANUAL}, DDoSProtection: access restricted for too frequent requests"),
    ("OnMaintenance", "unavailable", f"{_FAMILY}: a kind of ExchangeNotAvailable"),
    ("ExchangeNotAvailable", "unavailable", f"{_MANUAL}, ExchangeNotAvailable: the exchange is unreachable"),
    ("InvalidNonce", "rejected", f"{_MANUAL}, InvalidNonce: nonce or clock behind; that it was refused is inferred"),
    ("NetworkError", "ambiguous", f"{_MANUAL}, NetworkError: may go away on a retry; no outcome is stated"),
    ("NullResponse", "ambiguous", f"{_FAMILY}: a kind of BadResponse"),
    ("BadResponse", "ambiguous", f"{_FAMILY}: an answer that cannot be understood; no outcome is stated"),
    ("CancelPending", "ambiguous", f"{_FAMILY}: the cancel is not finished; no outcome is stated"),
    (
        "OperationFailed",
        "ambiguous",
        f"{_TREE}: the base of NetworkError and BadResponse",
    ),
    ("OrderNotFound", "not_found", f"{_MANUAL}, ExchangeError: fetching or cancelling a non-existent order"),
    ("DuplicateOrderId", "duplicate", f"{_FAMILY}: the kind of InvalidOrder for an id that is taken"),
    ("InvalidOrder", "rejected", f"{_MANUAL}, ExchangeError: base of all refusals of the unified order API"),
    ("InsufficientFunds", "rejected", f"{_MANUAL}, ExchangeError: not enough currency to place the order"),
    ("BadRequest", "rejected", f"{_TREE}: a kind of ExchangeError"),
    ("OperationRejected", "rejected", f"{_TREE}: a kind of ExchangeError"),
    ("AuthenticationError", "rejected", f"{_MANUAL}, ExchangeError: credentials missing, wrong or not permitted"),
    ("NotSupported", "not_sent", f"{_MANUAL}, ExchangeError: the end point is not offered"),
    ("ArgumentsRequired", "rejected", f"{_FAMILY}: a kind of ExchangeError"),
    ("ExchangeError", "rejected", f"{_MANUAL}: the same input always meets the same error"),
    ("BaseError", "ambiguous", f"{_MANUAL}: generic, includes request/response mismatch; no outcome is stated"),
)
"""(class, meaning, source). The class nearest in an exception's ancestry counts; whatever is not listed, such as a
TypeError out of the library, is documented nowhere and hence ambiguous."""

_BY_NAME: dict[str, Meaning] = {name: meaning for name, meaning, _ in MEANINGS_OF}

_STATUS: dict[str, OrderStatus] = {
    "open": "open",
    "closed": "filled",
    "canceled": "cancelled",
    "canceling": "open",
    "expired": "expired",
    "rejected": "rejected",
}
"""ccxt manual, Order structure: status."""

_TYPES: dict[str, OrderType] = {
    "market": "market",
    "limit": "limit",
    "stop_loss": "stop",
    "stop_loss_limit": "stop_limit",
    "take_profit": "take_profit",
    "take_profit_limit": "take_profit_limit",
}

_CLIENT_ID = {"bybit": "orderLinkId"}
"""The parameter for a client order id, where it is not ``clientOrderId`` (which ccxt's Bybit passes on unread)."""
_PLACED_AS = {"coinbase": "client_order_id", "deribit": "label"}
"""The parameter that names a new order, where ccxt drops ``clientOrderId`` or passes it on unread; Deribit's orders
come back without one, and are asked for by the venue's id alone."""
ONE = Decimal(1)
SIZES: Mapping[str, Decimal] = MappingProxyType({})
_BANNED_UNTIL = re.compile(r"banned until (\d{13})")


class Unreadable(Exception):
    """ccxt returned something that is no order structure (its documented ``id`` is missing)."""


def meaning_of(error: BaseException) -> Meaning:
    """What an exception out of ccxt means by its documentation."""
    for ancestor in type(error).__mro__:
        if ancestor.__module__.startswith("ccxt.") and ancestor.__name__ in _BY_NAME:
            return _BY_NAME[ancestor.__name__]
    return "ambiguous"


class _Common:
    """What does not depend on waiting: translation both ways."""

    asynchronous = False
    exchange: Any
    sizes: Mapping[str, Decimal] = SIZES
    """Symbol -> units in one of ccxt's amounts, which are what travels: of contracts, contracts."""

    def args(self, request: OrderRequest) -> tuple[Any, ...]:
        """Arguments of ``create_order``."""
        return create_args(request, self.exchange.id, self.sizes.get(request.symbol, ONE))

    def settle(self, venue: VenueAccess) -> None:
        """What ccxt asks its user to say once: ``fetch_order`` at Bybit knows the last 500 orders only, and raises
        ArgumentsRequired without asking the venue until that is acknowledged. And what its amounts are counted in."""
        self.sizes = {symbol: rules.contract_size for symbol, rules in venue.instruments.items()}
        self.exchange.options.setdefault("fetchOrder", {})["acknowledged"] = True

    def meaning(self, error: Exception) -> Meaning:
        """See ``MEANINGS_OF``."""
        return meaning_of(error)

    def retry_after(self, error: Exception) -> float | None:
        """Seconds from the last answer's Retry-After header, else from the date in the exchange's own words."""
        if meaning_of(error) != "rate_limited":
            return None
        for name, value in (self.exchange.last_response_headers or {}).items():
            if name.lower() == "retry-after" and str(value).strip().isdigit():
                return float(value)
        until = _BANNED_UNTIL.search(str(error))
        return max(0.0, int(until[1]) / 1000 - time.time()) if until else None


def placed_as(request: OrderRequest, exchange: str) -> dict[str, Any]:
    """The parameter that names a new order."""
    return {_PLACED_AS.get(exchange, "clientOrderId"): request.client_id}


def create_args(
    request: OrderRequest, exchange: str = "", size: Decimal = ONE
) -> tuple[str, str, str, float, float | None, dict[str, Any]]:
    """Arguments of ``create_order`` (symbol, type, side, amount, price, params). ``exchange``: ccxt's name of it;
    ``size``: units in one of its amounts (ccxt manual, Contracts: amounts are in contracts)."""
    if request.type not in ("market", "limit"):
        raise ValueError(f"this adapter has no orders of type {request.type}")
    params = placed_as(request, exchange)
    if request.time_in_force is not None and not request.post_only:
        params["timeInForce"] = request.time_in_force
    if request.post_only:
        params["postOnly"] = True
    if request.reduce_only:
        params["reduceOnly"] = True
    price = float(request.limit_price) if request.limit_price is not None else None
    assert request.quantity is not None, "an order by quote amount goes through create_market_order_with_cost"
    return request.symbol, request.type, request.side, float(request.quantity / size), price, params


def reference(ref: OrderRef, exchange: str = "") -> tuple[str, str, dict[str, Any]]:
    """Arguments of ``fetch_order`` and ``cancel_order`` (id, symbol, params): by the exchange's id once known.
    ``exchange``: ccxt's name of it."""
    if ref.venue_id is not None:
        return ref.venue_id, ref.symbol, {}
    return "", ref.symbol, {_CLIENT_ID.get(exchange, "clientOrderId"): ref.client_id}


def number(value: Any) -> Decimal | None:
    """A float of ccxt as the decimal it prints as."""
    return None if value is None else Decimal(str(value))


def order_view(order: Any, sizes: Mapping[str, Decimal] = SIZES) -> OrderView:
    """ccxt's order structure as an OrderView; Unreadable where it is none. ``sizes``: symbol -> units in an amount."""
    if not isinstance(order, Mapping) or not order.get("id") or not order.get("symbol") or not order.get("side"):
        raise Unreadable(f"not an order structure: {str(order)[:120]}")
    size = sizes.get(order["symbol"], ONE)
    quantity, filled = number(order.get("amount")), number(order.get("filled"))
    return OrderView(
        client_id=order.get("clientOrderId"),
        venue_ids=(str(order["id"]),),
        symbol=order["symbol"],
        side=order["side"],
        type=_TYPES.get(str(order.get("type")), "limit"),
        quantity=None if quantity is None else quantity * size,
        filled=(filled or Decimal(0)) * size,
        average_price=number(order.get("average")),
        status=_STATUS.get(str(order.get("status")), "unknown"),
    )


def fill_view(trade: Mapping[str, Any], size: Decimal = ONE) -> FillView:
    """ccxt's trade structure as a FillView. ``size``: units in an amount."""
    fee = trade.get("fee") or {}
    return FillView(
        trade_id=str(trade["id"]),
        order=str(trade["order"]),
        price=Decimal(str(trade["price"])),
        quantity=Decimal(str(trade["amount"])) * size,
        fee=number(fee.get("cost")),
        fee_asset=fee.get("currency"),
    )


def balance_views(balance: Mapping[str, Any]) -> dict[str, BalanceView]:
    """ccxt's balance structure by asset."""
    free, used = balance["free"], balance["used"]
    return {
        asset: BalanceView(free=number(free[asset]) or Decimal(0), locked=number(used.get(asset)) or Decimal(0))
        for asset in free
    }


class CcxtGateway(_Common):
    """``ccxt.binance``, blocking."""

    def connect(self, venue: VenueAccess) -> None:
        """Make the exchange object (once) and load its markets."""
        if not hasattr(self, "exchange"):
            self.exchange = venue.ccxt()
            self.settle(venue)
        self.exchange.load_markets()

    def submit(self, request: OrderRequest) -> OrderView:
        """``create_order``, or ``create_market_order_with_cost`` for a quote amount."""
        if request.quote_quantity is not None:
            cost, params = float(request.quote_quantity), placed_as(request, self.exchange.id)
            return order_view(
                self.exchange.create_market_order_with_cost(request.symbol, request.side, cost, params), self.sizes
            )
        return order_view(self.exchange.create_order(*self.args(request)), self.sizes)

    def cancel(self, ref: OrderRef) -> OrderView:
        """``cancel_order``."""
        return order_view(self.exchange.cancel_order(*reference(ref, self.exchange.id)), self.sizes)

    def order(self, ref: OrderRef) -> OrderView:
        """``fetch_order``."""
        return order_view(self.exchange.fetch_order(*reference(ref, self.exchange.id)), self.sizes)

    def open_orders(self, symbol: str) -> Sequence[OrderView]:
        """``fetch_open_orders``."""
        return [order_view(order, self.sizes) for order in self.exchange.fetch_open_orders(symbol)]

    def fills(self, symbol: str, since: float) -> Sequence[FillView]:
        """``fetch_my_trades`` from ``since`` (UNIX seconds)."""
        trades, size = self.exchange.fetch_my_trades(symbol, int(since * 1000)), self.sizes.get(symbol, ONE)
        return [fill_view(trade, size) for trade in trades]

    def balances(self) -> Mapping[str, BalanceView]:
        """``fetch_balance``."""
        return balance_views(self.exchange.fetch_balance())

    def close(self) -> None:
        """Nothing to do: the HTTP session ends with the object."""


class AsyncCcxtGateway(_Common):
    """``ccxt.async_support.binance``."""

    asynchronous = True

    async def connect(self, venue: VenueAccess) -> None:
        """Make the exchange object (once) and load its markets."""
        if not hasattr(self, "exchange"):
            self.exchange = venue.ccxt(asynchronous=True)
            self.settle(venue)
        await self.exchange.load_markets()

    async def submit(self, request: OrderRequest) -> OrderView:
        """``create_order``, or ``create_market_order_with_cost`` for a quote amount."""
        if request.quote_quantity is not None:
            cost, params = float(request.quote_quantity), placed_as(request, self.exchange.id)
            order = await self.exchange.create_market_order_with_cost(request.symbol, request.side, cost, params)
            return order_view(order, self.sizes)
        return order_view(await self.exchange.create_order(*self.args(request)), self.sizes)

    async def cancel(self, ref: OrderRef) -> OrderView:
        """``cancel_order``."""
        return order_view(await self.exchange.cancel_order(*reference(ref, self.exchange.id)), self.sizes)

    async def order(self, ref: OrderRef) -> OrderView:
        """``fetch_order``."""
        return order_view(await self.exchange.fetch_order(*reference(ref, self.exchange.id)), self.sizes)

    async def open_orders(self, symbol: str) -> Sequence[OrderView]:
        """``fetch_open_orders``."""
        return [order_view(order, self.sizes) for order in await self.exchange.fetch_open_orders(symbol)]

    async def fills(self, symbol: str, since: float) -> Sequence[FillView]:
        """``fetch_my_trades`` from ``since`` (UNIX seconds)."""
        trades, size = await self.exchange.fetch_my_trades(symbol, int(since * 1000)), self.sizes.get(symbol, ONE)
        return [fill_view(trade, size) for trade in trades]

    async def balances(self) -> Mapping[str, BalanceView]:
        """``fetch_balance``."""
        return balance_views(await self.exchange.fetch_balance())

    async def close(self) -> None:
        """Close the HTTP session."""
        if hasattr(self, "exchange"):
            await self.exchange.close()
