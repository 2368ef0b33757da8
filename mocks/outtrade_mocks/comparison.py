"""What changed between two recordings of a venue: its interface, not its data.

Prices, times and ids differ in every recording and are no differences. Compared are:

* **operations** (method and path; ids inside a path stand as ``{id}``, hosts are left out): added, gone;
* **keys** of the JSON answers and request bodies of an operation, and the parameters that were sent: a key that one
  recording has and the other has nowhere although it has the object around it; and the JSON **type** of a value.
  An object keyed by data (``{"BTCUSDT": ...}``) is one map, a list is one element; null says nothing about a type;
* **errors** of an operation: which codes came, and with which HTTP status;
* **instruments**: listed, gone, and each changed trading rule, where the venue is one we know.

What a recording does not show is not missing: an operation without an answer of status 2xx has no keys to compare.

    >>> from outtrade_mocks import cassettes
    >>> general = cassettes.load("binance_spot", "general")
    >>> compare(general, general)
    []

Both recordings are redacted before they are looked at, so that nothing that is printed is a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from outtrade_mocks import venues
from outtrade_mocks.cassettes import Cassette, Interaction
from outtrade_mocks.cassettes.model import one_line
from outtrade_mocks.cassettes.redaction import Redactor

Kind = Literal["operation", "key", "type", "error", "instrument", "rule"]
_KINDS: tuple[Kind, ...] = ("operation", "key", "type", "error", "instrument", "rule")

_DEPTH = 60
_ID = re.compile(r"\d+|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{16,}|.*REDACTED-.*")
_VERSION = re.compile(r"\d{1,2}")
_DATA_KEY = re.compile(r"[A-Z0-9][A-Z0-9._/:-]{2,}|\d+|.*REDACTED-.*")
"""A key that is data: a symbol, an asset, an id. No venue writes the names of its fields in capitals only."""
_ANY_KEY, _ELEMENT = "{}", "[]"
Place = tuple[str, ...]
"""The way to a value: ``("answer", "fills", "[]", "price")``."""
_CODES = ("code", "retCode", "ret_code", "errorCode", "error_code", "err_code")
_FINE = frozenset({"0", "00000", "200", "200000"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One change. ``old`` and ``new`` are "" where the thing is not in that recording."""

    kind: Kind
    operation: str
    where: str
    old: str
    new: str

    def __str__(self) -> str:
        place = " ".join(filter(None, (self.operation, self.where)))
        if not self.old:
            return f"{self.kind} added: {place}" + ("" if self.new == "yes" else f" ({self.new})")
        if not self.new:
            return f"{self.kind} gone: {place}" + ("" if self.old == "yes" else f" ({self.old})")
        return f"{self.kind} changed: {place}: {self.old} -> {self.new}"

    def plain(self) -> dict[str, str]:
        """As JSON data."""
        return asdict(self)


@dataclass(slots=True)
class _Operation:
    """What one recording shows of an operation: places, and the JSON types seen there."""

    places: dict[Place, set[str]] = field(default_factory=dict)
    errors: dict[str, set[str]] = field(default_factory=dict)
    """Code -> HTTP statuses."""
    named: set[Place] = field(default_factory=set)
    """Objects whose keys are names, seen with at least one."""

    def see(self, place: Place, value: Any) -> None:
        if len(place) > _DEPTH:
            return
        self.places.setdefault(place, set()).add(_type(value))
        if isinstance(value, dict) and value:
            is_map = all(_DATA_KEY.fullmatch(name) for name in value)
            if not is_map:
                self.named.add(place)
            for name, inner in value.items():
                self.see((*place, _ANY_KEY if is_map else one_line(name, 60)), inner)
        elif isinstance(value, list):
            for inner in value:
                self.see((*place, _ELEMENT), inner)


def compare(old: Cassette, new: Cassette, *, secrets: Iterable[str] = ()) -> list[Difference]:
    """What changed from ``old`` to ``new``, in a fixed order. Raises CassetteError where redaction does.

    ``secrets``: values to be redacted besides those found by name and looks."""
    named = tuple(secrets)
    before, after = (_clean(cassette, named) for cassette in (old, new))
    found = [*_operations(_seen(before), _seen(after)), *_instruments(before, after)]
    return sorted(found, key=lambda item: (_KINDS.index(item.kind), item.operation, item.where))


def _clean(cassette: Cassette, secrets: tuple[str, ...]) -> Cassette:
    """Redacted. Bodies that are no text have no keys: they are left out."""
    items = tuple(replace(item, body=_text(item.body), request_body=_text(item.request_body)) for item in cassette)
    return Redactor(secrets=secrets).redact(replace(cassette, interactions=items))


def _text(body: bytes) -> bytes:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return b""
    return body


