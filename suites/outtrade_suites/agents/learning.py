"""Rules that change: what an instrument asks of an order is known since some moment, and may be old.

Nobody tells an agent that the tick of a market has become coarser. It learns so by a refusal, and there are two ways to
take one. To argue: the same grid, the same filter, once more. Or to ask::

    refused for a broken rule  ──►  the rules of that symbol are in doubt  ──►  read them before anything else is done
                                                                                for the symbol
    the order breaks the rules as they are now  ──►  it is made anew, by these
    it does not                                 ──►  the refusal had another reason: that was it

A refusal soon after the rules were read says nothing against them: there is no second reading then.
"""

from __future__ import annotations

from outtrade_suites.agents.port import Refused, Terms
from outtrade_suites.agents.sending import Sending
from outtrade_suites.agents.sizing import floor_to
from outtrade_suites.agents.state import Job, Order

FRESH = 10.0
"""Seconds for which rules that were read are not doubted again."""


class Learning(Sending):
    """Reading the rules again."""

    def on_permanent(self, job: Job, order: Order, refusal: Refused) -> None:
        """A refusal for a broken rule may mean that the rules are not what they were."""
        super().on_permanent(job, order, refusal)
        if refusal.kind == "rules":
            self.doubt_rules(order.terms.symbol)

    def doubt_rules(self, symbol: str) -> None:
        """Read the rules of a symbol again before anything else is done for it."""
        if self.now() >= self.rules_read.get(symbol, -FRESH) + FRESH:
            self.doubted.add(symbol)

    async def mind_the_rules(self, job: Job) -> None:
        """Read the rules that are in doubt and concern a job. Raises NotYet or PortError: then it waits for them."""
        for symbol in sorted(self.doubted):
            if job.intent.symbol in (None, symbol) and job.intent.kind not in ("cancel", "halt"):
                told = await self.ask(lambda symbol=symbol: self.port.rules(symbol))  # type: ignore[misc]
                before, self.rules[symbol] = self.rules[symbol], self.rules[symbol].model_copy(update=told)
                if self.rules[symbol] != before:
                    self.rules_changed[symbol] = self.now()
                self.rules_read[symbol] = self.now()
                self.doubted.discard(symbol)

    def overtaken(self, order: Order) -> bool:
        """Whether an order was refused because it was made by rules that are not those of now: others were found after
        it was sent. One that broke the very rules it was made by would break them again."""
        newer = order.last_sent <= self.rules_changed.get(order.terms.symbol, -1.0)
        return order.status == "rejected" and newer and self.breaks_rules(order.terms)

    def breaks_rules(self, terms: Terms) -> bool:
        """Whether what was asked breaks the rules as they are known now."""
        rules = self.instrument(terms.symbol)
        prices = [price for price in (terms.price, terms.stop_price) if price is not None]
        if any(floor_to(price, rules.tick) != price for price in prices):
            return True
        value = terms.quote_quantity
        if terms.quantity is not None:
            if floor_to(terms.quantity, rules.step) != terms.quantity or terms.quantity < rules.quantity_min:
                return True
            value = terms.quantity * prices[0] if prices else None
        return value is not None and rules.notional_min is not None and value < rules.notional_min
