"""Sessions on the exchange: who waits, who trades when, and what ends with the day."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from outtrade_mocks.core import (
    Account,
    Change,
    Exchange,
    FlowConfig,
    Instrument,
    NewList,
    NewOrder,
    Order,
    OrderChange,
    Practice,
    Reject,
    Rejection,
    RejectReason,
    StateChange,
    TradingState,
    Trigger,
    Uncross,
)
from outtrade_mocks.core.invariants import check
from outtrade_mocks.core.orders import Malformed
from outtrade_mocks.core.sessions import NS
from outtrade_mocks.core.state import State, restore, snapshot

SYMBOL = "ABC/USD"
S, R = TradingState, RejectReason


def instrument(**rules: Any) -> Instrument:
    given: dict[str, Any] = {"symbol": SYMBOL, "base": "ABC", "quote": "USD", "tick": Decimal(1), "step": Decimal(1)}
    return Instrument(**(given | {"base_precision": 0, "quote_precision": 0} | rules))


def at(text: str) -> int:
    """UNIX time in ns of a New York winter time, as in ``25T09:30`` of November 2026."""
    return int(datetime.fromisoformat(f"2026-11-{text}-05:00").timestamp()) * NS


class Floor:
    """A New York market on Wednesday, 25 November 2026: Thursday is Thanksgiving, Friday closes early."""

    def __init__(self, start: str = "25T12:00", *, practice: Practice | None = None, **rules: Any) -> None:
        self.x = Exchange([instrument(calendar="XNYS", **rules)], now=at(start), seed=1, practice=practice)
        self.a = self.x.open_account("a", {"ABC": 1_000, "USD": 100_000})
        self.b = self.x.open_account("b", {"ABC": 1_000, "USD": 100_000})
        self.told: list[Change] = []
        self.x.on_change(self.told.append)

    def to(self, time: str) -> Floor:
        """Let time pass up to a moment, waking only when the exchange says so."""
        while (wake := self.x.next_time()) is not None and wake <= at(time):
            self.x.advance(wake)
            check(self.x, f"the wake at {wake}")
        self.x.advance(at(time))
        check(self.x, time)
        return self

    def order(self, account: Account, side: Any, price: int | None, lots: int, **more: Any) -> Order:
        kind: Any = "market" if price is None else "limit"
        order = self.x.place(account, NewOrder(symbol=SYMBOL, side=side, type=kind, price=price, lots=lots, **more))
        check(self.x, "an order")
        return order

    def now(self, order: Order) -> Order:
        return self.x.view(self.x.accounts[order.account]).order(SYMBOL, order_id=order.order_id)

    def states(self) -> list[tuple[str, str]]:
        clock = {at(f"{day}T{hour}"): f"{day} {hour}" for day in range(24, 31) for hour in HOURS}
        return [(clock[e.time], e.state) for e in self.told if isinstance(e, StateChange)]


HOURS = ("04:00", "09:30", "13:00", "16:00", "17:00", "20:00")


def refused(call: Any, *args: Any, **more: Any) -> RejectReason:
    with pytest.raises(Reject) as caught:
        call(*args, **more)
    return caught.value.reason


def test_the_market_follows_the_calendar_by_itself() -> None:
    f = Floor("24T21:00")
    assert f.x.state(SYMBOL) is S.CLOSED and f.x.next_time() == at("25T04:00")
    f.to("28T12:00")
    assert f.states() == [
        ("25 04:00", "extended"), ("25 09:30", "open"), ("25 16:00", "extended"), ("25 20:00", "closed"),
        ("27 04:00", "extended"), ("27 09:30", "open"), ("27 13:00", "extended"), ("27 17:00", "closed"),
    ]  # fmt: skip
    assert {e.cause for e in f.told if isinstance(e, StateChange)} == {"time"}


def test_one_leap_or_many_wakes_tell_the_same() -> None:
    one, many = Floor(), Floor()
    for f in (one, many):
        f.order(f.a, "buy", 90, 5, tif="DAY")
        f.order(f.b, "sell", 110, 5)
    one.x.advance(at("30T12:00"))
    many.to("30T12:00")
    assert one.told == many.told


def test_a_day_order_ends_with_its_session() -> None:
    f = Floor("25T12:00")
    plain, late = f.order(f.a, "buy", 90, 5, tif="DAY"), f.order(f.a, "buy", 91, 5, tif="DAY", extended=True)
    assert [o.terms and o.terms.expires for o in (plain, late)] == [at("25T16:00"), at("25T20:00")]
    f.to("25T16:00")
    assert (f.now(plain).expired_by, f.now(plain).updated, f.now(late).status) == ("day", at("25T16:00"), "open")
    f.to("25T20:00")
    assert (f.now(late).expired_by, f.now(late).updated) == ("day", at("25T20:00"))


def test_a_day_order_on_an_early_close_and_before_a_holiday() -> None:
    f = Floor("25T18:00")
    order = f.order(f.a, "buy", 90, 5, tif="DAY")
    assert order.status == "queued" and order.terms is not None and order.terms.expires == at("27T13:00")
    f.to("27T09:29")
    assert f.now(order).status == "queued"
    f.to("27T09:30")
    assert (f.now(order).status, f.now(order).updated) == ("open", at("27T09:30"))
    f.to("27T13:00")
    assert f.now(order).expired_by == "day"


def test_what_waits_is_locked_and_can_be_cancelled() -> None:
    f = Floor("25T21:00")
    order = f.order(f.a, "buy", 90, 5)
    assert f.x.view(f.a).balances()["USD"] == (100_000 - 450, 450)
    assert f.x.depth(SYMBOL) == ([], [])
    assert refused(f.x.amend, f.a, SYMBOL, order_id=order.order_id, lots=4) is R.AMEND_NOT_ALLOWED
    assert f.x.cancel(f.a, SYMBOL, order_id=order.order_id).status == "cancelled"
    assert f.x.view(f.a).balances()["USD"] == (100_000, 0)
    check(f.x, "a cancel of what waits")


def test_waiting_orders_meet_at_the_open_first_come_first_served() -> None:
    f = Floor("25T21:00")
    sale = f.order(f.b, "sell", 95, 5)
    cheap, dear = f.order(f.a, "buy", 100, 3), f.order(f.a, "buy", 101, 3)
    f.to("27T04:00")
    assert f.now(sale).status == "queued"  # not for the pre-market
    f.to("27T09:30")
    assert [f.now(o).status for o in (sale, cheap, dear)] == ["filled", "filled", "partially_filled"]
    assert {fill.price for fill in f.x.view(f.a).trades()} == {95}
    assert f.x.depth(SYMBOL) == ([(101, 1)], [])


def test_a_good_till_cancelled_order_sleeps_in_extended_hours_and_keeps_its_place() -> None:
    f = Floor("25T12:00")
    first = f.order(f.b, "sell", 100, 3)
    f.order(f.a, "buy", 100, 1)
    iceberg = f.order(f.b, "sell", 100, 6, visible=2)
    f.to("25T17:00")
    assert f.now(first).status == "partially_filled" and f.x.depth(SYMBOL) == ([], [])
    eager = f.order(f.a, "buy", 100, 4, tif="DAY", extended=True)
    assert eager.status == "open", "nobody to trade with: the sellers sleep"
    f.x.cancel(f.a, SYMBOL, order_id=eager.order_id)
    f.to("27T09:30")
    assert f.x.resting(SYMBOL)[1] == [f.now(first), f.now(iceberg)]
    assert f.x.depth(SYMBOL) == ([], [(100, 4)])
    f.order(f.a, "buy", 100, 2)
    assert f.now(first).status == "filled" and f.now(iceberg).filled == 0


def test_an_iceberg_that_comes_back_to_a_buyer_trades_with_all_it_has() -> None:
    f = Floor("25T12:00")
    iceberg = f.order(f.b, "sell", 100, 6, visible=2)
    f.to("27T08:00")
    buyer = f.order(f.a, "buy", 100, 7, extended=True)
    f.to("27T09:30")
    assert (f.now(iceberg).status, f.now(buyer).filled) == ("filled", 6)


def test_extended_hours_trade_among_orders_marked_for_them() -> None:
    f = Floor("25T21:00")
    mine = f.order(f.a, "buy", 100, 3, tif="DAY", extended=True)
    theirs = f.order(f.b, "sell", 100, 3, tif="GTC", extended=True)
    assert (mine.status, theirs.status) == ("queued", "queued")
    f.to("27T04:00")
    assert f.now(mine).status == f.now(theirs).status == "filled"
    for more in ({"tif": "IOC"}, {"tif": "FOK"}):
        assert refused(f.order, f.a, "buy", 100, 1, **more) is R.MARKET_CLOSED
    for wrong in ({"tif": "IOC", "extended": True}, {"post_only": True, "extended": True}, {"extended": 1}):
        with pytest.raises(Malformed):
            f.order(f.a, "buy", 100, 1, **wrong)
    with pytest.raises(Malformed):
        f.order(f.a, "buy", None, 1, extended=True)


def test_market_orders_wait_reserved_above_the_reference() -> None:
    f = Floor("25T12:00")
    f.order(f.b, "sell", 100, 1)
    f.order(f.a, "buy", 100, 1)
    f.to("25T18:00")
    order = f.order(f.a, "buy", None, 10, tif="DAY")
    assert order.status == "queued" and f.x.view(f.a).balances()["USD"][1] == 1030
    f.order(f.b, "sell", 106, 4)
    f.to("27T09:30")
    # the sale came later: nothing to trade with when the market order's turn came
    assert (f.now(order).status, f.now(order).expired_by) == ("expired", "liquidity")
    assert f.x.view(f.a).balances()["USD"][1] == 0
    f.to("27T18:00")
    order = f.order(f.a, "buy", None, 10)
    f.to("30T09:30")
    assert f.now(order).filled == 4 and f.x.view(f.a).trades()[-1].price == 106


def test_a_market_order_waits_only_where_there_is_a_price_and_a_quantity() -> None:
    f = Floor("25T21:00")
    assert refused(f.order, f.a, "buy", None, 5) is R.NO_TRIGGER_PRICE
    amount = NewOrder(symbol=SYMBOL, side="buy", type="market", quote=500)
    assert refused(f.x.place, f.a, amount) is R.MARKET_CLOSED
    assert all(isinstance(event, Rejection) for event in f.told)


def test_a_post_only_order_that_would_take_at_the_open_ends() -> None:
    f = Floor("25T21:00")
    f.order(f.b, "sell", 95, 5)
    maker = f.order(f.a, "buy", 95, 5, post_only=True)
    f.to("27T09:30")
    assert f.now(maker).expired_by == "post_only" and f.x.view(f.a).balances()["USD"] == (100_000, 0)


def test_a_pair_that_waits_keeps_the_lock_of_the_dearer() -> None:
    f = Floor("25T21:00")
    rise = NewOrder(symbol=SYMBOL, side="buy", price=130, lots=4, trigger=Trigger(price=120))
    f.x.place_list(f.a, NewList(kind="oco", orders=(NewOrder(symbol=SYMBOL, side="buy", price=90, lots=4), rise)))
    for time in ("27T08:00", "27T10:00", "27T15:00", "30T10:00"):
        assert f.to(time).x.view(f.a).balances()["USD"] == (100_000 - 520, 520)


def test_a_venue_that_queues_nothing() -> None:
    f = Floor("25T21:00", practice=Practice(outside_session="reject"))
    for more in ({}, {"tif": "DAY"}, {"extended": True}, {"trigger": Trigger(price=90)}):
        assert refused(f.order, f.a, "buy", 100, 1, **more) is R.MARKET_CLOSED
    assert all(isinstance(event, Rejection) for event in f.told)


def test_a_stop_is_taken_any_time_and_fires_in_the_session_only() -> None:
    f = Floor("25T21:00")
    stop = f.order(f.a, "sell", None, 5, trigger=Trigger(price=95), tif="GTC")
    assert stop.status == "untriggered"
    f.to("27T08:00")
    f.order(f.b, "buy", 90, 2, extended=True)
    f.order(f.a, "sell", 90, 1, extended=True)  # trades at 90, in the pre-market
    assert f.now(stop).status == "untriggered"
    f.to("27T09:29")
    assert f.now(stop).status == "untriggered"
    f.to("27T09:30")  # the last price is 90
    assert f.now(stop).filled == 1
    assert [e.why for e in f.told if isinstance(e, OrderChange) and e.order.order_id == stop.order_id] == [
        "accepted", "triggered", "working", "fill", "expire",
    ]  # fmt: skip


def test_a_halt_over_the_close_lasts() -> None:
    f = Floor("25T12:00")
    day, gtc = f.order(f.a, "buy", 90, 5, tif="DAY"), f.order(f.a, "buy", 91, 5)
    f.x.set_state(SYMBOL, S.HALTED)
    f.to("27T10:00")
    assert f.now(day).expired_by == "day" and f.x.state(SYMBOL) is S.HALTED
    assert f.x.depth(SYMBOL) == ([(91, 5)], [])
    assert refused(f.order, f.a, "buy", 90, 1) is R.MARKET_CLOSED
    f.x.set_state(SYMBOL, S.OPEN)
    assert f.x.state(SYMBOL) is S.OPEN and f.now(gtc).status == "open"
    f.x.set_state(SYMBOL, S.HALTED)
    f.to("27T14:00")
    f.x.set_state(SYMBOL, S.OPEN)
    assert f.x.state(SYMBOL) is S.EXTENDED and f.x.depth(SYMBOL) == ([], [])
    check(f.x, "the end of a halt after the close")


def test_lists_wait_as_a_whole() -> None:
    f = Floor("25T21:00")
    sell: dict[str, Any] = {"symbol": SYMBOL, "side": "sell", "lots": 4, "tif": "DAY"}
    bracket = NewList(
        kind="bracket",
        orders=(
            NewOrder(symbol=SYMBOL, side="buy", price=100, lots=4, tif="DAY"),
            NewOrder(price=110, **sell),
            NewOrder(type="market", trigger=Trigger(price=90), **sell),
        ),
    )
    made = f.x.place_list(f.a, bracket)
    pair = f.x.place_list(
        f.b,
        NewList(
            kind="oco", orders=(NewOrder(price=120, **sell), NewOrder(type="market", trigger=Trigger(price=80), **sell))
        ),
    )
    check(f.x, "lists that wait")
    assert [o.status for o in made.orders] == ["queued", "held", "held"]
    assert [o.status for o in pair.orders] == ["queued", "untriggered"]
    assert {o.terms.expires for o in (*made.orders, *pair.orders) if o.terms} == {at("27T13:00")}
    f.to("27T10:00")
    f.order(f.b, "sell", 100, 4)
    assert [o.status for o in made.orders] == ["filled", "open", "untriggered"]
    assert [o.status for o in pair.orders] == ["open", "untriggered"]
    f.to("27T13:00")
    assert {o.expired_by for o in (*made.orders[1:], *pair.orders)} <= {"day", "list"}
    assert f.x._lists.open == {}
    on_open = NewOrder(symbol=SYMBOL, side="buy", price=9, lots=1, tif="OPG")
    auction = NewList(kind="oto", orders=(on_open, NewOrder(price=110, **sell)))
    assert refused(f.x.place_list, f.a, auction) is R.LIST_SHAPE


def test_a_child_that_comes_to_life_at_the_close_waits() -> None:
    """A bracket's entry is filled in the closing auction."""
    f = Floor("25T12:00", auctions=True)
    f.order(f.b, "sell", 100, 4, tif="CLS")
    entry = NewOrder(symbol=SYMBOL, side="buy", price=100, lots=4)
    child = NewOrder(symbol=SYMBOL, side="sell", price=100, lots=4)
    made = f.x.place_list(f.a, NewList(kind="oto", orders=(entry, child)))
    f.to("25T16:00")
    assert [o.status for o in made.orders] == ["filled", "queued"]
    f.to("27T09:30")
    assert made.orders[1].status == "open" and f.x.depth(SYMBOL) == ([], [(100, 4)])


