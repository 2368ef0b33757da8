"""The audit: do the trades that are known explain what the account holds?

Everything else in these agents follows what they did themselves. An audit asks the opposite question, of the account:
what it held at the start, moved by every trade since (own ones and those of others), is what it must hold now. Where
it does not, there are four cases::

    a trade of ours is not booked yet       its order is asked for, and its fills are booked
    somebody else traded on the account     its trades are listed; a trade under our own tag is a *stray* (``alarm``)
    an order says that more was filled      lists of trades may lack one for a while: it is waited for
    nothing explains it                     a person is told, asset and amount; only then is it taken as given

One question for the balances now and then is enough to see that something is wrong (or that an order stands which is
not known: it locks what it would cost); only then is looked closer. Venues
show what happened late, so a difference has to stay for ``absent_after`` seconds before it is called unexplained.
Accounts that margin contracts are left out: profit and funding move them without a trade.
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from outtrade.model.task import is_contract
from outtrade_suites.agents.desk import NotYet
from outtrade_suites.agents.port import Fill, PortError, plain
from outtrade_suites.agents.reporting import Reporting
from outtrade_suites.agents.state import ZERO

AUDIT_SHARE = 0.6
"""Time between two audits, as a share of ``bounds.lost_frame``: what the stream lost is found in time even so."""
CLOSER = 10.0
"""Seconds until a difference is looked at again."""
ROUNDING = Decimal("0.00001")
"""What venues round away, as a share of what was traded."""
DUST = Decimal("0.0000001")
LOCKED_MORE = Decimal("0.02")
"""What a venue may lock beyond an order's value (fees), as a share of it."""

Totals = dict[str, Decimal]
"""Asset -> amount, free and locked together."""


