"""What every venue tells those who break things and those who judge: the truth, and somebody else's liquidity.

The words of the wire differ from venue to venue, the truth does not: one Witness stands beside each venue's desk and
speaks in unified symbols, plain decimal strings and the venue's own order ids. Quantities are base units, of inverse
contracts quote units, however many of them the venue calls a contract. A venue gives it the core, the account,
and how its ids are made of the core's::

    witness = Witness(exchange, account, order_id=order_id, core_id=core_id, trade_id=trade_id)
    witness.fill("48300000001", Decimal("0.5"))       # somebody takes half of what is left of that order
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from outtrade_mocks.core import Account, Exchange, Fill, NewOrder, Order, OrderChange, Reject, TradingState
from outtrade_mocks.venues.api import Call

STATUS = {
    "pending": "open",
    "held": "open",
    "queued": "open",
    "untriggered": "open",
    "triggered": "open",
    "open": "open",
    "partially_filled": "open",
    "filled": "filled",
    "cancelled": "cancelled",
    "expired": "expired",
    "rejected": "rejected",
    "replaced": "cancelled",
}
"""The core's status -> that of ``outtrade.model.history.OrderTruth``."""


def plain(value: Decimal) -> str:
    """A number without exponent and without zeros at the end: ``'0.1'``, ``'1000'``."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def share(lots: int, fraction: Decimal) -> int:
    """``fraction`` of ``lots``: at least 1, and less than all where the fraction is below 1."""
    part = max(1, int(lots * fraction))
    return min(part, lots - 1) if fraction < 1 and lots > 1 else min(part, lots)


class Witness:
    """The truth about one account at one venue.

    The core's symbols are the unified ones. ``order_id`` and ``trade_id`` make the venue's ids from the core's;
    ``core_id`` is the way back and gives None for what never was an order.
    """

    def __init__(
        self,
        exchange: Exchange,
        account: Account,
        *,
        order_id: Callable[[int], str],
        core_id: Callable[[str], int | None],
        trade_id: Callable[[int], str],
        place: Callable[[NewOrder], Order] | None = None,
    ) -> None:
        """``place``: how an order of the account's enters, where the venue keeps notes of its own on each."""
        self.exchange = exchange
        self.account = account
        self._order_id = order_id
        self._core_id = core_id
        self._trade_id = trade_id
        self._place = place or (lambda new: exchange.place(account, new))
        self._foreign: set[int] = set()
        """Core ids of orders that somebody else placed."""
        self._before: set[int] | None = None
        """While somebody else's order is placed: the core ids that were there before."""
        self._forced: dict[int, str] = {}
        """Core ids of orders that the venue made (liquidation, adl, settlement)."""

    # ---------------------------------------------------------------- somebody else's liquidity
    def find(self, call: Call) -> str | None:
        """Venue id of the working order that a call names by venue id or by client id."""
        if call.venue_id is not None:
            return call.venue_id if self._working(call.venue_id) is not None else None
        core_id = self.account.working.get(call.client_id or "")
        return None if core_id is None else self._order_id(core_id)

    def _working(self, order: str) -> Order | None:
        core_id = self._core_id(order)
        snapshots = None if core_id is None else self.account.orders.get(core_id)
        return snapshots[-1] if snapshots and snapshots[-1].working else None

    def fill(self, order: str, fraction: Decimal) -> bool:
        """Somebody's market order fills ``fraction`` of what is left of a working order (at least one lot). A fraction
        below 1 leaves at least one lot where more than one is left. False if the order is not working."""
        found = self._working(order)
        if found is None:
            return False
        return self.exchange.sweep(found.order_id, share(found.remaining, fraction)) > 0

    def overfill(self, order: str, fraction: Decimal) -> bool:
        """See ``Venue.overfill``."""
        found = self._working(order)
        return found is not None and self.exchange.overfill(found.order_id, share(found.lots, fraction))

    def list_first_fill(self, order: str, *, listed: bool) -> None:
        """See ``Venue.list_first_fill``."""
        core_id = self._core_id(order)
        if core_id is not None:
            (self.account.unlisted.discard if listed else self.account.unlisted.add)(core_id)

    def end(self, order: str, *, by: str) -> bool:
        """A working order is ended by somebody else: a ``person`` with the account's password, or the ``venue``."""
        found = self._working(order)
        if found is None:
            return False
        try:
            if by == "person":
                self.exchange.cancel(self.account, found.symbol, order_id=found.order_id)
            else:
                self.exchange.expel(self.account, found.symbol, found.order_id)
        except Reject:
            return False
        return True

    def set_state(self, symbol: str, state: str) -> None:
        """The venue's own word on a market's trading state. Raises ValueError on a state that there is not."""
        self.exchange.set_state(symbol, TradingState(state))

    def set_rule(self, symbol: str, rule: str, times: int) -> Decimal | None:
        """See ``Venue.set_rule``. The book counts in ticks and lots, so these stay: the new ones are grids over
        the old ones. Raises ValueError on another rule."""
        rules = self.exchange.instrument(symbol)
        if rule == "tick":
            value = (rules.price_grid[0][1] if rules.price_grid else rules.tick) * times
            rules = replace(rules, price_grid=((Decimal(0), value),))
        elif rule == "step":
            value = (rules.quantity_grid or rules.step) * times
            rules = replace(rules, quantity_grid=value, market_step=rules.market_step and max(rules.market_step, value))
        elif rule == "notional":
            if not rules.notional_min:
                return None
            value = rules.notional_min * times
            rules = replace(rules, notional_min=value)
        else:
            raise ValueError(f"there is no rule {rule!r} to change: tick, step, notional")
        self.exchange.set_instrument(rules)
        return value

    def thin(self, call: Call, fraction: Decimal) -> bool:
        """Before a place is executed: house makers cancel, so that only ``fraction`` of its quantity is there to be
        taken within its limit. True if the order will find something to take, but less than its quantity. What stands
        on the account itself is not there to be taken, unless the venue lets an account trade with itself."""
        wanted = self._wanted(call)
        if wanted is None:
            return False
        symbol, side, lots, limit = wanted
        own = None if self.exchange.practice.self_trade == "none" else self.account
        left = self.exchange.thin(symbol, side, share(lots, fraction), limit, taker=own)
        return 0 < left < lots

    def stand(
        self, symbol: str, side: Literal["buy", "sell"], quantity: Decimal, price: Decimal | None, name: str
    ) -> str:
        """See ``Venue.stand``."""
        rules = self.exchange.instruments.get(symbol)
        if rules is None:
            raise ValueError(f"{symbol} is not traded here")
        lots = int(quantity // (rules.step * rules.contract_size))
        if price is None:
            new = NewOrder(symbol=symbol, side=side, type="market", lots=lots, client_id=name)
        else:
            new = NewOrder(symbol=symbol, side=side, price=int(price // rules.tick), lots=lots, client_id=name)
        self._before = set(self.account.orders)
        try:
            order = self._place(new)
        except Reject as reject:
            raise ValueError(f"a standing order {name} cannot be placed: {reject}") from None
        finally:
            self._before = None
        self._foreign.add(order.order_id)
        return self._order_id(order.order_id)

    def transfer(self, asset: str, amount: Decimal) -> bool:
        """See ``Venue.transfer``."""
        atoms = int(abs(amount) * self.exchange.atoms(asset, Decimal(1)))
        if not atoms:
            return False
        try:
            (self.exchange.deposit if amount > 0 else self.exchange.withdraw)(self.account, asset, atoms)
        except ValueError:
            return False
        return True

    def _others(self, core_id: int) -> bool:
        """Whether somebody else placed this order, or is placing it."""
        return core_id in self._foreign or (self._before is not None and core_id not in self._before)

    def _wanted(self, call: Call) -> tuple[str, Any, int, int | None] | None:
        """Symbol, side, lots and limit (ticks) of a place; None where it is not readable or must not take."""
        order = call.order or {}
        symbol = str(order.get("symbol"))
        rules = self.exchange.instruments.get(symbol)
        if rules is None or order.get("side") not in ("buy", "sell") or order.get("post_only"):
            return None
        try:
            price = None if order.get("price") is None else int(Decimal(order["price"]) // rules.tick)
            if order.get("quantity") is not None:
                lots = int(Decimal(order["quantity"]) // rules.step)
            else:
                mid = self.exchange.mid(symbol)
                lots = int(Decimal(str(order.get("quote_quantity"))) / mid // rules.step) if mid else 0
        except (InvalidOperation, ValueError, OverflowError):
            return None
        if lots <= 0 or (price is not None and price <= 0):
            return None
        return symbol, order["side"], lots, price

    # ---------------------------------------------------------------- the truth
    def amount(self, asset: str, atoms: int) -> str:
        """Atoms of an asset as a plain decimal string."""
        return plain(self.exchange.amount(asset, atoms))

    def truth(self) -> dict[str, Any]:
        """The account as it is: balances (asset -> free and locked), working venue ids, mid prices, positions (by
        symbol and side, with sign)."""
        view = self.exchange.view(self.account)
        mids = ((symbol, self.exchange.mid(symbol)) for symbol in self.exchange.instruments)
        positions = [position for position in view.positions() if position.lots]
        return {
            "balances": {
                asset: (self.amount(asset, free), self.amount(asset, locked))
                for asset, (free, locked) in view.balances().items()
            },
            "working": tuple(self._order_id(core_id) for core_id in sorted(self.account.working.values())),
            "mids": {symbol: plain(mid) for symbol, mid in mids if mid},
            "positions": {
                (position.symbol, position.side): plain(self.exchange.instrument(position.symbol).units(position.lots))
                for position in positions
            },
        }

    def order(self, change: OrderChange) -> dict[str, Any]:
        """An order change in the fields of ``OrderTruth``."""
        order = change.order
        rules = self.exchange.instrument(order.symbol)
        return self._special(order) | {
            "order": self._order_id(order.order_id),
            "client_id": order.client_id,
            "created_as": order.created_as,
            "symbol": order.symbol,
            "side": order.side,
            "type": order.type,
            "tif": order.tif,
            "price": None if order.price is None else plain(rules.price(order.price)),
            "quantity": plain(rules.units(order.lots)),
            "filled": plain(rules.units(order.filled)),
            "quote_filled": self.amount(rules.settle, order.quote_filled),
            "status": STATUS[order.status.value],
            "why": change.why,
        }

    def _special(self, order: Order) -> dict[str, Any]:
        """What only orders of somebody else, with a trigger, or of a list have."""
        trigger, group = (None, None) if order.terms is None else (order.terms.trigger, order.terms.list_id)
        found: dict[str, Any] = {}
        forced = "" if order.terms is None else order.terms.forced
        if self._others(order.order_id) or forced:
            found["foreign"] = True
        if forced:
            found["forced"] = forced
            self._forced[order.order_id] = forced
        if trigger is not None:
            found["trigger"] = "trailing_stop" if trigger.trailing else trigger.kind
            if trigger.price is not None:
                found["stop_price"] = plain(self.exchange.instrument(order.symbol).price(trigger.price))
            if trigger.trail_bps is not None:
                found["trail_bps"] = str(trigger.trail_bps)
            if trigger.trail_ticks is not None:
                found["trail_price"] = plain(self.exchange.instrument(order.symbol).price(trigger.trail_ticks))
        return found if group is None else found | {"group": str(group)}

    def fill_of(self, fill: Fill) -> dict[str, Any]:
        """A fill in the fields of ``FillTruth``."""
        rules = self.exchange.instrument(fill.symbol)
        others = self._others(fill.order_id) or fill.order_id in self._forced
        foreign: dict[str, Any] = {"foreign": True} if others else {}
        if fill.order_id in self._forced:
            foreign["forced"] = self._forced[fill.order_id]
        if fill.realised:
            foreign["realised"] = self.amount(rules.settle, fill.realised)
        return foreign | {
            "trade_id": self._trade_id(fill.trade_id),
            "order": self._order_id(fill.order_id),
            "client_id": fill.created_as,
            "symbol": fill.symbol,
            "side": fill.side,
            "price": plain(rules.price(fill.price)),
            "quantity": plain(rules.units(fill.lots)),
            "fee": self.amount(fill.fee_asset, fill.fee),
            "fee_asset": fill.fee_asset,
            "maker": fill.maker,
        }
