"""The fixed driver against a scripted gateway, in a time of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from outtrade.model.history import GatewayCall, GatewayResult
from outtrade.model.task import BalanceView, FillView, Instrument, Intent, OrderView, Report, Task
from outtrade.targets import driver as module
from outtrade.targets.access import VenueAccess
from outtrade.targets.driver import bind
from outtrade.targets.gateway import OrderRef, OrderRequest

EPOCH = 1_767_225_600


class Clock:
    """Stands in for the module ``time``: sleeping is the only way to make time pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return EPOCH + self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Lost(Exception):
    """The answer is lost."""


class Missing(Exception):
    """No such order."""


class Refused(Exception):
    """The exchange says no."""


class Slow(Exception):
    """Too many requests."""


MEANING = {Lost: "ambiguous", Missing: "not_found", Refused: "rejected", Slow: "rate_limited"}


class Book:
    """A gateway with its exchange in one: orders rest until told otherwise. ``script`` may raise per method."""

    def __init__(self, clock: Clock, script: Callable[[Book, str, Any], None]) -> None:
        self.clock, self.script = clock, script
        self.orders: dict[str, OrderView] = {}
        self.trades: list[FillView] = []
        self.log: list[tuple[float, str, Any]] = []

    def _enter(self, method: str, subject: Any) -> None:
        self.log.append((self.clock.now, method, subject))
        self.script(self, method, subject)

    def times(self, method: str) -> list[float]:
        return [at for at, name, _ in self.log if name == method]

    def accept(self, request: OrderRequest, *, filled: bool = False) -> OrderView:
        view = OrderView(
            client_id=request.client_id, venue_ids=(f"v{len(self.orders) + 1}",), symbol=request.symbol,
            side=request.side, type=request.type, quantity=request.quantity,
            filled=request.quantity if filled else Decimal(0), status="filled" if filled else "open",
        )  # fmt: skip
        self.orders[request.client_id] = view
        if filled:
            self.trade(request.client_id, request.quantity or Decimal(0))
        return view

    def trade(self, client_id: str, quantity: Decimal, fee: str = "0") -> None:
        number = str(len(self.trades) + 1)
        self.trades.append(
            FillView(trade_id=number, order=self.orders[client_id].venue_ids[0], price=Decimal(100), quantity=quantity,
                     fee=Decimal(fee), fee_asset="BTC")
        )  # fmt: skip

    def change(self, client_id: str, **changes: Any) -> None:
        self.orders[client_id] = self.orders[client_id].model_copy(update=changes)

    def connect(self, venue: VenueAccess) -> None:
        self._enter("connect", None)

    def submit(self, request: OrderRequest) -> OrderView:
        self._enter("submit", request)
        return self.accept(request, filled=request.type == "market")

    def cancel(self, ref: OrderRef) -> OrderView:
        self._enter("cancel", ref)
        view = self.order(ref)
        if view.status != "open":
            raise Missing
        self.change(str(view.client_id), status="cancelled")
        return self.orders[str(view.client_id)]

    def order(self, ref: OrderRef) -> OrderView:
        self._enter("order", ref)
        for view in self.orders.values():
            if ref.venue_id in view.venue_ids or view.client_id == ref.client_id:
                return view
        raise Missing

    def open_orders(self, symbol: str) -> list[OrderView]:
        self._enter("open_orders", symbol)
        return [view for view in self.orders.values() if view.status == "open"]

    def fills(self, symbol: str, since: float) -> list[FillView]:
        self._enter("fills", symbol)
        assert since == EPOCH
        return self.trades

    def balances(self) -> dict[str, BalanceView]:
        self._enter("balances", None)
        return {"BTC": BalanceView(free=Decimal(1))}

    def close(self) -> None:
        self._enter("close", None)

    def meaning(self, error: Exception) -> Any:
        return MEANING.get(type(error), "nonsense")


RULES = Instrument(
    venue_symbol="BTCUSDT", base="BTC", quote="USDT", tick="0.01", price_min="0.01", price_max="1000000",
    step="0.001", quantity_min="0.001", quantity_max="100", maker_fee="0.001", taker_fee="0.001",
)  # fmt: skip


def intent(**changes: Any) -> Intent:
    fields: dict[str, Any] = {
        "id": "i1", "tag": "AAAAAAAA", "at": 5, "kind": "order", "symbol": "BTC/USDT", "side": "buy",
        "quantity": "0.4", "type": "limit", "limit_price": "90",
    }  # fmt: skip
    return Intent(**(fields | changes))


