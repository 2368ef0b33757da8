"""Trigger orders: stops, take profits, trailing ones; their money, their events, venues' worked examples."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from outtrade_mocks.core import (
    Exchange,
    Fill,
    NewOrder,
    OrderChange,
    Practice,
    PriceBand,
    Reject,
    RejectReason,
    Trigger,
)
from outtrade_mocks.core.triggers import Watch, Watches

SYMBOL = "ABC/USD"


def rejected(call: Any, *args: Any, **more: Any) -> RejectReason:
    with pytest.raises(Reject) as caught:
        call(*args, **more)
    return caught.value.reason


def trade(x: Any, price: int, lots: int = 1) -> None:
    """A trade between two others at ``price``."""
    x.limit(x.c, "sell", price, lots)
    x.limit(x.d, "buy", price, lots)


@pytest.fixture
def x(bench: Any) -> Any:
    made = bench()
    made.c = made.exchange.open_account("c", {"ABC": 10**6, "USD": 10**12})
    made.d = made.exchange.open_account("d", {"ABC": 10**6, "USD": 10**12})
    trade(made, 100)
    return made


def stop(x: Any, side: str, lots: int, price: int | None = None, *, limit: int | None = None, **more: Any) -> Any:
    kind = more.pop("kind", "stop")
    names = ("source", "trail_ticks", "trail_bps", "limit_ticks", "limit_bps", "reserve")
    trigger = Trigger(kind=kind, price=price, **{name: more.pop(name) for name in names if name in more})
    new = NewOrder(
        symbol=SYMBOL, side=side, type="market" if limit is None else "limit", price=limit, lots=lots, trigger=trigger,
        **more,
    )  # type: ignore[arg-type]  # fmt: skip
    return x.exchange.place(x.a, new)


def now(x: Any, order: Any) -> Any:
    return x.a.orders[order.order_id][-1]


@pytest.mark.parametrize(
    ("side", "kind", "price", "waits", "fires"),
    [("sell", "stop", 95, 96, 95), ("buy", "stop", 105, 104, 105), ("sell", "take_profit", 105, 104, 105),
     ("buy", "take_profit", 95, 96, 95)],
)  # fmt: skip
def test_a_trigger_fires_at_its_price_and_once(
    x: Any, side: str, kind: str, price: int, waits: int, fires: int
) -> None:
    order = stop(x, side, 3, price, kind=kind)
    assert (order.status, order.live, order.working) == ("untriggered", True, False)
    trade(x, waits)
    assert now(x, order).status == "untriggered"
    x.limit(x.c, "buy" if side == "sell" else "sell", 80 if side == "sell" else 120, 10)
    trade(x, fires)
    done = now(x, order)
    assert (done.status, done.filled, done.terms.triggered) == ("filled", 3, fires)
    told = [(e.why, e.order.status.value) for e in x.events if isinstance(e, OrderChange) and e.order.order_id == 3]
    assert told == [("accepted", "untriggered"), ("triggered", "triggered"), ("working", "open"), ("fill", "filled")]
    trade(x, waits)
    trade(x, fires)
    assert now(x, order) is done


@pytest.mark.parametrize("held", [True, False])
def test_the_limit_of_an_order_that_waits_is_held_to_the_band_or_not(bench: Any, held: bool) -> None:
    band = PriceBand(Decimal("0.9"), Decimal("1.1"), Decimal("0.9"), Decimal("1.1"))
    x = bench(band=band)
    x.exchange.practice = Practice(band_of_waiting=held)
    x.c = x.exchange.open_account("c", {"ABC": 10**6, "USD": 10**12})
    x.d = x.exchange.open_account("d", {"ABC": 10**6, "USD": 10**12})
    trade(x, 100)
    if held:
        assert rejected(stop, x, "sell", 3, 95, limit=80) is RejectReason.PERCENT_PRICE_BY_SIDE
    else:
        assert stop(x, "sell", 3, 95, limit=80).status == "untriggered"
    assert stop(x, "sell", 3, 95, limit=90).status == "untriggered"


def test_one_that_is_reached_already_is_refused_or_triggers_at_once(x: Any) -> None:
    assert rejected(stop, x, "sell", 1, 100) is RejectReason.TRIGGER_IMMEDIATE
    assert rejected(stop, x, "buy", 1, 100, kind="take_profit") is RejectReason.TRIGGER_IMMEDIATE
    x.exchange.practice = Practice(immediate_trigger="trigger")
    x.limit(x.c, "buy", 99, 5)
    assert stop(x, "sell", 1, 100).status == "filled"


def test_a_stop_limit_rests_at_its_limit_and_keeps_its_lock(x: Any) -> None:
    order = stop(x, "sell", 5, 90, limit=92, client_id="s")
    assert x.balances(x.a)["ABC"] == (995, 5)
    assert x.exchange.depth(SYMBOL) == ([], [])
    trade(x, 90)
    assert now(x, order).status == "open"
    assert x.exchange.depth(SYMBOL)[1] == [(92, 5)]
    assert x.balances(x.a)["ABC"] == (995, 5)
    assert x.exchange.cancel(x.a, SYMBOL, client_id="s").status == "cancelled"


def test_an_untriggered_order_is_cancelled_and_its_money_is_free(x: Any) -> None:
    order = stop(x, "buy", 5, 110)
    assert x.balances(x.a)["USD"] == (100_000 - 550, 550)
    assert [o.order_id for o in x.exchange.view(x.a).open_orders()] == [order.order_id]
    assert x.exchange.cancel(x.a, SYMBOL, order_id=order.order_id).status == "cancelled"
    assert x.balances(x.a)["USD"] == (100_000, 0)
    x.limit(x.c, "sell", 110, 5)
    trade(x, 109)
    x.limit(x.d, "buy", 110, 1)
    assert now(x, order).status == "cancelled"
    assert rejected(x.exchange.cancel, x.a, SYMBOL, order_id=order.order_id) is RejectReason.UNKNOWN_ORDER


def test_money_at_placement_or_at_the_trigger(x: Any) -> None:
    assert rejected(stop, x, "buy", 1_000, 110) is RejectReason.INSUFFICIENT_BALANCE
    x.exchange.practice = Practice(reserve="trigger")
    order = stop(x, "buy", 1_000, 110)  # Bybit spot: nothing is held until it is triggered
    assert x.balances(x.a)["USD"] == (100_000, 0)
    x.limit(x.c, "sell", 110, 2_000)
    x.limit(x.d, "buy", 110, 1)
    assert (now(x, order).status, now(x, order).expired_by) == ("rejected", "funds")
    assert x.balances(x.a)["USD"] == (100_000, 0)
    assert rejected(stop, x, "buy", 1_000, 120, reserve="placement") is RejectReason.INSUFFICIENT_BALANCE
    own = stop(x, "buy", 10, 120, reserve="placement")  # Bybit spot: a TP/SL order, beside conditional ones
    assert x.balances(x.a)["USD"] == (98_800, 1_200)
    x.exchange.cancel(x.a, SYMBOL, order_id=own.order_id)
    assert x.balances(x.a)["USD"] == (100_000, 0)
    assert rejected(stop, x, "buy", 10, 120, reserve="never") is RejectReason.INVALID_ORDER


def test_a_market_stop_that_slips_beyond_its_reserve_pays_from_what_is_free(x: Any) -> None:
    order = stop(x, "buy", 10, 110)
    x.limit(x.c, "sell", 110, 1)
    x.limit(x.c, "sell", 150, 10)
    x.limit(x.d, "buy", 110, 1)
    assert (now(x, order).status, now(x, order).quote_filled) == ("filled", 1_500)
    assert x.balances(x.a)["USD"] == (98_500, 0)


def test_mark_and_index_are_told_to_the_core(x: Any) -> None:
    assert rejected(stop, x, "sell", 1, 90, source="mark") is RejectReason.NO_TRIGGER_PRICE
    x.exchange.publish(SYMBOL, mark=100, index=100)
    by_mark, by_index = stop(x, "sell", 1, 90, source="mark"), stop(x, "sell", 1, 90, source="index")
    x.limit(x.c, "buy", 80, 10)
    trade(x, 85)
    assert now(x, by_mark).status == now(x, by_index).status == "untriggered"
    x.exchange.publish(SYMBOL, mark=89)
    assert (now(x, by_mark).status, now(x, by_index).status) == ("filled", "untriggered")
    x.exchange.publish(SYMBOL, index=89)
    assert now(x, by_index).status == "filled"
    for wrong in (0, -1, 1.5, "1", True):
        assert rejected(x.exchange.publish, SYMBOL, mark=wrong) is RejectReason.INVALID_ORDER


def test_a_sweep_reaches_every_price_on_its_way_and_stops_set_off_stops(x: Any) -> None:
    x.limit(x.c, "buy", 95, 1)
    x.limit(x.c, "buy", 90, 2)
    x.limit(x.c, "buy", 85, 5)
    near, far = stop(x, "sell", 1, 94), stop(x, "sell", 1, 86)
    x.market(x.d, "sell", 2)  # trades at 95 and 90; the near stop then takes the rest at 90
    assert (now(x, near).status, now(x, far).status) == ("filled", "untriggered")
    x.market(x.d, "sell", 1)  # 85
    assert now(x, far).quote_filled == 85
    fills = [e.order_id for e in x.events if isinstance(e, Fill) and e.account == "a"]
    assert fills == [near.order_id, far.order_id]


def test_the_nearest_trigger_comes_first_then_the_oldest(x: Any) -> None:
    x.limit(x.c, "buy", 50, 10)
    orders = [stop(x, "sell", 1, price) for price in (90, 92, 91, 92)]
    trade(x, 60)
    fills = [e.order_id for e in x.events if isinstance(e, Fill) and e.account == "a"]
    assert fills == [orders[i].order_id for i in (1, 3, 2, 0)]


def test_a_halt_holds_triggers_back(x: Any) -> None:
    x.exchange.publish(SYMBOL, mark=100)
    order = stop(x, "sell", 1, 90, source="mark")
    x.limit(x.c, "buy", 80, 10)
    x.exchange.set_open(SYMBOL, False)
    x.exchange.publish(SYMBOL, mark=85)
    assert now(x, order).status == "untriggered"
    x.exchange.set_open(SYMBOL, True)
    assert now(x, order).status == "filled"


def test_a_post_only_stop_limit_that_would_take_when_triggered(x: Any) -> None:
    x.limit(x.c, "buy", 80, 10)
    first = stop(x, "sell", 1, 90, limit=80, post_only=True)
    trade(x, 90)
    assert (now(x, first).status, now(x, first).expired_by) == ("rejected", "post_only")
    trade(x, 100)
    x.exchange.practice = Practice(post_only="cancel")
    second = stop(x, "sell", 1, 90, limit=80, post_only=True)
    trade(x, 90)
    assert (now(x, second).status, now(x, second).expired_by) == ("expired", "post_only")
    assert x.balances(x.a) == {"ABC": (1_000, 0), "USD": (100_000, 0)}


def test_the_seeded_market_triggers(bench: Any) -> None:
    from outtrade_mocks.core import FlowConfig, Instrument

    terms = Instrument(symbol=SYMBOL, base="ABC", quote="USD", tick=Decimal("0.01"), step=Decimal("0.001"))
    flow = FlowConfig(mid=Decimal(100), depth=Decimal(5), taker_size=Decimal(1), volatility_bps=50)
    exchange = Exchange([terms], now=0, seed=4, flows={SYMBOL: flow})
    account = exchange.open_account("a", {"ABC": 10**12, "USD": 10**14})
    price = exchange.last_price(SYMBOL)
    assert price is not None
    sell = NewOrder(
        symbol=SYMBOL, side="sell", type="market", lots=5, trigger=Trigger(price=price - 40, source="last")
    )  # fmt: skip
    order = exchange.place(account, sell)
    at = exchange.next_time()
    while at is not None and account.orders[order.order_id][-1].live:
        exchange.advance(at)
        at = exchange.next_time()
        assert exchange.now < 10**15
    done = account.orders[order.order_id][-1]
    assert done.status == "filled" and done.terms is not None and done.terms.triggered is not None
    assert done.terms.triggered <= price - 40


# ------------------------------------------------------------------ trailing
@pytest.mark.parametrize(
    ("scenario", "side", "kind", "stop_price", "bps", "limit", "path", "fires"),
    [
        ("A", "buy", "stop", 44_000, 500, 45_000, [37_000, 44_000, 45_000, 46_000, 42_000, 44_099], 44_100),
        ("B", "sell", "stop", 39_000, 1000, 38_000, [41_500, 39_000, 37_000, 41_000, 36_901], 36_900),
        ("C", "buy", "take_profit", 38_000, 850, 38_500, [42_000, 38_000, 37_000, 39_000, 38_000, 40_144], 40_145),
        ("D", "sell", "take_profit", 42_000, 750, 41_000, [41_500, 39_000, 42_000, 45_000, 44_000, 46_500, 43_013],
         43_012),
        ("E", "sell", "stop", None, 700, 39_000, [42_000, 39_500, 45_500, 42_316], 42_315),
    ],
)  # fmt: skip
def test_binances_trailing_scenarios(
    x: Any,
    scenario: str,
    side: str,
    kind: str,
    stop_price: int | None,
    bps: int,
    limit: int,
    path: list[int],
    fires: int,
) -> None:
    """Scenarios A to E of Binance spot's trailing stop FAQ (faqs/trailing-stop-faq.md), prices in whole units; in D the
    FAQ's 43,012.5 lies between two of them, so the first price below it triggers."""
    x.exchange.deposit(x.a, "USD", 10**9)
    trade(x, 40_000)
    order = stop(x, side, 1, stop_price, kind=kind, trail_bps=bps, limit=limit)
    for price in path:
        trade(x, price)
        assert now(x, order).status == "untriggered", (scenario, price)
    trade(x, fires)
    assert now(x, order).terms.triggered == fires
    assert now(x, order).status == "open"
    book = x.exchange.depth(SYMBOL)[0 if side == "buy" else 1]
    assert book == [(limit, 1)]


