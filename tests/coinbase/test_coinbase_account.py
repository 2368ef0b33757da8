"""Queries: orders, fills, wallets, portfolio, fees, products, books, candles; with cursors, and as of some time."""

from __future__ import annotations

from decimal import Decimal

import pytest
from coinbase_kit import EPOCH, SECOND, Kit

from outtrade_mocks.venues.coinbase.codec import moment
from outtrade_mocks.venues.coinbase.desk import TIERS

STRINGS = (
    "completion_percentage", "filled_size", "average_filled_price", "fee", "number_of_fills", "filled_value",
    "total_fees", "total_value_after_fees", "outstanding_hold_amount", "leverage", "reject_message", "cancel_message",
)  # fmt: skip
FLAGS = ("pending_cancel", "size_in_quote", "size_inclusive_of_fees", "settled", "is_liquidation")
ORDER = {
    "order_id", "product_id", "user_id", "order_configuration", "side", "client_order_id", "status", "time_in_force",
    "created_time", "trigger_status", "order_type", "reject_reason", "product_type", "order_placement_source",
    "last_fill_time", "edit_history", "margin_type", "retail_portfolio_id", "originating_order_id",
    "attached_order_id", "attached_order_configuration", *STRINGS, *FLAGS,
}  # fmt: skip
"""The fields of an order (API reference, Get Order; samples of ccxt)."""
FILL = {
    "entry_id", "trade_id", "order_id", "trade_time", "trade_type", "price", "size", "commission", "product_id",
    "sequence_timestamp", "liquidity_indicator", "size_in_quote", "user_id", "side", "retail_portfolio_id",
}  # fmt: skip


def test_the_shape_of_an_order(kit: Kit) -> None:
    for order in (kit.place(), kit.place("market_market_ioc", base_size="1.2")):
        seen = kit.seen(order)
        assert set(seen) == ORDER
        assert all(isinstance(seen[name], str) for name in STRINGS)
        assert all(isinstance(seen[name], bool) for name in FLAGS)
    assert (seen["completion_percentage"], seen["settled"]) == ("100", True)
    assert Decimal(seen["average_filled_price"]) == pytest.approx(
        Decimal(seen["filled_value"]) / Decimal(seen["filled_size"]), abs=Decimal("1e-10")
    )
    fills = kit.get("/orders/historical/fills", order_id=order).ok["fills"]
    assert set(fills[0]) == FILL and {one["liquidity_indicator"] for one in fills} == {"TAKER"}
    assert len(fills) == int(seen["number_of_fills"]) > 1 and len({one["trade_id"] for one in fills}) == len(fills)
    assert sum(Decimal(one["size"]) for one in fills) == Decimal("1.2")
    assert sum(Decimal(one["commission"]) for one in fills) == Decimal(seen["total_fees"])


def test_a_partial_fill_is_told_cumulatively(kit: Kit) -> None:
    order = kit.place(base_size="0.4", limit_price="49990")
    kit.venue.fill(order, Decimal("0.25"))
    kit.venue.fill(order, Decimal("0.5"))
    seen = kit.seen(order)
    assert (seen["status"], seen["filled_size"], seen["number_of_fills"]) == ("OPEN", "0.25", "2")
    assert seen["completion_percentage"] == "62.5"
    assert {one["liquidity_indicator"] for one in kit.get("/orders/historical/fills").ok["fills"]} == {"MAKER"}


def test_an_order_that_never_was(kit: Kit) -> None:
    for name in ("00000000-0000-0000-0000-000000000000", "x"):
        answer = kit.get(f"/orders/historical/{name}")
        assert (answer.status, answer.reading.error) == (404, "not_found")
        assert answer.data["message"] == "order with this orderID was not found"


def test_queries_see_the_account_as_it_was(kit: Kit) -> None:
    before = kit.now
    kit.later(1)
    order = kit.place()
    assert kit.get(f"/orders/historical/{order}", before).status == 404
    assert kit.get("/orders/historical/batch", before).ok["orders"] == []
    assert kit.get("/accounts", before).ok["accounts"][-1]["hold"]["value"] == "0"
    assert kit.seen(order)["status"] == "OPEN"


# ------------------------------------------------------------------ lists
def test_lists_of_orders(kit: Kit) -> None:
    resting, sold = kit.place(), kit.place("market_market_ioc", side="SELL", base_size="0.1")
    other = kit.place(PRODUCT_ID="ETH-USD", base_size="1", limit_price="2000")
    kit.later(1)
    over = kit.place()
    kit.post("/orders/batch_cancel", order_ids=[over]).ok  # noqa: B018

    def ids(**query: object) -> list[str]:
        return [one["order_id"] for one in kit.get("/orders/historical/batch", **query).ok["orders"]]

    assert ids() == [over, other, sold, resting]
    assert ids(order_status="OPEN") == [other, resting] and ids(order_status="FILLED") == [sold]
    assert ids(order_status=["CANCELLED", "FILLED"]) == [over, sold]
    assert ids(product_id="ETH-USD") == ids(product_ids=["ETH-USD"]) == [other]
    assert ids(order_ids=[resting, over]) == [over, resting]
    assert ids(order_side="SELL") == ids(order_types="MARKET") == [sold]
    assert ids(start_date=moment(EPOCH + SECOND)) == [over] and over not in ids(end_date=moment(EPOCH + SECOND))
    assert ids(trigger="true") == ids()  # what the venue does not know, it ignores


