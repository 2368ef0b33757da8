"""What the account holds: wallets, positions and the margin they need, worked out from the core's position snapshots.

Amounts are atoms (1e-8) of the settlement asset. The words are Binance's:

* *wallet balance* is all that was paid in, won and lost; *cross wallet balance* leaves out isolated margin;
* *margin balance* is wallet balance with the unrealised profit;
* *initial margin* is that of positions (value at the mark price over leverage) and of open orders beyond it;
* *available balance* is what new orders may need: cross wallet + cross profit - initial margins.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from outtrade_mocks.core import Order, Position
from outtrade_mocks.core.contracts import entry_price, unrealised
from outtrade_mocks.core.margin import initial
from outtrade_mocks.core.positions import PositionSide
from outtrade_mocks.venues.binance_usdm.desk import SIDES, Desk
from outtrade_mocks.venues.binance_usdm.reference import Listing


@dataclass(frozen=True, slots=True)
class Row:
    """One side of one symbol, held or not."""

    entry: Listing
    side: str
    """BOTH, LONG or SHORT."""
    lots: int
    leverage: int
    isolated: bool
    mark: int
    """e8."""
    entry_price: Fraction | None = None
    break_even: Fraction | None = None
    liquidation: Fraction | None = None
    """Prices in quote per base; None for none."""
    value: int = 0
    """At the mark price, below 0 for a short."""
    profit: int = 0
    initial: int = 0
    orders: int = 0
    """Initial margin of the symbol's open orders, on the first of its sides."""
    maintenance: int = 0
    wallet: int = 0
    """Isolated margin."""
    bids: int = 0
    asks: int = 0
    """What open orders are worth at their prices."""
    updated: int = 0
    adl: int = 0

    @property
    def held(self) -> bool:
        """Whether there is a position or an open order."""
        return bool(self.lots or self.bids or self.asks)


@dataclass(frozen=True, slots=True)
class Wallet:
    """One asset of the account, in atoms."""

    asset: str
    cross: int
    isolated: int
    profit: int
    cross_profit: int
    initial: int
    """Initial margin of positions."""
    orders: int
    maintenance: int
    cross_initial: int

    @property
    def balance(self) -> int:
        """Wallet balance."""
        return self.cross + self.isolated

    @property
    def available(self) -> int:
        """Available balance."""
        return max(0, self.cross + self.cross_profit - self.cross_initial - self.orders)

    @property
    def withdrawable(self) -> int:
        """``maxWithdrawAmount``: profit that is not realised cannot be taken out."""
        return max(0, min(self.available, self.cross))


def rows(desk: Desk, as_of: int | None, unified: str | None = None) -> list[Row]:
    """Every side of every symbol (or of one)."""
    view = desk.exchange.view(desk.account, as_of)
    positions = {(one.symbol, one.side): one for one in view.positions(unified)}
    pending: dict[str, list[Order]] = {}
    for order in view.open_orders(unified):
        if desk.in_market(order):
            pending.setdefault(order.symbol, []).append(order)
    sides: tuple[PositionSide, ...] = ("long", "short") if desk.hedge else ("net",)
    found = []
    for entry in desk.listings.values() if unified is None else (desk.listings[unified],):
        for number, side in enumerate(sides):
            mine = [
                order
                for order in pending.get(entry.unified, ())
                if side == "net" or (order.terms is not None and order.terms.position_side == side)
            ]
            found.append(_row(desk, entry, side, positions.get((entry.unified, side)), mine, first=number == 0))
    return found


def _row(desk: Desk, entry: Listing, side: str, position: Position | None, orders: list[Order], *, first: bool) -> Row:
    leverage, isolated = desk.setting(entry.unified)
    if not desk.knows(entry):
        return Row(entry, SIDES[side], 0, leverage, isolated, 0)
    mark_ticks, instrument = desk.exchange.mark_price(entry.unified), desk.exchange.instrument(entry.unified)
    worth = {
        way: sum(instrument.notional(one.price or 0, one.remaining) for one in orders if one.side == way)
        for way in ("buy", "sell")
    }
    margin = 0
    if first and desk.account.portfolio is not None:
        held, needed = initial(desk.exchange.exposure(desk.account, entry.unified), leverage)
        margin = needed - held
    mark = 0 if mark_ticks is None else mark_ticks * entry.tick
    if position is None:
        return Row(
            entry, SIDES[side], 0, leverage, isolated, mark, orders=margin, bids=worth["buy"], asks=worth["sell"]
        )
    ticks = mark_ticks or 0
    value = instrument.notional(ticks, abs(position.lots)) if ticks else abs(position.carried)
    tiers, price = instrument.tiers, desk.exchange.liquidation_price(desk.account, entry.unified, position.side)
    assert tiers is not None
    ranks = {one.side: share for one, share in desk.exchange.adl_rank(desk.account, entry.unified)}
    return Row(
        entry,
        SIDES[side],
        position.lots,
        position.leverage,
        position.isolated,
        mark,
        entry_price=entry_price(instrument, position.lots, position.carried),
        break_even=entry_price(instrument, position.lots, position.carried - position.fees),
        liquidation=None if price is None else price * Fraction(instrument.tick),
        value=value if position.lots > 0 else -value,
        profit=unrealised(instrument, position.lots, position.carried, ticks) if ticks else 0,
        initial=-(-value // position.leverage),
        maintenance=tiers.maintenance(value),
        wallet=position.margin,
        updated=position.updated,
        adl=min(4, int(ranks.get(position.side, Fraction(0)) * 4)),
        orders=margin,
        bids=worth["buy"],
        asks=worth["sell"],
    )


def wallets(desk: Desk, as_of: int | None, held: list[Row]) -> list[Wallet]:
    """Every asset; ``held``: all rows."""
    balances = desk.exchange.view(desk.account, as_of).balances()
    found = []
    for asset in desk.assets():
        mine = [row for row in held if row.entry.margin == asset]
        cross = [row for row in mine if not row.isolated]
        found.append(
            Wallet(
                asset=asset,
                cross=sum(balances.get(asset, (0, 0))),
                isolated=sum(row.wallet for row in mine),
                profit=sum(row.profit for row in mine),
                cross_profit=sum(row.profit for row in cross),
                initial=sum(row.initial for row in mine),
                orders=sum(row.orders for row in mine),
                maintenance=sum(row.maintenance for row in mine),
                cross_initial=sum(row.initial for row in cross),
            )
        )
    return found
