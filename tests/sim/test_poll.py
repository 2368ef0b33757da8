"""``select.poll`` in a World: what happens once per process leaves no trace in a run."""

from __future__ import annotations

import select

from outtrade.sim import World


def test_polling_nothing_is_no_event_of_the_world() -> None:
    """urllib3 makes such a poll before the first wait of a process: the first run would differ from all others."""
    world = World(epoch_ns=0, seed=1)
    before = world.events

    def probe() -> object:
        return select.poll().poll(0)

    with world:
        assert world.run_blocking(probe) == []
    first = world.events
    again = World(epoch_ns=0, seed=1)
    with again:
        again.run_blocking(lambda: None)
    assert first == again.events
    assert before == 0