def test_pages_of_a_list(kit: Kit) -> None:
    made = [kit.place(limit_price=str(40_000 + n)) for n in range(5)]
    seen: list[str] = []
    cursor = ""
    for more in (True, True, False):
        page = kit.get("/orders/historical/batch", limit=2, cursor=cursor).ok
        seen += [one["order_id"] for one in page["orders"]]
        assert page["has_next"] is more and bool(page["cursor"]) is more
        cursor = page["cursor"]
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "query", [{"limit": "x"}, {"limit": -1}, {"cursor": "x"}, {"start_date": "soon"}, {"order_status": "NEW"},
              {"order_status": ["OPEN", "FILLED"]}]
)  # fmt: skip
def test_lists_that_cannot_be(kit: Kit, query: dict[str, object]) -> None:
    answer = kit.get("/orders/historical/batch", **query)
    assert (answer.status, answer.data["error"]) == (400, "INVALID_ARGUMENT")


def test_operations_are_told_apart_by_what_is_asked(kit: Kit) -> None:
    assert kit.get("/orders/historical/batch").call.op == "all_orders"
    assert kit.get("/orders/historical/batch", order_status="OPEN").call.op == "open_orders"
    assert kit.get("/orders/historical/batch", product_id="BTC-USD").call.symbol == "BTC/USD"
    assert kit.get("/orders/historical/x").call.op == "query"


def test_fills_by_product_order_time_and_page(kit: Kit) -> None:
    first = kit.place("market_market_ioc", base_size="0.1")
    kit.later(1)
    second = kit.place("market_market_ioc", PRODUCT_ID="ETH-USD", base_size="1")

    def orders(**query: object) -> list[str]:
        return [one["order_id"] for one in kit.get("/orders/historical/fills", **query).ok["fills"]]

    assert orders() == [second, first]
    assert orders(product_id="ETH-USD") == orders(order_ids=[second]) == [second]
    assert orders(start_sequence_timestamp=moment(EPOCH + SECOND)) == [second]
    assert orders(end_sequence_timestamp=moment(EPOCH + SECOND)) == [first]
    page = kit.get("/orders/historical/fills", limit=1).ok
    assert orders(limit=1, cursor=page["cursor"]) == [first]


# ------------------------------------------------------------------ the account
def test_wallets_show_what_is_available_and_what_is_held(kit: Kit) -> None:
    kit.place(base_size="0.1")
    answer = kit.get("/accounts").ok
    wallets = {one["currency"]: one for one in answer["accounts"]}
    assert set(wallets) == {"BTC", "DOGE", "ETH", "USD"} and answer["size"] == 4 and answer["has_next"] is False
    assert wallets["USD"]["available_balance"] == {"value": "95495.5", "currency": "USD"}
    assert wallets["USD"]["hold"] == {"value": "4504.5", "currency": "USD"}  # with the fee
    assert (wallets["USD"]["type"], wallets["BTC"]["type"]) == ("ACCOUNT_TYPE_FIAT", "ACCOUNT_TYPE_CRYPTO")
    one = kit.get(f"/accounts/{wallets['BTC']['uuid']}").ok["account"]
    assert one == wallets["BTC"] and one["deleted_at"] is None
    assert kit.get("/accounts/x").status == 404
    page = kit.get("/accounts", limit=3).ok
    assert page["has_next"] and len(kit.get("/accounts", limit=3, cursor=page["cursor"]).ok["accounts"]) == 1


def test_the_older_wallets_have_one_balance(kit: Kit) -> None:
    kit.place(base_size="0.1")
    answer = kit.get("/v2/accounts", limit=2).ok
    assert answer["data"][0]["balance"] == {"amount": "2", "currency": "BTC"}
    following = answer["pagination"]["next_starting_after"]
    rest = kit.get("/v2/accounts", limit=2, starting_after=following).ok
    assert [one["balance"]["amount"] for one in rest["data"]] == ["10", "100000"]
    assert rest["pagination"]["next_uri"] is None and rest["data"][1]["type"] == "fiat"


