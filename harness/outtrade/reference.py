"""Somebody's recording as the instruments and markets of the mock: ``--reference FILE``.

The mock stays stateful; which symbols there are, their ticks, lots and notionals, fees, and the market at the start
come from the cassette::

    recorded = read_reference(Path("my_run.yaml"))
    made = scenario(recorded=recorded)          # outtrade.testing.venue
    made.reference.sha256, made.symbols

A scenario that was made from a recording carries what it needs of it (`outtrade.model.scenario.Reference`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from outtrade.model.scenario import Market, Reference, Scenario
from outtrade.model.task import Instrument, Plain
from outtrade_mocks import cassettes, venues
from outtrade_mocks.cassettes import CassetteError
from outtrade_mocks.cassettes.model import one_line
from outtrade_mocks.venues.config import VenueConfig

MOST = 4
"""Symbols that are used where none are named."""
SMALLEST_ORDERS = 20
"""A usual order is worth at least so many of the smallest ones."""
AMPLE = 250
"""Usual orders that a balance pays for."""


class Recorded(Plain):
    """What a recording says about the chosen symbols."""

    reference: Reference
    markets: dict[str, Market]
    instruments: dict[str, Instrument]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The chosen symbols, unified."""
        return tuple(self.markets)

    def only(self, symbols: Sequence[str]) -> Reference:
        """The reference data of some of the symbols."""
        kept = self.reference
        return kept.model_copy(
            update={
                "listings": {symbol: kept.listings[symbol] for symbol in symbols},
                "fees": {symbol: kept.fees[symbol] for symbol in symbols if symbol in kept.fees},
            }
        )

    def fields(self, symbols: Sequence[str]) -> dict[str, Any]:
        """The fields of a scenario of these symbols that do not depend on how its market moves: ``symbols``,
        ``reference``, and ``fees`` where all symbols have the same."""
        reference = self.only(symbols)
        pairs = {reference.fees.get(symbol) for symbol in symbols}
        same = next(iter(pairs)) if len(pairs) == 1 else None
        return {"symbols": tuple(symbols), "reference": reference} | ({} if same is None else {"fees": same})

    def order_value(self, symbol: str) -> Decimal:
        """What a usual order is worth, in quote currency: half of what a level of the book holds, some times the
        smallest order, and within what one order may be."""
        rules, market = self.instruments[symbol], self.markets[symbol]
        value = market.depth * market.mid / 2
        smallest = max(rules.notional_min or Decimal(0), rules.quantity_min * market.mid, rules.step * market.mid)
        value = max(value, smallest * SMALLEST_ORDERS)
        most = min(rules.quantity_max, rules.market_max or rules.quantity_max) * market.mid / 4
        if rules.notional_max:
            most = min(most, rules.notional_max / 4)
        return _coarse(min(value, most))

    def balances(self) -> dict[str, Decimal]:
        """Ample balances for usual orders in every symbol."""
        found: dict[str, Decimal] = {}
        for symbol, rules in self.instruments.items():
            value = self.order_value(symbol) * AMPLE
            base = value / self.markets[symbol].mid
            for rule in self.reference.listings[symbol].get("filters", ()):
                if rule.get("filterType") == "MAX_POSITION":
                    base = min(base, Decimal(rule["maxPosition"]) / 4)
            for asset, amount in ((rules.quote, value), (rules.base, base)):
                found[asset] = max(found.get(asset, Decimal(0)), _coarse(amount))
        return found


def _coarse(value: Decimal) -> Decimal:
    """Two significant digits, at most eight decimals, not 0."""
    rounded = value.quantize(Decimal(1).scaleb(max(value.adjusted() - 1, -8)))
    return Decimal(f"{max(rounded, Decimal('0.00000001')):f}").normalize() + 0


def read_reference(
    path: Path, *, venue: str = "binance_spot", symbols: Sequence[str] = (), play: bool = False
) -> Recorded:
    """Read a cassette. ``symbols`` (unified) chooses; without it the first MOST that have a price, those with a
    recorded book first. ``play``: their markets play the recorded books and trades again (docs/markets.md), instead of
    starting where the recording does and moving by the seed. Raises CassetteError in one line."""
    cassette = cassettes.read(path, foreign=True)
    module = venues.load(venue)
    found = module.recorded(cassette)
    shown = one_line(path.name)
    chosen = tuple(dict.fromkeys(symbols)) or tuple(found.markets)[:MOST]
    for symbol in chosen:
        if symbol in found.unusable:
            raise CassetteError(f"{shown}: {one_line(symbol, 40)} cannot be played: {found.unusable[symbol]}")
        if symbol not in found.listings:
            raise CassetteError(
                f"{shown}: no {one_line(symbol, 40)} in its exchangeInfo; there is {_some(tuple(found.listings))}"
            )
        if symbol not in found.markets:
            raise CassetteError(f"{shown}: no price of {one_line(symbol, 40)} in it: record its depth or ticker, too")
    if not chosen and found.listings:
        raise CassetteError(f"{shown}: no price of any symbol in it: record a depth or a ticker, too")
    if not chosen:
        symbol, why = next(iter(found.unusable.items()))
        raise CassetteError(f"{shown}: no symbol that can be played; {symbol}: {why}")
    listings = {symbol: found.listings[symbol] for symbol in chosen}
    fees = {symbol: found.fees[symbol] for symbol in chosen if symbol in found.fees}
    markets = {symbol: found.markets[symbol] for symbol in chosen}
    if play:
        for symbol in chosen:
            markets[symbol] |= {"opening": None, "tape": module.tape_of(cassette, symbol, listings[symbol])}
    config = VenueConfig(symbols=chosen, balances={}, epoch_ns=0, reference={"listings": listings, "fees": fees})
    try:
        return Recorded(
            reference=Reference.model_validate(
                {
                    "source": shown,
                    "sha256": sha256(path.read_bytes()).hexdigest(),
                    "provenance": cassette.provenance,
                    "listings": listings,
                    "fees": fees,
                }
            ),
            markets={symbol: Market.model_validate(market) for symbol, market in markets.items()},
            instruments={
                symbol: Instrument.model_validate(fields) for symbol, fields in module.instruments(config).items()
            },
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CassetteError(f"{shown}: its reference data cannot be used: {where}: {first['msg']}") from None


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "") if names else "none"


def with_reference(made: Scenario, recorded: Recorded) -> Scenario:
    """A scenario whose symbols get their rules, prices and books from a recording; how its markets move, and all else,
    stays. Raises CassetteError where a symbol is not among those that were read."""
    missing = [symbol for symbol in made.symbols if symbol not in recorded.markets]
    if missing:
        raise CassetteError(f"{recorded.reference.source}: no {missing[0]} among {', '.join(recorded.symbols)}")
    markets = {}
    for symbol in made.symbols:
        moves = {name: getattr(made.markets[symbol], name) for name in MOVES} if symbol in made.markets else {}
        markets[symbol] = recorded.markets[symbol].model_copy(update=moves)
    return made.model_copy(update={"markets": markets, **recorded.fields(made.symbols)})


MOVES = ("maker_rate", "taker_rate", "volatility_bps")
"""Fields of a market that no recording says."""


def described(recorded: Recorded) -> str:
    """One line for the terminal: file, hash, symbols."""
    reference = recorded.reference
    return (
        f"reference: {reference.source} ({reference.provenance}, sha256 {reference.sha256[:12]}),"
        f" symbols {', '.join(recorded.symbols)}"
    )
