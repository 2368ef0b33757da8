"""The rules of a symbol at a moment: those of the start, and every change of them that has landed since."""

from __future__ import annotations

from decimal import Decimal

from outtrade.judge.index import Index, decimal
from outtrade.model.fault import RuleChange
from outtrade.model.history import Landed, OrderParams
from outtrade.model.task import Instrument
from outtrade.model.units import worth
from outtrade_suites.properties.sent import on_grid, size


def changes(ix: Index, symbol: str) -> list[tuple[Landed, RuleChange]]:
    """What has changed of a symbol's rules, as (landing, change), in order."""
    found = [
        (record.landed[0], record.fault)
        for record in ix.faults
        if isinstance(record.fault, RuleChange) and record.landed and record.fault.on.symbol in (None, symbol)
    ]
    return sorted(found, key=lambda pair: pair[0].seq)


def rules_at(ix: Index, symbol: str, seq: int) -> Instrument | None:
    """The venue's rules of a symbol just before event ``seq``."""
    rules = ix.instruments.get(symbol)
    for since, change in changes(ix, symbol):
        if rules is not None and since.seq < seq:
            field = {"tick": "tick", "step": "step", "notional": "notional_min"}[change.rule]
            value: Decimal | None = getattr(rules, field)
            if value:
                rules = rules.model_copy(update={field: value * change.times})
    return rules


def breach(order: OrderParams, rules: Instrument) -> str:
    """Which rule an order request breaks; "" for none."""
    for name, text in (("price", order.price), ("stop price", order.stop_price)):
        price = decimal(text)
        if price is not None and not on_grid(price, rules.tick):
            return f"its {name} {text} is off the {rules.tick:f} grid"
    quantity, price, value = size(order, rules), decimal(order.price), decimal(order.quote_quantity)
    if quantity is not None and not on_grid(quantity, rules.step):
        return f"its quantity {order.quantity} is off the {rules.step:f} grid"
    if quantity is not None and price is not None:
        value = worth(order.symbol, quantity, price)
    if value is not None and rules.notional_min is not None and value < rules.notional_min:
        return f"its value of {value:f} is below the minimum of {rules.notional_min:f}"
    return ""
