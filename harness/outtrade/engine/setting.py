"""The stage for one scenario: the venues, their servers, the fault plan and the History, in whatever surroundings.

Both ways of running share this: ``outtrade.engine.run`` (inside a World) and ``outtrade.wire`` (over real sockets).
``open`` puts the plan and the first truth on the record and lets the venues listen; ``close`` ends the record with the
ledger of faults and the final truth. ``sites[0]`` is the main venue, the others are the scenario's fallbacks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Literal

from outtrade.engine.recorder import RunRecorder
from outtrade.engine.seam import Surroundings
from outtrade.engine.site import Ears, Site, elsewhere
from outtrade.model.history import Ended, Header, History, Ledger, Planned
from outtrade.model.scenario import Scenario
from outtrade.targets.access import VenueAccess


class Setting:
    """Everything about one run but the target. ``name`` and ``scope`` are the target's, for the record.

    Raises ScenarioError, in one line, where a venue cannot play the scenario (a recorded price off the grid)."""

    def __init__(
        self,
        world: Surroundings,
        scenario: Scenario,
        *,
        name: str,
        scope: Literal["A", "G"] = "A",
        recorder: Callable[[Surroundings, History], RunRecorder] = RunRecorder,
    ) -> None:
        self.world = world
        self.scenario = scenario
        self.sites = [Site(scenario)]
        self.sites += [Site(elsewhere(scenario, n), n) for n in range(1, len(scenario.fallbacks) + 1)]
        main, *others = self.sites
        self.history = History(
            Header(
                target=name,
                scope=scope,
                scenario=scenario.model_dump(mode="json"),
                instruments=main.offered.instruments,
                traits=main.offered.traits,
                absent_after=main.offered.absent_after,
                fallbacks=tuple(site.offered for site in others),
            )
        )
        self.recorder = recorder(world, self.history)
        numbers = count(1)
        for site in self.sites:
            site.install(world, self.recorder, numbers)
        self.module, self.venue, self.plan, self.server = main.module, main.venue, main.plan, main.server
        self.recorder.on_stored = self._stored

    def access(
        self, *, rest_url: str | None = None, stream_url: str | None = None, ca_file: str | None = None
    ) -> VenueAccess:
        """What the agent is told of the main venue; the addresses are those of the real exchange unless given."""
        return self.sites[0].access(rest_url=rest_url, stream_url=stream_url, ca_file=ca_file)

    def fallbacks(self) -> tuple[VenueAccess, ...]:
        """What the agent is told of the others."""
        return tuple(site.access() for site in self.sites[1:])

    def open(self) -> None:
        """The record begins, the venues listen, what others have standing stands. Raises ScenarioError."""
        self._tell([(event, site) for site in self.sites for event in site.plan.planned()])
        for site in self.sites:
            site.open()
        if len(self.sites) > 1:
            ears = Ears([site.server for site in self.sites])
            self.world.net.on_resolve, self.world.net.on_connect = ears.may_resolve, ears.plan_of
            self.world.observer = ears

    @staticmethod
    def _tell(told: Sequence[tuple[Planned | Ledger, Site]]) -> None:
        """Put on the record what there is to say of every fault, in the order of the scenario."""
        for event, site in sorted(told, key=lambda one: one[0].fault):
            site.recorder.add(event)

    def _stored(self) -> None:
        """The agent made something durable: at which venue nobody can say, so every plan counts it."""
        for site in self.sites:
            site.server.stored()

    def advance(self) -> None:
        """Let every venue do what is due by now."""
        for site in self.sites:
            site.venue.advance(self.world.now)

    def settle(self) -> None:
        """The run is over: nothing is hidden any more, and requests still open will stay so."""
        for site in self.sites:
            site.server.settle()

    def snapshot(self, why: Any, instance: int = 0) -> None:
        """Put the true state of the account at every venue on the record; ``instance``: which copy of the agent has
        reported."""
        for site in self.sites:
            site.snapshot(why, instance)

    def close(self, *, events: int = 0) -> None:
        """The record ends; what is added later is dropped. ``events``: how many the World ran."""
        self._tell([(event, site) for site in self.sites for event in site.plan.ledger()])
        self.snapshot("end")
        self.recorder.add(Ended(events=events))
        self.recorder.sealed = True