def test_alpacas_trailing_stop_example(x: Any) -> None:
    """Alpaca, trailing stop orders: a sale trails the high water mark by trail_price; the stop is the mark less it."""
    x.exchange.deposit(x.a, "USD", 10**6)
    x.limit(x.c, "buy", 50, 5)
    order = stop(x, "sell", 1, trail_ticks=6)
    for price in (105, 103, 110, 105):
        trade(x, price)
        assert now(x, order).status == "untriggered"
    trade(x, 104)
    assert now(x, order).status == "filled"


def test_a_trailing_buy_reserves_at_the_price_of_the_moment(x: Any) -> None:
    stop(x, "buy", 2, trail_ticks=5)
    assert x.balances(x.a)["USD"] == (99_800, 200)


def test_a_watch_is_not_reached_by_what_was_seen_before_it() -> None:
    watches = Watches()
    watches.add(Watch("old", "last", rising=False, price=90), 100)
    watches.saw("last", 80)
    watches.add(Watch("new", "last", rising=False, price=90), 100)
    found = watches.next()
    assert found is not None and found.entry == "old"
    assert watches.next() is None and watches.armed == 1
    watches.saw("mark", 70)
    assert watches.next() is None
    watches.saw("last", 85)
    found = watches.next()
    assert found is not None and found.entry == "new"
    with pytest.raises(AssertionError, match="disarmed twice"):
        watches.drop(found)


