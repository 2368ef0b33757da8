"""What is durable: written *before* each send, so that a crash at any point leaves a record of what may have happened.

Keys are ``order:<client order id>``, ``intent:<id>`` (an intent decided without an order), ``mid:<id>`` (the price
from which an intent's slippage counts), ``moved:<id>`` (the other venue that carries it out), ``life`` (in a fleet:
which life of this copy began last), ``silence`` (the run time until which the venue wants to hear nothing: a ban
outlives a restart), ``opening`` (what the account held at the start) and ``halt`` (why nothing more is sent). Values
are plain JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from decimal import Decimal
from typing import Any

from outtrade.model.task import OutcomeStatus
from outtrade_suites.agents.port import plain
from outtrade_suites.agents.state import Order


class Journal:
    """The task's store, in the words of this agent."""

    def __init__(self, store: MutableMapping[str, Any]) -> None:
        self._store = store

    def order(self, order: Order) -> None:
        """Make the state of an order durable; nothing is written where nothing changed."""
        key, value = f"order:{order.client_id}", order.to_store()
        if self._store.get(key) != value:
            self._store[key] = value

    def forget(self, order: Order) -> None:
        """An order that never came to be, and that another one replaces, is no matter of a restart."""
        self._store.pop(f"order:{order.client_id}", None)

    def verdict(self, intent: str, verdict: OutcomeStatus, reason: str) -> None:
        """An intent is decided, whatever happens later."""
        self._store[f"intent:{intent}"] = {"verdict": verdict, "reason": reason}

    def mid(self, intent: str, now: Decimal) -> Decimal:
        """The mid price from which the slippage of an intent counts: the first one seen, whatever it is ``now``."""
        key = f"mid:{intent}"
        if key not in self._store:
            self._store[key] = plain(now)
        return Decimal(self._store[key])

    def moved(self, intent: str, venue: str) -> None:
        """From now on the intent is carried out at another venue."""
        self._store[f"moved:{intent}"] = venue

    def went_to(self, intent: str) -> str | None:
        """The venue that an intent was moved to, if it was."""
        found: str | None = self._store.get(f"moved:{intent}")
        return found

    def replace(self, amendment: str) -> None:
        """From now on the target of an amendment is being replaced by a new order."""
        self._store[f"replacing:{amendment}"] = True

    def replacing(self, amendment: str) -> bool:
        """Whether ``replace`` was said of an amendment."""
        return f"replacing:{amendment}" in self._store

    def keep_silence(self, until: float) -> None:
        """No request before ``until``, run time in seconds."""
        if self._store.get("silence") != until:
            self._store["silence"] = until

    def silence(self) -> float:
        """The run time in seconds before which an earlier incarnation was told to send nothing."""
        found: float = self._store.get("silence", 0.0)
        return found

    def enter(self) -> int:
        """Another life of this copy begins: its number, which is durable from now on."""
        self._store["life"] = number = self.life() + 1
        return number

    def life(self) -> int:
        """The number of the life that began last; 0: none ever did."""
        found: int = self._store.get("life", 0)
        return found

    def keep_opening(self, held: dict[str, Decimal]) -> None:
        """What the account held when the count of its trades began: asset -> amount."""
        self._store["opening"] = {asset: plain(held[asset]) for asset in sorted(held)}

    def opening(self) -> dict[str, Decimal] | None:
        """What ``keep_opening`` wrote, if anything."""
        found: dict[str, str] | None = self._store.get("opening")
        return None if found is None else {asset: Decimal(amount) for asset, amount in found.items()}

    def halt(self, reason: str) -> None:
        """Nothing that adds exposure is sent any more, in no incarnation."""
        self._store["halt"] = reason

    def halted(self) -> str:
        """Why nothing more is to be sent; "" where that is not so."""
        found: str = self._store.get("halt", "")
        return found

    def orders(self) -> Iterator[Order]:
        """All orders on record, in the order of their client ids."""
        for key in sorted(key for key in self._store if key.startswith("order:")):
            yield Order.from_store(self._store[key])

    def decided(self, intent: str) -> dict[str, Any] | None:
        """The verdict on record, if any."""
        found: dict[str, Any] | None = self._store.get(f"intent:{intent}")
        return found
