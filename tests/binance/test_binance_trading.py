"""What the engine does with requests, and how it is told: shapes, states, money, lagging views, the calls of faults."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from binance_kit import EPOCH, MARKETS, SECOND, SYMBOLS, Kit, limit_order

from outtrade_mocks import cassettes
from outtrade_mocks.core import Fill, OrderChange
from outtrade_mocks.venues import VenueError, load
from outtrade_mocks.venues.binance_spot import instruments


def keys(value: Any) -> Any:
    """The names in a JSON value, in order, lists by their first element."""
    if isinstance(value, dict):
        return [(name, keys(inner)) for name, inner in value.items()]
    if isinstance(value, list):
        return [keys(value[0])] if value and isinstance(value[0], dict) else []
    return None


def documented(name: str, cassette: str = "orders") -> Any:
    return cassettes.load("binance_spot", cassette)[name].json()


def test_answers_have_the_documented_fields_in_order(kit: Kit) -> None:
    taking = {"price": "50100", "quantity": "0.01"}
    assert keys(kit.limit(**taking).data) == keys(documented("full"))
    assert keys(kit.limit(newOrderRespType="RESULT", **taking).data) == keys(documented("result"))
    assert keys(kit.limit(newOrderRespType="ACK", **taking).data) == keys(documented("ack"))
    maker = kit.place(symbol="BTCUSDT", side="BUY", type="LIMIT_MAKER", quantity="0.01", price="40000")
    assert keys(maker.data) == keys(documented("ack")), "LIMIT_MAKER defaults to ACK"
    order_id = maker.data["orderId"]
    assert keys(kit.private("/api/v3/order", symbol="BTCUSDT", orderId=order_id).data) == keys(documented("query"))
    assert keys(kit.private("/api/v3/openOrders").data) == keys(documented("open_orders"))
    assert keys(kit.private("/api/v3/myTrades", symbol="BTCUSDT").data) == keys(documented("my_trades"))
    assert keys(kit.private("/api/v3/rateLimit/order").data) == keys(documented("order_counts"))
    cancelled = kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=order_id)
    assert keys(cancelled.data) == keys(documented("cancel"))
    account = kit.private("/api/v3/account")
    assert keys(account.data) == keys(documented("account", "account"))
    market = {"depth": "depth", "avgPrice": "avg_price", "trades": "trades"}
    market |= {"ticker/24hr": "ticker_24hr", "ticker/price": "ticker_price", "ticker/bookTicker": "book_ticker"}
    for path, name in market.items():
        answer = kit.public(f"/api/v3/{path}", symbol="BTCUSDT")
        assert keys(answer.data) == keys(documented(name, "market")), path


def test_numbers_have_eight_decimals(kit: Kit) -> None:
    data = kit.market(quantity="0.7").data
    for name in ("price", "origQty", "executedQty", "cummulativeQuoteQty", "origQuoteOrderQty"):
        assert len(data[name].partition(".")[2]) == 8, name
    assert isinstance(data["orderId"], int)
    assert data["orderId"] > 10**9


def test_market_order_takes_several_levels(kit: Kit) -> None:
    data = kit.market(quantity="0.7").data
    fills = data["fills"]
    assert len(fills) > 1
    assert data["status"] == "FILLED"
    assert sum(Decimal(fill["qty"]) for fill in fills) == Decimal("0.7")
    cost = sum(Decimal(fill["qty"]) * Decimal(fill["price"]) for fill in fills)
    assert cost == Decimal(data["cummulativeQuoteQty"])
    assert all(Decimal(fill["commission"]) == Decimal(fill["qty"]) / 1000 for fill in fills)
    assert {fill["commissionAsset"] for fill in fills} == {"BTC"}
    free = {each["asset"]: Decimal(each["free"]) for each in kit.private("/api/v3/account").data["balances"]}
    assert free["USDT"] == Decimal(100_000) - cost
    assert free["BTC"] == Decimal(2) + Decimal("0.7") * Decimal("0.999")


def test_sales_pay_in_quote(kit: Kit) -> None:
    data = kit.market("SELL", quantity="0.1").data
    assert {fill["commissionAsset"] for fill in data["fills"]} == {"USDT"}


def test_market_order_by_quote_amount(kit: Kit) -> None:
    data = kit.market(quoteOrderQty="500").data
    assert data["origQuoteOrderQty"] == "500.00000000"
    assert Decimal(data["cummulativeQuoteQty"]) <= 500
    assert data["origQty"] == data["executedQty"]


def test_times_in_force(kit: Kit) -> None:
    ioc = kit.limit("50000.01", "0.01", timeInForce="IOC").data
    assert (ioc["status"], ioc["executedQty"]) == ("EXPIRED", "0.00000000")
    assert ioc["expiryReason"] == "UNFILLED_IOC_QUANTITY_EXPIRED"
    fok = kit.limit("50010", "1.5", timeInForce="FOK").data
    assert (fok["status"], fok["expiryReason"]) == ("EXPIRED", "UNFILLED_FOK_ORDER_EXPIRED")
    both = kit.limit("50100", "0.01", timeInForce="FOK").data
    assert both["status"] == "FILLED"


def test_a_market_order_beyond_the_book_expires(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(balances={"USDT": Decimal(10**7)})
    data = kit.market(quantity="50").data
    assert data["status"] == "EXPIRED"
    assert data["expiryReason"] == "INSUFFICIENT_LIQUIDITY"
    assert 0 < Decimal(data["executedQty"]) < 50


def test_own_orders_do_not_trade_with_each_other(kit: Kit) -> None:
    own = kit.limit("50009", "0.01", "SELL").data
    kit.limit("50009", "0.01")
    status = kit.private("/api/v3/order", symbol="BTCUSDT", orderId=own["orderId"]).data["status"]
    assert status == "EXPIRED_IN_MATCH"


def test_strategy_fields_are_carried_along(kit: Kit) -> None:
    data = kit.limit("40000", "0.01", strategyId=5, strategyType=1_000_001).data
    assert (data["strategyId"], data["strategyType"]) == (5, 1_000_001)
    query = kit.private("/api/v3/order", symbol="BTCUSDT", orderId=data["orderId"]).data
    assert (query["strategyId"], query["strategyType"]) == (5, 1_000_001)


def test_a_cancel_renames_the_order(kit: Kit) -> None:
    kit.limit("40000", "0.01", newClientOrderId="first")
    data = kit.ask(
        "DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="first", newClientOrderId="the-cancel"
    ).data
    assert (data["origClientOrderId"], data["clientOrderId"]) == ("first", "the-cancel")
    assert kit.private("/api/v3/order", symbol="BTCUSDT", orderId=data["orderId"]).data["clientOrderId"] == "the-cancel"


@pytest.mark.parametrize(("found", "status"), [(True, 200), (False, 400)])
def test_lookup_by_the_old_id_is_a_knob(make_kit: Callable[..., Kit], found: bool, status: int) -> None:
    kit = make_kit(knobs={"lookup_after_cancel": found})
    kit.limit("40000", "0.01", newClientOrderId="first")
    kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="first")
    assert kit.private("/api/v3/order", symbol="BTCUSDT", origClientOrderId="first").status == status


def test_cancel_all_shares_one_new_id(kit: Kit) -> None:
    for name in ("a", "b"):
        kit.limit("40000", "0.01", newClientOrderId=name)
    kit.place(symbol="ETHUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price="2000")
    data = kit.ask("DELETE", "/api/v3/openOrders", symbol="BTCUSDT").data
    assert [each["origClientOrderId"] for each in data] == ["a", "b"]
    assert len({each["clientOrderId"] for each in data}) == 1
    assert [each["symbol"] for each in kit.private("/api/v3/openOrders").data] == ["ETHUSDT"]


# ---------------------------------------------------------- cancel-replace
REPLACEMENT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.02"}


def replace(kit: Kit, order_id: int, price: str = "41000", mode: str = "STOP_ON_FAILURE", **params: Any) -> Any:
    fields = REPLACEMENT | {"price": price, "cancelOrderId": order_id, "cancelReplaceMode": mode} | params
    return kit.ask("POST", "/api/v3/order/cancelReplace", **fields)


def test_cancel_replace(kit: Kit) -> None:
    old = kit.limit("40000", "0.01").data
    answer = replace(kit, old["orderId"])
    shape = documented("cancel_replace")
    shape["newOrderResponse"]["fills"] = []
    assert keys(answer.data) == keys(shape)
    assert answer.data["cancelResponse"]["orderId"] == old["orderId"]
    [standing] = kit.private("/api/v3/openOrders").data
    assert standing["orderId"] == answer.data["newOrderResponse"]["orderId"]
    assert answer.headers["X-MBX-ORDER-COUNT-10S"] == "2"


def test_cancel_replace_stops_on_failure(kit: Kit) -> None:
    answer = replace(kit, 1)
    assert answer.status == 400
    assert answer.data == documented("cancel_replace_not_attempted")
    assert kit.venue.truth()["working"] == ()
    assert kit.private("/api/v3/rateLimit/order").data[0]["count"] == 1, "counts though it was not attempted"


def test_cancel_replace_goes_on_after_failure(kit: Kit) -> None:
    answer = replace(kit, 1, mode="ALLOW_FAILURE")
    assert (answer.status, answer.data["code"]) == (409, -2021)
    assert answer.data["data"]["cancelResult"] == "FAILURE"
    assert answer.data["data"]["cancelResponse"] == {"code": -2011, "msg": "Unknown order sent."}
    assert answer.data["data"]["newOrderResult"] == "SUCCESS"
    [standing] = kit.private("/api/v3/openOrders").data
    assert standing["orderId"] == answer.data["data"]["newOrderResponse"]["orderId"]


def test_cancel_replace_whose_second_half_fails(kit: Kit) -> None:
    old = kit.limit("40000", "0.01").data
    fields = {"type": "LIMIT_MAKER", "price": "50100", "symbol": "BTCUSDT", "side": "BUY", "quantity": "0.02"}
    answer = kit.ask(
        "POST",
        "/api/v3/order/cancelReplace",
        cancelOrderId=old["orderId"],
        cancelReplaceMode="STOP_ON_FAILURE",
        **fields,
    )
    assert answer.status == 409
    assert keys(answer.data) == keys(documented("cancel_replace_partial"))
    assert answer.data["data"]["newOrderResponse"] == {"code": -2010, "msg": "Order would immediately match and take."}
    assert kit.private("/api/v3/openOrders").data == []
    reading = kit.venue.interpret(409, {}, msgspec.json.encode(answer.data), EPOCH)
    assert (reading.outcome, reading.error) == ("definite", "permanent")


def test_cancel_replace_whose_halves_both_fail(kit: Kit) -> None:
    answer = replace(kit, 1, mode="ALLOW_FAILURE", quantity="50")
    assert (answer.status, answer.data["code"]) == (400, -2022)
    assert answer.data["data"]["newOrderResult"] == "FAILURE"


def test_cancel_replace_over_the_order_limit(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(knobs={"orders_per_10s": 1})
    old = kit.limit("40000", "0.01").data
    assert replace(kit, old["orderId"]).error[:2] == (429, -1015)
    assert len(kit.private("/api/v3/openOrders").data) == 1
    answer = replace(kit, old["orderId"], orderRateLimitExceededMode="CANCEL_ONLY")
    assert (answer.status, answer.data["data"]["cancelResult"]) == (429, "SUCCESS")
    assert answer.data["data"]["newOrderResponse"]["code"] == -1015
    assert kit.private("/api/v3/openOrders").data == []


# ----------------------------------------------------------------- queries
def test_queries_can_lag(kit: Kit) -> None:
    before = kit.now
    kit.now += SECOND
    order = kit.limit("40000", "0.01").data
    assert kit.private("/api/v3/order", as_of=before, symbol="BTCUSDT", orderId=order["orderId"]).error[1] == -2013
    assert kit.private("/api/v3/openOrders", as_of=before).data == []
    held = {each["asset"]: each for each in kit.private("/api/v3/account", as_of=before).data["balances"]}
    assert held["USDT"]["locked"] == "0.00000000"
    assert kit.private("/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"]).status == 200


def test_history_pages(kit: Kit) -> None:
    ids = []
    for _ in range(5):
        kit.now += SECOND
        ids.append(kit.market(quantity="0.01").data["orderId"])
    whole = kit.private("/api/v3/myTrades", symbol="BTCUSDT").data
    assert [trade["orderId"] for trade in whole] == ids
    assert kit.private("/api/v3/myTrades", symbol="BTCUSDT", limit=2).data == whole[-2:]
    page = kit.private("/api/v3/myTrades", symbol="BTCUSDT", fromId=whole[1]["id"], limit=2).data
    assert page == whole[1:3]
    assert kit.private("/api/v3/myTrades", symbol="BTCUSDT", startTime=whole[3]["time"]).data == whole[3:]
    assert kit.private("/api/v3/myTrades", symbol="BTCUSDT", orderId=ids[2]).data == whole[2:3]
    assert kit.private("/api/v3/myTrades", symbol="ETHUSDT").data == []
    orders = kit.private("/api/v3/allOrders", symbol="BTCUSDT").data
    assert [order["orderId"] for order in orders] == ids
    assert kit.private("/api/v3/allOrders", symbol="BTCUSDT", orderId=ids[3]).data == orders[3:]
    assert kit.private("/api/v3/allOrders", symbol="BTCUSDT", limit=2).data == orders[-2:]
    assert kit.private("/api/v3/allOrders", symbol="BTCUSDT", startTime=orders[2]["time"], limit=1).data == orders[2:3]


def test_zero_balances_can_be_left_out(kit: Kit) -> None:
    whole = [each["asset"] for each in kit.private("/api/v3/account").data["balances"]]
    held = [each["asset"] for each in kit.private("/api/v3/account", omitZeroBalances="true").data["balances"]]
    assert (whole, held) == (["BTC", "DOGE", "ETH", "USDT"], ["BTC", "ETH", "USDT"])


def test_exchange_info_selections(kit: Kit) -> None:
    def ids(**params: str) -> list[str]:
        return [each["symbol"] for each in kit.public("/api/v3/exchangeInfo", **params).data["symbols"]]

    assert ids() == ["BTCUSDT", "ETHUSDT", "ETHBTC", "DOGEUSDT"]
    assert ids(symbol="ETHBTC") == ["ETHBTC"]
    assert ids(symbols='["ETHBTC","BTCUSDT"]') == ["ETHBTC", "BTCUSDT"]
    assert ids(permissions="SPOT") == ids()
    assert ids(permissions="MARGIN") == []
    assert kit.public("/api/v3/exchangeInfo").data["symbols"][0]["orderTypes"][:3] == ["LIMIT", "LIMIT_MAKER", "MARKET"]


# ------------------------------------------------------- unified readings
def test_calls_are_read_in_unified_words(kit: Kit) -> None:
    params = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT_MAKER", "quantity": "0.010", "price": "60000"}
    call = kit.venue.read(kit.request("POST", "/api/v3/order", params | {"newClientOrderId": "x1"}))
    assert (call.op, call.symbol, call.client_id, call.signed) == ("place", "BTC/USDT", "x1", True)
    assert call.order is not None
    assert (call.order["side"], call.order["type"], call.order["post_only"]) == ("sell", "limit", True)
    assert call.order["quantity"] == "0.010", "as it was sent"
    cancel = kit.venue.read(
        kit.request("DELETE", "/api/v3/order", {"symbol": "XX", "orderId": "7", "origClientOrderId": "x1"})
    )
    assert (cancel.op, cancel.symbol, cancel.client_id, cancel.venue_id) == ("cancel", "XX", "x1", "7")


def test_digests_tell_unchanged_resends(kit: Kit) -> None:
    def digest(**params: Any) -> str:
        return kit.venue.read(kit.request("POST", "/api/v3/order", {"symbol": "BTCUSDT"} | params)).digest

    first = digest(price="1")
    kit.now += SECOND
    assert digest(price="1") == first
    assert digest(price="1", recvWindow="9") == first
    assert digest(price="1.0") != first
    assert kit.venue.read(kit.request("GET", "/api/v3/order", {"symbol": "BTCUSDT"})).digest != digest()


def test_commits_know_orders_and_time(kit: Kit) -> None:
    kit.now += SECOND
    call = kit.venue.read(kit.request("POST", "/api/v3/order", REPLACEMENT | {"price": "40000"}))
    assert kit.venue.admit(call, kit.now) is None
    commit = kit.venue.execute(call, kit.now)
    assert commit.order_ids == kit.venue.truth()["working"]
    assert kit.venue.commit_time(commit) == kit.now
    assert kit.venue.render(commit, kit.now).body == kit.venue.render(commit, kit.now + 1).body


# ---------------------------------------------------- what faults ask for
def test_fill(kit: Kit) -> None:
    order_id = str(kit.limit("40000", "0.01").data["orderId"])
    assert kit.venue.fill(order_id, Decimal("0.4"))
    data = kit.private("/api/v3/order", symbol="BTCUSDT", orderId=order_id).data
    assert (data["status"], data["executedQty"]) == ("PARTIALLY_FILLED", "0.00400000")
    assert kit.venue.fill(order_id, Decimal(1))
    assert not kit.venue.fill(order_id, Decimal(1)), "it no longer works"
    assert not kit.venue.fill("5", Decimal(1))


def test_find(kit: Kit) -> None:
    order = kit.limit("40000", "0.01", newClientOrderId="mine").data

    def find(**params: object) -> str | None:
        return kit.venue.find(kit.venue.read(kit.request("DELETE", "/api/v3/order", {"symbol": "BTCUSDT"} | params)))

    assert find(orderId=order["orderId"]) == find(origClientOrderId="mine") == str(order["orderId"])
    for unknown in ({"orderId": "9" * 5000}, {"orderId": "x"}, {"orderId": 1}, {"origClientOrderId": "other"}, {}):
        assert find(**unknown) is None


def test_thin(kit: Kit) -> None:
    call = kit.venue.read(kit.request("POST", "/api/v3/order", limit_order("50100", "0.5")))
    assert kit.venue.thin(call, Decimal("0.4"))
    data = kit.limit("50100", "0.5").data
    assert (data["status"], data["executedQty"]) == ("PARTIALLY_FILLED", "0.20000000")


def test_thin_does_not_count_on_the_accounts_own_orders(kit: Kit) -> None:
    kit.place(symbol="BTCUSDT", side="SELL", type="LIMIT", timeInForce="GTC", price="60000", quantity="1")
    params = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.5"}
    assert kit.venue.thin(kit.venue.read(kit.request("POST", "/api/v3/order", params)), Decimal("0.4"))
    assert kit.place(**params).data["executedQty"] == "0.20000000"


def test_thin_by_quote_amount(kit: Kit) -> None:
    params = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "25000"}
    call = kit.venue.read(kit.request("POST", "/api/v3/order", params))
    assert kit.venue.thin(call, Decimal("0.4"))
    data = kit.place(**params).data
    assert Decimal("9000") < Decimal(data["cummulativeQuoteQty"]) < Decimal("11000")


@pytest.mark.parametrize(
    "change",
    [{"price": "40000"}, {"type": "LIMIT_MAKER"}, {"quantity": "x"}, {"symbol": "X"}, {"side": "?"}, {"price": "x"}],
)
def test_thin_where_nothing_would_be_taken(kit: Kit, change: dict[str, str]) -> None:
    call = kit.venue.read(kit.request("POST", "/api/v3/order", limit_order("50100", "0.5") | change))
    before = kit.public("/api/v3/depth", symbol="BTCUSDT").data
    assert not kit.venue.thin(call, Decimal("0.4"))
    assert kit.public("/api/v3/depth", symbol="BTCUSDT").data == before


def test_truth(kit: Kit) -> None:
    kit.limit("40000", "0.01", newClientOrderId="resting")
    kit.market(quantity="0.01", newClientOrderId="taking")
    truth = kit.venue.truth()
    assert truth["balances"]["USDT"][1] == "400"
    assert len(truth["working"]) == 1
    assert set(truth["mids"]) == {"BTC/USDT", "ETH/USDT", "ETH/BTC"}
    orders = [kit.venue.order_truth(change) for change in kit.truths if isinstance(change, OrderChange)]
    assert [(each["client_id"], each["why"], each["status"]) for each in orders] == [
        ("resting", "accepted", "open"),
        ("taking", "accepted", "open"),
        ("taking", "fill", "filled"),
    ]
    assert orders[0]["order"] == truth["working"][0]
    [fill] = [kit.venue.fill_truth(change) for change in kit.truths if isinstance(change, Fill)]
    assert (fill["quantity"], fill["fee"], fill["fee_asset"], fill["maker"]) == ("0.01", "0.00001", "BTC", False)


def test_truth_has_the_fields_of_the_history(kit: Kit) -> None:
    from outtrade.model.history import FillTruth, OrderTruth

    kit.market(quantity="0.01")
    for change in kit.truths:
        if isinstance(change, OrderChange):
            OrderTruth(**kit.venue.order_truth(change))
        else:
            FillTruth(**kit.venue.fill_truth(change))


def test_instruments_fit_the_task_model(kit: Kit) -> None:
    from outtrade.model.task import Instrument

    made = {symbol: Instrument(**fields) for symbol, fields in instruments(kit.config).items()}
    assert set(made) == set(SYMBOLS)
    assert made["BTC/USDT"].tick == Decimal("0.01")
    assert made["BTC/USDT"].notional_min == 5


def test_unknown_names_are_refused(make_kit: Callable[..., Kit]) -> None:
    with pytest.raises(VenueError, match="binance_spot"):
        load("nowhere")
    with pytest.raises(ValueError, match="ADA/USDT"):
        make_kit(symbols=["ADA/USDT"])


def test_the_same_seed_gives_the_same_bytes(make_kit: Callable[..., Kit]) -> None:
    lively = {"BTC/USDT": {"mid": "50000", "depth": "0.5", "taker_size": "0.05", "taker_rate": 1.0, "maker_rate": 1.0}}

    def story(seed: int) -> list[Any]:
        kit = make_kit(markets=lively, seed=seed)
        told: list[Any] = []
        for step in range(30):
            kit.now += SECOND
            told.append(kit.limit("49990", "0.2", newOrderRespType="FULL").data if step % 3 == 0 else None)
            told.append(kit.private("/api/v3/openOrders").data)
        return [*told, [push.render() for push in kit.pushes], kit.venue.truth()]

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_a_refused_request_is_its_answer_alone(kit: Kit) -> None:
    """The core tells refusals in its drop copy; of the account's truths and stream they are no part, and nothing of the
    account has changed with them."""
    told: list[Any] = []
    kit.venue.desk.exchange.on_change(told.append)
    kit.now += SECOND
    before = kit.private("/api/v3/account").data
    assert kit.limit("100000", "5").error == (400, -2010, "Account has insufficient balance for requested action.")
    assert kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=77).status == 400
    assert kit.limit("50000.001", "1").status == 400  # turned away by the venue's codec: the core never hears of it
    assert [(event.ask, event.reason.value) for event in told] == [("place", "INSUFFICIENT_BALANCE")]
    assert kit.truths == [] and kit.pushes == [] and kit.private("/api/v3/account").data == before


def test_three_thousand_symbols(make_kit: Callable[..., Kit]) -> None:
    """Those without a market come to the core when they are asked for, and then are as any other."""
    raw = make_kit().venue.desk.listings["BTC/USDT"].raw
    made = {f"N{n}/USDT": raw | {"symbol": f"N{n}USDT", "baseAsset": f"N{n}"} for n in range(3000)}
    kit = make_kit(symbols=tuple(made), markets={"N7/USDT": MARKETS["BTC/USDT"]}, reference={"listings": made})
    assert len(kit.venue.desk.exchange.instruments) == 1
    assert len(kit.public("/api/v3/exchangeInfo").data["symbols"]) == 3000
    order = kit.limit("40000", "0.01", symbol="N2999USDT")
    assert order.status == 200
    assert kit.private("/api/v3/openOrders").data[0]["symbol"] == "N2999USDT"
    assert kit.market(symbol="N7USDT", quantity="0.01").data["status"] == "FILLED"
    assert kit.public("/api/v3/ticker/bookTicker", symbol="N5USDT").data["bidPrice"] == "0.00000000"
    assert sorted(kit.venue.desk.exchange.instruments) == ["N2999/USDT", "N5/USDT", "N7/USDT"]
    assert len(kit.public("/api/v3/ticker/price").data) == 3000
    assert kit.ask("DELETE", "/api/v3/order", symbol="N2999USDT", orderId=order.data["orderId"]).status == 200