def play(
    monkeypatch: pytest.MonkeyPatch, *intents: Intent, script: Any = lambda *_: None, asynchronous: bool = False
) -> tuple[Report, Book, list[Any]]:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    book = Book(clock, script)
    events: list[Any] = []
    venue = VenueAccess(
        name="binance_spot", market="spot", symbols={"BTC/USDT": "BTCUSDT"}, rest_url="", key="", secret="",
        instruments={"BTC/USDT": RULES}, absent_after=30.0, record=events.append,
    )  # fmt: skip
    task = Task(id="t", epoch=EPOCH, intents=intents or (intent(),), until=300)
    if not asynchronous:
        report = bind(lambda: book, is_async=False)(task, venue)
        assert isinstance(report, Report)
        return report, book, events

    async def slept(seconds: float) -> None:
        clock.sleep(seconds)

    monkeypatch.setattr(module.asyncio, "sleep", slept)
    return asyncio.run(bind(lambda: Awaited(book), is_async=True)(task, venue)), book, events  # type: ignore[arg-type]


class Awaited:
    """The same gateway with coroutine functions."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.book, name)
        if name == "meaning":
            return found

        async def call(*args: Any) -> Any:
            return found(*args)

        return call


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_quiet_run(monkeypatch: pytest.MonkeyPatch, asynchronous: bool) -> None:
    report, book, events = play(monkeypatch, intent(expires=100), asynchronous=asynchronous)
    assert book.times("submit") == [5.0]
    assert book.times("cancel") == [100.0]
    assert report.outcomes["i1"].status == "failed"
    assert [(o.client_id, o.status, o.intent) for o in report.orders] == [("ot-AAAAAAAA-1", "cancelled", "i1")]
    assert report.balances == {"BTC": BalanceView(free=Decimal(1))}
    assert report.positions is None, "this gateway does not track positions"
    calls = [event for event in events if isinstance(event, GatewayCall)]
    results = [event for event in events if isinstance(event, GatewayResult)]
    assert [call.id for call in calls] == list(range(1, len(calls) + 1)) == sorted(r.id for r in results)
    submit = next(call for call in calls if call.method == "submit")
    assert (submit.intent, submit.args["client_id"], submit.args["quantity"]) == ("i1", "ot-AAAAAAAA-1", "0.4")


def test_lost_answer_of_an_accepted_order_is_asked_for_by_client_id(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(book: Book, method: str, subject: Any) -> None:
        if method == "submit":
            book.accept(subject, filled=True)
            raise Lost

    report, book, events = play(monkeypatch, script=lose)
    assert len(book.times("submit")) == 1
    first = next(subject for _, method, subject in book.log if method == "order")
    assert first == OrderRef(client_id="ot-AAAAAAAA-1", symbol="BTC/USDT")
    assert report.outcomes["i1"].status == "done"
    assert [fill.trade_id for fill in report.fills or ()] == ["1"]
    assert [e.meaning for e in events if isinstance(e, GatewayResult) and not e.ok] == ["ambiguous"]


def test_not_found_counts_only_after_absent_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its twin: nothing was accepted. The same id is sent again, no sooner than 30 s after the first send."""

    def lose(book: Book, method: str, subject: Any) -> None:
        if method == "submit" and len(book.times("submit")) == 1:
            raise Lost

    report, book, _ = play(monkeypatch, script=lose)
    first, second = book.times("submit")
    assert second >= first + 30
    before = book.log[: [method for _, method, _ in book.log].index("submit", 3)]
    asked = [at for at, method, _ in before if method == "order"]
    assert len(asked) > 2 and asked[-1] >= first + 30
    assert len({subject.client_id for _, method, subject in book.log if method == "submit"}) == 1
    assert len(report.orders) == 1


def test_a_failed_query_is_not_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(book: Book, method: str, subject: Any) -> None:
        if method == "submit":
            book.accept(subject)
            raise Lost
        if method == "order" and book.clock.now < 120:
            raise Lost

    report, book, _ = play(monkeypatch, script=lose)
    assert len(book.times("submit")) == 1
    assert report.orders[0].status == "cancelled"


def test_rejected_ends_it_and_keeps_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(book: Book, method: str, subject: Any) -> None:
        if method == "submit":
            raise Refused("no\nfunds")

    report, book, _ = play(monkeypatch, script=refuse)
    assert len(book.times("submit")) == 1
    assert (report.outcomes["i1"].status, report.orders[0].status) == ("failed", "rejected")
    assert "Refused" in report.outcomes["i1"].reason


def test_rate_limits_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def limit(book: Book, method: str, subject: Any) -> None:
        if method == "submit" and len(book.times("submit")) == 1:
            raise Slow

    _, book, _ = play(monkeypatch, script=limit)
    after = [at for at, _, _ in book.log if at > 5]
    assert min(after) >= 5 + module.SILENCE


