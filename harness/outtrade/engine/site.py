"""One venue of a run: the mock, its server, its part of the record. A run has one, and one for each fallback.

A fallback is a venue of its own, with its own account and markets, in the same World; requests are numbered through,
and every event on the record says at which venue it happened (``Event.venue``). A fault says at which it acts
(``FaultBase.venue``): each site has a plan of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache
from typing import Any, cast

import msgspec

from outtrade.engine.recorder import RunRecorder
from outtrade.engine.seam import Surroundings
from outtrade.engine.server import Server
from outtrade.faults.plan import Plan
from outtrade.model.history import NS, Event, Offered, Snapshot
from outtrade.model.scenario import Fallback, Scenario, ScenarioError
from outtrade.model.task import Instrument
from outtrade.sim import ConnectPlan
from outtrade.targets.access import VenueAccess
from outtrade_mocks import venues
from outtrade_mocks.venues.api import Venue
from outtrade_mocks.venues.config import VenueConfig


@lru_cache(maxsize=64)
def _instrument(text: bytes) -> Instrument:
    return Instrument.model_validate(msgspec.json.decode(text))


def elsewhere(scenario: Scenario, number: int) -> Scenario:
    """What the ``number``-th fallback (from 1) plays: the same symbols and intents at its own prices. Of
    the faults those are armed that act there (``Plan``)."""
    fallback: Fallback = scenario.fallbacks[number - 1]
    return scenario.model_copy(
        update={
            "seed": scenario.seed + number,
            "standing": (),
            "reference": None,
            "modes": None,
            "fallbacks": (),
        }
        | {name: getattr(fallback, name) for name in Fallback.model_fields}
    )


class BranchRecorder:
    """The record of the run, as a fallback writes it."""

    def __init__(self, recorder: RunRecorder, venue: int) -> None:
        self._recorder = recorder
        self._venue = venue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recorder, name)

    def add(self, event: Event) -> int:
        """Append ``event``, which happened here."""
        event.venue = self._venue
        return self._recorder.add(cast(Any, event))


class Site:
    """A venue that plays ``scenario``; ``number`` 0 is the main one. ``open`` it after ``install``.

    Raises ScenarioError, in one line, where the venue cannot play the scenario (a recorded price off the grid)."""

    def __init__(self, scenario: Scenario, number: int = 0) -> None:
        self.scenario = scenario
        self.number = number
        self.module = module = venues.load(scenario.venue)
        self.config = VenueConfig(
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
        self.offered = Offered(
            name=scenario.venue,
            instruments=module.instruments(self.config),
            traits={trait: asdict(value) for trait, value in module.traits.items()},
            absent_after=float(scenario.knobs.get("absent_after", module.traits["absent_after"].value)),
        )
        self.recorder: RunRecorder
        self.venue: Venue
        self.plan: Plan
        self.server: Server

    def install(self, world: Surroundings, recorder: RunRecorder, numbers: Iterator[int]) -> None:
        """Build the venue and its server. ``numbers``: of the requests of the run."""
        self.recorder = recorder if not self.number else cast(RunRecorder, BranchRecorder(recorder, self.number))
        try:
            self.venue = self.module.build(self.config)
        except ValueError as error:
            raise self._cannot(error) from None
        self.plan = Plan(self.scenario.faults, self.scenario.intents, self.number)
        self.server = Server(world, self.venue, self.plan, self.recorder, self.scenario, numbers)

    def access(
        self, *, rest_url: str | None = None, stream_url: str | None = None, ca_file: str | None = None
    ) -> VenueAccess:
        """What the agent is told; the addresses are those of the real exchange unless given."""
        module, offered = self.module, self.offered
        stream = stream_url or module.stream_url
        return VenueAccess(
            record=cast(Any, self.recorder.told),
            name=offered.name,
            market=module.market,
            symbols={symbol: data["venue_symbol"] for symbol, data in offered.instruments.items()},
            rest_url=rest_url or module.rest_url,
            stream_url=stream,
            public_stream_url=stream,
            ca_file=ca_file,
            key=module.credentials.key,
            secret=module.credentials.secret,
            passphrase=module.credentials.passphrase,
            instruments={
                symbol: _instrument(msgspec.json.encode(data)) for symbol, data in offered.instruments.items()
            },
            absent_after=offered.absent_after,
        )

    # ------------------------------------------------------------------ the run
    def open(self) -> None:
        """The account is arranged and on the record, the venue listens, what others have standing stands."""
        self._arrange()
        self.snapshot("start")
        self.server.install()
        for order in self.scenario.standing:
            try:
                self.venue.stand(order.symbol, order.side, order.quantity, order.price, order.name)
            except ValueError as error:
                raise self._cannot(error) from None

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
            raise self._cannot(error) from None

    def _cannot(self, error: ValueError) -> ScenarioError:
        return ScenarioError(f"{self.scenario.venue} cannot play this scenario: {error}")

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


class Ears:
    """What the World and its network tell and ask, handed to the venue that it is about; to the main one where it is
    about none."""

    def __init__(self, servers: list[Server]) -> None:
        self._servers = servers
        self._hosts = {
            host: server
            for server in reversed(servers)
            for host, _ in (*server.venue.rest_hosts, *server.venue.stream_hosts)
        }

    def _of(self, host: str) -> Server:
        return self._hosts.get(host, self._servers[0])

    def may_resolve(self, host: str) -> bool:
        """Whether a name is found now."""
        return self._of(host).outages.on_resolve(host)

    def plan_of(self, host: str, port: int) -> ConnectPlan | None:
        """What becomes of a connection attempt."""
        return self._of(host).outages.on_connect(host, port)

    def resolved(self, host: str, ok: bool) -> None:
        """A look-up by the client."""
        self._of(host).resolved(host, ok)

    def connected(self, conn: int, host: str, port: int, outcome: Any) -> None:
        """A connection attempt by the client."""
        self._of(host).connected(conn, host, port, outcome)

    def client_closed(self, conn: int, how: Any) -> None:
        """The client closed or reset a connection."""
        for server in self._servers:
            server.client_closed(conn, how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._servers[0], name)
