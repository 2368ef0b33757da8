"""Orders that wait for a price, relative prices, icebergs, conditional closes."""

from __future__ import annotations

from typing import Any

import pytest
from kraken_kit import Kit

from outtrade_mocks.venues.kraken_spot.prices import parse


def move(kit: Kit, price: int) -> None:
    """Somebody trades at that price: the house's book is swept and trades there."""
    core = kit.venue.desk.exchange
    market = core._market("BTC/USD")
    core._print(market, price * 10)
    core._aftermath(market)
    core._flush()
    kit.venue.desk.follow()


def place(kit: Kit, ordertype: str, side: str = "sell", **prices: str) -> str:
    fields = {"pair": "XBTUSD", "type": side, "ordertype": ordertype, "volume": "0.1"} | prices
    return str(kit.ask("AddOrder", **fields).result["txid"][0])


@pytest.mark.parametrize(
    ("ordertype", "side", "price", "reached", "misc"),
    [
        ("stop-loss", "sell", "49000", 48990, "stopped"),
        ("stop-loss", "buy", "51000", 51010, "stopped"),
        ("take-profit", "sell", "51000", 51010, "touched"),
        ("take-profit", "buy", "49000", 48990, "touched"),
    ],
)
def test_triggers(kit: Kit, ordertype: str, side: str, price: str, reached: int, misc: str) -> None:
    txid = place(kit, ordertype, side, price=price)
    order = kit.order(txid)
    assert (order["status"], order["trigger"], order["stopprice"]) == ("open", "last", f"{price}.00000")
    assert order["descr"]["order"].endswith(f"@ {ordertype.replace('-', ' ')} {price}.0")
    move(kit, reached)
    order = kit.order(txid)
    assert (order["status"], order["misc"]) == ("closed", misc)
    trade = kit.ask("TradesHistory").result["trades"].popitem()[1]
    assert trade["ordertype"] == ("stop market" if misc == "stopped" else "touched market")


def test_a_triggered_limit_order_rests(kit: Kit) -> None:
    txid = place(kit, "stop-loss-limit", price="49000", price2="50200")
    assert kit.order(txid)["descr"]["order"] == "sell 0.10000000 XBTUSD @ stop loss 49000.0 -> limit 50200.0"
    move(kit, 48990)
    order = kit.order(txid)
    assert (order["status"], order["limitprice"], order["misc"]) == ("open", "50200.00000", "stopped")


def test_relative_prices(kit: Kit) -> None:
    assert kit.venue.desk.last(kit.venue.desk.listed("XBTUSD")) == 499_900  # the touch
    shown: dict[tuple[str, str, str], str] = {
        ("limit", "buy", "-100"): "49890.0",
        ("limit", "buy", "#100"): "49890.0",
        ("limit", "sell", "#1%"): "50489.9",
        ("limit", "sell", "+0.5%"): "50240.0",
        ("stop-loss", "sell", "#2%"): "48990.2",
        ("stop-loss", "buy", "+2%"): "50989.8",
        ("take-profit", "sell", "#100.5"): "50090.5",
    }
    for (ordertype, side, price), result in shown.items():
        assert kit.order(place(kit, ordertype, side, price=price))["descr"]["price"] == result, price
    for bad in ("5%", "+", "1e3", "--5", "", "+-5"):
        answer = kit.ask("AddOrder", pair="XBTUSD", type="buy", ordertype="limit", volume="1", price=bad)
        assert answer.error == "EGeneral:Invalid arguments:price", bad
    assert parse("50%") is None


def test_trailing_stops(kit: Kit) -> None:
    amount = place(kit, "trailing-stop", price="+500")
    assert kit.order(amount)["descr"]["order"].endswith("@ trailing stop +500")
    move(kit, 51_000)
    move(kit, 50_510)
    assert kit.order(amount)["status"] == "open"
    move(kit, 50_500)
    assert kit.order(amount)["status"] == "closed"
    percent = place(kit, "trailing-stop", price="+1%")
    move(kit, 51_000)
    move(kit, 50_491)
    assert kit.order(percent)["status"] == "open"
    move(kit, 50_490)
    assert kit.order(percent)["status"] == "closed"
    answer = kit.ask("AddOrder", pair="XBTUSD", type="sell", ordertype="trailing-stop", volume="1", price="500")
    assert answer.error == "EGeneral:Invalid arguments:price"


