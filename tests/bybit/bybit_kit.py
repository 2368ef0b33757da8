"""A Bybit venue in a box: requests in, parsed answers out, no socket and no clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from outtrade_mocks.core import Fill, NewOrder, OrderChange
from outtrade_mocks.venues import load
from outtrade_mocks.venues.api import Call, HttpAnswer, HttpRequest, Push
from outtrade_mocks.venues.bybit import Bybit
from outtrade_mocks.venues.bybit.auth import sign
from outtrade_mocks.venues.config import Credentials, VenueConfig

EPOCH = 1_767_225_600_000_000_000
SECOND = 1_000_000_000
MS = 1_000_000
KEY, SECRET = "TESTKEY00000000000", "TESTSEC0" * 4
SPOT, LINEAR, INVERSE = "BTC/USDT", "BTC/USDT:USDT", "BTC/USD:BTC"
SYMBOLS = (SPOT, LINEAR, INVERSE, "ETH/USDT", "ETH/USDT:USDT")
QUIET = {"spread_bps": 4.0, "levels": 10, "maker_rate": 0.0, "taker_rate": 0.0, "volatility_bps": 0.0}


def market(mid: str, depth: str, taker_size: str, **more: Any) -> dict[str, Any]:
    return QUIET | {"mid": Decimal(mid), "depth": Decimal(depth), "taker_size": Decimal(taker_size)} | more


MARKETS = {
    SPOT: market("50000", "0.5", "0.01"),
    LINEAR: market("50000", "0.5", "0.01"),
    INVERSE: market("50000", "20000", "100"),
    "ETH/USDT": market("2500", "5", "0.1"),
    "ETH/USDT:USDT": market("2500", "5", "0.1"),
}


@dataclass(slots=True)
class Answer:
    status: int
    data: Any
    headers: dict[str, str]
    call: Call

    @property
    def code(self) -> int:
        return int(self.data["retCode"])

    @property
    def result(self) -> Any:
        return self.data["result"]

    @property
    def rows(self) -> Any:
        return self.data["result"]["list"]


class Kit:
    """One venue at ``now``, with signed requests."""

    def __init__(self, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "symbols": SYMBOLS,
            "balances": {"USDT": Decimal(100_000), "BTC": Decimal(2)},
            "markets": MARKETS,
            "epoch_ns": EPOCH,
            "seed": 1,
            "credentials": Credentials(key=KEY, secret=SECRET),
        }
        self.venue: Bybit = load("bybit").build(VenueConfig(**(fields | changes)))
        self.now = EPOCH + SECOND
        self.pushes: list[Push] = []
        self.truths: list[OrderChange | Fill] = []
        self.venue.on_push(self.pushes.append)
        self.venue.on_truth(self.truths.append)

    # ------------------------------------------------------------------ HTTP
    def request(
        self, method: str, path: str, params: dict[str, Any], *, signed: bool = True, **headers: str
    ) -> HttpRequest:
        query = urlencode(params) if method == "GET" else ""
        body = json.dumps(params).encode() if method == "POST" else b""
        made = {"host": "api.bybit.com"}
        if signed:
            stamp = str(self.now // MS)
            made |= {"x-bapi-api-key": KEY, "x-bapi-timestamp": stamp, "x-bapi-recv-window": "5000"}
            made["x-bapi-sign"] = sign(SECRET, f"{stamp}{KEY}5000{query or body.decode()}")
        return HttpRequest(method, path + (f"?{query}" if query else ""), "api.bybit.com", made | headers, body)

    def raw(self, request: HttpRequest, as_of: int | None = None) -> Answer:
        call = self.venue.read(request)
        answer: HttpAnswer | None = self.venue.admit(call, self.now)
        if answer is None:
            answer = self.venue.render(self.venue.execute(call, self.now, as_of=as_of), self.now)
        try:
            data = json.loads(answer.body)
        except ValueError:
            data = answer.body.decode()
        return Answer(answer.status, data, answer.headers, call)

    def get(self, path: str, as_of: int | None = None, **params: Any) -> Answer:
        return self.raw(self.request("GET", path, params), as_of)

    def post(self, path: str, **params: Any) -> Answer:
        return self.raw(self.request("POST", path, params))

    # ---------------------------------------------------------------- orders
    def place(self, category: str = "linear", side: str = "Buy", **params: Any) -> Answer:
        """A limit order with ``price``, else a market order."""
        fields: dict[str, Any] = {"category": category, "symbol": "BTCUSDT", "side": side, "qty": "0.01"}
        fields["orderType"] = "Limit" if "price" in params else "Market"
        return self.post("/v5/order/create", **(fields | params))

    def placed(self, category: str = "linear", side: str = "Buy", **params: Any) -> str:
        answer = self.place(category, side, **params)
        assert answer.code == 0, answer.data
        return str(answer.result["orderId"])

    def order(self, order_id: str, category: str = "linear") -> dict[str, Any]:
        [row] = self.get("/v5/order/realtime", category=category, symbol="BTCUSDT", orderId=order_id).rows
        return dict(row)

    def open(self, category: str = "linear") -> list[dict[str, Any]]:
        return list(self.get("/v5/order/realtime", category=category, symbol="BTCUSDT").rows)

    def position(self, category: str = "linear") -> dict[str, Any]:
        return dict(self.get("/v5/position/list", category=category, symbol="BTCUSDT").rows[0])

    def wallet(self, coin: str) -> dict[str, Any]:
        [account] = self.get("/v5/account/wallet-balance", accountType="UNIFIED").rows
        return next((dict(row) for row in account["coin"] if row["coin"] == coin), {})

    def events(self, topic: str) -> list[Any]:
        """Data of pushed events of a topic."""
        return [row for push in self.pushes if push.channel == topic for row in json.loads(push.render())["data"]]

    def to(self, price: str, symbol: str = LINEAR) -> None:
        """Somebody trades at ``price``: everything up to there, then one trade at it; a book stands around it."""
        exchange = self.venue.desk.exchange
        rules = exchange.instrument(symbol)
        other = exchange.accounts.get("other") or exchange.open_account("other", {"USDT": 10**17, "BTC": 10**15})
        ticks, now = rules.ticks(Decimal(price)), exchange.last_price(symbol) or exchange.reference_price(symbol) or 0
        rising = ticks > now

        def trade(side: str, at: int, quantity: str, tif: str = "GTC") -> None:
            lots = rules.lots(Decimal(quantity) * (1000 if rules.inverse else 1))
            exchange.place(other, NewOrder(symbol=symbol, side=side, price=at, lots=lots, tif=tif))  # type: ignore[arg-type]

        trade("buy" if rising else "sell", ticks, "50", "IOC")
        trade("buy", ticks - 10, "5")
        trade("sell", ticks + 10, "5")
        trade("sell" if rising else "buy", ticks, "0.01")
        trade("buy" if rising else "sell", ticks, "0.01")
        self.venue.advance(self.now)
        self.venue.firm.guards.run()
