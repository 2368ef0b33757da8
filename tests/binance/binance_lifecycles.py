"""One life of each order type, as the mock tells it: the cassette ``cassettes/binance_spot/lifecycles.yaml``.

    PYTHONPATH=harness:mocks:suites:tests/venues:tests/binance python tests/binance/binance_lifecycles.py

Key, time and signature are left out of the requests; a test plays them all to a fresh venue and compares.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from binance_box import Life, interactions, over, rests
from binance_kit import SECOND, Kit

from outtrade_mocks import cassettes
from outtrade_mocks.cassettes.model import Cassette
from outtrade_mocks.cassettes.writing import render
from outtrade_mocks.core import NewOrder
from outtrade_mocks.core.orders import Side

PATH = Path(__file__).resolve().parents[2] / "cassettes" / "binance_spot" / "lifecycles.yaml"
_OTHER: dict[Side, Side] = {"buy": "sell", "sell": "buy"}
SOURCE = "outtrade's own mock, tests/binance/binance_lifecycles.py"
BUY: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.01"}
SELL = BUY | {"side": "SELL"}
LIMIT = {"type": "LIMIT", "timeInForce": "GTC"}
PAIR = {"aboveType": "LIMIT_MAKER", "abovePrice": "51000", "belowType": "STOP_LOSS", "belowStopPrice": "49000"}
WORKING = {"symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "49000"}
WORKING |= {"workingQuantity": "0.01", "workingTimeInForce": "GTC", "pendingSide": "SELL", "pendingQuantity": "0.00999"}


class SpotLife(Life):
    """A life at Binance spot."""

    api, type, response, trades_at = "/api/v3", "application/json;charset=UTF-8", "FULL", "myTrades"
    box = Kit

    def end(self, order: int) -> None:
        self.ask("DELETE", "order", symbol="BTCUSDT", orderId=order, newClientOrderId=f"{self.name}-2")

    def trade_at(self, price: str, first: Side) -> None:
        """Two others trade at a price, so that stops are triggered (not part of the record): the first, who sells or
        buys, goes through what stands in the way and leaves the rest there, and the second takes some of it. A third
        stands behind."""
        self.kit.now += SECOND
        exchange, entry = self.kit.venue.desk.exchange, self.kit.venue.desk.listings["BTC/USDT"]
        exchange.advance(self.kit.now)
        ticks = int(Decimal(price) * 100_000_000) // entry.tick
        rich = {"BTC": exchange.atoms("BTC", Decimal(100)), "USDT": exchange.atoms("USDT", Decimal(10**7))}
        behind = ticks + (1000 if first == "buy" else -1000)
        other = _OTHER[first]
        steps = ("first", first, ticks, 2_000_000), ("third", other, behind, 100_000), ("second", other, ticks, 1_000)
        for name, side, price_ticks, lots in steps:
            account = exchange.open_account(name, rich)
            exchange.place(
                account, NewOrder(symbol="BTC/USDT", side=side, price=price_ticks, lots=lots, client_id=name)
            )


def _waits(price: str, first: Side, /, **order: Any) -> Callable[[SpotLife], None]:
    def live(life: SpotLife) -> None:
        number = life.order(**order)
        life.query(number)
        life.trade_at(price, first)
        life.query(number)
        life.trades(number)

    return live


def _amended(life: SpotLife) -> None:
    number = life.order(**BUY, **LIMIT, price="40000")
    life.ask(
        "PUT", "order/amend/keepPriority", symbol="BTCUSDT", orderId=number, newQty="0.005", newClientOrderId="less"
    )
    life.ask("GET", "order/amendments", symbol="BTCUSDT", orderId=number)
    life.end(number)


def _swapped(life: SpotLife) -> None:
    number = life.order(**BUY, **LIMIT, price="40000")
    swap = BUY | LIMIT | {"price": "41000", "cancelOrderId": number, "cancelReplaceMode": "STOP_ON_FAILURE"}
    swap |= {"newClientOrderId": "second", "cancelNewClientOrderId": "first-over"}
    life.ask("POST", "order/cancelReplace", **swap)
    life.ask("POST", "order/cancelReplace", **swap | {"newClientOrderId": "third"})


def _listed(kind: str, **params: Any) -> Callable[[SpotLife], None]:
    def live(life: SpotLife) -> None:
        made = life.ask("POST", f"orderList/{kind}", listClientOrderId=f"{kind}-1", **params)
        life.ask("GET", "orderList", orderListId=made["orderListId"])
        life.kit.venue.fill(str(made["orders"][-1 if kind == "oco" else 0]["orderId"]), Decimal(1))
        life.ask("GET", "orderList", orderListId=made["orderListId"])
        for order in made["orders"]:
            life.query(order["orderId"])

    return live


OCO = SELL | PAIR | {"aboveClientOrderId": "above", "belowClientOrderId": "below"}
OTO = WORKING | {"workingClientOrderId": "working", "pendingClientOrderId": "pending"}
OTO |= {"pendingType": "LIMIT", "pendingPrice": "60000", "pendingTimeInForce": "GTC"}
OTOCO = WORKING | {"workingClientOrderId": "working", "pendingAboveClientOrderId": "above"}
OTOCO |= {"pendingBelowClientOrderId": "below", "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "60000"}
OTOCO |= {"pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "45000"}
LIVES: dict[str, Callable[[SpotLife], None]] = {
    "limit": rests(**BUY, **LIMIT, price="50005"),
    "limit-maker": rests(**BUY, type="LIMIT_MAKER", price="50005"),
    "iceberg": rests(**BUY, **LIMIT, price="50005", icebergQty="0.002"),
    "limit-ioc": over(**BUY | {"quantity": "0.9"}, type="LIMIT", timeInForce="IOC", price="50020"),
    "limit-fok": over(**BUY | {"quantity": "0.9"}, type="LIMIT", timeInForce="FOK", price="50020"),
    "market": over(**BUY, type="MARKET"),
    "market-quote": over(symbol="BTCUSDT", side="BUY", type="MARKET", quoteOrderQty="500"),
    "stop-loss": _waits("49500", "sell", **SELL, type="STOP_LOSS", stopPrice="49600"),
    "stop-loss-limit": _waits(
        "49500", "sell", **SELL, type="STOP_LOSS_LIMIT", stopPrice="49600", price="49000", timeInForce="GTC"
    ),
    "take-profit": _waits("50500", "buy", **SELL, type="TAKE_PROFIT", stopPrice="50400"),
    "take-profit-limit": _waits(
        "50500", "buy", **SELL, type="TAKE_PROFIT_LIMIT", stopPrice="50400", price="50000", timeInForce="GTC"
    ),
    "trailing-stop": _waits("49000", "sell", **SELL, type="STOP_LOSS", trailingDelta="100"),
    "amend": _amended,
    "cancel-replace": _swapped,
    "oco": _listed("oco", **OCO),
    "oto": _listed("oto", **OTO),
    "otoco": _listed("otoco", **OTOCO),
}


def cassette() -> Cassette:
    """What the file holds."""
    return Cassette("lifecycles", "from-mock", SOURCE, tuple(interactions(LIVES, SpotLife)))


if __name__ == "__main__":
    PATH.write_text(render(cassette()))
    print(f"{PATH}: {len(cassettes.read(PATH))} interactions", file=sys.stderr)
