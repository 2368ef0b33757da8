"""From an intent to an order on the venue's grid, or to the reason why there can be none.

Three rules: a price that is off the tick grid moves to the passive side (a buy pays less, a sale asks more), a quantity
is cut to the step, and what would break a rule or a cap is refused, never shrunk or blown up. All of it in Decimal;
a float is never involved.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from outtrade.model.task import Instrument, Intent, Side, is_contract
from outtrade.model.units import worth
from outtrade_suites.agents.desk import Desk
from outtrade_suites.agents.port import Quote, Terms
from outtrade_suites.agents.state import ZERO, Order

TIMES_IN_FORCE = ("GTC", "IOC", "FOK")


class Impossible(Exception):
    """The intent cannot be carried out; the message says why."""


def floor_to(value: Decimal, step: Decimal | None) -> Decimal:
    """The largest multiple of ``step`` not above ``value``.

    >>> floor_to(Decimal("0.12345"), Decimal("0.001"))
    Decimal('0.123')
    """
    return (value / step).to_integral_value(ROUND_FLOOR) * step if step else value


def price_on_grid(price: Decimal, side: Side, tick: Decimal) -> Decimal:
    """The nearest tick on the passive side: a buy pays less, a sale asks more.

    >>> price_on_grid(Decimal("10.07"), "sell", Decimal("0.05"))
    Decimal('10.10')
    """
    rounding = ROUND_FLOOR if side == "buy" else ROUND_CEILING
    return (price / tick).to_integral_value(rounding) * tick


class Sizing(Desk):
    """Intents as orders."""

    times_in_force: tuple[str, ...] = TIMES_IN_FORCE

    def price_on_grid(self, price: Decimal, side: Side, tick: Decimal) -> Decimal:
        """See the function of that name."""
        return price_on_grid(price, side, tick)

    def quantity_on_grid(self, quantity: Decimal, rules: Instrument, market: bool) -> Decimal:
        """``quantity`` cut to the step; market orders must also fit the market step."""
        cut = floor_to(quantity, rules.step)
        return floor_to(cut, rules.market_step) if market else cut

    def amount_on_grid(self, amount: Decimal, symbol: str) -> Decimal:
        """An amount of quote currency, cut to the tick that the symbol had at the start: a coarser grid of prices later
        is none of amounts."""
        return floor_to(amount, self.venue.instruments[symbol].tick)

    def quantity_unit(self, intent: Intent) -> tuple[Decimal | None, Decimal | None]:
        """What the intent asks for, as (base quantity, quote quantity): exactly one of them."""
        return intent.quantity, intent.quote_quantity

    def time_in_force(self, intent: Intent) -> str | None:
        """What the order carries: none for market and post-only orders, which the venue takes without."""
        if intent.type == "market" or intent.post_only:
            return None
        return intent.time_in_force or "GTC"

    def terms(self, intent: Intent) -> Terms:
        """The order that the intent asks for; raises Impossible."""
        symbol, side, tif = intent.symbol, intent.side, intent.time_in_force
        if symbol is None or symbol not in self.venue.instruments:
            raise Impossible(f"unknown symbol {symbol}")
        rules = self.instrument(symbol)
        if rules.status != "trading":
            raise Impossible(f"{symbol} is not trading ({rules.status})")
        if side is None or (intent.quantity is None) == (intent.quote_quantity is None):
            raise Impossible("an order needs a side and one quantity")
        intent = self.sayable(intent, rules)
        tif = intent.time_in_force
        if intent.type not in ("market", "limit") or intent.type not in rules.types:
            raise Impossible(f"order type {intent.type} is not offered")
        if intent.reduce_only and not is_contract(symbol):
            raise Impossible("there is nothing to reduce where no positions are held")
        if tif not in (None, *self.times_in_force):
            raise Impossible(f"times in force other than {', '.join(self.times_in_force)} are not offered")
        if intent.type == "market" and (intent.post_only or tif == "FOK"):
            raise Impossible("a market order is neither post-only nor fill-or-kill")
        if intent.post_only and tif in ("IOC", "FOK"):
            raise Impossible(f"post-only contradicts {tif}")
        quantity, quote_quantity = self.quantity_unit(intent)
        if intent.type == "market":
            if quantity is not None:
                quantity = self.quantity_on_grid(quantity, rules, market=True)
            if quote_quantity is not None:
                quote_quantity = self.amount_on_grid(quote_quantity, symbol)
            return Terms(
                symbol, side, "market", quantity, quote_quantity, time_in_force=self.time_in_force(intent),
                reduce_only=intent.reduce_only,
            )  # fmt: skip
        if intent.limit_price is None:
            raise Impossible("a limit order needs a price")
        price = self.price_on_grid(intent.limit_price, side, rules.tick)
        if quantity is None:
            assert quote_quantity is not None
            if price <= 0:
                raise Impossible(f"price {price} is not positive")
            quantity = quote_quantity / price
        quantity = self.quantity_on_grid(quantity, rules, market=False)
        return Terms(
            symbol, side, "limit", quantity, None, price, time_in_force=self.time_in_force(intent),
            post_only=intent.post_only, reduce_only=intent.reduce_only,
        )  # fmt: skip

    def sayable(self, intent: Intent, rules: Instrument) -> Intent:
        """The intent, or with the first of its fallback types that the venue has where it lacks the type itself."""
        if intent.type in rules.types:
            return intent
        for kind in intent.fallback_types:
            if kind in ("market", "limit") and kind in rules.types:
                return intent.model_copy(update={"type": kind})
        return intent

    def within_rules(self, terms: Terms, quote: Quote) -> Terms:
        """``terms``, if the venue's rules and the task's caps allow them; raises Impossible.

        ``quote`` prices market orders and places the band; the venue measures both against its own average price, so
        what is close to a limit is left for the venue to decide.
        """
        rules = self.instrument(terms.symbol)
        market = terms.type == "market"
        price = terms.price or quote.mid
        if terms.price is not None:
            if not rules.price_min <= terms.price <= rules.price_max or terms.price <= 0:
                raise Impossible(f"price {terms.price} is outside {rules.price_min} to {rules.price_max}")
            if rules.band and not rules.band[0] * quote.bid <= terms.price <= rules.band[1] * quote.ask:
                raise Impossible(f"price {terms.price} is outside the venue's band around {quote.mid}")
        if terms.quantity is not None:
            least = max(rules.quantity_min, rules.market_min or ZERO) if market else rules.quantity_min
            most = min(rules.quantity_max, rules.market_max or rules.quantity_max) if market else rules.quantity_max
            if terms.quantity < least or terms.quantity <= 0:
                raise Impossible(f"quantity {terms.quantity} is below the minimum {least}")
            if terms.quantity > most:
                raise Impossible(f"quantity {terms.quantity} is above the maximum {most}")
        notional = self.notional(terms, price)
        if rules.notional_min is not None and notional < rules.notional_min:
            raise Impossible(f"notional {notional} is below the minimum {rules.notional_min}")
        if rules.notional_max is not None and notional > rules.notional_max:
            raise Impossible(f"notional {notional} is above the maximum {rules.notional_max}")
        self.within_caps(terms, quote)
        return terms

    def notional(self, terms: Terms, price: Decimal) -> Decimal:
        """The value of an order in quote currency."""
        if terms.quote_quantity is not None:
            return terms.quote_quantity
        return worth(terms.symbol, terms.quantity or ZERO, price)

    def within_caps(self, terms: Terms, quote: Quote) -> None:
        """The task's own limits; raises Impossible."""
        limits = self.task.limits
        worst = terms.price or (quote.ask if terms.side == "buy" else quote.bid)
        if limits.max_notional is not None and self.notional(terms, worst) > limits.max_notional:
            raise Impossible(f"notional {self.notional(terms, worst)} is above the cap {limits.max_notional}")
        if limits.max_position is not None:
            added = terms.quantity if terms.quantity is not None else (terms.quote_quantity or ZERO) / worst
            working = [order for order in self.books.standing([terms.symbol]) if order.terms.side == terms.side]
            added += sum((self.exposure(order, worst) for order in working), ZERO)
            after = self.net(terms.symbol) + self.unbooked(terms.symbol) + (added if terms.side == "buy" else -added)
            if abs(after) > limits.max_position:
                raise Impossible(f"position could reach {after}, above the cap {limits.max_position}")

    def unbooked(self, symbol: str) -> Decimal:
        """What own orders are known to have filled beyond the fills that are booked, signed: a lost answer is found
        by a query, which tells how much was filled and not by which trades."""
        missing = ZERO
        for order in self.books.orders.values():
            if order.terms.symbol == symbol:
                booked = sum((fill.quantity for fill in self.books.fills_of(order)), ZERO)
                missing += (order.filled - booked) * (1 if order.terms.side == "buy" else -1)
        return missing

    def exposure(self, order: Order, price: Decimal) -> Decimal:
        """The most base units that a standing order can still add."""
        if order.phase == "live":
            return order.remaining
        return order.terms.quantity or (order.terms.quote_quantity or ZERO) / price

    def shortage(self, terms: Terms, quote: Quote, free: dict[str, Decimal]) -> str:
        """What the account lacks for ``terms``; empty if it can pay. What margin a contract needs the venue knows."""
        rules = self.instrument(terms.symbol)
        if is_contract(terms.symbol):
            return ""
        if terms.side == "sell":
            asset, needed = rules.base, terms.quantity
            if needed is None:
                needed = (terms.quote_quantity or ZERO) / quote.bid
        else:
            asset, needed = rules.quote, self.notional(terms, terms.price or quote.ask)
        held = free.get(asset, ZERO)
        return f"{needed} {asset} needed, {held} free" if held < needed else ""