def test_the_limit_of_a_trailing_stop_follows_its_trigger(kit: Kit) -> None:
    txid = place(kit, "trailing-stop-limit", price="+500", price2="+300")
    move(kit, 53_000)
    move(kit, 52_500)
    order = kit.order(txid)
    assert (order["status"], order["limitprice"], order["stopprice"]) == ("open", "52800.00000", "52500.00000")
    percent = place(kit, "trailing-stop-limit", "buy", price="+1%", price2="-1%")
    move(kit, 50_000)
    move(kit, 50_500)
    assert kit.order(percent)["limitprice"] == "49995.00000"


def test_a_trigger_that_is_reached_already() -> None:
    fields = {"pair": "XBTUSD", "type": "sell", "ordertype": "stop-loss", "volume": "0.1", "price": "51000"}
    kit = Kit()
    assert kit.order(kit.ask("AddOrder", **fields).result["txid"][0])["status"] == "closed"
    assert Kit(knobs={"trigger_reached": "reject"}).ask("AddOrder", **fields).error == "EOrder:Invalid price"


@pytest.mark.parametrize(("knob", "held"), [("placement", "0.1"), ("trigger", "0")])
def test_when_a_stop_takes_its_money(knob: str, held: str) -> None:
    kit = Kit(knobs={"stop_reserves": knob})
    place(kit, "stop-loss", price="49000")
    assert kit.balances()["BTC"][1] == held


def test_icebergs_show_a_part(kit: Kit) -> None:
    txid = place(kit, "iceberg", price="50005", displayvol="0.02")
    assert kit.public("Depth", pair="XBTUSD", count=1).result["XXBTZUSD"]["asks"][0][:2] == ["50005.00000", "0.020"]
    assert kit.order(txid)["vol"] == "0.10000000"
    fields = {"pair": "XBTUSD", "type": "sell", "ordertype": "iceberg", "volume": "0.16", "price": "50005"}
    assert kit.ask("AddOrder", displayvol="0.01", **fields).error == "EGeneral:Invalid arguments:displayvol"
    assert kit.ask("AddOrder", **fields).error == "EGeneral:Invalid arguments:displayvol"


def test_each_fill_of_an_order_is_closed_by_an_order_of_its_own(kit: Kit) -> None:
    close = {"close[ordertype]": "stop-loss-limit", "close[price]": "49000", "close[price2]": "48900"}
    answer = kit.ask("AddOrder", pair="XBTUSD", type="buy", ordertype="limit", volume="0.02", price="50010", **close)
    assert answer.result["descr"]["close"] == "close position @ stop loss 49000.0 -> limit 48900.0"
    parent = answer.result["txid"][0]
    assert kit.order(parent)["status"] == "closed"
    found = kit.ask("OpenOrders").result["open"]
    assert [(one["refid"], one["descr"]["type"], one["descr"]["ordertype"], one["vol"]) for one in found.values()] == [
        (parent, "sell", "stop-loss-limit", "0.02000000")
    ]
    bad: dict[str, Any] = {"close[ordertype]": "market"}
    answer = kit.ask("AddOrder", pair="XBTUSD", type="buy", ordertype="market", volume="0.02", **bad)
    assert answer.error == "EGeneral:Invalid arguments:close[ordertype]"
    bad = {"close[ordertype]": "limit", "close[price]": "x"}
    answer = kit.ask("AddOrder", pair="XBTUSD", type="buy", ordertype="market", volume="0.02", **bad)
    assert answer.error == "EGeneral:Invalid arguments:close[price]"


def test_closes_of_a_partly_filled_order(kit: Kit) -> None:
    from decimal import Decimal

    close = {"close[ordertype]": "limit", "close[price]": "+1000"}
    txid = kit.place("49995", "0.1", **close)
    kit.venue.fill(txid, Decimal("0.25"))
    kit.venue.fill(txid, Decimal("0.5"))
    made = [one for one in kit.ask("OpenOrders").result["open"].values() if one["refid"] == txid]
    assert sorted(one["vol"] for one in made) == ["0.02500000", "0.03750000"]


def test_what_is_not_offered(kit: Kit) -> None:
    fields = {"pair": "XBTUSD", "type": "sell", "volume": "0.1"}
    assert kit.ask("AddOrder", ordertype="settle-position", **fields).error == "EOrder:Unknown position"
    assert (
        kit.ask("AddOrder", ordertype="market", leverage="2", **fields).error == "EGeneral:Invalid arguments:leverage"
    )
    assert kit.ask("AddOrder", ordertype="market", reduce_only="true", **fields).error == (
        "EOrder:Reduce only:No position exists"
    )
