"""What a venue lists, in the same way for every venue: its own instruments, or those that a configuration brings along.

A venue says how one of its objects becomes a ``Listing`` of its own kind; the Catalogue does the rest: it finds the
configured symbols, refuses in one line what is not there or cannot be played, and reads the same reference data once
(a thousand scenarios share a recording). ``task_fields`` writes the core's rules of an instrument as a task carries
them::

    >>> from outtrade_mocks.venues.okx.reference import CATALOGUE
    >>> CATALOGUE.one("BTC/USDT").id
    'BTC-USDT'
    >>> CATALOGUE.one("BTC/XYZ")
    Traceback (most recent call last):
    outtrade_mocks.venues.VenueError: okx does not list 'BTC/XYZ'; it lists BTC/USDT, ETH/USDT, SOL/USDT, ...
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar, cast

import msgspec

from outtrade_mocks.cassettes.model import one_line
from outtrade_mocks.core import Exchange, FlowConfig, Instrument
from outtrade_mocks.core.feed import config_of
from outtrade_mocks.core.flow import Opening
from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.config import VenueConfig

Fees = tuple[Decimal, Decimal]
"""Maker and taker, as fractions."""
SIZES = ("step", "quantity_min", "quantity_max", "market_step", "market_min", "market_max")
"""Fields of a task's Instrument that are quantities: in units, not in contracts (``outtrade.model.units``)."""
EAGER = 64
"""Up to so many symbols the core lists all from the start; of more, those without a market when they are asked for."""
NONE: Mapping[str, Decimal] = MappingProxyType({})
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, InvalidOperation, OverflowError)


class Listed(Protocol):
    """What every venue's listing has: the unified symbol and the venue's id."""

    @property
    def unified(self) -> str: ...
    @property
    def id(self) -> str: ...


class Ruled(Listed, Protocol):
    """A listing that remembers the core's rules which were made of it."""

    @property
    def made(self) -> dict[Fees, Instrument]: ...


L = TypeVar("L", bound=Listed)
R = TypeVar("R", bound=Ruled)


class Catalogue(Generic[L]):
    """The listings of one venue.

    ``own``: all of the mock's own, by unified symbol. ``read``: one listing of reference data, from the venue's object
    of it and its own fees where it has any; what it cannot read, it may fail on as it likes (KeyError, TypeError,
    ValueError, ...): reference data may come from a file, so it is not trusted.
    """

    def __init__(
        self, venue: str, *, own: Callable[[], Mapping[str, L]], read: Callable[[Any, Fees | None], L]
    ) -> None:
        self.venue = venue
        self._own = own
        self._entry = read
        self._read = lru_cache(maxsize=4)(self._read_all)

    def one(self, unified: str, known: Mapping[str, L] | None = None) -> L:
        """The listing of a unified symbol; raises VenueError with the known ones."""
        known = self._own() if known is None else known
        found = known.get(unified)
        if found is None:
            raise VenueError(f"{self.venue} does not list {unified!r}; it lists {', '.join(known)}")
        return found

    def listings(self, config: VenueConfig) -> dict[str, L]:
        """The listings of the configured symbols, from the configuration's reference data where it has any. Raises
        VenueError on a symbol that is not there, or one that cannot be played."""
        known = self._own() if config.reference is None else self._brought(config.reference)
        return {unified: self.one(unified, known) for unified in config.symbols}

    def symbols(self) -> dict[str, str]:
        """Unified symbol -> the venue's id, of the mock's own listings."""
        return {unified: entry.id for unified, entry in self._own().items()}

    def _brought(self, reference: Mapping[str, Any]) -> Mapping[str, L]:
        return self._read(msgspec.json.encode({"listings": reference["listings"], "fees": reference.get("fees", {})}))

    def _read_all(self, text: bytes) -> Mapping[str, L]:
        reference, found = msgspec.json.decode(text), {}
        for unified, raw in reference["listings"].items():
            pair = reference["fees"].get(unified)
            try:
                entry = self._entry(raw, None if pair is None else (Decimal(pair[0]), Decimal(pair[1])))
            except VenueError:
                raise
            except _UNREADABLE as error:
                told = one_line(str(error), 120)
                raise VenueError(f"reference data of {one_line(unified, 40)}: {told}") from None
            if entry.unified != unified:
                other = one_line(entry.unified, 40)
                raise VenueError(f"reference data of {one_line(unified, 40)}: it is that of {other}")
            found[unified] = entry
        return found


