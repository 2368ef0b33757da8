"""Every operation with wrong, missing, extreme or hostile values returns a typed rejection and changes nothing.

The operations are found by looking: every public method of ``Exchange`` and every function of ``core.requests``. Each
argument of each, and each field of each request, is replaced by each of the values below; then Hypothesis replaces
several at once. What comes of it is a Reject or a ValueError and the very same snapshot, or the value was fine after
all, and then the books still hold. A method or an argument that this test does not know fails it: give it a valid value
in ``VALID``.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from outtrade_mocks.core import (
    Amendment,
    Bracket,
    Exchange,
    Instrument,
    MarginRules,
    NewList,
    NewOrder,
    OrderRef,
    Practice,
    Reject,
    Rejection,
    Request,
    TradingState,
    Trigger,
    View,
    requests,
)
from outtrade_mocks.core.invariants import check, total
from outtrade_mocks.core.state import State, snapshot

SYMBOL = "ABC/USD"
RULES = Instrument(
    symbol=SYMBOL, base="ABC", quote="USD", tick=Decimal(1), step=Decimal(1), base_precision=0, quote_precision=0
)
PERP = Instrument(
    symbol="PRP/USD", base="PRP", quote="USD", tick=Decimal(1), step=Decimal(1), base_precision=0, quote_precision=0,
    kind="perpetual", brackets=(Bracket(cap=None, leverage=50, rate=Decimal("0.01")),),
)  # fmt: skip
MARGIN = MarginRules(rates={"USD": Decimal("0.24"), "ABC": Decimal("0.24")}, reference="USD")
FAR = 10**40


class Hostile:
    """Equal to nothing, not even itself; a number that refuses to be one."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return False

    def __repr__(self) -> str:
        return "Hostile()"


class Sly(int):
    """A whole number that is none of the plain ones."""


WRONG: list[Any] = [
    None, True, -1, 0, FAR, -FAR, 1.5, float("nan"), float("inf"), Sly(5), "", "5", "x" * 5_000, "\x00\ud800", b"5",
    Decimal("NaN"), Decimal("1.5"), [], {}, (), [5], object(), Hostile(), len, SYMBOL, "buy", "USD", "a",
]  # fmt: skip
PLAIN = NewOrder(symbol=SYMBOL, side="sell", price=120, lots=3)
WAITING = NewOrder(
    symbol=SYMBOL, side="sell", price=70, lots=3, tif="GTD", expires=10**6, visible=2, self_trade="decrement",
    trigger=Trigger(price=80, source="last"),
)  # fmt: skip
TRAILING = Trigger(kind="take_profit", price=150, trail_bps=50)
PAIR = NewList(kind="oco", orders=(PLAIN, structs.replace(WAITING, visible=None)), client_id="l", partial="reduce")


def make(name: str = "") -> tuple[Exchange, list[Any]]:
    """An exchange with something of everything, and what it tells from here on. Only where the operation ``name`` is
    about debts does anybody owe something: interest is due every hour, and time may jump very far."""
    exchange = Exchange([RULES], now=1_000, seed=1, practice=Practice(amend="change"))
    a, b = (exchange.open_account(name, {"ABC": 1_000, "USD": 100_000}) for name in "ab")
    exchange.place(b, NewOrder(symbol=SYMBOL, side="sell", price=101, lots=5))
    exchange.place(a, NewOrder(symbol=SYMBOL, side="buy", price=101, lots=1))
    exchange.place(a, NewOrder(symbol=SYMBOL, side="buy", price=99, lots=8, client_id="k"))  # order 3
    exchange.place(a, structs.replace(WAITING, client_id="w"))
    exchange.place_list(a, structs.replace(PAIR, client_id=""))
    exchange.countdown(a, 10**7)
    exchange.add_instrument(PERP)
    exchange.open_account("c", {})
    exchange.set_margin_mode(a, PERP.symbol, isolated=True)
    for account, side in ((b, "sell"), (a, "buy")):
        exchange.place(account, NewOrder(symbol=PERP.symbol, side=side, price=100, lots=10))  # type: ignore[arg-type]
    m = exchange.open_account("m", {"USD": 1_000})
    exchange.open_margin(m, MARGIN)
    if name in ("borrow", "repay", "transfer", "standing", "margin_level", "max_borrow", "open_margin"):
        exchange.borrow(m, "USD", 100)
    if name == "prints":
        exchange.keep_prints(5)
    told: list[Any] = []
    exchange.on_change(told.append)
    return exchange, told


