"""Several copies of an agent at once: how many there are, and which intents each of them gets.

The copies (*instances*, numbered from 0) run the same code on one account, each with its own store. Every intent is
one copy's business, and the same one's in every incarnation:

* a ``halt`` or ``watch`` is given to all: a kill switch that stops one of eight is none;
* what names a ``target`` goes where the target is;
* where a symbol is to be protected or flattened, all intents in it go to one copy, since that concerns its position;
* all else is dealt out in turn, in the order of the intents.

Caps of the account are dealt out as well: ``max_position`` and ``max_orders_per_second`` in equal parts.

``old`` is the copy that was forgotten in the last deployment. It is started as before there was a fleet: with *all*
intents, as the only instance, so that it does once more what the others do. Whatever code it runs, its orders carry
tags of intents that are not its own. On 1 August 2012 Knight Capital's router ran new code on seven of eight servers;
the eighth took the flag of the new function for that of an old one (SEC Release 34-70694).

    >>> from outtrade.model.task import Intent
    >>> all = [Intent(id=f"i{n}", tag=f"TAG0000{n}", at=n, kind="order", symbol="BTC/USDT") for n in range(4)]
    >>> [intent.id for intent in share(all, 1, 2)]
    ['i1', 'i3']
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, model_validator

from outtrade.model.task import Intent, Limits, Plain

MOST = 64
"""Copies in one scenario, at most."""
EVERYBODYS = ("halt", "watch")
"""Kinds of intents that every copy is given."""
OF_A_POSITION = ("protect", "flatten")
"""Kinds of intents that concern all that was done in their symbol."""


class Fleet(Plain):
    """``instances`` copies run at once; ``old`` is the one that is started as if it were alone, None: none is."""

    instances: int = Field(ge=1, le=MOST)
    old: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _old_is_one_of_them(self) -> Fleet:
        if self.old is not None and (self.old >= self.instances or self.instances < 2):
            raise ValueError(f"old names copy {self.old} of {self.instances}, numbered from 0; at least 2 are needed")
        return self


def owners(intents: Iterable[Intent], instances: int) -> dict[str, int | None]:
    """Which copy each intent (by id) belongs to; None: all of them."""
    intents = tuple(intents)
    known = {intent.id: intent for intent in intents}
    kept = {intent.symbol for intent in intents if intent.kind in OF_A_POSITION}
    dealt: dict[str, int] = {}
    found: dict[str, int | None] = {}
    for intent in intents:
        if intent.kind in EVERYBODYS:
            found[intent.id] = None
            continue
        head, seen = intent, {intent.id}
        while head.target in known and head.target not in seen:
            seen.add(head.target)
            head = known[head.target]
        if None in kept:
            key = "all"
        elif head.symbol in kept:
            key = f"symbol {head.symbol}"
        else:
            key = f"intent {head.id}"
        found[intent.id] = dealt.setdefault(key, len(dealt) % instances)
    return found


def share(intents: Iterable[Intent], instance: int, instances: int) -> tuple[Intent, ...]:
    """The intents of one copy, in their order."""
    intents = tuple(intents)
    whose = owners(intents, instances)
    return tuple(intent for intent in intents if whose[intent.id] in (None, instance))


def limits_of(limits: Limits, instances: int) -> Limits:
    """The caps of one copy: together the copies keep those of the account."""
    dealt = {
        name: value / instances
        for name in ("max_position", "max_orders_per_second")
        if (value := getattr(limits, name)) is not None
    }
    return limits.model_copy(update=dealt) if dealt else limits