# ------------------------------------------------------------------ auctions
def test_the_open_is_an_auction_of_what_waited() -> None:
    f = Floor("25T21:00", auctions=True)
    f.order(f.b, "sell", 95, 5)
    f.order(f.a, "buy", 105, 3)
    f.order(f.a, "buy", 99, 3)
    f.to("27T09:30")
    # without a reference, the middle of 95 and 99, where 5 trade and 1 is left over
    assert [(e.price, e.lots) for e in f.told if isinstance(e, Uncross)] == [(97, 5)]
    assert f.states()[-2:] == [("27 09:30", "auction"), ("27 09:30", "open")]
    assert f.x.depth(SYMBOL) == ([(99, 1)], [])


def test_orders_for_the_opening_auction_alone() -> None:
    f = Floor("25T08:00", auctions=True)
    on_open, market = f.order(f.a, "buy", 100, 5, tif="OPG"), f.order(f.b, "sell", 97, 2, tif="OPG")
    assert on_open.terms is not None and on_open.terms.expires == at("25T16:00") and on_open.status == "queued"
    f.to("25T09:30")
    assert (f.now(on_open).filled, f.now(on_open).expired_by) == (2, "auction")
    assert f.now(market).status == "filled"


def test_orders_for_the_closing_auction_alone() -> None:
    f = Floor("25T12:00", auctions=True)
    on_close = f.order(f.b, "sell", 99, 5, tif="CLS")
    resting = f.order(f.a, "buy", 100, 3, tif="DAY")
    assert resting.status == "open" and on_close.status == "queued", "it is not there before the close"
    f.to("25T16:00")
    assert f.now(resting).status == "filled" and f.now(on_close).filled == 3
    assert f.now(on_close).expired_by == "auction"
    assert [e.lots for e in f.told if isinstance(e, Uncross)] == [3]
    assert f.states()[-2:] == [("25 16:00", "auction"), ("25 16:00", "extended")]


