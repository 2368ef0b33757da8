"""A Binance USD-M venue in a box: requests in, parsed answers out, no socket and no clock."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from binance_box import BTC_MARKET, EPOCH, ETH_MARKET, KEY, QUIET, SECOND, SECRET, Answer, Box, parsed

from outtrade_mocks.venues.api import Close, Session, ask
from outtrade_mocks.venues.binance_auth import sign
from outtrade_mocks.venues.binance_usdm import BinanceUsdm

__all__ = ["BTC", "EPOCH", "ETH", "KEY", "MARKETS", "QUIET", "SECOND", "SECRET", "Answer", "Kit", "parsed"]
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
MARKETS = {BTC: BTC_MARKET, ETH: ETH_MARKET}


class Kit(Box):
    """The venue and a client of it that signs properly."""

    name, host = "binance_usdm", "fapi.binance.com"
    usual = {  # noqa: RUF012
        "symbols": (BTC, ETH),
        "balances": {"USDT": Decimal(100_000)},
        "markets": MARKETS,
        "fees": (Decimal("0.0002"), Decimal("0.0005")),
    }
    venue: BinanceUsdm

    # ------------------------------------------------------------------ REST
    def place(self, side: str = "BUY", **params: Any) -> Answer:
        return self.ask("POST", "/fapi/v1/order", **({"symbol": "BTCUSDT", "side": side} | params))

    def limit(self, price: str, quantity: str, side: str = "BUY", **params: Any) -> Answer:
        fields = {"type": "LIMIT", "timeInForce": "GTC", "price": price, "quantity": quantity}
        return self.place(side, **(fields | params))

    def market(self, side: str = "BUY", quantity: str = "0.1", **params: Any) -> Answer:
        return self.place(side, **({"type": "MARKET", "quantity": quantity, "newOrderRespType": "RESULT"} | params))

    def algo(self, kind: str, side: str = "SELL", **params: Any) -> Answer:
        fields = {"symbol": "BTCUSDT", "side": side, "type": kind, "algoType": "CONDITIONAL"}
        return self.ask("POST", "/fapi/v1/algoOrder", **(fields | params))

    def get(self, path: str, **params: Any) -> Answer:
        return self.ask("GET", path, **params)

    def limits_orders(self) -> str:
        """Orders counted in these ten seconds."""
        return self.venue.desk.limits.order_headers(self.now)["X-MBX-ORDER-COUNT-10S"]

    def move(self, price: str, symbol: str = BTC) -> None:
        """The market's mid goes there: orders that wait for it are triggered."""
        exchange = self.venue.desk.exchange
        rules = exchange.instrument(symbol)
        exchange.publish(symbol, mark=rules.ticks(Decimal(price)))

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += int(seconds * SECOND)
        self.venue.advance(self.now)

    # --------------------------------------------------------------- streams
    def session(self, path: str, host: str = "fstream.binance.com") -> Session:
        return self.venue.open_session(host, path, self.now)

    def say(self, session: Session, frame: Any) -> Any:
        """Send a frame; the answer's JSON."""
        text = frame if isinstance(frame, str) else json.dumps(frame)
        return json.loads(ask(session, session.read(text), self.now).body)

    def signed(self, params: dict[str, Any]) -> dict[str, Any]:
        """Parameters of a frame, with key and signature."""
        stamped = params | {"apiKey": KEY, "timestamp": self.now // 1_000_000}
        payload = "&".join(f"{name}={stamped[name]}" for name in sorted(stamped))
        return stamped | {"signature": sign(SECRET, payload)}

    def heard(self, session: Session, seconds: float) -> list[Any]:
        """What a session says by itself in that time."""
        end, said = self.now + int(seconds * SECOND), []
        while (at := session.next_time()) is not None and at <= end:
            self.now = at
            self.venue.advance(at)
            said += list(session.due(at))
        self.now = end
        return [one if isinstance(one, Close) else json.loads(one) for one in said]
