"""Reference agent on the unmodified, synchronous ``ccxt.binance``: no stream, polling only.

    outtrade run py:outtrade_suites.agents.ccxt_agent:execute

ccxt turns every failure into an exception, but which one says little about whether the order exists: a reset is a
``NetworkError``, a body cut in half an ``ExchangeError``, -1006 an ``OperationFailed``, 200 with nonsense a
``TypeError``. So the exception's class is not asked. What stands below it is: the HTTP answer, if there was a whole
one, else the reason why the connection failed. Numbers are taken from the venue's own strings (``info``), because
ccxt's are floats.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from outtrade.dialects.binance_spot import (
    PAGE,
    pair_params,
    parsed,
    read_answer,
    read_balances,
    read_cancelled,
    read_fill,
    read_order,
    read_pair,
    read_quote,
)
from outtrade.model.task import Report
from outtrade_suites.agents.brain import Brain
from outtrade_suites.agents.port import (
    Access,
    Doubtful,
    Fill,
    Link,
    NotSent,
    OrderState,
    Quote,
    RunTask,
    Terms,
    drive,
    plain,
)

T = TypeVar("T")

NOT_CONNECTED = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
"""urllib3's words for "there never was a connection"."""


VENUES = ("binance_spot",)
"""Where these agents can trade: they speak its wire."""


class CcxtPort:
    """Binance spot over ``ccxt.binance``. Its methods block, and never suspend."""

    link: Link | None = None
    offers = frozenset({"pair"})

    def __init__(self, venue: Access) -> None:
        self.venue = venue
        self.exchange = venue.ccxt()
        self.exchange.timeout = self.timeout()

    def timeout(self) -> int | None:
        """Milliseconds without a byte after which ccxt gives an answer up."""
        return 10_000

    async def start(self) -> None:
        """Load the markets now, so that a failure of that is not mistaken for one of an order."""
        self.ask(self.exchange.load_markets)

    async def close(self) -> None:
        self.exchange.session.close()

    async def wait(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)

    def events(self) -> Sequence[OrderState]:
        return ()

    # -------------------------------------------------------- requests
    def ask(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """One call into ccxt; its result, or NotSent, Refused, Doubtful."""
        try:
            return method(*args, **kwargs)
        except Exception as error:
            causes = list(chain(error))
            for cause in causes:
                answer = getattr(cause, "response", None)
                if answer is not None:
                    read_answer(answer.status_code, answer.headers, answer.text, now=time.time())
            if any(type(cause).__name__ in NOT_CONNECTED for cause in causes):
                raise NotSent(repr(error)) from None
            raise Doubtful(repr(error)) from None

    def rows(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> list[dict[str, Any]]:
        """A list answer as the venue worded it. ccxt reads an empty body as an empty list; that is no answer."""
        found = self.ask(method, *args, **kwargs)
        if not isinstance(self.exchange.parse_json(self.exchange.last_http_response), list):
            raise Doubtful("the answer is no list")
        return [row["info"] for row in found]

    # -------------------------------------------------------- the port
    async def place(self, client_id: str, terms: Terms) -> OrderState:
        params: dict[str, Any] = {"newClientOrderId": client_id}
        if terms.post_only:
            params["postOnly"] = True
        elif terms.time_in_force is not None:
            params["timeInForce"] = terms.time_in_force
        if terms.stop_price is not None:
            name = "stopLossPrice" if terms.type.startswith("stop") else "takeProfitPrice"
            params[name] = plain(terms.stop_price)
        if terms.quote_quantity is not None:
            params["quoteOrderQty"] = plain(terms.quote_quantity)
        amount = None if terms.quantity is None else plain(terms.quantity)
        price = None if terms.price is None else plain(terms.price)
        kind = "market" if price is None else "limit"
        order = self.ask(self.exchange.create_order, terms.symbol, kind, terms.side, amount, price, params)
        return parsed(lambda: read_order(order["info"], terms.symbol))

    async def place_pair(self, legs: Sequence[tuple[str, Terms]]) -> list[OrderState]:
        symbol = legs[0][1].symbol
        params = pair_params(self.venue.symbols[symbol], legs)
        data = self.ask(self.exchange.private_post_orderlist_oco, params)
        return parsed(lambda: read_pair(data, symbol))

    async def cancel(self, symbol: str, venue_id: str, cancel_id: str | None) -> OrderState:
        params = {} if cancel_id is None else {"newClientOrderId": cancel_id}
        order = self.ask(self.exchange.cancel_order, venue_id, symbol, params)
        return parsed(lambda: read_cancelled(order["info"], symbol, venue_id))

    async def order(self, symbol: str, *, venue_id: str | None = None, client_id: str | None = None) -> OrderState:
        params = {} if venue_id is not None else {"origClientOrderId": client_id}
        order = self.ask(self.exchange.fetch_order, venue_id, symbol, params)
        return parsed(lambda: read_order(order["info"], symbol))

    async def open_orders(self, symbol: str) -> list[OrderState]:
        rows = self.rows(self.exchange.fetch_open_orders, symbol)
        return parsed(lambda: [read_order(row, symbol) for row in rows])

    async def all_orders(self, symbol: str, since: float) -> list[OrderState]:
        rows = page = self.rows(self.exchange.fetch_orders, symbol, int(since * 1000), PAGE)
        while len(page) == PAGE:
            after = {"orderId": int(page[-1]["orderId"]) + 1}
            page = self.rows(self.exchange.fetch_orders, symbol, None, PAGE, after)
            rows = rows + page
        return parsed(lambda: [read_order(row, symbol) for row in rows])

    async def fills(self, symbol: str, *, since: float | None = None, order: str | None = None) -> list[Fill]:
        which = {} if order is None else {"orderId": order}
        start = None if since is None else int(since * 1000)
        rows = page = self.rows(self.exchange.fetch_my_trades, symbol, start, PAGE, which)
        while len(page) == PAGE:
            after = which | {"fromId": int(page[-1]["id"]) + 1}
            page = self.rows(self.exchange.fetch_my_trades, symbol, None, PAGE, after)
            rows = rows + page
        return parsed(lambda: [read_fill(row, symbol) for row in rows])

    async def balances(self) -> dict[str, Any]:
        account = self.ask(self.exchange.fetch_balance)
        return parsed(lambda: read_balances(account["info"]))

    async def quote(self, symbol: str) -> Quote:
        self.ask(self.exchange.fetch_order_book, symbol, 5)
        return parsed(lambda: read_quote(self.exchange.parse_json(self.exchange.last_http_response)))


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


class CcxtAgent(Brain):
    """The decisions, over ccxt. Without a stream it looks more often."""

    poll_cap = 15.0
    port_class = CcxtPort

    def __init__(self, task: RunTask, venue: Access) -> None:
        super().__init__(task, venue, self.port_class(venue))


def execute(task: RunTask, venue: Access) -> Report:
    """The agent: see the contract."""
    return drive(CcxtAgent(task, venue).run())