def once(make: Callable[[R, Fees], Instrument]) -> Callable[[R, Fees], Instrument]:
    """The core's rules of a listing, made once for the same fees of the venue: a decorator."""

    def core_instrument(entry: R, fees: Fees) -> Instrument:
        found = entry.made.get(fees)
        if found is None:
            found = entry.made[fees] = make(entry, fees)
        return found

    core_instrument.__doc__ = make.__doc__
    return core_instrument


def from_the_start(listings: Mapping[str, L], moving: Collection[str]) -> tuple[list[L], set[str]]:
    """Which listings the core lists from the start, and the symbols that it comes to know when somebody first asks for
    them (see ``EAGER``); ``moving``: those that have a market."""
    late = {name for name in listings if name not in moving} if len(listings) > EAGER else set()
    return [entry for name, entry in listings.items() if name not in late], late


def flows(config: VenueConfig, sizes: Mapping[str, Decimal] = NONE) -> dict[str, FlowConfig]:
    """The market flow of each configured symbol that has one. ``sizes``: symbol -> units in a contract, where the core
    counts contracts: a scenario's markets are counted in units."""
    found = {unified: config_of(market) for unified, market in config.markets.items() if unified in config.symbols}
    return {unified: _counted(flow, sizes.get(unified, Decimal(1))) for unified, flow in found.items()}


def funded(exchange: Exchange, symbol: str, rate: float) -> None:
    """A perpetual pays funding at ``rate`` from now on; whatever else ``symbol`` names pays none."""
    if exchange.instrument(symbol).funding_interval is not None:
        exchange.publish(symbol, funding=Decimal(str(rate)))


def _counted(flow: FlowConfig, size: Decimal) -> FlowConfig:
    """The flow in contracts of ``size`` units. A tape is played as it was recorded, in the venue's own numbers."""
    if size == 1:
        return flow
    opening = flow.opening and tuple(tuple((price, held / size) for price, held in side) for side in flow.opening)
    return replace(flow, depth=flow.depth / size, taker_size=flow.taker_size / size, opening=cast("Opening", opening))


def text(value: Decimal | None) -> str | None:
    """A decimal in plain notation without zeros at the end; None stays None.

    >>> text(Decimal("0.0100")), text(Decimal("1E+3")), text(None)
    ('0.01', '1000', None)
    """
    return None if value is None else f"{value.normalize():f}"


def task_fields(
    entry: Listed, core: Instrument, *, types: Iterable[str], **others: str | list[str | None] | None
) -> dict[str, Any]:
    """The fields of a task's Instrument as plain data (decimal strings), by the core's rules; ``others``: what the task
    is to say otherwise."""
    fields = {
        "venue_symbol": entry.id,
        "base": core.base,
        "quote": core.quote,
        "status": "trading",
        "types": list(types),
        "tick": text(core.tick),
        "price_min": text(core.price_min or core.tick),
        "price_max": text(core.price_max),
        "step": text(core.step),
        "quantity_min": text(core.quantity_min),
        "quantity_max": text(core.quantity_max),
        "market_step": text(core.market_step),
        "market_min": text(core.market_min),
        "market_max": text(core.market_max),
        "notional_min": text(core.notional_min),
        "notional_max": text(core.notional_max),
        "band": None,
        "contract_size": text(core.contract_size),
        "maker_fee": text(core.maker_fee),
        "taker_fee": text(core.taker_fee),
    }
    assert fields.keys() >= others.keys()
    told: dict[str, Any] = fields | others
    if core.contract_size != 1:
        told |= {name: text(Decimal(told[name]) * core.contract_size) for name in SIZES if told[name]}
    return told
