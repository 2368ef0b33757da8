"""What an agent has to know of a venue beforehand: read from the venue's declared traits, never from its name.

>>> habits_of("okx").client_id("L2GJMN4G", 1), habits_of("kraken_spot").client_id("L2GJMN4G", 1)
('L2GJMN4Gn1', 'L2GJMN4G-1')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from outtrade_mocks import venues


@dataclass(frozen=True, slots=True)
class Habits:
    """``id_pattern``: the alphabet and length of client order ids. ``renames_on_cancel``: a cancel gives the order
    another client id, which the request may choose."""

    id_pattern: str | None = None
    renames_on_cancel: bool = False

    def client_id(self, tag: str, number: int, copy: int | None = None) -> str:
        """The id of the ``number``-th order under ``tag``, within the venue's alphabet; ``copy``: which of several
        copies of the agent sends it."""
        rest = f"{number}" if copy is None else f"{copy}c{number}"
        usual = f"{tag}-{rest}"
        return usual if self.id_pattern is None or re.search(self.id_pattern, usual) else f"{tag}n{rest}"


@lru_cache(maxsize=32)
def habits_of(venue: str) -> Habits:
    """The habits of a venue; the usual ones where nothing is declared under that name."""
    if venue not in venues.NAMES:
        return Habits()
    traits = {name: trait.value for name, trait in venues.load(venue).traits.items()}
    return Habits(id_pattern=traits["id_pattern"], renames_on_cancel=bool(traits["renames_on_cancel"]))
