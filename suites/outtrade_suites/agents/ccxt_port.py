"""A venue over ccxt's unified API: one port for every venue that ccxt and the mocks both know.

Calls are made through ``invoke``, so that the same port serves the blocking and the asyncio classes of ccxt: the first
returns at once, the second awaits. ccxt turns every failure into an exception, but which one says little about whether
the order exists: a reset is a ``NetworkError``, a body cut in half an ``ExchangeError``, 200 with nonsense a
``TypeError`` or an empty list. So the exception's class is not asked. What stands below it is: the whole HTTP answer,
if there was one (``on_rest_response``, the place that ccxt keeps for this), read by the venue's declared traits; else
the reason why the connection failed. Numbers are text (``exchange.number = str``): no float comes near a quantity.

What differs between venues is asked of ccxt, not of the venue's name: whether there is a list of all orders or lists of
open, closed and cancelled ones (``has``), whether an order's trades can be had by its id, what a contract is worth
(``markets``). Only how one order is asked for by its *client* id has no common form in ccxt: see ``BY_CLIENT_ID``.
"""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from outtrade.dialects import unified
from outtrade.dialects.answers import Reader
from outtrade.dialects.binance_spot import pair_params, parsed, read_pair
from outtrade.dialects.words import Doubtful, Fill, NotSent, OrderState, Quote, Refused, Terms, plain
from outtrade_suites.agents.ccxt_contracts import CcxtContracts
from outtrade_suites.agents.ccxt_pages import FROM_ID, following, has_cursor
from outtrade_suites.agents.ccxt_switch import switch_of
from outtrade_suites.agents.port import Access, ContractDoor, Link, SwitchDoor

NOT_CONNECTED = (
    "NewConnectionError", "NameResolutionError", "ConnectTimeoutError",
    "ClientConnectorError", "ClientConnectorDNSError", "ConnectionTimeoutError",
)  # fmt: skip
"""urllib3's and aiohttp's words for "there never was a connection"."""

FULL = 50
"""Rows in an answer from which on there may be more: the smallest page of any venue."""

LISTS = frozenset({"result", "data", "orders", "fills"})
"""Where venues that answer with an object have their lists."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Peculiar:
    """What one class of ccxt wants otherwise. ``client_id``: the parameter that names a new order; where ccxt reads it
    out of no answer, the field of the venue's own object that has it. ``by_client_id``: the implicit method that lists
    the orders of a name. ``units``: amounts of contracts are not counted in contracts, whatever ``contractSize`` says.
    ``closed``, ``trades``: what lists have to be asked for to be whole. ``order_trades``: an order's trades can be had
    by its id, of contracts too; ``trades_of``: by this parameter of ``fetch_my_trades``. ``balances``: what balances
    have to be asked for to say what is locked. ``market_buy``: a market buy by quantity, which ccxt sends by cost alone
    unless parameters say otherwise (``{}``: the quantity). ``by_quote``: parameters of a market order by an amount of
    quote currency (``{}``). ``in_quote``: field and value of the venue's own object that call an order's amount one,
    which ccxt heeds of buys only. ``forced``: kinds of trades, by which the venue closes positions, that its list of
    trades leaves out. ``gets``: orders are placed by GET, which aiohttp repeats by itself on a connection that was
    closed under it (RFC 9112 allows that: a GET is taken to change nothing). ``trail``: parameters of a market order
    that make it a stop which follows the price at so many percent (``{}``); empty: ccxt, or this port, has none."""

    client_id: str = "clientOrderId"
    by_client_id: str = ""
    units: bool = False
    closed: Mapping[str, Any] = field(default_factory=dict)
    trades: Mapping[str, Any] = field(default_factory=dict)
    order_trades: bool = False
    trades_of: str = "orderId"
    balances: Mapping[str, Any] = field(default_factory=dict)
    market_buy: str = ""
    by_quote: Mapping[str, str] = field(default_factory=lambda: {"cost": "{}"})
    in_quote: tuple[str, str] | None = None
    forced: tuple[str, ...] = ()
    gets: bool = False
    trail: Mapping[str, str] = field(default_factory=dict)


PECULIAR = {
    "binance": Peculiar(trail={"trailingPercent": "{}", "stopLossOrTakeProfit": "stopLoss"}),
    "bybit": Peculiar(forced=("BustTrade", "AdlTrade", "Settle")),
    "okx": Peculiar(by_quote={"tgtCcy": "quote_ccy", "sz": "{}"}, in_quote=("tgtCcy", "quote_ccy")),
    "coinbase": Peculiar(
        client_id="client_order_id",
        trades_of="order_id",
        balances={"v3": True},
        market_buy='{"market_market_ioc": {"base_size": "{}"}}',
    ),
    "deribit": Peculiar(
        client_id="label",
        by_client_id="private_get_get_order_state_by_label",
        units=True,
        closed={"include_unfilled": True, "include_old": True},
        trades={"count": 1000},
        order_trades=True,
        gets=True,
    ),
}
"""ccxt class -> what it wants otherwise than the others."""
USUAL = Peculiar()

BY_CLIENT_ID: dict[str, tuple[str, bool]] = {"kraken": ("cl_ord_id", True), "bybit": ("orderLinkId", False)}
"""ccxt class -> the parameter by which it asks for an order by client id, where it is not ``clientOrderId`` (which
ccxt's Bybit ignores, and ccxt's Kraken takes for another kind of id); whether through a list of orders, because
``fetch_order`` looks for the venue's id in the answer."""