VALID: dict[str, Callable[[Exchange], Any]] = {
    "account": lambda x: x.accounts["a"],
    "after": lambda x: 0,
    "amount": lambda x: Decimal(5),
    "as_of": lambda x: 5,
    "asset": lambda x: "USD",
    "at": lambda x: 3_000,
    "atoms": lambda x: 5,
    "balances": lambda x: {"USD": 5},
    "callback": lambda x: lambda change: None,
    "changes": lambda x: [Amendment(symbol=SYMBOL, client_id="k", lots=2)],
    "client_id": lambda x: "k",
    "delay": lambda x: 500,
    "flow": lambda x: None,
    "funding": lambda x: Decimal("0.001"),
    "hedge": lambda x: True,
    "index": lambda x: 100,
    "instrument": lambda x: RULES if SYMBOL in x.instruments else None,
    "is_open": lambda x: False,
    "isolated": lambda x: True,
    "kind": lambda x: "plain",
    "leverage": lambda x: 30,
    "limit": lambda x: 5,
    "limit_price": lambda x: 200,
    "lots": lambda x: 2,
    "mark": lambda x: 100,
    "mode": lambda x: "atomic",
    "most": lambda x: 5,
    "more": lambda x: 1,
    "name": lambda x: "new",
    "new": lambda x: PLAIN,
    "new_client_id": lambda x: "n",
    "now": lambda x: 2_000,
    "only": lambda x: "new",
    "order_id": lambda x: 3,
    "orders": lambda x: [PLAIN],
    "price": lambda x: 98,
    "request": lambda x: Request.QUERY,
    "rules": lambda x: MARGIN,
    "side": lambda x: "buy",
    "source": lambda x: x.accounts["m"],
    "state": lambda x: TradingState.CANCEL_ONLY,
    "symbol": lambda x: SYMBOL,
    "taker": lambda x: x.accounts["a"],
    "target": lambda x: x.accounts["c"],
}
"""A value for each argument, by its name."""
SPECIAL: dict[tuple[str, str], Callable[[Exchange], Any]] = {
    ("add_instrument", "instrument"): lambda x: Instrument(
        symbol="XYZ/USD", base="XYZ", quote="USD", tick=Decimal(1), step=Decimal(1), quote_precision=0
    ),
    ("place_list", "new"): lambda x: PAIR,
    ("add_margin", "side"): lambda x: "net",
    ("liquidation_price", "side"): lambda x: "net",
    ("set_margin_mode", "account"): lambda x: x.accounts["c"],
    ("set_position_mode", "account"): lambda x: x.accounts["c"],
    **{
        (name, "symbol"): lambda x: PERP.symbol
        for name in (
            "add_margin",
            "adl_rank",
            "deleverage",
            "funding_rate",
            "funding_time",
            "liquidation_price",
            "mark_price",
            "publish",
            "set_leverage",
            "set_margin_mode",
            "settle_contract",
        )
    },
    ("open_margin", "account"): lambda x: x.accounts["c"],
    **{
        (name, "account"): lambda x: x.accounts["m"]
        for name in ("borrow", "repay", "standing", "margin_level", "max_borrow")
    },
    ("cancel_batch", "orders"): lambda x: [OrderRef(symbol=SYMBOL, client_id="k")],
}
"""Where the name alone does not say it."""
ABSENT = {("amend", "trigger_price"), ("amend", "trail_ticks"), ("amend", "trail_bps")}
"""Arguments that the order in question has no use for."""

METHODS = [name for name, what in inspect.getmembers(Exchange, inspect.isfunction) if not name.startswith("_")]
FUNCTIONS = [
    name
    for name, what in inspect.getmembers(requests, inspect.isfunction)
    if not name.startswith("_") and what.__module__ == requests.__name__
]