# ---- operations
def operation(item: Interaction) -> str:
    """Method and path, with ``{id}`` for what differs from call to call."""
    try:
        path = unquote(urlsplit(item.uri).path) or "/"
    except ValueError:
        path = "/"
    parts = ["{id}" if _ID.fullmatch(part) and not _VERSION.fullmatch(part) else part for part in path.split("/")]
    return one_line(f"{item.method} {'/'.join(parts)}")


def _seen(cassette: Cassette) -> dict[str, _Operation]:
    found: dict[str, _Operation] = {}
    for item in cassette:
        seen = found.setdefault(operation(item), _Operation())
        content = _json(item.body)
        code = _code(item.status, content)
        if code is not None:
            seen.errors.setdefault(code, set()).add(str(item.status))
        elif content is not None:
            seen.see(("answer",), content)
        else:
            seen.places.setdefault(("answer",), set()).add("text" if item.body else "nothing")
        if sent := dict(_sent(item)):
            seen.see(("request",), sent)
    return found


def _sent(item: Interaction) -> Iterator[tuple[str, Any]]:
    try:
        query = urlsplit(item.uri).query
    except ValueError:
        query = ""
    yield from dict(parse_qsl(query, keep_blank_values=True)).items()
    content = _json(item.request_body)
    if isinstance(content, dict):
        yield from content.items()
    elif content is not None:
        yield "(body)", content
    elif b"=" in item.request_body:
        yield from dict(parse_qsl(item.request_body.decode("utf-8"), keep_blank_values=True)).items()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    for kind, word in ((dict, "object"), (list, "array"), (str, "string")):
        if isinstance(value, kind):
            return word
    return "null"


def _code(status: int, content: Any) -> str | None:
    """The error code of an answer: the venue's own where it has one, else the HTTP status. None: no error."""
    if isinstance(content, dict):
        listed = content.get("error")
        if isinstance(listed, list) and listed and isinstance(listed[0], str):  # Kraken: the words are the code
            return one_line(listed[0].partition(" ")[0], 60)
        for name in _CODES:
            value = content.get(name)
            if isinstance(value, int | str) and not isinstance(value, bool) and str(value) not in _FINE:
                return one_line(value, 60)
    return f"HTTP {status}" if status >= 400 else None


def _operations(before: Mapping[str, _Operation], after: Mapping[str, _Operation]) -> Iterator[Difference]:
    for name in {*before, *after}:
        if name not in before:
            yield Difference("operation", name, "", "", "yes")
        elif name not in after:
            yield Difference("operation", name, "", "yes", "")
        else:
            yield from _keys(name, before[name], after[name])
            yield from _errors(name, before[name].errors, after[name].errors)


def _keys(name: str, before: _Operation, after: _Operation) -> Iterator[Difference]:
    for place in {*before.places, *after.places}:
        old, new = before.places.get(place), after.places.get(place)
        if old and new:
            old, new = old - {"null"}, new - {"null"}  # null says nothing about a type
            if old and new and old != new:
                yield Difference("type", name, _shown(place), "/".join(sorted(old)), "/".join(sorted(new)))
        elif place[:-1] in before.named and place[:-1] in after.named:
            yield Difference("key", name, _shown(place), "/".join(sorted(old or ())), "/".join(sorted(new or ())))


def _shown(place: Place) -> str:
    return "".join(part if part == _ELEMENT else f".{part}" for part in place)[1:]


def _errors(name: str, before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> Iterator[Difference]:
    for code in {*before, *after}:
        old, new = ("HTTP " + "/".join(sorted(seen[code])) if code in seen else "" for seen in (before, after))
        if old != new:
            yield Difference("error", name, code, old, new)


# ---- instruments
def _instruments(before: Cassette, after: Cassette) -> Iterator[Difference]:
    """Symbols and their rules, for each venue whose reference data both recordings hold."""
    for venue in venues.NAMES:
        rules = getattr(venues.load(venue), "rules", None)
        if rules is None:
            continue
        old, new = rules(before), rules(after)
        if not old.symbols or not new.symbols:
            continue
        for symbol in {*old.symbols, *new.symbols}:
            here, there = old.symbols.get(symbol), new.symbols.get(symbol)
            if here is None or there is None:
                if old.complete and new.complete:  # both asked for all symbols
                    yield Difference("instrument", venue, symbol, "yes" if here else "", "yes" if there else "")
                continue
            for rule in {*here, *there}:
                if "." not in rule and not (rule in here and rule in there):
                    continue  # a key of the interface, compared above; only filters come and go by symbol
                if here.get(rule, "") != there.get(rule, ""):
                    yield Difference("rule", venue, f"{symbol} {rule}", here.get(rule, ""), there.get(rule, ""))
