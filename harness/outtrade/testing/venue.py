"""A mock venue to test a client on: what a unit test of an adapter wants to arm, do and look at.

As the fixture ``venue``::

    def test_a_lost_answer_is_resolved(venue):
        venue.arm(LostAnswer(on=Trigger(op="place"), committed=True, symptom="reset"))
        exchange = venue.access.ccxt()
        with pytest.raises(ccxt.NetworkError):
            exchange.create_order("BTC/USDT", "limit", "buy", 0.1, 49000, {"newClientOrderId": "mine-1"})
        assert venue.order("mine-1").status == "open"

With any other test runner, ``with served() as venue: ...`` is the same. The client dials the venue's real address, in
virtual time; ``venue`` itself reads the exchange's own books, with no request and no delay.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeVar, cast

from outtrade.engine.run import stage
from outtrade.faults.plan import Armed
from outtrade.model.fault import Crash, Fault
from outtrade.model.history import NS, Event, FillTruth, History, OrderTruth, Planned, Request
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Report, Task
from outtrade.reference import Recorded, with_reference
from outtrade.report import timeline
from outtrade.sim import World
from outtrade.targets import Target
from outtrade.targets.access import VenueAccess

LONGEST = 7 * 86_400
"""Seconds of virtual time that a test may take; whoever waits longer is stopped."""

E = TypeVar("E", bound=Event)

_MARKETS = {
    "BTC/USDT": Market(mid=Decimal(50000), depth=Decimal("0.5"), taker_size=Decimal("0.05"), volatility_bps=1.0),
    "ETH/USDT": Market(mid=Decimal(3000), depth=Decimal(8), taker_size=Decimal("0.8"), volatility_bps=1.0),
}
_BALANCES = {"USDT": Decimal(100_000), "BTC": Decimal(2), "ETH": Decimal(30), "BNB": Decimal("12.5")}


def scenario(*, recorded: Recorded | None = None, **changes: Any) -> Scenario:
    """A calm exchange with two markets and money: BTC/USDT near 50,000, ETH/USDT near 3,000. ``changes`` are fields of
    a Scenario (``seed``, ``symbols``, ``balances``, ``markets``, ``fees``, ``latency``, ``knobs``).

    ``recorded``: a recording (``outtrade.reference.read_reference``) whose symbols, rules, fees, prices and books take
    the place of these."""
    if recorded is not None:
        calm = dict.fromkeys(recorded.symbols, _MARKETS["BTC/USDT"])
        made = scenario(markets=calm, **({"balances": recorded.balances()} | changes))
        return with_reference(made, recorded)
    fields: dict[str, Any] = {
        "id": "test",
        "seed": 1,
        "symbols": tuple(changes.get("markets", _MARKETS)),
        "balances": _BALANCES,
        "markets": _MARKETS,
        "intents": (),
        "until": LONGEST,
    }
    return Scenario(**(fields | changes))


def make_world(made: Scenario) -> World:
    """A World for a test. No watchdog: a debugger may stand still as long as it likes."""
    world = World(epoch_ns=made.epoch * NS, seed=made.seed, watchdog=0)
    world.hard_limit_ns = world.epoch_ns + int(made.until * NS)
    return world


@contextmanager
def served(made: Scenario | None = None) -> Iterator[MockVenue]:
    """A venue in an active World of its own; that every armed fault landed is the caller's to check (``missed``)."""
    made = made or scenario()
    with make_world(made) as world:
        yield MockVenue(world, made)