BY_OWN_REQUEST: dict[str, tuple[str, list[str], str]] = {
    "alpaca": ("v2/orders:by_client_order_id", ["trader", "private"], "client_order_id")
}
"""ccxt class -> path, kind and parameter of the venue's own request for an order by client id, for which that class has
no method."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The last whole answer."""

    status: int
    headers: dict[str, str]
    body: str


class CcxtPort:
    """A venue over a blocking class of ccxt. Its methods block, and never suspend."""

    link: Link | None = None

    def __init__(self, venue: Access) -> None:
        self.venue = venue
        self.exchange = self.make()
        self.exchange.timeout = self.timeout()
        self.exchange.number = str
        self.exchange.options.setdefault("fetchOrder", {})["acknowledged"] = True  # Bybit: of the last 500 orders
        self.exchange.on_rest_response = self.hear
        self.reader = Reader.of(venue.name)
        self.own = PECULIAR.get(self.exchange.id, USUAL)
        listed = "oco" in self.reader.traits["types"] and hasattr(self.exchange, "private_post_orderlist_oco")
        smaller = self.reader.traits.get("amend") == "quantity_down_only"
        self.offers = frozenset({"pair"} if listed else ()) | frozenset({"amend"} if listed and smaller else ())
        self.offers |= frozenset({"trail"} if self.own.trail else ())
        self.contracts: ContractDoor | None = CcxtContracts(self)
        self.switch: SwitchDoor | None = switch_of(self, self.reader.traits)
        self._heard: ContextVar[list[Heard]] = ContextVar("heard")  # of this call and of the tasks ccxt makes for it

    def make(self) -> Any:
        """The object of ccxt."""
        return self.venue.ccxt()

    def timeout(self) -> int | None:
        """Milliseconds without a byte after which ccxt gives an answer up."""
        return 10_000

    async def start(self) -> None:
        """Load the markets now, so that a failure of that is not mistaken for one of an order; the same goes for what
        ccxt's Bybit wants to know of the account before the first order."""
        await self.ask(self.exchange.load_markets)
        if hasattr(self.exchange, "is_unified_enabled"):
            await self.ask(self.exchange.is_unified_enabled)

    async def close(self) -> None:
        self.exchange.session.close()

    async def wait(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)

    def events(self) -> Sequence[OrderState]:
        return ()

    # -------------------------------------------------------- requests
    async def invoke(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """One call into ccxt, awaited where it is a coroutine."""
        result = method(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    def hear(
        self, code: int, reason: str, url: str, method: str, response_headers: Any, response_body: str, *request: Any
    ) -> str:
        """ccxt's own hook for an answer that has come in whole."""
        headers = {str(key): str(value) for key, value in response_headers.items()}
        self._heard.get([])[:] = [Heard(int(code), headers, response_body)]
        return response_body.strip()

    def understood(self) -> Any:
        """The last answer's JSON; raises Refused or Doubtful, None where none came."""
        heard = self._heard.get([])
        if not heard:
            return None
        return self.reader.check(heard[-1].status, heard[-1].headers, heard[-1].body, now=time.time())

    async def ask(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """One call into ccxt; its result, or NotSent, Refused, Doubtful. After a clock error, take the venue's time."""
        try:
            return await self.asked(method, *args, **kwargs)
        except Refused as refusal:
            if refusal.kind == "clock":
                await self.adjust_clock()
            raise

    async def adjust_clock(self) -> None:
        """Read the venue's time, where ccxt knows how to; if that fails, the next clock error tries again."""
        with suppress(Exception):
            await self.invoke(self.exchange.load_time_difference)

    async def asked(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """One call into ccxt, and what it came to.

        What is heard goes into a list, not into the variable: ccxt's asynchronous ``load_markets`` is a task of its
        own, and what such a task sets nobody else sees.
        """
        self._heard.set([])
        try:
            result = await self.invoke(method, *args, **kwargs)
        except Exception as error:
            self.understood()
            if self._heard.get([]) and type(error).__name__ == "OrderNotFound":
                raise Refused("not_found", str(error)) from None  # a good answer without the order in it
            if any(type(cause).__name__ in NOT_CONNECTED for cause in chain(error)):
                raise NotSent(repr(error)) from None
            raise Doubtful(repr(error)) from None
        self.understood()
        return result

    async def rows(self, method: Callable[..., Any], *args: Any) -> list[Any]:
        """A list answer. ccxt reads an empty body as an empty list, and an object where a list should be as well; that
        is no answer."""
        found = await self.ask(method, *args)
        data = self.understood()
        if isinstance(data, dict) and not LISTS & set(data):
            raise Doubtful("the answer is no list")
        return list(found)

    async def pages(
        self, method: Callable[..., Any], symbol: str, since: float | None, more: Mapping[str, Any] = NOTHING
    ) -> list[Any]:
        """All rows from ``since`` on, whether the venue's pages begin with the oldest or with the newest.

        ``more``: what has to be asked for besides."""
        start = None if since is None else int(since * 1000)
        besides = (None, dict(more)) if more else ()
        known = {row["id"]: row for row in await self.rows(method, symbol, start, *besides)}
        told, ahead = self.told(), True
        while told >= FULL and known:
            times = [row["timestamp"] for row in known.values()]
            before = len(known)
            if ahead:
                page = await self.rows(method, symbol, max(times), *besides)
            else:
                page = await self.rows(method, symbol, start, None, {"until": min(times)} | dict(more))
            known |= {row["id"]: row for row in page}
            if len(known) > before:
                told = self.told()
            elif ahead:
                ahead = False
            else:
                break
        return list(known.values())

    async def trades(self, method: Callable[..., Any], *about: Any, since: float | None, **named: Any) -> list[Any]:
        """All own trades that ``method(*about, since, limit, params)`` lists, page by page, each once: by the venue's
        cursor, or by time where that is not known here."""
        if not named and len(about) == 1 and not has_cursor(self.exchange.id):
            return await self.pages(method, about[0], since, self.own.trades)
        start = None if since is None else int(since * 1000)
        known = {row["id"]: row for row in await self.rows(method, *about, start, None, named)}
        while self.told() >= FULL and known:
            cursor = following(self.exchange.id, list(known.values()), self.understood())
            if cursor is None:
                break
            begin = None if FROM_ID in cursor else start
            before = len(known)
            known |= {row["id"]: row for row in await self.rows(method, *about, begin, None, {**named, **cursor})}
            if len(known) == before:
                break
        return list(known.values())

    def told(self) -> int:
        """How many rows the last answer held, before ccxt picked those that were asked for."""
        return most_rows(self.understood())

    def size(self, symbol: str) -> Decimal:
        """Base units per unit of ccxt's amounts: the size of a contract."""
        if self.own.units:
            return Decimal(1)
        return Decimal(str(self.exchange.market(symbol).get("contractSize") or 1))

    def states(self, orders: Sequence[Any], symbol: str) -> list[OrderState]:
        """Order structures in our words."""
        size, own = self.size(symbol), self.own.client_id
        for order in orders if self.own.by_client_id else ():
            order["clientOrderId"] = order["info"].get(own)
        for order in orders if self.own.in_quote else ():
            if self.own.in_quote in order["info"].items():
                order["amount"] = None
        return parsed(lambda: [unified.read_order(order, symbol, size) for order in orders])

    # -------------------------------------------------------- the port
    async def place(self, client_id: str, terms: Terms) -> OrderState:
        params: dict[str, Any] = {self.own.client_id: client_id}
        if terms.post_only:
            params["postOnly"] = True
        elif terms.time_in_force is not None:
            params["timeInForce"] = terms.time_in_force
        if terms.reduce_only:
            params["reduceOnly"] = True
        if terms.stop_price is not None:
            name = "stopLossPrice" if terms.type.startswith("stop") else "takeProfitPrice"
            params[name] = plain(terms.stop_price)
        if terms.trail is not None:
            params |= {name: text.replace("{}", plain(terms.trail / 100)) for name, text in self.own.trail.items()}
        if terms.quote_quantity is not None:
            cost = plain(terms.quote_quantity)
            params |= {name: text.replace("{}", cost) for name, text in self.own.by_quote.items()}
        size = self.size(terms.symbol)
        amount = None if terms.quantity is None else plain(terms.quantity / size)
        price = None if terms.price is None else plain(terms.price)
        kind = "market" if price is None else "limit"
        if self.own.market_buy and kind == "market" and terms.side == "buy" and amount is not None:
            configuration = json.loads(self.own.market_buy.replace("{}", amount))
            params |= {"cost": "1", "order_configuration": configuration}
        order = await self.ask(self.exchange.create_order, terms.symbol, kind, terms.side, amount, price, params)
        if order.get("status") is None and order.get("id"):
            return taken(str(order["id"]), client_id, terms)
        return self.states([order], terms.symbol)[0]

    async def place_pair(self, legs: Sequence[tuple[str, Terms]]) -> list[OrderState]:
        """By Binance's own request: ccxt has no common form for it."""
        symbol = legs[0][1].symbol
        params = pair_params(self.venue.symbols[symbol], legs)
        data = await self.ask(self.exchange.private_post_orderlist_oco, params)
        return parsed(lambda: read_pair(data, symbol))

    async def amend(self, symbol: str, venue_id: str, quantity: Decimal, new_id: str) -> None:
        """By Binance's own request, for which ccxt has no method at all; it signs whatever path it is given."""
        params = {"symbol": self.venue.symbols[symbol], "orderId": venue_id, "newQty": plain(quantity)}
        params["newClientOrderId"] = new_id
        await self.ask(self.exchange.request, "order/amend/keepPriority", ["private"], "PUT", params)

    async def cancel(self, symbol: str, venue_id: str, cancel_id: str | None) -> OrderState | None:
        params = {} if cancel_id is None else {"newClientOrderId": cancel_id}
        order = await self.ask(self.exchange.cancel_order, venue_id, symbol, params)
        return None if order.get("status") is None else self.states([order], symbol)[0]

    async def order(self, symbol: str, *, venue_id: str | None = None, client_id: str | None = None) -> OrderState:
        if venue_id is not None:
            found = [await self.ask(self.exchange.fetch_order, venue_id, symbol)]
        elif self.own.by_client_id:
            found = await self.named(symbol, str(client_id))
        elif "lookup" in self.reader.traits:  # no query knows client ids: list all orders, and compare
            mine = [state for state in await self.all_orders(symbol, 0.0) if state.client_id == client_id]
            if not mine:
                raise Refused("not_found", f"no order is called {client_id}")
            return mine[-1]
        elif self.exchange.id in BY_OWN_REQUEST:
            path, kind, word = BY_OWN_REQUEST[self.exchange.id]
            raw = await self.ask(self.exchange.request, path, kind, "GET", {word: client_id})
            found = [parsed(lambda: self.exchange.parse_order(raw))]
        else:
            word, listed = BY_CLIENT_ID.get(self.exchange.id, ("clientOrderId", False))
            if listed:
                found = await self.rows(self.exchange.fetch_orders_by_ids, [], symbol, {word: client_id})
            else:
                found = [await self.ask(self.exchange.fetch_order, "", symbol, {word: client_id})]
        if not found:
            raise Refused("not_found", f"no order is called {client_id}")
        return self.states(found, symbol)[-1]

    async def named(self, symbol: str, client_id: str) -> list[Any]:
        """The orders of that name, by the venue's own request: ccxt has no method for it."""
        market = self.exchange.market(symbol)
        params = {"currency": market["settleId"], self.own.client_id: client_id}
        answer = await self.ask(getattr(self.exchange, self.own.by_client_id), params)
        rows = parsed(lambda: [row for row in answer["result"] if row["instrument_name"] == market["id"]])
        return parsed(lambda: self.exchange.parse_orders(rows, market))

    async def open_orders(self, symbol: str) -> list[OrderState]:
        return self.states(await self.rows(self.exchange.fetch_open_orders, symbol), symbol)

    async def all_orders(self, symbol: str, since: float) -> list[OrderState]:
        has, exchange = self.exchange.has, self.exchange
        if has["fetchOrders"] is True:
            return self.states(await self.pages(exchange.fetch_orders, symbol, since), symbol)
        found = await self.rows(exchange.fetch_open_orders, symbol)  # first: what ends meanwhile is met below
        if has["fetchCanceledAndClosedOrders"] is True:
            ended = ["fetch_canceled_and_closed_orders"]
        elif has["fetchCanceledOrders"] is True:
            ended = ["fetch_closed_orders", "fetch_canceled_orders"]
        else:
            ended = ["fetch_closed_orders"]
        for method in ended:
            found += await self.pages(getattr(exchange, method), symbol, since, self.own.closed)
        return self.states(found, symbol)

    async def fills(self, symbol: str, *, since: float | None = None, order: str | None = None) -> list[Fill]:
        exchange, size = self.exchange, self.size(symbol)
        if order is None:
            trades = await self.trades(exchange.fetch_my_trades, symbol, since=since)
            for kind in self.own.forced if exchange.market(symbol)["contract"] else ():
                trades += await self.trades(exchange.fetch_my_trades, symbol, since=since, execType=kind)
        elif exchange.has["fetchOrderTrades"] == "emulated":  # by the trades' ids, which the order knows
            known = await self.ask(exchange.fetch_order, order, symbol)
            named = {"trades": known["trades"]}
            trades = await self.rows(exchange.fetch_order_trades, order, symbol, None, None, named)
        elif exchange.id in BY_OWN_REQUEST:  # which has no list of an order's trades, either
            trades = await self.trades(exchange.fetch_my_trades, symbol, since=None)
        elif self.own.order_trades or (exchange.market(symbol)["spot"] and exchange.has["fetchOrderTrades"]):
            trades = await self.trades(exchange.fetch_order_trades, order, symbol, since=None)
        else:
            named = {self.own.trades_of: order}
            trades = await self.trades(exchange.fetch_my_trades, symbol, since=None, **named)
        fills = parsed(lambda: [unified.read_fill(trade, symbol, size) for trade in trades])
        return [fill for fill in fills if order is None or fill.order == order]

    async def balances(self) -> dict[str, Any]:
        account = await self.ask(self.exchange.fetch_balance, dict(self.own.balances))
        return parsed(lambda: unified.read_balances(account))

    async def quote(self, symbol: str) -> Quote:
        book = await self.ask(self.exchange.fetch_order_book, symbol, 5)
        return parsed(lambda: unified.read_quote(book, self.size(symbol)))

    async def rules(self, symbol: str) -> dict[str, Any]:
        await self.ask(self.exchange.load_markets, True)
        return parsed(lambda: unified.read_rules(self.exchange.market(symbol)))


def taken(venue_id: str, client_id: str, terms: Terms) -> OrderState:
    """An order of which the venue has said no more than that it has it."""
    return OrderState(
        venue_id=venue_id,
        client_id=client_id,
        symbol=terms.symbol,
        side=terms.side,
        type=terms.type,
        status="open",
        quantity=terms.quantity or Decimal(0),
        filled=Decimal(0),
        quote_filled=Decimal(0),
        price=terms.price,
    )


def most_rows(data: Any, depth: int = 2) -> int:
    """The length of the longest list, or object of objects, in an answer.

    >>> most_rows({"error": [], "result": {"trades": {"T1": {}, "T2": {}}, "count": 2}})
    2
    """
    if isinstance(data, list):
        return len(data)
    if not isinstance(data, dict):
        return 0
    own = len(data) if data and all(isinstance(value, dict) for value in data.values()) else 0
    return max([own, *(most_rows(value, depth - 1) for value in data.values())]) if depth else own


def chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and everything below it: causes, contexts, wrapped reasons; each once."""
    waiting: list[Any] = [error]
    seen: list[BaseException] = []
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or any(found is known for known in seen):
            continue
        seen.append(found)
        yield found
        waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
