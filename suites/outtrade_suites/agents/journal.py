"""What is durable: written *before* each send, so that a crash at any point leaves a record of what may have happened.

Keys are ``order:<client order id>`` and ``intent:<id>`` (an intent decided without an order). Values are plain JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from outtrade.model.task import OutcomeStatus
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

    def verdict(self, intent: str, verdict: OutcomeStatus, reason: str) -> None:
        """An intent is decided, whatever happens later."""
        self._store[f"intent:{intent}"] = {"verdict": verdict, "reason": reason}

    def orders(self) -> Iterator[Order]:
        """All orders on record, in the order of their client ids."""
        for key in sorted(key for key in self._store if key.startswith("order:")):
            yield Order.from_store(self._store[key])

    def decided(self, intent: str) -> dict[str, Any] | None:
        """The verdict on record, if any."""
        found: dict[str, Any] | None = self._store.get(f"intent:{intent}")
        return found