class MockVenue:
    """A mock Binance spot inside ``world``.

    ``access`` is what a client is given: addresses, test credentials, trading rules. ``history`` is the record of all
    that happened. Amounts are in base or quote units.
    """

    def __init__(self, world: World, made: Scenario) -> None:
        self.world = world
        self._stage = stage(Target("test", "A", False, _nobody), made, world)
        self._server = self._stage.server
        self._venue = self._stage.venue
        self._must_land: list[Armed] = []
        for event in self._stage.plan.planned():
            self._stage.recorder.add(event)
        self._server.install()

    # ------------------------------------------------------------------ for the client
    @property
    def access(self) -> VenueAccess:
        """Addresses, test credentials and trading rules; ``access.ccxt()`` is a ready ccxt object."""
        return self._stage.access

    # ------------------------------------------------------------------ what is broken
    def arm(self, fault: Fault, *, must_land: bool = True) -> Armed:
        """Break something from now on. All times of the fault count from now; ``.fired`` of what is returned says
        how often it has struck. The fixture demands at the end that it did, unless ``must_land`` is False.

        Raises ValueError for a crash: there is no agent here that could be started again."""
        if isinstance(fault, Crash):
            raise ValueError("a crash needs an agent that can be started again: use `outtrade run`")
        now = self.world.run_ns / NS
        on = fault.on.model_copy(
            update={
                "after": fault.on.after + now,
                "before": None if fault.on.before is None else fault.on.before + now,
            }
        )
        armed = self._stage.plan.add(fault.model_copy(update={"on": on}))
        self._stage.recorder.add(Planned(fault=armed.index, kind=armed.kind, variant=fault.variant))
        self._server.outages.schedule(armed)
        self._server.operations.schedule(armed)
        if must_land:
            self._must_land.append(armed)
        return armed

    def missed(self) -> list[str]:
        """Variants of the faults that were to land and did not."""
        return [armed.fault.variant for armed in self._must_land if not armed.fired]

    def fill(self, order: str, fraction: float | Decimal = 1) -> bool:
        """Somebody's market order takes that fraction of what is left of a working order (client or venue id)."""
        self._venue.advance(self.world.now)
        filled = self._venue.fill(self.order(order).order, Decimal(str(fraction)))
        self._server.tick()
        return filled

    def wait(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.world.sleep(seconds)

    # ------------------------------------------------------------------ what is true
    @property
    def history(self) -> History:
        """Everything that happened, as events."""
        return self._stage.history

    @property
    def requests(self) -> list[Request]:
        """Every HTTP request that the client sent, in order."""
        return self._of(Request)

    @property
    def orders(self) -> list[OrderTruth]:
        """Every order that the exchange accepted, as it stands now, in the order of acceptance."""
        self._venue.advance(self.world.now)
        latest: dict[str, OrderTruth] = {}
        for event in self._of(OrderTruth):
            latest[event.order] = event
        return [event for event in latest.values() if event.status != "rejected"]

    @property
    def working(self) -> list[OrderTruth]:
        """The orders that can still fill."""
        return [order for order in self.orders if order.status == "open"]

    def order(self, ident: str) -> OrderTruth:
        """The order with this client id or venue id; the latest, where a client id was used again. Raises KeyError."""
        for event in reversed(self.orders):
            if ident in (event.order, event.client_id, event.created_as):
                return event
        raise KeyError(f"the exchange has no order {ident!r}")

    @property
    def fills(self) -> list[FillTruth]:
        """Every fill of the account."""
        self._venue.advance(self.world.now)
        return self._of(FillTruth)

    @property
    def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Asset -> (free, locked)."""
        self._venue.advance(self.world.now)
        balances = self._venue.truth()["balances"]
        return {asset: (Decimal(free), Decimal(locked)) for asset, (free, locked) in balances.items()}

    def mid(self, symbol: str) -> Decimal:
        """The mid price of a unified symbol now. Raises KeyError."""
        self._venue.advance(self.world.now)
        return Decimal(self._venue.truth()["mids"][symbol])

    def timeline(self) -> str:
        """What was sent and what happened on the exchange, as text of 80 columns."""
        return "\n".join(timeline.lines(self.history, everything=True, limit=60))

    def _of(self, kind: type[E]) -> list[E]:
        return [cast(E, event) for event in self.history.events if isinstance(event, kind)]


def _nobody() -> Any:
    """There is no agent: the test plays it."""

    def execute(task: Task, venue: VenueAccess) -> Report:
        raise NotImplementedError

    return execute
