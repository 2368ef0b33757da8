"""The life cycle table: every legal step, and that nothing else is legal."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from outtrade_mocks.core.diagram import page
from outtrade_mocks.core.orders import LIVE, TABLE, TERMINAL, WORKING, Event, IllegalTransition, Status, step

LEGAL = {
    ("pending", "accept"): "open",
    ("pending", "reject"): "rejected",
    ("pending", "hold"): "held",
    ("pending", "arm"): "untriggered",
    ("pending", "queue"): "queued",
    ("held", "queue"): "queued",
    ("queued", "accept"): "open",
    ("queued", "reject"): "rejected",
    ("queued", "amend"): "queued",
    ("queued", "cancel"): "cancelled",
    ("queued", "expire"): "expired",
    ("held", "accept"): "open",
    ("held", "arm"): "untriggered",
    ("held", "reject"): "rejected",
    ("held", "amend"): "held",
    ("held", "replace"): "replaced",
    ("held", "cancel"): "cancelled",
    ("held", "expire"): "expired",
    ("untriggered", "trigger"): "triggered",
    ("untriggered", "amend"): "untriggered",
    ("untriggered", "replace"): "replaced",
    ("untriggered", "cancel"): "cancelled",
    ("untriggered", "expire"): "expired",
    ("triggered", "accept"): "open",
    ("triggered", "reject"): "rejected",
    ("open", "fill"): "partially_filled",
    ("open", "complete"): "filled",
    ("open", "amend"): "open",
    ("open", "replace"): "replaced",
    ("open", "cancel"): "cancelled",
    ("open", "expire"): "expired",
    ("partially_filled", "fill"): "partially_filled",
    ("partially_filled", "complete"): "filled",
    ("partially_filled", "amend"): "partially_filled",
    ("partially_filled", "replace"): "replaced",
    ("partially_filled", "cancel"): "cancelled",
    ("partially_filled", "expire"): "expired",
}


@pytest.mark.parametrize(("status", "event"), list(itertools.product(Status, Event)))
def test_every_pair_of_state_and_event(status: Status, event: Event) -> None:
    expected = LEGAL.get((status.value, event.value))
    if expected is None:
        with pytest.raises(IllegalTransition, match=f"a {status} order cannot take the event {event}"):
            step(status, event)
    else:
        assert step(status, event) is Status(expected)


def test_every_state_has_a_row_and_nothing_follows_a_terminal_state() -> None:
    assert set(TABLE) == set(Status)
    assert {"filled", "cancelled", "expired", "rejected", "replaced"} == TERMINAL
    assert {"open", "partially_filled"} == WORKING
    assert set(Status) - TERMINAL - {"pending", "triggered"} == LIVE


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TABLE[Status.FILLED][Event.CANCEL] = Status.CANCELLED  # type: ignore[index]


def test_the_documentation_shows_this_table() -> None:
    written = Path(__file__).resolve().parents[2] / "docs" / "order_states.md"
    assert written.read_text() == page(), "run: python -m outtrade_mocks.core.diagram > docs/order_states.md"
    assert "open --> partially_filled: fill" in page()