def test_portfolio_and_permissions(kit: Kit) -> None:
    (only,) = kit.get("/portfolios").ok["portfolios"]
    found = kit.get(f"/portfolios/{only['uuid']}").ok["breakdown"]
    assert found["portfolio"] == only and found["perp_positions"] == []
    assert found["portfolio_balances"]["total_balance"] == {"value": "229986", "currency": "USD"}  # 49,993 and 3,000
    assert {one["asset"] for one in found["spot_positions"]} == {"BTC", "DOGE", "ETH", "USD"}
    assert kit.get("/portfolios/x").status == 404
    assert kit.get("/key_permissions").ok == {
        "can_view": True, "can_trade": True, "can_transfer": False, "portfolio_uuid": only["uuid"],
        "portfolio_type": "DEFAULT",
    }  # fmt: skip
    assert kit.get("/cfm/positions").ok == {"positions": []}


def test_fees_are_the_scenarios_or_follow_the_tiers() -> None:
    plain = Kit().get("/transaction_summary").ok
    assert plain["fee_tier"]["taker_fee_rate"] == "0.001" and plain["total_volume"] == 0.0
    kit = Kit(knobs={"fee_tiers": True}, balances={"USD": 100_000})
    first = kit.get("/transaction_summary").ok["fee_tier"]
    assert (first["pricing_tier"], first["maker_fee_rate"], first["taker_fee_rate"]) == ("Advanced 1", *TIERS[0][1:])
    kit.place("market_market_ioc", quote_size="20000")
    later = kit.get("/transaction_summary").ok
    assert later["fee_tier"]["pricing_tier"] == "Advanced 2" and later["fee_tier"]["usd_from"] == "10000"
    assert later["total_fees"] == pytest.approx(0.006 * later["total_volume"])
    kit.place("market_market_ioc", quote_size="1000")
    fills = kit.get("/orders/historical/fills").ok["fills"]
    assert Decimal(fills[0]["commission"]) / Decimal(fills[0]["size"]) == pytest.approx(
        Decimal("0.004"), rel=Decimal("1e-6")
    )


# ------------------------------------------------------------------ the market
def test_products_public_and_signed(kit: Kit) -> None:
    kit.place("market_market_ioc", base_size="0.1")
    public, signed = kit.public("/market/products").ok, kit.get("/products").ok
    assert public == signed and public["num_products"] == 4
    btc = public["products"][0]
    assert (btc["product_id"], btc["price"], btc["mid_market_price"]) == ("BTC-USD", "50010", "50000")
    assert (btc["status"], btc["product_type"], btc["quote_min_size"]) == ("online", "SPOT", "1")
    assert not any(btc[flag] for flag in ("cancel_only", "limit_only", "post_only", "trading_disabled", "view_only"))
    assert kit.public("/market/products", product_type="FUTURE").ok["products"] == []
    assert [one["product_id"] for one in kit.public("/market/products", product_ids=["ETH-USD"]).ok["products"]] == [
        "ETH-USD"
    ]
    assert kit.get("/products/BTC-USD").ok == btc and kit.get("/products/XXX-USD").status == 404


def test_books_trades_and_candles(kit: Kit) -> None:
    kit.public("/market/products/BTC-USD/ticker")  # from here on, what others trade is kept
    kit.place("market_market_ioc", base_size="0.1")
    book = kit.public("/market/product_book", product_id="BTC-USD", limit=2).ok
    assert [len(book["pricebook"][side]) for side in ("bids", "asks")] == [2, 2]
    assert (book["mid_market"], book["spread_absolute"], book["last"]) == ("50000", "20", "50010")
    assert kit.get("/product_book", product_id="X").status == 404
    best = kit.get("/best_bid_ask", product_ids=["BTC-USD", "ETH-USD"]).ok["pricebooks"]
    assert [one["product_id"] for one in best] == ["BTC-USD", "ETH-USD"] and len(best[0]["bids"]) == 1
    trades = kit.public("/market/products/BTC-USD/ticker", limit=1).ok
    assert (trades["trades"][0]["side"], trades["best_bid"]) == ("SELL", "49990")  # the maker's side
    start = EPOCH // SECOND
    query = {"granularity": "ONE_MINUTE", "start": start - 600, "end": start + 60}
    (candle,) = kit.public("/market/products/BTC-USD/candles", **query).ok["candles"]
    assert (candle["start"], candle["close"], candle["volume"]) == (str(start), "50010", "0.1")
    for wrong in ({"granularity": "X"}, {"end": ""}, {"start": "x"}, {"start": start - 100_000}):
        assert kit.get("/products/BTC-USD/candles", **(query | wrong)).status == 400


def test_time_and_currencies(kit: Kit) -> None:
    assert kit.public("/time").ok == {
        "iso": "2026-01-01T00:00:00.000000Z", "epochSeconds": "1767225600", "epochMillis": "1767225600000",
    }  # fmt: skip
    assert kit.public("/v2/time").ok["data"]["epoch"] == 1767225600
    assert [one["id"] for one in kit.public("/v2/currencies").ok["data"]] == ["USD"]
    assert [one["code"] for one in kit.public("/v2/currencies/crypto").ok["data"]] == ["BTC", "DOGE", "ETH"]
    assert float(kit.public("/v2/exchange-rates").ok["data"]["rates"]["BTC"]) == pytest.approx(1 / 50_000, rel=0.001)
