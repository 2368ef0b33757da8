"""A scenario: plain data that alone reproduces a run.

Venue, symbols, balances, market script, intents, fault plan and seed. It is JSON on disk (``outtrade replay FILE``)
and comes from outside, so it is read strictly: unknown fields and other versions are refused with one clear line.
A seed only *generates* scenarios; once made, the data is the scenario.

    >>> s = Scenario(id="demo", seed=1, until=60, symbols=("BTC/USDT",), balances={"USDT": "1000"}, intents=())
    >>> Scenario.from_json(s.to_json()) == s
    True
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from pydantic import (
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from outtrade_mocks.core.flow import FlowConfig
from outtrade_mocks.core.profiles import PROFILES, market_fields
from outtrade_mocks.core.recording import Tape
from outtrade_mocks.core.script import MarketEvent, Path

from .capability import Capability
from .delay import Delay
from .fault import Fault
from .fleet import Fleet, limits_of, share
from .task import Bounds, Intent, Limits, Number, Plain, Side, Task

VERSION = 1
SHOWN = 5
"""Problems of a file that a message names."""


class ScenarioError(ValueError):
    """A scenario file that cannot be used; the message is one line for the user."""


def problems(error: ValidationError) -> str:
    """What is wrong with a file, on one line: the first five places, each with its problem."""
    said = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
    more = f"; and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
    return "; ".join(said[:SHOWN]).replace("\n", " ") + more


class Market(Plain):
    """Seeded market flow of one symbol.

    ``mid`` is the starting mid price (quote currency). ``spread_bps`` is the usual distance between best bid and best
    ask, ``depth`` the base quantity at each of ``levels`` price levels on each side, ``taker_rate`` and ``maker_rate``
    the mean number of market orders and of quote refreshes a virtual second, ``taker_size`` the mean base quantity of a
    market order, ``volatility_bps`` the standard deviation of the mid's move per virtual minute. ``opening`` is the
    book at the start: bids and asks as (price, quantity), best first; None lets the seed draw it. ``path`` and
    ``events`` are what happens to the price and the book at stated times; ``tape`` is a recorded market that is played
    instead (docs/markets.md).

    In place of the numbers a profile can be named, ``deep``, ``normal``, ``thin`` or ``illiquid``, with the quantity of
    a usual order (``unit``, base units); numbers given beside it win. It is resolved when it is read: a scenario that
    is written holds the numbers.

    >>> Market.model_validate({"mid": "50000", "profile": "thin", "unit": "0.1", "levels": 4}).depth
    Decimal('0.05')
    """

    model_config = ConfigDict(json_schema_extra=lambda schema: _with_profile(schema))

    mid: Number
    spread_bps: float = 4.0
    depth: Number
    levels: int = 10
    maker_rate: float = 0.05
    taker_rate: float = 0.05
    taker_size: Number
    volatility_bps: float = 3.0
    opening: tuple[tuple[tuple[Number, Number], ...], tuple[tuple[Number, Number], ...]] | None = None
    path: Path | None = None
    events: tuple[Annotated[MarketEvent, Field(discriminator="kind")], ...] = ()
    tape: Tape | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_profile(cls, data: Any) -> Any:
        """What a profile says, for what is not given."""
        if not isinstance(data, dict) or not {"profile", "unit"} & set(data):
            return data
        given = {name: value for name, value in data.items() if name not in ("profile", "unit")}
        try:
            unit = Decimal(str(data["unit"]))
        except (KeyError, ArithmeticError):
            raise ValueError("a profile needs a unit, the quantity of a usual order") from None
        return market_fields(data.get("profile", ""), unit=unit) | given

    @model_validator(mode="after")
    def _as_the_core_sees_it(self) -> Market:
        """Raises ValueError on what the exchange could not play."""
        FlowConfig(**{name: getattr(self, name) for name in type(self).model_fields})
        return self

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A market without a book, path, events and tape is written as ever: histories keep their hashes."""
        data: dict[str, Any] = handler(self)
        for name in ("opening", "path", "events", "tape"):
            if not getattr(self, name):
                data.pop(name, None)
        if "events" in data:
            data["events"] = [
                {"kind": event.kind} | dumped for event, dumped in zip(self.events, data["events"], strict=True)
            ]
        return data