class Auditing(Reporting):
    """Balances against trades."""

    audit_at = 0.0
    """Run time of the next audit."""
    suspect_since: float | None = None
    """Since when a difference has been seen that nothing explained yet."""
    opening: Totals | None = None
    """What the account held when the count of trades began; None: not known yet."""

    # --------------------------------------------------------------- count
    async def take_stock(self) -> None:
        """Note what the account holds before anything is sent; after a restart, what an earlier incarnation noted. If
        the account cannot be read now, the first audit does it."""
        self.audit_at = self.now() + AUDIT_SHARE * self.task.bounds.lost_frame
        if any(is_contract(symbol) for symbol in self.venue.symbols):
            self.audit_at = float("inf")
            return
        self.opening = self.journal.opening()
        if self.opening is not None or self.task.resumed:
            return
        with suppress(NotYet, PortError):
            self.keep_opening(totals(await self.ask(self.port.balances)))

    def keep_opening(self, opening: Totals) -> None:
        """From now on the account is held against this; durable."""
        self.opening = opening
        self.journal.keep_opening(opening)

    def moved(self) -> Totals:
        """What all known trades moved since the start, fees included: asset -> signed amount."""
        found: Totals = {}
        for fill in (*self.books.fills.values(), *self.books.others.values()):
            for asset, amount in moves(fill, *self.assets(fill.symbol)):
                found[asset] = found.get(asset, ZERO) + amount
        return found

    def assets(self, symbol: str) -> tuple[str, str]:
        """Base and quote currency of a symbol."""
        rules = self.instrument(symbol)
        return rules.base, rules.quote

    def unexplained(self, balances: dict[str, tuple[Decimal, Decimal]]) -> Totals:
        """What the account holds beyond what its trades explain (below 0: less), where that is more than rounding."""
        held, moved, opening = totals(balances), self.moved(), self.opening or {}
        turnover: Totals = {}
        for fill in (*self.books.fills.values(), *self.books.others.values()):
            for asset, amount in moves(fill, *self.assets(fill.symbol)):
                turnover[asset] = turnover.get(asset, ZERO) + abs(amount)
        found = {}
        for asset in sorted(set(held) | set(opening) | set(moved)):
            more = held.get(asset, ZERO) - opening.get(asset, ZERO) - moved.get(asset, ZERO)
            if abs(more) > DUST + ROUNDING * turnover.get(asset, ZERO):
                found[asset] = more
        return found

    def locked_by_others(self, balances: dict[str, tuple[Decimal, Decimal]]) -> bool:
        """Whether more is locked than by the orders that are known to work: one stands that is not."""
        known: Totals = {}
        own = [(o.terms.symbol, o.terms.side, o.remaining, o.terms.price) for o in self.books.orders.values()]
        foreign = [
            (s.symbol, s.side, s.quantity - s.filled, s.price)
            for s in self.books.foreign.values()
            if s.status == "open"
        ]
        for symbol, side, left, price in (*own, *foreign):
            base, quote = self.assets(symbol)
            asset, amount = (quote, left * (price or ZERO)) if side == "buy" else (base, left)
            known[asset] = known.get(asset, ZERO) + amount
        return any(lock > known.get(asset, ZERO) * (1 + LOCKED_MORE) + DUST for asset, (_, lock) in balances.items())

    # --------------------------------------------------------------- audit
    async def mind_the_books(self) -> None:
        """An audit, if it is time for one; one that cannot be made now is made later."""
        if self.now() < self.audit_at or not self.books.orders:
            return
        self.audit_at = self.now() + AUDIT_SHARE * self.task.bounds.lost_frame
        try:
            await self.audit()
        except NotYet as wait:
            self.audit_at = max(wait.until, self.now() + 1)
        except PortError:
            self.audit_at = max(self.gate.opens, self.now() + CLOSER)

    async def audit(self, *, last: bool = False) -> None:
        """Compare; where something differs, look closer and compare again. ``last``: there is no later."""
        if self.opening is None:
            await self.look_closer()
            found = totals(await self.ask(self.port.balances))
            moved = self.moved()
            self.keep_opening({asset: found.get(asset, ZERO) - moved.get(asset, ZERO) for asset in {*found, *moved}})
            return
        balances = await self.ask(self.port.balances)
        if self.unexplained(balances) or self.locked_by_others(balances):
            await self.look_closer()
            left = self.unexplained(await self.ask(self.port.balances))
            self.suspect_since = (self.suspect_since or self.now()) if left else None
            waited = self.suspect_since is not None and self.now() >= self.suspect_since + self.venue.absent_after
            if left and any(self.books.incomplete(order) for order in self.books.orders.values()):
                self.suspect_since = None
            elif left and (waited or last):
                self.on_unexplained(left)
                self.suspect_since = None
            elif left:
                self.audit_at = self.now() + CLOSER
        else:
            self.suspect_since = None

    async def look_closer(self) -> None:
        """Read all orders and all trades of the account since the start, whoever made them."""
        for symbol in self.venue.symbols:
            await self.list_orders(symbol)
            for fill in await self.ask(lambda symbol=symbol: self.port.fills(symbol, since=self.task.epoch)):  # type: ignore[misc]
                owner = self.books.own_of(fill)
                if owner is not None:
                    self.book(owner, fill)
                else:
                    self.books.others[fill.symbol, fill.trade_id, fill.order] = fill
        await self.complete_fills()

    def on_unexplained(self, found: Totals) -> None:
        """Nothing that is known explains this: somebody has to look. Told once, with asset and amount."""
        for asset, more in found.items():
            way = "more" if more > 0 else "less"
            text = f"the account holds {plain(abs(more))} {asset} {way} than its trades explain"
            self.alert("error", text, None, asset)
        self.accept(found)

    def accept(self, found: Totals) -> None:
        """From now on the account is held against what it really held."""
        opening = self.opening or {}
        self.keep_opening(opening | {asset: opening.get(asset, ZERO) + more for asset, more in found.items()})

    async def reconcile(self) -> None:
        """The last comparison holds the account against its trades as well."""
        await super().reconcile()
        judged = self.audit_at < float("inf") and self.opening is not None
        if judged and self.balances is not None and self.unexplained(self.balances):
            await self.audit(last=True)
            await self.read_balances()


def totals(balances: dict[str, tuple[Decimal, Decimal]]) -> Totals:
    """Free and locked together."""
    return {asset: free + locked for asset, (free, locked) in balances.items()}


def moves(fill: Fill, base: str, quote: str) -> tuple[tuple[str, Decimal], ...]:
    """What a trade moves: asset and signed amount, the fee last."""
    sign = 1 if fill.side == "buy" else -1
    value = fill.price * fill.quantity
    return (base, sign * fill.quantity), (quote, -sign * value), (fill.fee_asset or quote, -fill.fee)
