"""Numbers as USD-M futures write and read them.

All amounts are integers of 1e-8 ("e8"), as on spot, but they are not all written with eight decimals: prices and
quantities of orders have as many as the symbol's ``pricePrecision`` and ``quantityPrecision``, money has eight, and the
events of the stream drop zeros at the end::

    >>> fixed(3000010000000, 2), money(40000000), plain(40000000), fixed(500000000, 0)
    ('30000.10', '0.40000000', '0.4', '5')
    >>> ratio(Fraction(10, 3))
    '3.33333333'
"""

from __future__ import annotations

from fractions import Fraction

from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.binance_codec import DECIMALS, E8, money, plain
from outtrade_mocks.venues.binance_usdm.errors import Refusal, refuse

_ZEROS = tuple("0." + "0" * places for places in range(DECIMALS + 1))
__all__ = ["average_e8", "decimal", "fixed", "money", "plain", "ratio"]


def fixed(amount: int, places: int) -> str:
    """An amount of e8 with ``places`` decimals (at most eight; what is finer is cut off)."""
    if amount < 0:
        return "-" + fixed(-amount, places)
    if places <= 0:
        return str(amount // E8)
    if not amount:
        return _ZEROS[places]
    whole, rest = divmod(amount, E8)
    return f"{whole}.{rest:08d}"[: places - DECIMALS or None]


def ratio(value: Fraction | None, places: int = DECIMALS) -> str:
    """A quotient with at most ``places`` decimals, rounded to the nearest, without zeros at the end; "0" for none."""
    if value is None:
        return "0"
    scaled = round(value * 10**places)
    sign, scaled = ("-", -scaled) if scaled < 0 else ("", scaled)
    text = f"{scaled // 10**places}.{scaled % 10**places:0{places}d}".rstrip("0").rstrip(".")
    return sign + text


def average_e8(quote: int, quantity: int) -> int:
    """Average price in e8 of ``quote`` atoms over ``quantity`` (e8); 0 for none."""
    return quote * E8 // quantity if quantity else 0


def decimal(name: str, value: str, places: int) -> int:
    """A decimal parameter in e8. Raises -1100 on anything but plain notation, -1111 beyond ``places`` decimals."""
    try:
        amount = codec.e8(name, value)
    except Refusal as refusal:
        raise (refuse("precision") if refusal.name == "precision" else refusal) from None
    if amount % 10 ** (DECIMALS - places):
        raise refuse("precision")
    return amount
