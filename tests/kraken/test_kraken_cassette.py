"""The cassette ``orders``: the life of an order of each type, as the mock answers today, byte for byte.

    PYTHONPATH=harness:mocks python tests/kraken/test_kraken_cassette.py      writes it anew

It is a net for what no other test looks at: a change of an answer shows as a difference of this file.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from kraken_kit import Kit

from outtrade_mocks import cassettes
from outtrade_mocks.cassettes import Cassette, Interaction
from outtrade_mocks.cassettes.writing import store

STOP = {"ordertype": "stop-loss", "price": "45000"}
LIVES: dict[str, dict[str, str]] = {
    "market": {"ordertype": "market"},
    "market_by_cost": {"ordertype": "market", "volume": "100", "oflags": "viqc"},
    "limit": {"ordertype": "limit", "price": "45000", "cl_ord_id": "life-1"},
    "limit_ioc": {"ordertype": "limit", "price": "50010", "volume": "0.5", "timeinforce": "IOC"},
    "limit_fok": {"ordertype": "limit", "price": "50010", "volume": "0.9", "timeinforce": "FOK"},
    "limit_gtd": {"ordertype": "limit", "price": "45000", "timeinforce": "GTD", "expiretm": "+60"},
    "limit_post_only": {"ordertype": "limit", "price": "45000", "oflags": "post", "userref": "7"},
    "limit_relative": {"ordertype": "limit", "price": "#2%"},
    "limit_later": {"ordertype": "limit", "price": "45000", "starttm": "+60"},
    "limit_with_close": {"ordertype": "limit", "price": "45000", "close[ordertype]": "limit", "close[price]": "55000"},
    "iceberg": {"ordertype": "iceberg", "price": "45000", "displayvol": "0.02"},
    "stop_loss": {"type": "sell", **STOP},
    "stop_loss_limit": {"type": "sell", **STOP, "ordertype": "stop-loss-limit", "price2": "44900"},
    "take_profit": {"type": "sell", "ordertype": "take-profit", "price": "55000", "trigger": "index"},
    "take_profit_limit": {"type": "sell", "ordertype": "take-profit-limit", "price": "55000", "price2": "55100"},
    "trailing_stop": {"type": "sell", "ordertype": "trailing-stop", "price": "+1.5%"},
    "trailing_stop_limit": {"type": "sell", "ordertype": "trailing-stop-limit", "price": "+500", "price2": "-20"},
    "refused": {"ordertype": "limit", "price": "45000", "volume": "1000"},
}


def life(name: str, params: dict[str, str]) -> list[Interaction]:
    """Place, look, fill half where it rests, look, cancel, look, and the trades."""
    kit, heard = Kit(), []

    def ask(endpoint: str, **sent: str) -> object:
        kit.later(1)
        answer = kit.ask(endpoint, **sent)
        heard.append(
            Interaction(
                name=f"{name}_{len(heard) + 1}",
                method="POST",
                uri=f"https://api.kraken.com/0/private/{endpoint}",
                status=answer.status,
                body=json.dumps(answer.data, separators=(",", ":")).encode(),
                headers={"content-type": "application/json; charset=utf-8"},
                request_body=urlencode(sent).encode(),
            )
        )
        return answer.data.get("result")

    placed = ask("AddOrder", **({"pair": "XBTUSD", "type": "buy", "volume": "0.1"} | params))
    if not isinstance(placed, dict):
        return heard
    (txid,) = placed["txid"]
    ask("QueryOrders", txid=txid)
    if kit.venue.fill(txid, Decimal("0.5")):
        ask("QueryOrders", txid=txid, trades="true")
    ask("CancelOrder", txid=txid)
    ask("ClosedOrders", trades="true")
    ask("OpenOrders")
    ask("TradesHistory")
    return heard


def cassette() -> Cassette:
    lives = [one for name, params in LIVES.items() for one in life(name, params)]
    return Cassette("orders", "from-mock", "kraken_spot, tests/kraken/test_kraken_cassette.py", tuple(lives))


def test_every_life_is_what_the_cassette_says() -> None:
    told, made = cassettes.load("kraken_spot", "orders"), cassette()
    assert told.provenance == "from-mock"
    assert [one.name for one in told] == [one.name for one in made]
    for old, new in zip(told, made, strict=True):
        assert (new.uri, new.request_body, new.json()) == (old.uri, old.request_body, old.json()), new.name


@pytest.mark.parametrize("name", cassettes.names("kraken_spot"))
def test_provenance(name: str) -> None:
    found = cassettes.load("kraken_spot", name)
    assert found.provenance == ("from-mock" if name == "orders" else "documented") and found.source


if __name__ == "__main__":
    store(cassette(), cassettes.root() / "kraken_spot" / "orders.yaml")
    sys.stdout.write("written\n")