def test_what_ends_with_the_session_is_in_its_closing_auction() -> None:
    """However long before it was placed."""
    f = Floor("24T22:00", auctions=True)
    day, on_close = f.order(f.a, "buy", 100, 3, tif="DAY"), f.order(f.b, "sell", 99, 5, tif="CLS")
    until = f.order(f.a, "buy", 100, 1, tif="GTD", expires=at("25T16:00"))
    f.to("25T16:00")
    assert [f.now(order).filled for order in (day, on_close, until)] == [3, 4, 1]


def test_a_market_on_close_order() -> None:
    f = Floor("25T12:00", auctions=True)
    f.order(f.b, "sell", 100, 1)
    f.order(f.a, "buy", 100, 1)
    on_close = f.order(f.b, "sell", None, 5, tif="CLS")
    f.order(f.a, "buy", 90, 3)
    f.to("25T16:00")
    assert (f.now(on_close).filled, f.now(on_close).expired_by) == (3, "auction")
    assert f.x.view(f.b).trades()[-1].price == 90 and f.x.view(f.b).balances()["ABC"][1] == 0


@pytest.mark.parametrize(
    ("time", "tif", "day"),
    [
        # Alpaca, orders: opg until 9:28 and from 19:00, cls until 15:50 and from 19:00
        ("25T09:27", "OPG", 25), ("25T09:28", "OPG", None), ("25T12:00", "OPG", None), ("25T18:59", "OPG", None),
        ("25T19:00", "OPG", 27), ("25T23:00", "OPG", 27), ("25T15:49", "CLS", 25), ("25T15:50", "CLS", None),
        ("25T18:59", "CLS", None), ("25T19:00", "CLS", 27), ("27T12:49", "CLS", 27), ("27T12:50", "CLS", None),
        ("27T18:00", "CLS", 30), ("28T12:00", "OPG", 30),
    ],
)  # fmt: skip
def test_when_orders_for_an_auction_are_taken(time: str, tif: Any, day: int | None) -> None:
    f = Floor(time, auctions=True)
    if day is None:
        assert refused(f.order, f.a, "buy", 100, 5, tif=tif) is R.AUCTION
        assert all(isinstance(event, Rejection) for event in f.told)
        return
    order = f.order(f.a, "buy", 100, 5, tif=tif)
    assert order.terms is not None and order.terms.expires == at("27T13:00" if day == 27 else f"{day}T16:00")
    f.to("30T20:00")
    ended = {("OPG", 25): "25T09:30", ("OPG", 27): "27T09:30", ("OPG", 30): "30T09:30"}
    ended |= {("CLS", 25): "25T16:00", ("CLS", 27): "27T13:00", ("CLS", 30): "30T16:00"}
    assert (f.now(order).expired_by, f.now(order).updated) == ("auction", at(ended[tif, day]))