@pytest.mark.parametrize(
    "trigger",
    [
        {}, {"price": "90"}, {"price": 90.0}, {"price": True}, {"price": 90, "kind": "x"}, {"price": 90, "source": "x"},
        {"trail_ticks": 5, "trail_bps": 5}, {"trail_ticks": 1.5}, {"trail_bps": "5"}, {"price": [90]},
    ],
)  # fmt: skip
def test_what_is_no_trigger(x: Any, trigger: dict[str, Any]) -> None:
    before = (x.balances(x.a), len(x.moved))
    new = NewOrder(symbol=SYMBOL, side="sell", type="market", lots=1, trigger=Trigger(**trigger))
    assert rejected(x.exchange.place, x.a, new) is RejectReason.INVALID_ORDER
    assert (x.balances(x.a), len(x.moved)) == before


@pytest.mark.parametrize("trigger", [{"price": 0}, {"price": -5}, {"trail_ticks": 0}, {"trail_bps": 10_000}])
def test_prices_that_no_trigger_can_have(x: Any, trigger: dict[str, Any]) -> None:
    new = NewOrder(symbol=SYMBOL, side="sell", type="market", lots=1, trigger=Trigger(**trigger))
    assert rejected(x.exchange.place, x.a, new) is RejectReason.PRICE_FILTER


