"""The micro-language: what it says, it means; what it cannot read, it names."""

from __future__ import annotations

import doctest

import pytest

from outtrade.judge import index, micro
from outtrade.judge.micro import MicroError, history
from outtrade.model.history import Answer, Broken, FillTruth, History, OrderTruth, Reported, Response, Snapshot


def events(text: str, kind: type) -> list[object]:
    return [event for event in history(text).events if isinstance(event, kind)]


@pytest.mark.parametrize("module", [index, micro])
def test_the_examples_in_the_docstrings_are_true(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("i1:buy 1@100 | place a -> ok", "place"),
        ("i1:buy one@100", "one@100"),
        ("i1:hold 1@100", "i1:hold"),
        ("i1:buy 1@100 expiry=3", "expiry"),
        ("set untill=5", "untill"),
        ("set until", "until"),
        ("fault nonsense", "nonsense"),
        ("1 dance", "dance"),
        ("1 place a ->", "->"),
        ("1 place a", "place"),
        ("1 place a -> maybe", "maybe"),
        ("1 place a -> no:sense", "no:sense"),
        ("1 place a -> ok now", "now"),
        ("1 place a quantity=1 -> ok", "quantity"),
        ("1 place a q=x -> ok", "x"),
        ("1 place a i=i7 -> ok", "i7"),
        ("1 query a -> ok", "a"),
        ("1 cancel a then -> none", "then"),
        ("1 place a -> ok | 2 fill a lots", "lots"),
        ("1 place a -> ok | 2 event a rumour", "rumour"),
        ("1 place a -> ok | 2 event a fill", "a"),
        ("1 place a -> ok | 2 report a=gone", "gone"),
        ("i1:buy 1 | 1 report i1=good", "good"),
        ("1 report zz=done", "zz=done"),
        ("1 report loudly", "loudly"),
        ("1 landed 0", "0"),
        ("1 result 1 ok", "1"),
        ("5", "5"),
    ],
)
def test_an_error_names_the_word(text: str, word: str) -> None:
    with pytest.raises(MicroError) as caught:
        history(text)
    assert word in str(caught.value)


def test_the_lost_answer_and_its_twin_look_the_same_to_the_client() -> None:
    seen = [
        [(type(e).__name__, e.at) for e in history(f"1 place a -> {end}").events if isinstance(e, Broken | Response)]
        for end in ("lost", "lost:ok")
    ]
    assert seen[0] == seen[1] == [("Broken", 11_000_000_000)]


@pytest.mark.parametrize(
    ("end", "executed"), [("lost:fill", True), ("504:ok", True), ("no:funds", True), ("no:rate", False)]
)
def test_the_answer_tells_the_truth(end: str, executed: bool) -> None:
    (answer,) = events(f"1 place a -> {end}", Answer)
    assert isinstance(answer, Answer) and answer.executed is executed


def test_fills_move_balances_and_fees() -> None:
    h = history(
        "set USDT=1000 BTC=0 | i1:buy 2@100 | 1 place a -> ok:0.5 | 2 fill a 0.5@99 fee=0.1USDT t=t9 | 3 report"
    )
    fills = [event for event in h.events if isinstance(event, FillTruth)]
    assert [(f.trade_id, f.price, f.quantity, f.fee, f.fee_asset) for f in fills] == [
        ("t1", "100", "0.5", "0.0005", "BTC"),
        ("t9", "99", "0.5", "0.1", "USDT"),
    ]
    report = next(event for event in h.events if isinstance(event, Snapshot) and event.why == "report")
    assert report.balances["BTC"] == ("0.9995", "0") and report.balances["USDT"] == ("800.4", "100")
    assert report.working == ("V1",)


def test_a_bare_report_is_the_truth_and_words_change_it() -> None:
    def report(words: str) -> dict[str, object]:
        (reported,) = events(f"i1:buy 1@100 | 1 place a -> ok:fill | 2 report {words}", Reported)
        assert isinstance(reported, Reported)
        return reported.report

    truth = report("")
    assert truth["outcomes"] == {"i1": {"status": "done", "filled": "1", "average_price": "100"}}
    assert [order["status"] for order in truth["orders"]] == ["filled"]  # type: ignore[attr-defined]
    assert report("i1=failed")["outcomes"]["i1"]["status"] == "failed"  # type: ignore[index]
    assert report("a=-")["orders"] == []
    assert len(report("t1*2")["fills"]) == 2  # type: ignore[arg-type]
    assert report("no:fills")["fills"] is None
    assert report("USDT=1/2")["balances"]["USDT"] == {"free": "1", "locked": "2"}  # type: ignore[index]


def test_the_dead_hear_nothing_but_the_exchange_goes_on() -> None:
    h = history("i1:buy 1@100 | 1 place a -> ok:fill | 1.01 crash | 5 start | 6 report")
    assert [e.how for e in h.events if isinstance(e, Broken)] == ["crashed"]
    assert not [e for e in h.events if isinstance(e, Response)]
    assert [e.status for e in h.events if isinstance(e, OrderTruth)] == ["open", "filled"]


def test_a_history_survives_its_file() -> None:
    h = history("i1:buy 1@100 | fault latency delay=2 | 1 up | 2 place a -> ok:0.4 f=0 | 3 event a fill | 4 report")
    assert History.from_jsonl(h.to_jsonl()).hash() == h.hash()
