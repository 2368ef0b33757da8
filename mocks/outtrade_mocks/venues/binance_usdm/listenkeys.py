"""Listen keys: what opens the account's stream. One at a time is active; it lives for 60 minutes from its last renewal.

>>> keys = ListenKeys(1)
>>> key = keys.open(0)
>>> keys.open(30 * MINUTE) == key, keys.ends(key)                 # asked for again: the same one, renewed
(True, 5400000000000)
>>> keys.alive(key, 89 * MINUTE), keys.alive(key, 90 * MINUTE)
(True, False)
"""

from __future__ import annotations

import random

MINUTE = 60_000_000_000
LIFE = 60 * MINUTE
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class ListenKeys:
    """The listen keys of one account. Times are UNIX ns."""

    def __init__(self, seed: int) -> None:
        self._made = random.Random(f"binance_usdm:{seed}:listen keys")
        self._ends: dict[str, int] = {}
        """Key -> when it ends, or ended; every key that ever was."""
        self._active: str | None = None

    def open(self, now: int) -> str:
        """POST: the active key, renewed, or a new one."""
        if self._active is None or not self.alive(self._active, now):
            self._active = "".join(self._made.choices(_ALPHABET, k=64))
        self._ends[self._active] = now + LIFE
        return self._active

    def renew(self, now: int) -> str | None:
        """PUT: the active key lives for 60 minutes more; None where there is none."""
        if self._active is None or not self.alive(self._active, now):
            return None
        self._ends[self._active] = now + LIFE
        return self._active

    def close(self, now: int) -> bool:
        """DELETE: the active key ends. False where there is none."""
        active = self._active
        if active is None or not self.alive(active, now):
            return False
        self._ends[active] = now
        self._active = None
        return True

    def known(self, key: str) -> bool:
        """Whether there ever was such a key."""
        return key in self._ends

    def alive(self, key: str, now: int) -> bool:
        """Whether a key opens the stream."""
        return now < self._ends.get(key, 0)

    def ends(self, key: str) -> int | None:
        """When a key ends unless it is renewed; None: there never was one."""
        return self._ends.get(key)
