"""One life of each order type, as the mock tells it: the cassette ``cassettes/binance_usdm/orders.yaml``.

    PYTHONPATH=harness:mocks:suites:tests/venues:tests/binance_usdm python tests/binance_usdm/usdm_lives.py  # writes it

Key, time and signature are left out of the requests; a test plays them all to a fresh venue and compares.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from binance_box import Life, interactions, over, rests
from usdm_kit import SECOND, Kit

from outtrade_mocks import cassettes
from outtrade_mocks.cassettes.model import Cassette
from outtrade_mocks.cassettes.writing import render

PATH = Path(__file__).resolve().parents[2] / "cassettes" / "binance_usdm" / "orders.yaml"
SOURCE = "outtrade's own mock of Binance USD-M futures, tests/binance_usdm/usdm_lives.py"
BUY: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.010"}
SELL = BUY | {"side": "SELL"}
LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "price": "50005"}
MARK = {"algoType": "CONDITIONAL", "workingType": "MARK_PRICE"}


class UsdmLife(Life):
    """A life at Binance USD-M futures."""

    api, type, response, trades_at = "/fapi/v1", "application/json", "RESULT", "userTrades"
    box = Kit
    kit: Kit


def _waits(*prices: str, **order: Any) -> Callable[[UsdmLife], None]:
    def live(life: UsdmLife) -> None:
        life.kit.market(quantity="0.1")
        made = life.ask("POST", "algoOrder", clientAlgoId=f"{life.name}-1", **MARK, **order)
        life.ask("GET", "algoOrder", algoId=made["algoId"])
        for price in prices:
            life.kit.now += SECOND
            life.kit.move(price)
        became = life.ask("GET", "algoOrder", algoId=made["algoId"])["actualOrderId"]
        life.query(int(became))
        life.trades(int(became))

    return live


def _cancelled(life: UsdmLife) -> None:
    stop = {"type": "STOP_MARKET", "triggerPrice": "49000", "clientAlgoId": "waits-1"}
    made = life.ask("POST", "algoOrder", **MARK, **SELL, **stop)
    life.ask("DELETE", "algoOrder", algoId=made["algoId"])
    life.ask("GET", "algoOrder", algoId=made["algoId"])


def _amended(life: UsdmLife) -> None:
    number = life.order(**BUY, **LIMIT | {"price": "40000"})
    named = {"symbol": "BTCUSDT", "side": "BUY", "orderId": number}
    life.ask("PUT", "order", **named, quantity="0.020", price="41000")
    life.ask("GET", "orderAmendment", symbol="BTCUSDT", orderId=number)
    life.ask("DELETE", "order", symbol="BTCUSDT", orderId=number)


def _together(life: UsdmLife) -> None:
    items = [BUY | LIMIT | {"price": price, "newClientOrderId": f"at-{price}"} for price in ("40000", "40000.05")]
    made = life.ask("POST", "batchOrders", batchOrders=json.dumps(items))
    life.ask("DELETE", "batchOrders", symbol="BTCUSDT", orderIdList=json.dumps([made[0]["orderId"], 1]))


LIVES: dict[str, Callable[[UsdmLife], None]] = {
    "limit": rests(**BUY, **LIMIT),
    "limit-gtx": rests(**BUY, **LIMIT | {"timeInForce": "GTX"}),
    "limit-gtd": rests(**BUY, **LIMIT | {"timeInForce": "GTD", "goodTillDate": "1767229200000"}),
    "limit-price-match": rests(**BUY, type="LIMIT", timeInForce="GTC", priceMatch="QUEUE"),
    "limit-ioc": over(**BUY | {"quantity": "0.900"}, type="LIMIT", timeInForce="IOC", price="50010"),
    "limit-fok": over(**BUY, type="LIMIT", timeInForce="FOK", price="50020"),
    "market": over(**BUY, type="MARKET"),
    "stop": _waits("48900", **SELL, type="STOP", triggerPrice="49000", price="48950", timeInForce="GTC"),
    "stop-market": _waits("48900", **SELL, type="STOP_MARKET", triggerPrice="49000"),
    "stop-market-close": _waits(
        "48900", symbol="BTCUSDT", side="SELL", type="STOP_MARKET", triggerPrice="49000", closePosition="true"
    ),
    "take-profit": _waits("51100", **SELL, type="TAKE_PROFIT", triggerPrice="51000", price="50900", timeInForce="GTC"),
    "take-profit-market": _waits("51100", **SELL, type="TAKE_PROFIT_MARKET", triggerPrice="51000"),
    "trailing-stop": _waits(
        "51000", "52000", "51400", **SELL, type="TRAILING_STOP_MARKET", callbackRate="1.0", activatePrice="50500"
    ),
    "algo-cancelled": _cancelled,
    "amend": _amended,
    "batch": _together,
}


if __name__ == "__main__":
    PATH.write_text(render(Cassette("orders", "from-mock", SOURCE, tuple(interactions(LIVES, UsdmLife)))))
    print(f"{PATH}: {len(cassettes.read(PATH))} interactions", file=sys.stderr)
