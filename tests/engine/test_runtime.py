"""What an agent holds: a durable store of plain JSON, and a task that can publish."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from outtrade.engine.runtime import MAX_LOG_LINES, Durable, LogStream, Recorder, RunTask, Store
from outtrade.model.history import Log, Published, StoreSet
from outtrade.model.task import OrderView, Task


class Notes(Recorder):
    def __init__(self) -> None:
        self.events: list[Any] = []
        self.writes = 0

    def add(self, event: Any) -> int:
        self.events.append(event)
        return len(self.events) - 1

    def stored(self) -> None:
        self.writes += 1


def test_store_copies_in_and_out_and_records() -> None:
    notes = Notes()
    data = Durable()
    store = Store(notes, data)
    value = {"orders": [1, 2]}
    store["a"] = value
    value["orders"].append(3)
    assert store["a"] == {"orders": [1, 2]}
    store["a"]["orders"].append(4)
    assert store["a"] == {"orders": [1, 2]}
    assert Store(notes, data)["a"] == {"orders": [1, 2]}, "a new incarnation sees what was set"
    del store["a"]
    assert [(e.key, e.value) for e in notes.events if isinstance(e, StoreSet)] == [
        ("a", {"orders": [1, 2]}),
        ("a", None),
    ]
    assert notes.writes == 2


@pytest.mark.parametrize("value", [Decimal("1.5"), float("nan"), {1, 2}, object()])
def test_store_refuses_what_is_not_json(value: object) -> None:
    notes = Notes()
    with pytest.raises((TypeError, ValueError)):
        Store(notes, Durable())["a"] = value
    assert notes.events == []


def test_publish_never_raises_and_keeps_plain_data() -> None:
    notes = Notes()
    task = RunTask.bind(Task(id="t", epoch=0, intents=(), until=1), Store(notes, Durable()), notes)
    task.publish(OrderView(client_id="a", symbol="BTC/USDT", side="buy", status="open", filled=Decimal("0.1")))
    task.publish({"price": Decimal("1.10"), "odd": object()})
    task.publish(None)
    views = [e for e in notes.events if isinstance(e, Published)]
    assert views[0].view == "OrderView"
    assert views[0].data["filled"] == "0.1"
    assert views[1].data["price"] == "1.10"
    assert len(views) == 3


def test_log_keeps_lines_within_bounds() -> None:
    notes = Notes()
    stream = LogStream("stdout", notes, [0])
    stream.write("one\ntw")
    stream.write("o\nrest")
    stream.finish()
    assert [e.text for e in notes.events if isinstance(e, Log)] == ["one", "two", "rest"]
    for _ in range(2 * MAX_LOG_LINES):
        stream.write("x\n")
    assert len(notes.events) == MAX_LOG_LINES
    assert "not kept" in notes.events[-1].text