def _with_profile(schema: dict[str, Any]) -> None:
    """A market in a file may name a profile in place of its numbers."""
    schema["properties"]["profile"] = {"enum": list(PROFILES), "description": "sets what is not given; needs unit"}
    schema["properties"]["unit"] = {"type": "string", "description": "quantity of a usual order, base units"}
    schema["required"] = ["mid"]
    schema["anyOf"] = [{"required": ["depth", "taker_size"]}, {"required": ["profile", "unit"]}]


class Reference(Plain):
    """Reference data from a recording, in place of the mock's own: what the venue said about each symbol, and fees.

    A scenario carries what it needs of it, so that a replay needs no other file. ``source`` names the recording,
    ``sha256`` is that of the file, ``provenance`` what its header says. ``fees``: maker and taker, as fractions.
    """

    source: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    provenance: str
    listings: dict[str, dict[str, Any]]
    fees: dict[str, tuple[Number, Number]] = Field(default_factory=dict)


class Standing(Plain):
    """A limit order that somebody else has standing on the account when the task begins: another program, or a person.

    ``quantity`` in base units, ``price`` in quote per base; ``name`` is its client order id."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")
    symbol: str
    side: Side
    quantity: Number = Field(gt=0)
    price: Number = Field(gt=0)


class AccountModes(Plain):
    """How the account trades contracts when the task begins: whoever used it before left it so. ``leverage`` None: the
    venue's own default."""

    position_mode: Literal["one_way", "hedge"] = "one_way"
    margin_mode: Literal["cross", "isolated"] = "cross"
    leverage: int | None = Field(default=None, ge=1)


class Fallback(Plain):
    """Another venue that the task may turn to when the main one is down: an account and markets of its own, in the
    scenario's symbols. The faults that act there name it (``FaultBase.venue``)."""

    venue: str
    balances: dict[str, Number]
    markets: dict[str, Market] = Field(default_factory=dict)
    fees: tuple[Number, Number] = (Decimal("0.001"), Decimal("0.001"))
    latency: Delay = 0.02
    knobs: dict[str, bool | int | float | str] = Field(default_factory=dict)


