"""The part of a venue that is the same for every venue: what the Witness knows, offered at the seam.

Faults ask the venue for somebody else's liquidity, the judge asks it for the truth; both speak no venue's words, so
every venue answers alike, out of its Witness. A venue derives from Watched, gives it the Witness, and calls
``_tell`` with the core's changes::

    class Okx(Watched):
        def __init__(self, config):
            desk = Desk(config)
            super().__init__(Witness(desk.exchange, desk.account, order_id=..., core_id=..., trade_id=...))
            desk.exchange.on_change(self._on_change)
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from outtrade_mocks.core import (
    Change,
    CountdownChange,
    Fill,
    InsuranceChange,
    OrderChange,
    PositionChange,
    SettingsChange,
)
from outtrade_mocks.venues.api import Call, Push
from outtrade_mocks.venues.holder import Holder
from outtrade_mocks.venues.witness import Witness

_TRUTHS = frozenset({OrderChange, Fill, CountdownChange, PositionChange, SettingsChange, InsuranceChange})


class Watched:
    """A venue as those see it who break it and who judge."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self.holder = Holder(witness.exchange, witness.account)
        """Positions of the account, where the venue has contracts."""
        self._truths: list[Callable[[Any], None]] = []
        self._pushes: list[Callable[[Push], None]] = []

    def on_truth(self, callback: Callable[[Any], None]) -> None:
        """Call with every change of the account under test: orders, fills, its dead man's switch,
        positions, settings, and the insurance fund's, which may have been paid by it."""
        self._truths.append(callback)

    def on_push(self, callback: Callable[[Push], None]) -> None:
        """Call with every event of the private stream, whoever is subscribed, in the exchange's order."""
        self._pushes.append(callback)

    def _tell(self, change: Change) -> None:
        """The truth of a change, to who asked for it."""
        if self._truths and type(change) in _TRUTHS:
            for tell in self._truths:
                tell(change)

    def _push(self, push: Push) -> None:
        """An event of the private stream, to who asked for it."""
        for send in self._pushes:
            send(push)

    # ---------------------------------------------------------------- faults
    def find(self, call: Call) -> str | None:
        """Venue id of the working order that a call is about."""
        return self._witness.find(call)

    def fill(self, order: str, fraction: Decimal) -> bool:
        """Somebody takes ``fraction`` of what is left of a working order (at least one lot)."""
        return self._witness.fill(order, fraction)

    def overfill(self, order: str, fraction: Decimal) -> bool:
        """See ``Venue.overfill``."""
        return self._witness.overfill(order, fraction)

    def list_first_fill(self, order: str, *, listed: bool) -> None:
        """See ``Venue.list_first_fill``."""
        self._witness.list_first_fill(order, listed=listed)

    def stand(
        self, symbol: str, side: Literal["buy", "sell"], quantity: Decimal, price: Decimal | None, name: str
    ) -> str:
        """See ``Venue.stand``."""
        return self._witness.stand(symbol, side, quantity, price, name)

    def transfer(self, asset: str, amount: Decimal) -> bool:
        """Money comes or goes, and no trade is behind it."""
        return self._witness.transfer(asset, amount)

    def thin(self, call: Call, fraction: Decimal) -> bool:
        """Before a place is executed: leave only ``fraction`` of its quantity available within its limit."""
        return self._witness.thin(call, fraction)

    # ----------------------------------------------------------------- truth
    def end(self, order: str, *, by: str) -> bool:
        """Somebody else ends a working order."""
        return self._witness.end(order, by=by)

    def set_state(self, symbol: str, state: str) -> None:
        """A market is in another trading state."""
        self._witness.set_state(symbol, state)

    def set_rule(self, symbol: str, rule: str, times: int) -> Decimal | None:
        """See ``Venue.set_rule``."""
        value = self._witness.set_rule(symbol, rule, times)
        if value is not None:
            self._relist(symbol, rule, value)
        return value

    def _relist(self, symbol: str, rule: str, value: Decimal) -> None:
        """Write a changed rule into the reference data that the venue serves."""
        raise NotImplementedError(f"{type(self).__name__} does not tell changed rules")

    def truth(self) -> dict[str, Any]:
        """The account as it is: balances, working orders, mid prices, positions."""
        return self._witness.truth()

    def order_truth(self, change: OrderChange) -> dict[str, Any]:
        """An order change in the fields of ``OrderTruth``."""
        return self._witness.order(change)

    def fill_truth(self, fill: Fill) -> dict[str, Any]:
        """A fill in the fields of ``FillTruth``."""
        return self._witness.fill_of(fill)
