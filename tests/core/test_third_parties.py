"""What others say of the matching core: a conformance suite judges it, and another order book does the same trades.

``tracebook-conformance`` compares it with its own reference engine after every event (profiles of first in, first out);
``pyorderbook`` is an independent implementation of price-time priority for limit orders.
"""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from outtrade_mocks.conformance import serve
from outtrade_mocks.core import Change, Exchange, Fill, Instrument, NewOrder

SYMBOL = "ABC/USD"
BROKEN = """
import sys
from outtrade_mocks.core.book import BookSide
from outtrade_mocks import conformance
add = BookSide.add
def last_in_first_out(self, entry):
    add(self, entry)
    level, last = entry.level, entry.before
    if last is not None:
        last.after, entry.before = None, None
        entry.after, level.head.before = level.head, entry
        level.head, level.tail = entry, last
BookSide.add = last_in_first_out
sys.exit(conformance.main())
"""


# ------------------------------------------------------ tracebook-conformance
def qualify(folder: Path, profile: str, candidate: str, *, traces: int, events: int) -> tuple[int, dict[str, object]]:
    """Exit code and report of a qualification."""
    pytest.importorskip("tracebook.conformance", reason="tracebook-conformance is not installed (extra test)")
    script = folder / "candidate.py"
    script.write_text(candidate)
    done = subprocess.run(
        [
            sys.executable, "-c", "import sys; from tracebook.conformance.cli import main; sys.exit(main())",
            "qualify", "--profile", profile, "--seed", "42", "--traces", str(traces),
            "--events-per-trace", str(events), "--output-dir", str(folder / "out"), "--timeout", "60",
            "--max-minimize-runs", "3", "--candidate", sys.executable, str(script),
        ],
        capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    report = folder / "out" / "qualification.json"
    return done.returncode, json.loads(report.read_text()) if report.exists() else {"output": done.stdout + done.stderr}


HONEST = "import sys; from outtrade_mocks.conformance import main; sys.exit(main())"


@pytest.mark.parametrize("profile", ["fifo-limit-v1", "fifo-full-v1"])
def test_tracebook_qualifies_the_core(tmp_path: Path, profile: str) -> None:
    code, report = qualify(tmp_path, profile, HONEST, traces=3, events=80)
    assert code == 0 and report["qualified"] is True, report


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["fifo-limit-v1", "fifo-full-v1"])
def test_tracebook_qualifies_the_core_at_its_usual_size(tmp_path: Path, profile: str) -> None:
    code, report = qualify(tmp_path, profile, HONEST, traces=25, events=200)
    assert code == 0 and report["qualified"] is True, report


def test_tracebook_refuses_a_core_without_time_priority(tmp_path: Path) -> None:
    code, report = qualify(tmp_path, "fifo-limit-v1", BROKEN, traces=1, events=20)
    assert code == 1 and report["qualified"] is False, report


def ask(*events: dict[str, object]) -> list[dict[str, object]]:
    """What the adapter answers to events of symbol A."""
    hello = {"type": "hello", "protocol": "tracebook.conformance", "protocol_version": 1, "config": {}}
    lines = [hello, *({"type": "event", "index": i, "event": {"symbol": "A"} | e} for i, e in enumerate(events, 1))]
    return list(serve(json.dumps(m) for m in [*lines, {"type": "finish", "event_count": len(events)}]))[1:-1]


def test_the_adapter_speaks_the_protocol() -> None:
    sale = {"op": "new", "order_id": 7, "side": "SELL", "price": 100.004, "quantity": 5, "owner": 3}
    buy = {"op": "new", "order_id": 8, "side": "BUY", "order_type": "MARKET", "quantity": 2, "owner": 3}
    answers = ask(sale, sale, buy, {"op": "reduce", "order_id": 7, "quantity": 4}, {"op": "cancel", "order_id": 9})
    assert [a["outcome"]["reason"] for a in answers] == [  # type: ignore[index]
        None, "DUPLICATE_ORDER_ID", None, "INVALID_ORDER", "ORDER_NOT_ACTIVE",
    ]  # fmt: skip
    trade = {"symbol": "A", "buy_order_id": 8, "sell_order_id": 7, "price": "100", "quantity": "2"}
    assert [a["trades"] for a in answers] == [[], [], [trade], [], []]
    assert [a["resting_order_count"] for a in answers] == [1] * 5


@pytest.mark.parametrize("lines", [[], ['{"type":"event"}'], ["[]"], ["nonsense"]])
def test_the_adapter_ends_on_what_is_no_session(lines: list[str]) -> None:
    with pytest.raises((ValueError, AttributeError)):
        list(serve(lines))


# --------------------------------------------------------------- pyorderbook
def compare(operations: int, seed: int) -> int:
    """Play random limit orders and cancels on both; returns the number of trades."""
    theirs_module = pytest.importorskip("pyorderbook", reason="pyorderbook is not installed (extra test)")
    random = Random(seed)
    unit = Instrument(
        symbol=SYMBOL, base="ABC", quote="USD", tick=Decimal(1), step=Decimal(1), base_precision=0, quote_precision=0
    )
    ours, theirs = Exchange([unit], now=0, seed=1), theirs_module.Book()
    # Buyers never sell: an account does not trade with itself here, and that book knows no accounts.
    sides = {side: ours.open_account(side, {"ABC": 10**12, "USD": 10**15}) for side in ("buy", "sell")}
    told: list[Change] = []
    ours.on_change(told.append)
    orders: dict[int, object] = {}
    ids: dict[object, int] = {}
    open_ids: list[int] = []
    trades = 0
    for number in range(operations):
        ours.advance(number)
        if open_ids and random.random() < 0.3:
            spot = random.randrange(len(open_ids))
            open_ids[spot], open_ids[-1] = open_ids[-1], open_ids[spot]
            order_id = open_ids.pop()
            order = orders[order_id]
            if order.quantity:  # type: ignore[attr-defined]
                theirs.cancel(order)
                ours.cancel(sides[order.side_name], SYMBOL, order_id=order_id)  # type: ignore[attr-defined]
            continue
        side = random.choice(("buy", "sell"))
        price = 1_000 + int(random.gauss(-4 if side == "buy" else 4, 8))
        quantity = random.randrange(1, 50)
        told.clear()
        placed = ours.place(sides[side], NewOrder(symbol=SYMBOL, side=side, price=price, lots=quantity))
        other = (theirs_module.bid if side == "buy" else theirs_module.ask)(SYMBOL, price, quantity)
        other.side_name = side
        orders[placed.order_id], ids[other.id] = other, placed.order_id
        expected = [(ids[t.standing_order_id], int(t.fill_price), t.fill_quantity) for t in theirs.match(other).trades]
        actual = [(f.order_id, f.price, f.lots) for f in told if isinstance(f, Fill) and f.maker]
        assert actual == expected, f"operation {number}: {side} {quantity} at {price}"
        assert placed.remaining == other.quantity
        trades += len(actual)
        if other.quantity:
            open_ids.append(placed.order_id)
    books = theirs.level_map[SYMBOL]
    for mine, side in zip(ours.resting(SYMBOL), books, strict=True):
        levels = sorted(books[side].values())
        queue = [(ids[order.id], order.quantity) for level in levels for order in level.orders.values()]
        assert [(order.order_id, order.remaining) for order in mine] == queue
    return trades


def test_pyorderbook_does_the_same_trades() -> None:
    assert compare(5_000, seed=1) > 1_500


@pytest.mark.slow
def test_pyorderbook_does_the_same_trades_on_200_000_operations() -> None:
    assert compare(200_000, seed=2) > 60_000
