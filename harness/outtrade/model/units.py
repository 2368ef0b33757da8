"""How much of a contract: one unit for everybody, and what it is worth.

Venues count contracts in units of their own. Where Binance and Bybit say ``0.05`` and mean BTC, OKX says ``5``: its
BTC-USDT-SWAP comes in contracts of 0.01 BTC (``ctVal``); on Deribit ``2500`` BTC-PERPETUAL are dollars. A number that
crosses from one to the other without its unit is off by a factor of a hundred, and no venue refuses it. So there is one
unit here, in intents, rules (``Instrument``), truth, views and reports alike:

* a *linear* contract (``BTC/USDT:USDT``, settled in its quote currency) is counted in base units;
* an *inverse* contract (``BTC/USD:BTC``, settled in its base asset) in quote units, because it stands for a fixed
  amount of those: how many BTC that is depends on the price.

What a request says on the wire is another matter: ``OrderParams.quantity`` is the venue's number, and
``Instrument.contract_size`` the units in one of it. Only that product can be compared with anything (``wire_size``)::

    >>> from decimal import Decimal as D
    >>> wire_size("5", D("0.01"))  # BTC-USDT-SWAP, ctVal 0.01: five contracts are 0.05 BTC
    Decimal('0.05')
    >>> value_of("BTC/USDT:USDT", D("0.05"), D(50_000)), value_of("BTC/USD:BTC", D(2500), D(50_000))  # USDT; BTC
    (Decimal('2500.00'), Decimal('0.05'))
    >>> worth("BTC/USDT:USDT", D("0.05"), D(50_000)), worth("BTC/USD:BTC", D(2500), D(50_000))  # both in dollars
    (Decimal('2500.00'), Decimal('2500'))

Sources: OKX docs-v5, Get instruments (ctVal, ctValCcy: base of a linear, quote of an inverse swap) and Place order (sz
in contracts); Deribit private/buy (amount: USD units of perpetuals and inverse futures, the coin of linear ones); Bybit
v5 place-order (qty: base coin of linear, quote of inverse contracts).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

ZERO = Decimal(0)


def settled_in(symbol: str) -> str:
    """The asset in which a contract is settled; "" for spot.

    >>> settled_in("BTC/USD:BTC-270625"), settled_in("BTC/USDT")
    ('BTC', '')
    """
    return symbol.partition(":")[2].partition("-")[0]


def is_inverse(symbol: str) -> bool:
    """Whether a unified symbol names a contract that is settled in its base asset.

    >>> [is_inverse(one) for one in ("BTC/USD:BTC", "BTC/USD:BTC-270625", "BTC/USDT:USDT", "ETH/BTC:BTC", "BTC/USD")]
    [True, True, False, False, False]
    """
    settled = settled_in(symbol)
    return bool(settled) and settled == symbol.partition("/")[0]


def wire_size(quantity: str | None, contract_size: Decimal) -> Decimal | None:
    """What a venue's number of a quantity means in units; None for none, or where it is no finite number."""
    try:
        found = None if quantity is None else Decimal(quantity)
    except InvalidOperation:
        return None
    return None if found is None or not found.is_finite() else found * contract_size


def value_of(symbol: str, quantity: Decimal, price: Decimal) -> Decimal:
    """What units are worth at a price above 0, in the currency of settlement (spot: the quote currency)."""
    return quantity / price if is_inverse(symbol) else quantity * price


def worth(symbol: str, quantity: Decimal, price: Decimal) -> Decimal:
    """What units are worth at a price, in the quote currency: a notional."""
    return quantity if is_inverse(symbol) else quantity * price


def price_of(symbol: str, quantity: Decimal, value: Decimal) -> Decimal:
    """The price at which so many units are worth ``value`` (``value_of`` backwards); neither is 0."""
    return quantity / value if is_inverse(symbol) else value / quantity


def gain(symbol: str, quantity: Decimal, bought: Decimal, sold: Decimal) -> Decimal:
    """What a long position brings (of a short one, ``quantity`` below 0) that was opened at one price and is worth
    another, in the currency of settlement; 0 for no position.

    >>> gain("BTC/USDT:USDT", Decimal("0.05"), Decimal(50_000), Decimal(40_000))  # USDT
    Decimal('-500.00')
    >>> gain("BTC/USD:BTC", Decimal(2500), Decimal(50_000), Decimal(40_000))  # BTC: 0.05 when opened, 0.0625 at the end
    Decimal('-0.0125')
    """
    change = value_of(symbol, quantity, sold) - value_of(symbol, quantity, bought) if quantity else ZERO
    return -change if is_inverse(symbol) else change


def average_price(symbol: str, trades: Iterable[tuple[Decimal, Decimal]]) -> Decimal | None:
    """The price of (quantity, price) pairs together; None for none. Of an inverse contract that is no mean of prices
    but units over value, and always a little less.

    >>> halves = [(Decimal(1000), Decimal(40_000)), (Decimal(1000), Decimal(60_000))]
    >>> average_price("BTC/USDT:USDT", halves), round(average_price("BTC/USD:BTC", halves))
    (Decimal('50000'), 48000)
    """
    known = list(trades)
    quantity = sum((size for size, _ in known), ZERO)
    value = sum((value_of(symbol, size, price) for size, price in known), ZERO)
    return price_of(symbol, quantity, value) if quantity and value else None
