"""Prices as Kraken takes them: static, or relative to the last trade (Add Order, price and price2).

``+5`` and ``-5`` add to and take from the reference price; ``#5`` does whichever makes the order better for its owner
(a limit buy below the market, a stop-loss buy above it); ``%`` makes it a percentage. Trailing stops must be relative:
the distance by which the price comes back. The reference is the last trade, also where ``trigger`` says index: there is
no index feed here, and Kraken falls back on the last trade where it has none. A relative price is rounded to the
nearest tick (*inferred*).

    >>> parse("+1.5%"), parse("30000.1")
    (Stated(sign='+', number='1.5', percent=True), Stated(sign='', number='30000.1', percent=False))
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal, NamedTuple

from outtrade_mocks.venues.kraken_spot.codec import units
from outtrade_mocks.venues.kraken_spot.errors import refuse
from outtrade_mocks.venues.kraken_spot.reference import MOST, Listing

_PRICE = re.compile(r"([+\-#]?)([0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(%?)", re.ASCII)
MOST_TICKS = int(MOST)
Side = Literal["buy", "sell"]


class Stated(NamedTuple):
    """A price as it was sent."""

    sign: str
    number: str
    percent: bool


def parse(text: str) -> Stated | None:
    """The parts of a price; None where it is none."""
    match = _PRICE.fullmatch(text)
    if match is None or (match[3] and not match[1]):
        return None
    return Stated(match[1], match[2], bool(match[3]))


def better(ordertype: str, side: Side) -> int:
    """Which way ``#`` goes: limits and take-profits buy lower and sell higher, stops the other way round."""
    lower = (side == "buy") != ordertype.startswith(("stop-loss", "trailing-stop"))
    return -1 if lower else 1


def ticks(
    listing: Listing, text: str, name: str, *, reference: int | None, ordertype: str = "limit", side: Side = "buy"
) -> int:
    """Ticks of a price, static or relative to ``reference`` (ticks). Raises Refusal."""
    if text[:1].isdigit():
        return static(listing, text, name)
    stated = parse(text)
    if stated is None:
        raise refuse("invalid_argument", name)
    if not stated.sign:
        return static(listing, stated.number, name)
    if reference is None:
        raise refuse("invalid_price")
    found = reference + offset(listing, stated, reference, better(ordertype, side))
    if not 0 < found <= MOST_TICKS * 10**listing.decimals // listing.tick:
        raise refuse("invalid_price")
    return found


def static(listing: Listing, number: str, name: str) -> int:
    """Ticks of a static price. Raises Refusal: no number, too many decimals, off the tick grid, 0."""
    try:
        amount = units(number, listing.decimals)
    except ValueError:
        raise refuse("invalid_argument", name) from None
    except OverflowError:
        raise refuse("price_decimals", listing.altname, listing.decimals) from None
    found, rest = divmod(amount, listing.tick)
    if rest:
        raise refuse("tick_size")
    if not 0 < found <= MOST_TICKS * 10**listing.decimals // listing.tick:
        raise refuse("invalid_price")
    return found


def offset(listing: Listing, stated: Stated, reference: int, way: int) -> int:
    """What a relative price adds to the reference, in ticks."""
    number = Fraction(stated.number)
    if stated.percent:
        distance = number * reference / 100
    else:
        distance = number * 10**listing.decimals / listing.tick
    sign = way if stated.sign == "#" else (1 if stated.sign == "+" else -1)
    return sign * int(distance + Fraction(1, 2))


def distance(listing: Listing, text: str, name: str) -> tuple[int | None, int | None]:
    """A trailing distance, in ticks or in hundredths of a percent. Raises Refusal."""
    stated = parse(text)
    if stated is None or not stated.sign:
        raise refuse("invalid_argument", name)
    if stated.percent:
        found = points(stated, name)
        if not found:
            raise refuse("invalid_price")
        return None, found
    return static(listing, stated.number, name), None


def points(stated: Stated, name: str) -> int:
    """A percentage in hundredths of a percent, below 100 %; finer ones are not understood (*simplified*). Raises
    Refusal."""
    found = Fraction(stated.number) * 100
    if found.denominator != 1 or not 0 <= found < 10_000:
        raise refuse("invalid_argument", name)
    return int(found)


def text(listing: Listing, ticks_: int | None) -> str:
    """A price as shown, with the pair's decimals; ``0`` for none."""
    if ticks_ is None:
        return "0"
    amount = ticks_ * listing.tick
    if not listing.decimals:
        return str(amount)
    whole, rest = divmod(amount, 10**listing.decimals)
    return f"{whole}.{rest:0{listing.decimals}d}"
