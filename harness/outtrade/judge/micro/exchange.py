"""The tiny exchange: orders, fills and balances of one account, without matching.

It does what the statements say and keeps the books: every change becomes an event of the truth, every fill moves
balances and takes its fee from what was received.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, cast

from outtrade.judge.micro.words import ZERO, MicroError, Script, Word, number, plain
from outtrade.model.history import EventType, FillTruth, OrderParams, OrderTruth, Snapshot
from outtrade.model.task import is_contract


@dataclass(slots=True)
class Standing:
    """An order of the tiny exchange."""

    id: str
    name: str
    client_id: str
    symbol: str
    side: Literal["buy", "sell"]
    type: str
    tif: str
    price: Decimal | None
    quantity: Decimal
    foreign: bool
    created_as: str
    incarnation: int
    trigger: str | None = None
    stop_price: str | None = None
    trail: str | None = None
    """Basis points; quote per base where it ends in ``q``."""
    group: str | None = None
    filled: Decimal = ZERO
    quote: Decimal = ZERO
    status: Literal["open", "filled", "cancelled", "expired", "rejected"] = "open"
    fills: list[FillTruth] = field(default_factory=list)


class Exchange:
    """Orders and balances of one account; ``add`` takes the events of the truth."""

    def __init__(self, script: Script, add: Callable[[EventType], None]) -> None:
        self.script = script
        self.add = add
        self.balances = dict(script.balances)
        self.orders: list[Standing] = []
        self.names: dict[str, Standing] = {}
        """Short name -> the last order placed under it."""
        self.trades = 0

    def order(self, word: Word, name: str | None) -> Standing:
        """The order of that name; raises MicroError if there is none."""
        if name is None or name not in self.names:
            raise word.fail(str(name), "does not stand on the exchange")
        return self.names[name]

    def accept(
        self,
        word: Word,
        params: OrderParams,
        *,
        name: str,
        client_id: str | None,
        call: int | None = None,
        incarnation: int = 0,
        foreign: bool = False,
        group: str | None = None,
    ) -> Standing:
        """Take an order. One by quote amount becomes a quantity at the mid price, floored to the step."""
        price = number(params.price, params.price, word.text) if params.price else None
        if params.quantity is not None:
            quantity = number(params.quantity, params.quantity, word.text) * self.script.size
        else:
            quantity = Decimal(params.quote_quantity or "0") / self.script.mid // self.script.step * self.script.step
        count = len(self.orders) + 1
        created = client_id or f"venue-made-{count}"
        order = Standing(
            id=f"V{count}",
            name=name,
            client_id=created,
            symbol=params.symbol,
            side=cast("Literal['buy', 'sell']", params.side or "buy"),
            type=params.type or "limit",
            tif=params.tif or "GTC",
            price=price,
            quantity=quantity,
            foreign=foreign,
            created_as=created,
            incarnation=incarnation,
            trigger="trailing_stop" if params.trail is not None else None if params.stop_price is None else "stop",
            stop_price=params.stop_price,
            trail=params.trail,
            group=group,
        )
        self.orders.append(order)
        self.names[name] = order
        self._changed(order, "accepted", call)
        return order

    def _changed(self, order: Standing, why: str, call: int | None) -> None:
        self.add(
            OrderTruth(
                order=order.id,
                client_id=order.client_id,
                created_as=order.created_as,
                symbol=order.symbol,
                side=order.side,
                type=order.type,
                tif=order.tif,
                price=None if order.price is None else plain(order.price),
                quantity=plain(order.quantity),
                filled=plain(order.filled),
                quote_filled=plain(order.quote),
                status=order.status,
                why=why,
                call=call,
                incarnation=order.incarnation,
                foreign=order.foreign,
                trigger=order.trigger,
                stop_price=order.stop_price,
                trail_bps=None if order.trail is None or order.trail.endswith("q") else order.trail,
                trail_price=order.trail[:-1] if order.trail is not None and order.trail.endswith("q") else None,
                group=order.group,
            )
        )

    def resize(self, order: Standing, quantity: Decimal, call: int | None) -> None:
        """Give an order another quantity, fills included; it ends where that is filled."""
        order.quantity = quantity
        if order.filled >= quantity:
            order.status = "filled"
        self._changed(order, "amend", call)

    def end(self, order: Standing, status: Literal["cancelled", "expired"], why: str, call: int | None = None) -> None:
        """End an order."""
        order.status = status
        self._changed(order, why, call)

    def trigger(self, order: Standing) -> None:
        """The market has reached an order's stop price."""
        self._changed(order, "triggered", None)

    def fill(
        self,
        order: Standing,
        quantity: Decimal,
        *,
        price: Decimal | None = None,
        fee: str | None = None,
        trade: str | None = None,
        maker: bool = False,
        call: int | None = None,
    ) -> None:
        price = price or order.price or self.script.mid
        self.trades += 1
        base, _, quote = order.symbol.partition(":")[0].partition("/")
        contract = is_contract(order.symbol)
        bought = order.side == "buy" and not contract
        received, asset = (quantity, base) if bought else (quantity * price, quote)
        match = re.fullmatch(r"([\d.]+)([A-Z]+)", fee) if fee else None
        if fee and match is None:
            raise MicroError(f"{fee!r} is no fee (0.1USDT)")
        amount, asset = (
            (Decimal(match[1]), match[2]) if match else (received * Decimal(self.script.set.get("fee", "0.001")), asset)
        )
        order.filled += quantity
        order.quote += quantity * price
        if order.filled >= order.quantity:
            order.status = "filled"
        siblings = [o for o in self.orders if o.group and o.group == order.group and o is not order]
        sign = 1 if order.side == "buy" else -1
        if not contract:
            self.balances[base] = self.balances.get(base, ZERO) + sign * quantity
            self.balances[quote] = self.balances.get(quote, ZERO) - sign * quantity * price
        self.balances[asset] = self.balances.get(asset, ZERO) - amount
        fill = FillTruth(
            trade_id=trade or f"t{self.trades}",
            order=order.id,
            client_id=order.created_as,
            symbol=order.symbol,
            side=order.side,
            price=plain(price),
            quantity=plain(quantity),
            fee=plain(amount),
            fee_asset=asset,
            maker=maker,
            foreign=order.foreign,
        )
        order.fills.append(fill)
        self.add(fill)
        self._changed(order, "fill", call)
        for other in siblings:
            if other.status == "open":
                self.end(other, "expired", "expire")

    def locked(self) -> dict[str, Decimal]:
        """Asset -> amount that working orders hold."""
        locked: dict[str, Decimal] = {}
        groups: set[str] = set()
        for order in self.orders:
            if order.status == "open" and (order.group is None or order.group not in groups):
                groups |= {order.group} if order.group else set()
                base, _, quote = order.symbol.partition("/")
                rest = order.quantity - order.filled
                asset, amount = (
                    (quote, rest * (order.price or self.script.mid)) if order.side == "buy" else (base, rest)
                )
                locked[asset] = locked.get(asset, ZERO) + amount
        return locked

    def snapshot(self, why: Literal["start", "report", "end"]) -> None:
        """Record the account as it is."""
        locked = self.locked() if why != "start" else {}
        self.add(
            Snapshot(
                why=why,
                balances={
                    asset: (plain(total - locked.get(asset, ZERO)), plain(locked.get(asset, ZERO)))
                    for asset, total in sorted(self.balances.items())
                },
                working=tuple(o.id for o in self.orders if o.status == "open") if why != "start" else (),
                mids={"BTC/USDT": plain(self.script.mid)},
            )
        )