def test_a_halt_over_an_auction() -> None:
    f = Floor("25T08:00", auctions=True)
    on_open, on_close = f.order(f.a, "buy", 100, 5, tif="OPG"), f.order(f.a, "buy", 100, 5, tif="CLS")
    f.x.set_state(SYMBOL, S.HALTED)
    f.to("25T11:00")
    assert f.now(on_open).status == "queued", "the open has not come yet"
    f.x.set_state(SYMBOL, S.OPEN)
    assert f.now(on_open).expired_by == "auction", "trading resumes with an auction"
    f.x.set_state(SYMBOL, S.HALTED)
    f.to("25T16:00")
    assert f.now(on_close).expired_by == "auction", "there was no closing auction"


def test_no_auction_no_orders_for_it() -> None:
    f = Floor("25T08:00")
    assert refused(f.order, f.a, "buy", 100, 5, tif="OPG") is R.AUCTION
    f = Floor("25T08:00", auctions=True)
    for wrong in ({"trigger": Trigger(price=9)}, {"expires": at("27T12:00")}, {"post_only": True}):
        with pytest.raises(Malformed):
            f.order(f.a, "buy", 100, 5, tif="CLS", **wrong)
    assert all(isinstance(event, Rejection) for event in f.told)


# ----------------------------------------------------------- round the clock
def test_a_day_order_needs_a_session_or_an_end() -> None:
    x = Exchange([instrument()], now=0, seed=1)
    account = x.open_account("a", {"USD": 1_000})
    with pytest.raises(Malformed, match="no sessions"):
        x.place(account, NewOrder(symbol=SYMBOL, side="buy", price=1, lots=1, tif="DAY"))
    assert x.place(account, NewOrder(symbol=SYMBOL, side="buy", price=1, lots=1, tif="DAY", expires=9)).status == "open"
    with pytest.raises(ValueError, match="no calendar"):
        instrument(calendar="XXXX")
    with pytest.raises(ValueError, match="has no sessions at"):
        Exchange([instrument(calendar="XNYS")], now=0, seed=1)