def call_of(exchange: Exchange, name: str) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The operation, and arguments with which it succeeds."""
    function = getattr(exchange, name) if name in METHODS else getattr(requests, name)
    arguments: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters:
        if parameter == "exchange":
            arguments[parameter] = exchange
        elif (name, parameter) not in ABSENT:
            made = SPECIAL.get((name, parameter)) or VALID.get(parameter)
            if made is None:
                pytest.fail(
                    f"{name} has an argument {parameter!r} without a valid value: add one to VALID in {__file__}"
                )
            arguments[parameter] = made(exchange)
    return function, arguments


def state_of(exchange: Exchange) -> State:
    """A snapshot but for the number of the event told last."""
    return structs.replace(snapshot(exchange), event_id=0)


def attempt(name: str, changes: dict[str, Any], *, refused: bool = False) -> None:
    """Call with changed arguments; a typed rejection that changes nothing, or a success after which all holds."""
    exchange, told = make(name)
    function, arguments = call_of(exchange, name)
    before, accounts = state_of(exchange), list(exchange.accounts)
    try:
        function(**arguments | changes)
    except (Reject, ValueError) as refusal:
        assert str(refusal) and "\n" not in str(refusal), f"{name}({changes}) is refused without a word"
        assert state_of(exchange) == before, f"{name}({changes}) is refused and has changed something"
        assert list(exchange.accounts) == accounts
        assert all(isinstance(event, Rejection) for event in told), f"{name}({changes}) is refused and told {told}"
        return
    assert not refused, f"{name}({changes}) is not refused"
    check(exchange, f"{name}({changes})")
    if name not in ("open_account", "deposit", "withdraw", "endow_insurance"):
        assert total(exchange, "USD") == 201_000


@pytest.mark.parametrize("name", [*METHODS, *FUNCTIONS])
def test_the_valid_values_are_valid(name: str) -> None:
    """Else the rest of this file would prove nothing."""
    exchange, _ = make(name)
    function, arguments = call_of(exchange, name)
    function(**arguments)
    check(exchange, name)


@pytest.mark.parametrize("name", [*METHODS, *FUNCTIONS])
def test_each_argument_of_each_operation(name: str) -> None:
    exchange, _ = make(name)
    accounts = make()[0].accounts
    others = [accounts["a"], accounts["m"], PLAIN, PAIR, TRAILING, OrderRef(symbol=SYMBOL), Practice(), MARGIN]
    for parameter in call_of(exchange, name)[1]:
        if parameter != "exchange":
            for value in [*WRONG, *others]:
                attempt(name, {parameter: value})
    for parameter in (name_ for op, name_ in ABSENT if op == name):
        for value in WRONG:
            attempt(name, {parameter: value})


@pytest.mark.parametrize("field", NewOrder.__struct_fields__)
@pytest.mark.parametrize("base", [PLAIN, WAITING], ids=["plain", "waiting"])
def test_each_field_of_an_order(field: str, base: NewOrder) -> None:
    for value in [*WRONG, PLAIN, Trigger(), TRAILING]:
        new = structs.replace(base, **{field: value})
        attempt("place", {"new": new})
        attempt("place_batch", {"orders": [new]})
        attempt("replace", {"new": new, "only": None, "mode": "stop_on_failure", "order_id": 77})
        orders = (new, PAIR.orders[1]) if base is PLAIN else (PLAIN, new)
        attempt("place_list", {"new": structs.replace(PAIR, orders=orders)})


@pytest.mark.parametrize("field", Trigger.__struct_fields__)
def test_each_field_of_a_trigger(field: str) -> None:
    for base in (Trigger(price=80), TRAILING):
        for value in WRONG:
            trigger = structs.replace(base, **{field: value})
            attempt("place", {"new": structs.replace(WAITING, trigger=trigger)})


@pytest.mark.parametrize("field", NewList.__struct_fields__)
def test_each_field_of_a_list(field: str) -> None:
    for value in [*WRONG, (PLAIN,), (PLAIN, None), (PLAIN,) * 3, "bracket", "otoco", "oto"]:
        attempt("place_list", {"new": structs.replace(PAIR, **{field: value})})


@pytest.mark.parametrize("field", Amendment.__struct_fields__)
def test_each_field_of_an_item_of_a_batch(field: str) -> None:
    amendment, ref = Amendment(symbol=SYMBOL, client_id="k", lots=2), OrderRef(symbol=SYMBOL, client_id="k")
    for value in WRONG:
        attempt("amend_batch", {"changes": [structs.replace(amendment, **{field: value})]})
        attempt("amend_batch", {"changes": [value]})
        attempt("cancel_batch", {"orders": [value]})
        if field in OrderRef.__struct_fields__:
            attempt("cancel_batch", {"orders": [structs.replace(ref, **{field: value})]})


@pytest.mark.parametrize("name", [name for name, _ in inspect.getmembers(View, inspect.isfunction) if name[0] != "_"])
def test_each_argument_of_each_query(name: str) -> None:
    """A query answers or says that there is no such order."""
    exchange, told = make()
    view, before = exchange.view(exchange.accounts["a"]), state_of(exchange)
    valid = {name_: VALID[name_](exchange) for name_ in inspect.signature(getattr(view, name)).parameters}
    getattr(view, name)(**valid)
    for parameter, value in itertools.product(valid, WRONG):
        for more in (valid, {"symbol": SYMBOL} if "symbol" in valid else {}):
            try:
                getattr(view, name)(**more | {parameter: value})
            except (Reject, ValueError) as refusal:
                assert "\n" not in str(refusal)
    assert state_of(exchange) == before and not told


@given(data=st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_several_wrong_values_at_once(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*METHODS, *FUNCTIONS]))
    exchange, _ = make()
    names = [parameter for parameter in call_of(exchange, name)[1] if parameter != "exchange"]
    wrong = st.sampled_from(WRONG) | st.integers() | st.floats() | st.text(max_size=8)
    changes = data.draw(st.dictionaries(st.sampled_from(names), wrong, max_size=3)) if names else {}
    attempt(name, changes)


@given(data=st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_orders_made_of_anything(data: st.DataObject) -> None:
    small = st.integers(-2, 300) | st.sampled_from([FAR, -FAR])
    anything = st.sampled_from(WRONG) | small
    fields = st.sampled_from(NewOrder.__struct_fields__)
    triggers = st.builds(
        Trigger, kind=st.sampled_from(["stop", "take_profit", "x"]), price=st.none() | small,
        source=st.sampled_from(["last", "mark", 5]), trail_ticks=st.none() | small, trail_bps=st.none() | small,
    )  # fmt: skip
    more = data.draw(st.dictionaries(fields, anything | triggers, max_size=4))
    attempt("place", {"new": structs.replace(data.draw(st.sampled_from([PLAIN, WAITING])), **more)})


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("place", {"account": None}),
        ("place", {"account": "a"}),
        ("place", {"new": None}),
        ("place", {"new": {"symbol": SYMBOL}}),
        ("cancel", {"account": None}),
        ("cancel", {"order_id": "3", "client_id": None}),
        ("advance", {"now": float("nan")}),
        ("advance", {"now": 1_500.0}),
        ("advance", {"now": 5}),
        ("deposit", {"atoms": 0.5}),
        ("deposit", {"atoms": -5}),
        ("open_account", {"balances": {"USD": 1.5}}),
        ("open_account", {"balances": {"USD": 5, "ABC": -1}}),
        ("open_account", {"name": "a"}),
        ("on_change", {"callback": None}),
        ("add_instrument", {"instrument": RULES}),
        ("set_instrument", {"instrument": structs}),
        ("publish", {"mark": 100, "index": -1}),
        ("set_open", {"is_open": "no"}),
        ("thin", {"lots": -1}),
        ("thin", {"side": "up"}),
        ("view", {"as_of": "now"}),
    ],
)
def test_what_must_be_refused(name: str, changes: dict[str, Any]) -> None:
    attempt(name, changes, refused=True)
