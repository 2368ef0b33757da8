"""The cassettes: their provenance, and that the lives of orders are today's."""

from __future__ import annotations

import json

from coinbase_lives import PLACED, talk

from outtrade_mocks import cassettes
from outtrade_mocks.venues.coinbase.notes import KINDS


def test_every_cassette_says_where_it_is_from() -> None:
    kinds = {name: cassettes.load("coinbase", name).provenance for name in cassettes.names("coinbase")}
    assert kinds == {"errors": "documented", "orders": "from-mock", "products": "documented"}


def test_the_lives_of_orders_are_those_of_today() -> None:
    today, kept = talk(), list(cassettes.load("coinbase", "orders"))
    assert [one.name for one in kept] == [one["name"] for one in today], "run: python tests/coinbase/coinbase_lives.py"
    for one, now in zip(kept, today, strict=True):
        assert one.json() == json.loads(now["response"]["body"]["string"]), one.name
        assert not now["request"]["headers"], "a token is a secret, even an obviously fake one's"


def test_what_the_lives_show() -> None:
    kept = {one.name: one.json() for one in cassettes.load("coinbase", "orders")}
    seen = {name: kept[f"{name}_after"]["order"]["status"] for name in PLACED}
    assert seen == {
        "market_for_quote": "FILLED", "market_for_base": "FILLED", "post_only": "OPEN", "gtd": "OPEN", "fok": "FILLED",
        "ioc": "CANCELLED", "stop_limit": "OPEN", "take_profit": "OPEN", "bracket": "OPEN",
    }  # fmt: skip
    assert {kind for kind, _ in PLACED.values()} | {"limit_limit_gtc", "trigger_bracket_gtd"} == set(KINDS)
    assert kept["limit_placed_again"]["order_id"] == kept["limit_placed"]["order_id"], "the first order is returned"
    assert [one["success"] for one in kept["limit_cancelled"]["results"]] == [True, False]
    assert kept["limit_over"]["order"]["filled_size"] == "0.004"
    assert not any(kept[name]["success"] for name in kept if name.startswith("refused_"))