# ------------------------------------------------------------ by quote amount
def by_quote(x: Any, quote: int, **trigger: Any) -> Any:
    return x.exchange.place(
        x.a, NewOrder(symbol=SYMBOL, side="buy", type="market", quote=quote, trigger=Trigger(**trigger))
    )


def test_a_stop_by_quote_amount_is_sized_when_it_triggers(x: Any) -> None:
    """OKX, place algo order: tgtCcy quote_ccy (spot market buys)."""
    order = by_quote(x, 1_000, price=110)
    assert (order.lots, order.quote, order.status) == (0, 1_000, "untriggered")
    assert x.balances(x.a)["USD"] == (99_000, 1_000)
    assert rejected(x.exchange.amend, x.a, SYMBOL, order_id=order.order_id, lots=5) is RejectReason.AMEND_NOT_ALLOWED
    x.limit(x.c, "sell", 111, 5)
    x.limit(x.c, "sell", 120, 50)
    x.limit(x.d, "buy", 110, 1)
    trade(x, 110)
    done = now(x, order)  # 5 at 111 are 555; 445 are left, and pay for 3 at 120
    assert (done.status, done.lots, done.filled, done.quote_filled) == ("filled", 8, 8, 555 + 360)
    assert x.balances(x.a)["USD"] == (100_000 - 915, 0)