class Scenario(Plain):
    """Everything a run depends on, but for the target under test."""

    format: Literal["outtrade.scenario"] = "outtrade.scenario"
    version: Literal[1] = 1
    id: str
    seed: int
    space: str = "custom"
    venue: str = "binance_spot"
    epoch: int = 1_767_225_600
    """UNIX seconds of run time 0 (1 January 2026, 00:00 UTC)."""
    symbols: tuple[str, ...]
    balances: dict[str, Number]
    markets: dict[str, Market] = Field(default_factory=dict)
    fees: tuple[Number, Number] = (Decimal("0.001"), Decimal("0.001"))
    """Maker and taker fee as fractions."""
    reference: Reference | None = None
    """Listings from a recording; None: the mock's own."""
    latency: Delay = 0.02
    """One-way network delay: seconds, or a model of it (``model.delay``)."""
    knobs: dict[str, bool | int | float | str] = Field(default_factory=dict)
    """Seeded settings for what the venue does not document (see the venue's traits)."""
    intents: tuple[Intent, ...]
    until: float = Field(gt=0)
    limits: Limits = Limits()
    bounds: Bounds = Bounds()
    leave_resting: bool = False
    faults: tuple[Fault, ...] = ()
    schedule: Literal["fifo", "random"] = "fifo"
    """Which of an agent's threads goes next: the one that has waited longest, or a seeded choice."""
    pair: str | None = None
    """Scenarios with the same ``pair`` are twins: same symptom, opposite truth."""
    standing: tuple[Standing, ...] = ()
    """Foreign orders on the account: to be known, and to be left alone but for ``flatten``."""
    modes: AccountModes | None = None
    """Position mode, margin mode and leverage of the account, where they are not the venue's own defaults."""
    fleet: Fleet | None = None
    """How many copies of the agent run at once; None: one (``model.fleet``)."""
    fallbacks: tuple[Fallback, ...] = ()
    """Venues that may be used when the main one is down; such a scenario ``needs`` the capability ``fallback``."""
    allow_alert_only: bool = False
    """Giving up with an alert, and not using a fallback, is acceptable."""
    dead_man: float | None = Field(default=None, gt=0)
    """The venue's dead-man switch is to stand behind every order: the longest timeout, in seconds. Such a scenario
    ``needs`` the capability ``dead_man``, and a venue that has the switch."""
    needs: tuple[Capability, ...] = ()
    """What it asks of a target that not every target has; one that lacks it is not run in it (``model.capability``)."""

    @model_validator(mode="after")
    def _apart(self) -> Scenario:
        names = [self.venue, *(fallback.venue for fallback in self.fallbacks)]
        if len(set(names)) < len(names):
            raise ValueError("fallbacks are venues other than the main one, each of them once")
        if self.fallbacks and "fallback" not in self.needs:
            raise ValueError('a scenario with fallbacks needs the capability "fallback"')
        if self.fallbacks and self.crowded:
            raise ValueError("a scenario has several copies of the agent or fallbacks, not both")
        if any(fault.venue > len(self.fallbacks) for fault in self.faults):
            raise ValueError(f"a fault acts at a venue that is not there: {self._venues()}")
        if self.dead_man is not None and "dead_man" not in self.needs:
            raise ValueError('a scenario with a dead-man switch needs the capability "dead_man"')
        return self

    def _venues(self) -> str:
        """Which numbers of venues there are, for a message."""
        return "0 is the main one" + "".join(f", {n} {one.venue}" for n, one in enumerate(self.fallbacks, 1))

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A scenario without a recording is written as ever: histories keep their hashes."""
        data: dict[str, Any] = handler(self)
        if self.reference is None:
            data.pop("reference", None)
        if self.schedule == "fifo":
            data.pop("schedule", None)
        for name in ("allow_alert_only", "dead_man", "fallbacks", "fleet", "modes", "needs", "standing"):
            if not getattr(self, name):
                data.pop(name, None)
        return data

    @property
    def instances(self) -> int:
        """How many copies of the agent run."""
        return 1 if self.fleet is None else self.fleet.instances

    @property
    def crowded(self) -> bool:
        """Whether more than one process of the agent may live at a time."""
        return self.fleet is not None or any(fault.kind == "second_instance" for fault in self.faults)

    @property
    def several(self) -> str:
        """What of there is more than one: ``venues``, ``copies`` of the agent, or "" (a fault may start a second)."""
        if self.fallbacks:
            return "venues"
        doubled = any(fault.kind == "second_instance" for fault in self.faults)
        return "copies" if doubled or self.fleet is not None else ""

    def task(self, *, instance: int = 0, **changes: Any) -> Task:
        """The Task that a copy of the agent is given; ``changes`` are fields of an incarnation (``resumed=True``)."""
        intents, limits = self.intents, self.limits
        if self.fleet is not None and instance != self.fleet.old:
            changes |= {"instance": instance, "instances": self.fleet.instances}
            intents = share(intents, instance, self.fleet.instances)
            limits = limits_of(limits, self.fleet.instances)
        return Task(
            id=self.id,
            epoch=self.epoch,
            intents=intents,
            until=self.until,
            limits=limits,
            bounds=self.bounds,
            leave_resting=self.leave_resting,
            allow_alert_only=self.allow_alert_only,
            dead_man=self.dead_man,
            **changes,
        )

    def to_json(self) -> str:
        """Canonical JSON: defaults left out, keys in the order of the model, one trailing newline."""
        data = {"format": self.format, "version": self.version}
        data |= self.model_dump(mode="json", exclude_defaults=True)
        for fault, dumped in zip(self.faults, data.get("faults", ()), strict=True):  # type: ignore[call-overload]
            dumped["kind"] = fault.kind
        try:  # the bytes of json.dumps(data, indent=1), which Python itself would write four times slower
            return msgspec.json.format(json.dumps(data, ensure_ascii=False), indent=1) + "\n"
        except UnicodeEncodeError:  # a lone surrogate in a knob
            return json.dumps(data, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Scenario:
        """Read a scenario; raises ScenarioError with one line that says what is wrong."""
        try:
            data = json.loads(text)
        except ValueError as error:
            raise ScenarioError(f"not JSON: {error}") from None
        if not isinstance(data, dict) or data.get("format") != "outtrade.scenario":
            raise ScenarioError('not a scenario: the field "format" is not "outtrade.scenario"')
        if data.get("version") != VERSION:
            raise ScenarioError(
                f"scenario version {data.get('version')!r} is not supported (this is version {VERSION})"
            )
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ScenarioError(problems(error)) from None
