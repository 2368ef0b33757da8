"""What a venue says of itself in its documentation: plain rows, from which the pages in ``docs/venues`` are written.

A venue module has ``about() -> About``, made from the same tables that the venue works by (its endpoints, its errors),
so that a page cannot say what the venue does not do. Traits and knobs are declared elsewhere (``traits``, ``KNOBS``)
and are not repeated here::

    >>> from outtrade_mocks.venues import load
    >>> load("binance_spot").about().refusal_keys
    ('code', 'msg')

``python docs/venue_tables.py`` writes the tables, ``outtrade list venues`` shows the traits, and the fuzzer of all
venues (tests/venues) holds every answer to ``refusal_keys`` and ``answer_keys``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from outtrade_mocks.venues.api import Trait


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One request: over HTTP, or a frame where ``method`` is ``WS`` and ``path`` the operation in the frame."""

    method: str
    path: str
    op: str
    """The unified operation: ``Call.op``."""
    security: str
    """What it needs: ``none``, ``key``, ``signed``, or the venue's own word."""
    cost: str = ""
    """What it counts against the venue's limits, in the venue's units; empty: nothing."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error as a client meets it. ``status``: of HTTP. ``code`` empty where the venue has texts alone."""

    code: str
    text: str
    status: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class OrderTypeRow:
    """One order type: its unified name, how a client asks for it, and what is special about it."""

    type: str
    sent_as: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel of a stream. ``private``: whether it needs a login."""

    channel: str
    private: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """All of it. ``refusal_keys``: what the JSON object of every refusal has (``a|b``: one of these). ``answer_keys``:
    what the object of every answer over HTTP has; empty where an answer is the bare result."""

    endpoints: tuple[EndpointRow, ...]
    errors: tuple[ErrorRow, ...]
    order_types: tuple[OrderTypeRow, ...]
    channels: tuple[ChannelRow, ...] = ()
    streams: tuple[tuple[str, str], ...] = ()
    """Paths of WebSocket connections beside the account's own (``stream_path``), and what is there."""
    refusal_keys: tuple[str, ...]
    answer_keys: tuple[str, ...] = ()


def cost_of(amounts: Iterable[int]) -> str:
    """What an endpoint can cost: ``'4'``, or ``'5 to 250'`` where it depends on parameters.

    >>> cost_of([25, 5, 250]), cost_of([1]), cost_of([])
    ('5 to 250', '1', '')
    """
    found = sorted(set(amounts))
    return "" if not found else str(found[0]) if len(found) == 1 else f"{found[0]} to {found[-1]}"


def classes_of(row: ErrorRow, traits: Mapping[str, Trait]) -> tuple[str, ...]:
    """The classes of an error by the trait ``error_classes`` ({class: codes or texts}), in the trait's order: by its
    text, where the trait names it (or the beginning of it), else by its code."""
    declared = traits["error_classes"].value or {}
    by_text = tuple(
        name
        for name, members in declared.items()
        if any(isinstance(member, str) and member and row.text.startswith(member) for member in members)
    )
    if by_text or not row.code:
        return by_text
    return tuple(name for name, members in declared.items() if row.code in {str(member) for member in members})


def told(trait: Trait) -> str:
    """A trait's value in words. Nothing to tell is ``not known`` or, where we are sure of it, ``none``.

    >>> told(Trait({"status": 400, "codes": (-1, -2)}, "docs", "documented"))
    'status 400, codes -1 -2'
    >>> told(Trait(None, "docs", "unknown")), told(Trait(None, "docs", "documented")), told(Trait(True, "", "recorded"))
    ('not known', 'none', 'yes')
    """
    if trait.value is None:
        return "not known" if trait.confidence == "unknown" else "none"
    return _words(trait.value)


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_words(member)}" for name, member in value.items())
    if isinstance(value, tuple | list | range | set | frozenset):
        members = [_words(member) for member in (sorted(value) if isinstance(value, set | frozenset) else value)]
        spaced = any(" " in member for member in members)
        return ("; " if spaced else " ").join(_runs(members))
    return "none" if value is None else str(value)


def _runs(members: list[str]) -> list[str]:
    """Three or more whole numbers that follow each other become ``first to last``."""
    result: list[str] = []
    run: list[str] = []
    for member in [*members, ""]:
        if run and _number(member) is not None and _number(member) == (_number(run[-1]) or 0) + 1:
            run.append(member)
            continue
        result += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else run
        run = [member] if _number(member) is not None else []
        if not run and member:
            result.append(member)
    return result


def _number(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None