def test_a_quote_amount_that_pays_for_nothing_when_it_triggers_is_rejected(x: Any) -> None:
    order = by_quote(x, 100, price=110)
    trade(x, 115)
    assert (now(x, order).status, now(x, order).expired_by) == ("rejected", "liquidity")
    assert x.balances(x.a)["USD"] == (100_000, 0)
    assert rejected(by_quote, x, 100_001, price=130) is RejectReason.INSUFFICIENT_BALANCE
    assert rejected(by_quote, x, 0, price=130) is RejectReason.NOTIONAL
    sale = NewOrder(symbol=SYMBOL, side="sell", type="market", quote=100, trigger=Trigger(price=90))
    assert rejected(x.exchange.place, x.a, sale) is RejectReason.INVALID_ORDER


@pytest.mark.parametrize(
    ("side", "offset", "price"),
    [("sell", {"limit_ticks": -2}, 93), ("sell", {"limit_ticks": 7}, 102), ("buy", {"limit_bps": -1000}, 90),
     ("buy", {"limit_ticks": -200}, 1)],
)  # fmt: skip
def test_a_limit_may_follow_the_price_that_triggers(x: Any, side: str, offset: dict[str, int], price: int) -> None:
    """Kraken trailing-stop-limit: price2 is an offset from the trigger price."""
    order = stop(x, side, 3, limit=100, trail_ticks=5, **offset)
    trade(x, 95)
    if side == "buy":
        trade(x, 100)
    assert now(x, order).price == price
    assert now(x, order).terms.triggered == (95 if side == "sell" else 100)


def test_a_limit_that_follows_needs_a_limit_order_and_one_unit(x: Any) -> None:
    for more in (
        {"limit_ticks": 1},
        {"limit": 100, "limit_ticks": 1, "limit_bps": 1},
        {"limit": 100, "limit_bps": "1"},
    ):
        assert rejected(stop, x, "sell", 3, trail_ticks=5, **more) is RejectReason.INVALID_ORDER
    assert rejected(stop, x, "sell", 3, limit=100, trail_ticks=5, limit_bps=10_000) is RejectReason.PRICE_FILTER
