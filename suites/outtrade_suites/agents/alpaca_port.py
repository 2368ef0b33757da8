"""Alpaca over alpaca-py's ``TradingClient``, unmodified: what an agent for US equities needs of it.

The client answers with raw objects (``raw_data``), so that no float comes near a quantity on the way back. It has three
habits that an agent cannot leave to it: it waits for ever (a transport adapter of ours gives each answer ten seconds);
it sends a POST again by itself after 429 and 504 (that is decided elsewhere, so it gets no retries); and its exceptions
say little of what happened (the last whole answer is kept by a hook of ``requests``, and read by the venue's
declared traits). Trades and quotes, for which the client has no method, are asked for by its own ``get``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from outtrade.dialects import alpaca
from outtrade.dialects.answers import Reader
from outtrade.dialects.binance_spot import parsed
from outtrade.dialects.words import Doubtful, Fill, NotSent, OrderState, Quote, Terms
from outtrade_suites.agents import alpaca_orders
from outtrade_suites.agents.ccxt_port import NOT_CONNECTED, Heard, chain
from outtrade_suites.agents.port import Access, ContractDoor, Link, SwitchDoor

TIMEOUT = 10.0
"""Seconds without a byte after which an answer is given up."""
PAGE, TRADES = 500, 100
"""Orders and trades of one page: the most that the venue gives."""
DATA = "https://data.alpaca.markets"
"""Where quotes are asked for."""


@dataclass(frozen=True, slots=True)
class Hours:
    """What the venue's clock says. Times are UNIX seconds."""

    is_open: bool
    opens: float
    """When the next regular session opens."""
    closes: float
    """When this regular session closes, or the next one."""