def test_an_unknown_meaning_is_taken_as_ambiguous(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(book: Book, method: str, subject: Any) -> None:
        if method == "submit" and len(book.times("submit")) == 1:
            raise ValueError("anything")

    _, book, events = play(monkeypatch, script=fail)
    assert "ambiguous" in [e.meaning for e in events if isinstance(e, GatewayResult)]
    assert len(book.times("submit")) == 2


def test_partial_fill_then_the_rest_at_the_market(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(book: Book, method: str, subject: Any) -> None:
        if method == "open_orders" and not book.trades:
            book.change("ot-AAAAAAAA-1", filled=Decimal("0.1"))
            book.trade("ot-AAAAAAAA-1", Decimal("0.1"))

    report, book, _ = play(monkeypatch, intent(on_partial="complete"), script=fill)
    sent = [subject for _, method, subject in book.log if method == "submit"]
    assert [(r.type, r.quantity) for r in sent] == [("limit", Decimal("0.4")), ("market", Decimal("0.3"))]
    order = [method for _, method, _ in book.log if method in ("submit", "cancel")]
    assert order == ["submit", "cancel", "submit"]
    assert report.outcomes["i1"].status == "done"


def test_cancel_intent(monkeypatch: pytest.MonkeyPatch) -> None:
    cancel = intent(id="i2", tag="BBBBBBBB", at=50, kind="cancel", target="i1", symbol=None, side=None, quantity=None)
    report, book, _ = play(monkeypatch, intent(), cancel)
    assert book.times("cancel") == [50.0]
    assert {key: outcome.status for key, outcome in report.outcomes.items()} == {"i1": "failed", "i2": "done"}


def test_flatten_sells_what_is_left_after_fees(monkeypatch: pytest.MonkeyPatch) -> None:
    def fee(book: Book, method: str, subject: Any) -> None:
        if method == "fills" and book.trades:
            book.trades[0] = book.trades[0].model_copy(update={"fee": Decimal("0.0004")})

    buy = intent(type="market", limit_price=None)
    flatten = intent(
        id="i2", tag="BBBBBBBB", at=60, kind="flatten", side=None, quantity=None, type=None, limit_price=None
    )
    report, book, _ = play(monkeypatch, buy, flatten, script=fee)
    sold = [subject for _, method, subject in book.log if method == "submit"][-1]
    assert (sold.side, sold.quantity) == ("sell", Decimal("0.399"))
    assert report.outcomes["i2"].status == "done"


def test_what_the_rules_forbid_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    strange = intent(id="i2", tag="BBBBBBBB", symbol="XXX/USDT")
    report, book, _ = play(monkeypatch, intent(quantity="0.0001"), strange)
    assert book.times("submit") == []
    assert {outcome.status for outcome in report.outcomes.values()} == {"refused"}


def test_a_dead_exchange_ends_in_a_report_with_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(book: Book, method: str, subject: Any) -> None:
        if method != "connect":
            raise Lost

    report, book, _ = play(monkeypatch, script=dead)
    assert report.outcomes["i1"].status == "unknown"
    assert report.orders[0].status == "unknown"
    assert report.balances is None and any("balances" in alert.text for alert in report.alerts)
    assert book.clock.now < 360


def test_after_a_crash_what_was_sent_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second incarnation has the store of the first, and the exchange has an order of which it never heard."""
    store: dict[str, Any] = {}

    class Crash(BaseException):
        """The end of an incarnation."""

    def crash(book: Book, method: str, subject: Any) -> None:
        if method == "submit" and len(book.times("submit")) == 1:
            book.accept(subject, filled=True)
            raise Crash

    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    book = Book(clock, crash)
    venue = VenueAccess(
        name="binance_spot", market="spot", symbols={"BTC/USDT": "BTCUSDT"}, rest_url="", key="", secret="",
        instruments={"BTC/USDT": RULES}, absent_after=30.0,
    )  # fmt: skip

    class Stored(Task):
        @property
        def store(self) -> dict[str, Any]:
            return store

    refused = intent(id="i2", tag="BBBBBBBB", symbol="XXX/USDT")
    task = Stored(id="t", epoch=EPOCH, intents=(intent(), refused), until=300)
    with pytest.raises(Crash):
        bind(lambda: book, is_async=False)(task, venue)
    clock.sleep(5)
    report = bind(lambda: book, is_async=False)(task.model_copy(update={"resumed": True}), venue)
    assert isinstance(report, Report)
    assert len(book.times("submit")) == 1
    assert {key: outcome.status for key, outcome in report.outcomes.items()} == {"i1": "done", "i2": "refused"}
    assert [fill.trade_id for fill in report.fills or ()] == ["1"]
