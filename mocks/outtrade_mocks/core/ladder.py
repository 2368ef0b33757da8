"""The prices of one side of a book, sorted, whatever their number.

A plain sorted list is the fastest thing there is for some hundreds of prices: adding one in the middle moves a few
hundred bytes. At a million prices it moves megabytes. So the list is cut into blocks: ``near``, which holds the prices
next to the touch and is all that most books ever have, and behind it blocks of a bounded size, each found through its
largest key. (Measured, add and remove of a random price: see ``bench/core.py``; a SortedDict costs three times as much
at 20 prices.)

    >>> ladder = Ladder()
    >>> for key in (5, 9, 7):
    ...     ladder.add(key)
    >>> ladder.near[-1], list(reversed(ladder))
    (9, [9, 7, 5])
    >>> ladder.remove(9); ladder.near[-1]
    7
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

SIZE = 512
"""Keys in a block after it was cut; no block has more than twice as many."""


class Ladder:
    """Sorted whole numbers, each once. The largest is ``near[-1]``; ``near`` is empty only where all is."""

    __slots__ = ("_blocks", "_tops", "near")

    def __init__(self) -> None:
        self.near: list[int] = []
        """The largest keys, ascending."""
        self._blocks: list[list[int]] = []
        """All other keys: blocks ascending, and ascending within a block; none is empty."""
        self._tops: list[int] = []
        """The largest key of each block."""

    def add(self, key: int) -> None:
        """Add a key that is not there."""
        near = self.near
        if not near or key > near[-1]:
            near.append(key)
            if len(near) <= 2 * SIZE:
                return
        elif not self._tops or key > self._tops[-1]:
            insort(near, key)
        else:
            index = bisect_left(self._tops, key)
            block = self._blocks[index]
            insort(block, key)
            if len(block) > 2 * SIZE:
                self._blocks.insert(index, block[:SIZE])
                self._tops.insert(index, block[SIZE - 1])
                del block[:SIZE]
            return
        if len(near) > 2 * SIZE:
            self._blocks.append(near[:SIZE])
            self._tops.append(near[SIZE - 1])
            del near[:SIZE]

    def remove(self, key: int) -> None:
        """Remove a key that is there."""
        near = self.near
        if key >= near[0]:
            if key == near[-1]:
                near.pop()
            else:
                del near[bisect_left(near, key)]
            if not near and self._blocks:
                self.near = self._blocks.pop()
                self._tops.pop()
            return
        index = bisect_left(self._tops, key)
        block = self._blocks[index]
        del block[bisect_left(block, key)]
        if block:
            self._tops[index] = block[-1]
        else:
            del self._blocks[index], self._tops[index]

    def __reversed__(self) -> Iterator[int]:
        """Keys from the largest to the smallest."""
        yield from reversed(self.near)
        for block in reversed(self._blocks):
            yield from reversed(block)

    def __len__(self) -> int:
        return len(self.near) + sum(map(len, self._blocks))