class AlpacaPort:
    """Equities at Alpaca. Its methods block, and never suspend."""

    link: Link | None = None
    contracts: ContractDoor | None = None
    switch: SwitchDoor | None = None
    offers = frozenset({"amend", "pair"})

    def __init__(self, venue: Access) -> None:
        from alpaca.trading.client import TradingClient  # a heavy import: it brings pandas
        from requests.adapters import HTTPAdapter

        class Patient(HTTPAdapter):
            """Waits for an answer, but not for ever."""

            def send(self, *args: Any, **kwargs: Any) -> Any:
                return super().send(*args, **kwargs | {"timeout": TIMEOUT})

        self.venue = venue
        self.client: Any = TradingClient(venue.key, venue.secret, raw_data=True, url_override=venue.rest_url)
        self.client._retry = 0
        session = self.client._session
        session.mount("https://", Patient())
        session.hooks["response"].append(self.hear)
        self.reader = Reader.of(venue.name)
        self.heard: Heard | None = None

    async def start(self) -> None:
        """Ask for the clock, so that a wrong key is not mistaken for a refused order."""
        await self.hours()

    async def close(self) -> None:
        self.client._session.close()

    async def wait(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)

    def events(self) -> Sequence[OrderState]:
        return ()

    # -------------------------------------------------------- requests
    def hear(self, response: Any, *_: Any, **__: Any) -> None:
        """requests' own hook for an answer whose head has come; reading its text waits for the rest."""
        self.heard = Heard(response.status_code, dict(response.headers), response.text)

    def ask(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """One call into the client; the JSON of its answer, or NotSent, Refused, Doubtful."""
        self.heard = None
        try:
            method(*args, **kwargs)
        except Exception as error:
            self.understood()
            if any(type(cause).__name__ in NOT_CONNECTED for cause in chain(error)):
                raise NotSent(repr(error)) from None
            raise Doubtful(repr(error)) from None
        return self.understood()

    def understood(self) -> Any:
        """The last answer's JSON; raises Refused or Doubtful, None where none came."""
        heard = self.heard
        if heard is None:
            return None
        self.reader.check(heard.status, heard.headers, heard.body, now=time.time())
        return json.loads(heard.body, parse_float=Decimal) if heard.body.strip() else None

    def rows(self, method: Callable[..., Any], *args: Any) -> list[Any]:
        """A list answer; anything else is no answer."""
        found = self.ask(method, *args)
        if not isinstance(found, list):
            raise Doubtful("the answer is no list")
        return found

    def symbol_of(self, row: Mapping[str, Any]) -> str:
        """The unified symbol of an object. Raises KeyError where none is known."""
        name = row["symbol"]
        return next((symbol for symbol, own in self.venue.symbols.items() if own == name), f"{name}/USD")

    # -------------------------------------------------------- the session
    async def hours(self) -> Hours:
        """Whether the market is open, and when that changes."""
        said = self.ask(self.client.get_clock)
        return parsed(
            lambda: Hours(
                is_open=bool(said["is_open"]),
                opens=datetime.fromisoformat(said["next_open"]).timestamp(),
                closes=datetime.fromisoformat(said["next_close"]).timestamp(),
            )
        )

    # -------------------------------------------------------- the port
    async def place(self, client_id: str, terms: Terms) -> OrderState:
        name = self.venue.symbols[terms.symbol]
        return self.state(self.ask(self.client.submit_order, alpaca_orders.request(name, client_id, terms)))

    async def place_pair(self, legs: Sequence[tuple[str, Terms]]) -> list[OrderState]:
        """One request of class ``oco``; legs come as (stop, limit order), and their numbers follow each other."""
        (_, stop), limit = legs
        request = alpaca_orders.pair(self.venue.symbols[stop.symbol], stop, limit)
        return self.states(self.ask(self.client.submit_order, request))

    async def pair(self, symbol: str, client_id: str) -> list[OrderState]:
        """The limit order of a pair by its client id, and the stop that is its leg; raises Refused("not_found")."""
        from alpaca.trading.requests import GetOrderByIdRequest

        parent = self.state(self.ask(self.client.get_order_by_client_id, client_id))
        nested = GetOrderByIdRequest(nested=True)
        return self.states(self.ask(self.client.get_order_by_id, parent.venue_id, nested))

    async def cancel(self, symbol: str, venue_id: str, cancel_id: str | None) -> OrderState | None:
        """The venue only says that it has heard (204)."""
        self.ask(self.client.cancel_order_by_id, venue_id)
        return None

    async def amend(self, symbol: str, venue_id: str, quantity: Decimal, new_id: str) -> None:
        """PATCH: another order, with an id of its own, takes the place of this one."""
        from alpaca.trading.requests import ReplaceOrderRequest

        request = ReplaceOrderRequest(qty=int(quantity), client_order_id=new_id)
        self.ask(self.client.replace_order_by_id, venue_id, request)

    async def order(self, symbol: str, *, venue_id: str | None = None, client_id: str | None = None) -> OrderState:
        if venue_id is not None:
            return self.state(self.ask(self.client.get_order_by_id, venue_id))
        return self.state(self.ask(self.client.get_order_by_client_id, client_id))

    async def open_orders(self, symbol: str) -> list[OrderState]:
        return self.listed(symbol, "open", 0.0)

    async def all_orders(self, symbol: str, since: float) -> list[OrderState]:
        return self.listed(symbol, "all", since)

    def listed(self, symbol: str, status: str, since: float) -> list[OrderState]:
        """Orders in ``symbol``, oldest first, page by page: the next begins where the last one ended."""
        from alpaca.trading.requests import GetOrdersRequest

        after, known = datetime.fromtimestamp(max(since - 1, 0), UTC), dict[str, OrderState]()
        while True:
            asked = GetOrdersRequest(
                status=status, symbols=[self.venue.symbols[symbol]], after=after, limit=PAGE, direction="asc",
                nested=True,
            )  # fmt: skip
            page = self.rows(self.client.get_orders, asked)
            known |= {state.venue_id: state for row in page for state in self.states(row)}
            if len(page) < PAGE:
                return list(known.values())
            after = datetime.fromisoformat(page[-1]["submitted_at"])

    def state(self, row: Any) -> OrderState:
        """An order's object in our words; raises Doubtful where it is none."""
        return parsed(lambda: alpaca.read_order(row, self.symbol_of(row)))

    def states(self, row: Any) -> list[OrderState]:
        """The same of an order and of its legs, which are called as we call them (``alpaca_orders``)."""
        return parsed(
            lambda: [
                replace(alpaca.read_order(one, self.symbol_of(one)), placed_as=name)
                for one, name in alpaca_orders.with_legs(row)
            ]
        )

    async def fills(self, symbol: str, *, since: float | None = None, order: str | None = None) -> list[Fill]:
        """By the account's activities, page by page: the next begins behind the last trade of this one."""
        params: dict[str, Any] = {"direction": "asc", "page_size": TRADES}
        if since is not None:
            params["after"] = datetime.fromtimestamp(since, UTC).isoformat()
        found: list[Any] = []
        while True:
            page = self.rows(self.client.get, "/account/activities/FILL", params)
            found += page
            if len(page) < TRADES:
                break
            params["page_token"] = page[-1]["id"]
        own = self.venue.symbols[symbol]
        rows = [row for row in found if row.get("symbol") == own and order in (None, row.get("order_id"))]
        return parsed(lambda: [alpaca.read_fill(row, symbol) for row in rows])

    async def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        account = self.ask(self.client.get_account)
        positions = self.rows(self.client.get_all_positions)
        return parsed(lambda: alpaca.read_balances(account, positions))

    async def quote(self, symbol: str) -> Quote:
        name = self.venue.symbols[symbol]
        said = self.ask(self.client.get, "/stocks/quotes/latest", {"symbols": name}, base_url=DATA)
        return parsed(lambda: alpaca.read_quote(said["quotes"][name]))

    async def rules(self, symbol: str) -> dict[str, Any]:
        """The grids of equities are the law's, and do not change (Regulation NMS)."""
        return {}
