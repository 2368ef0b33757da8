"""The stage for one scenario: the venue, its server, the fault plan and the History, in whatever surroundings.

Both ways of running share this: ``outtrade.engine.run`` (inside a World) and ``outtrade.wire`` (over real sockets).
``open`` puts the plan and the first truth on the record and lets the venue listen; ``close`` ends the record with the
ledger of faults and the final truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Literal, cast

import msgspec

from outtrade.engine.recorder import RunRecorder
from outtrade.engine.seam import Surroundings
from outtrade.engine.server import Server
from outtrade.faults.plan import Plan
from outtrade.model.history import NS, Ended, Header, History, Snapshot
from outtrade.model.scenario import Scenario, ScenarioError
from outtrade.model.task import Instrument
from outtrade.targets.access import VenueAccess
from outtrade_mocks import venues
from outtrade_mocks.venues.api import Venue
from outtrade_mocks.venues.config import VenueConfig


@lru_cache(maxsize=64)
def _instrument(text: bytes) -> Instrument:
    return Instrument.model_validate(msgspec.json.decode(text))


class Setting:
    """Everything about one run but the target. ``name`` and ``scope`` are the target's, for the record.

    Raises ScenarioError, in one line, where the venue cannot play the scenario (a recorded price off the grid)."""

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
        self.module = module = venues.load(scenario.venue)
        config = VenueConfig(
            symbols=list(scenario.symbols),
            balances=dict(scenario.balances),
            markets={symbol: market.model_dump() for symbol, market in scenario.markets.items()},
            fees=scenario.fees,
            seed=scenario.seed,
            epoch_ns=scenario.epoch * NS,
            knobs=dict(scenario.knobs),
            reference=None
            if scenario.reference is None
            else scenario.reference.model_dump(include={"listings", "fees"}),
            credentials=module.credentials,
        )
        self._instruments: dict[str, dict[str, Any]] = module.instruments(config)
        self._absent_after = float(scenario.knobs.get("absent_after", module.traits["absent_after"].value))
        self.history = History(
            Header(
                target=name,
                scope=scope,
                scenario=scenario.model_dump(mode="json"),
                instruments=self._instruments,
                traits={trait: asdict(value) for trait, value in module.traits.items()},
                absent_after=self._absent_after,
            )
        )
        self.recorder = recorder(world, self.history)
        try:
            self.venue: Venue = module.build(config)
        except ValueError as error:
            raise ScenarioError(f"{scenario.venue} cannot play this scenario: {error}") from None
        self.plan = Plan(scenario.faults, scenario.intents)
        self.server = Server(world, self.venue, self.plan, self.recorder, scenario)
        self.recorder.on_stored = self.server.stored

    def access(
        self, *, rest_url: str | None = None, stream_url: str | None = None, ca_file: str | None = None
    ) -> VenueAccess:
        """What the agent is told; the addresses are those of the real exchange unless given."""
        module, scenario = self.module, self.scenario
        stream = stream_url or module.stream_url
        return VenueAccess(
            record=cast(Any, self.recorder.told),
            name=scenario.venue,
            market=module.market,
            symbols={symbol: data["venue_symbol"] for symbol, data in self._instruments.items()},
            rest_url=rest_url or module.rest_url,
            stream_url=stream,
            public_stream_url=stream,
            ca_file=ca_file,
            key=module.credentials.key,
            secret=module.credentials.secret,
            passphrase=module.credentials.passphrase,
            instruments={symbol: _instrument(msgspec.json.encode(data)) for symbol, data in self._instruments.items()},
            absent_after=self._absent_after,
        )

    def open(self) -> None:
        """The record begins, the venue listens, what others have standing stands. Raises ScenarioError."""
        for event in self.plan.planned():
            self.recorder.add(event)
        self._arrange()
        self.snapshot("start")
        self.server.install()
        for order in self.scenario.standing:
            try:
                self.venue.stand(order.symbol, order.side, order.quantity, order.price, order.name)
            except ValueError as error:
                raise ScenarioError(f"{self.scenario.venue} cannot play this scenario: {error}") from None

    def _arrange(self) -> None:
        """The account trades contracts as the scenario says."""
        modes, holder = self.scenario.modes, self.venue.holder
        if modes is None:
            return
        hedge, isolated = modes.position_mode == "hedge", modes.margin_mode == "isolated"
        try:
            for symbol in holder.contracts():
                holder.arrange(symbol, hedge=hedge, isolated=isolated, leverage=modes.leverage)
        except ValueError as error:
            raise ScenarioError(f"{self.scenario.venue} cannot play this scenario: {error}") from None

    def snapshot(self, why: Any, instance: int = 0) -> None:
        """Put the true state of the account on the record; ``instance``: which copy of the agent has reported."""
        truth = self.venue.truth()
        self.recorder.add(
            Snapshot(
                why=why,
                balances=truth["balances"],
                working=tuple(truth["working"]),
                mids=truth["mids"],
                marks=self.venue.holder.marks(),
                settings={symbol: self.venue.holder.settings_of(symbol) for symbol in self.venue.holder.contracts()},
                instance=instance,
            )
        )

    def close(self, *, events: int = 0) -> None:
        """The record ends; what is added later is dropped. ``events``: how many the World ran."""
        for ledger in self.plan.ledger():
            self.recorder.add(ledger)
        self.snapshot("end")
        self.recorder.add(Ended(events=events))
        self.recorder.sealed = True