def test_the_end_of_the_calendar() -> None:
    end = int(datetime.fromisoformat("2035-12-31T18:00-05:00").timestamp()) * NS
    x = Exchange([instrument(calendar="XNYS")], now=end, seed=1)
    account = x.open_account("a", {"USD": 1_000})
    assert refused(x.place, account, NewOrder(symbol=SYMBOL, side="buy", price=1, lots=1, tif="DAY")) is R.MARKET_CLOSED
    x.advance(end + 100 * 3600 * NS)
    assert x.state(SYMBOL) is S.CLOSED and x.next_time() is None


# ------------------------------------------------------------------ branches
@pytest.mark.parametrize("start", ["25T12:00", "25T16:30", "25T21:00", "27T04:30"])
@pytest.mark.parametrize("auctions", [False, True])
def test_a_branch_goes_through_the_same_sessions(start: str, auctions: bool) -> None:
    config = FlowConfig(mid=Decimal(100), depth=Decimal(9), levels=3, taker_size=Decimal(5), volatility_bps=30.0)
    rules = instrument(calendar="XNYS", auctions=auctions)
    first = Exchange([rules], now=at("25T11:00"), seed=1, flows={SYMBOL: config})
    accounts = [first.open_account(name, {"ABC": 1_000, "USD": 100_000}) for name in "ab"]

    def play(x: Exchange, hour: int) -> None:
        for number, name in enumerate("ab"):
            for side, price in (("buy", 97), ("sell", 103)):
                for more in ({}, {"tif": "DAY"}, {"extended": True}, {"visible": 1}, {"tif": "CLS"}, {"tif": "OPG"}):
                    price += 1 if side == "buy" else -1
                    new: Any = {"symbol": SYMBOL, "side": side, "price": price + number, "lots": 3} | more
                    try:
                        x.place(x.accounts[name], NewOrder(**new))
                    except Reject as reject:
                        assert reject.reason is R.AUCTION
            try:
                x.place(x.accounts[name], NewOrder(symbol=SYMBOL, side="buy", type="market", lots=2))
            except Reject as reject:
                assert reject.reason is R.INSUFFICIENT_BALANCE
        check(x, f"hour {hour}")

    play(first, 11)
    first.advance(at(start))
    play(first, 12)
    first.plan_state(SYMBOL, S.HALTED, at("27T10:00"))
    first.plan_state(SYMBOL, S.OPEN, at("27T10:30"))
    told: list[Change] = []
    first.on_change(told.append)
    state = snapshot(first)
    second = restore(State.from_json(state.to_json()))
    again: list[Change] = []
    second.on_change(again.append)
    for x in (first, second):
        for time in ("25T23:00", "27T08:00", "27T11:00", "27T15:00", "30T12:00"):
            x.advance(max(at(time), x.now))
            play(x, 13)
    assert again == told and len(told) > 50
    assert snapshot(second).to_json() == snapshot(first).to_json()
    if auctions:
        assert any(isinstance(e, Uncross) for e in told)
    assert accounts
