"""One run of a scenario, as seen from a real host: what it asks, what it hears, and what of that stays secret.

**Nothing secret is kept, and the replay must hear what the recording heard.** A real answer holds ids and tokens that
may not reach a file; if the agent had seen them and a replay showed it placeholders, the two would go different ways.
So already in the recording run the agent is given the answer *as it is kept*. Two things follow:

* Where the agent sends a placeholder back (a response id as ``previous_response_id``), the real value goes out in its
  place: only the host ever sees it.
* A value that looks like a secret, and that the agent itself has sent (a client order id of 32 hexadecimal digits),
  comes back to it as it was. What a placeholder stands for is read off the agent's own requests, held against those
  that are kept (``stand_ins``); in a replay just so.

Which fields of a model's answer are redacted: see ``Redactor.spare_words``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from outtrade.outside.broker import Asked, Told
from outtrade.outside.tape import ERROR, LATENCY, NO_ANSWER, Tape
from outtrade_mocks.cassettes import Cassette, CassetteError, Interaction
from outtrade_mocks.cassettes.redaction import Redactor
from outtrade_mocks.cassettes.secrets import PLACEHOLDER
from outtrade_mocks.cassettes.writing import check, render
from outtrade_mocks.replay import Replay, ReplayError, answer_of
from outtrade_mocks.venues.api import HttpAnswer, HttpRequest

LONGEST = 3600.0
"""Most virtual seconds that an answer may take."""
_PLAIN = re.compile(r"[\w.+/=@%:-]{1,4096}", re.ASCII)
"""What can stand in any text, JSON within JSON included, without being escaped."""


class TalkError(Exception):
    """A request that cannot be carried out or replayed: the harness's failure, not the agent's. One line."""


class Line(Protocol):
    """How a run that records reaches the broker and the recorder."""

    def fetch(self, asked: Asked) -> Told:
        """Ask a real host, and wait."""

    def keep(self, scenario: str, item: Interaction) -> None:
        """Put a redacted request and its answer on the tape."""


class Source(Protocol):
    """Where answers come from."""

    def take(self, request: HttpRequest) -> Interaction:
        """The request with its answer, redacted. Raises TalkError."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the agent is given. ``answer`` None: the connection broke, ``error`` says how."""

    path: str
    answer: HttpAnswer | None
    error: str
    latency: float
    """Virtual seconds."""


class Talk:
    """The talk of one run of one scenario."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[str, str] = {}

    def ask(self, request: HttpRequest) -> Heard:
        """Ask the host ``request.host``. Raises TalkError."""
        item = self._source.take(request)
        for mark, value in stand_ins(item.request_body, request.body).items():
            self._known.setdefault(mark, value)
        path = urlsplit(item.uri).path
        latency = _seconds(item.headers.get(LATENCY, "0"))
        error = item.headers.get(ERROR, "")
        if error:
            return Heard(path, None, error, latency)
        handed = {name: value for name, value in item.headers.items() if not name.startswith("outtrade-")}
        body = _filled(item.body.decode("utf-8"), self._known).encode("utf-8")
        return Heard(path, answer_of(replace(item, headers=handed, body=body)), "", latency)


class Live:
    """Answers from the real host. ``secrets``: values that must not be kept. ``latency``: virtual seconds."""

    def __init__(self, scenario: str, line: Line, *, secrets: tuple[str, ...] = (), latency: float = 0.0) -> None:
        self._scenario = scenario
        self._line = line
        self._latency = latency
        self._secrets = secrets
        self._redactor = Redactor(secrets=secrets, spare_words=True)
        self._count = 0

    def take(self, request: HttpRequest) -> Interaction:
        """Ask, redact, keep. Raises TalkError."""
        number, self._count = self._count, self._count + 1
        self._readable(request.body, f"the request to {request.host}")
        asked = Asked(number, request.host, request.method, request.target, dict(request.headers), request.body)
        told = self._line.fetch(self._spoken(asked))
        if told.refused:
            raise TalkError(told.refused)
        self._readable(told.body, f"the answer of {request.host}")
        headers = {LATENCY: f"{self._latency:g}"} if self._latency else {}
        headers |= {ERROR: told.error} if told.error else told.headers
        item = Interaction(
            name="0",
            method=request.method.upper(),
            uri=f"https://{request.host}{request.target}",
            status=NO_ANSWER if told.error else told.status,
            body=told.body,
            headers=headers,
            request_headers=dict(request.headers),
            request_body=request.body,
        )
        try:
            clean = self._redactor.redact(Cassette("talk", "recorded", request.host, (item,)))
            check(render(clean), clean, secrets=self._secrets, spare_words=True)
        except CassetteError as error:
            raise TalkError(f"{request.host}: {error}") from None
        kept = replace(clean.interactions[0], name=f"{self._scenario}/{number}")
        self._line.keep(self._scenario, kept)
        return kept

    def _spoken(self, asked: Asked) -> Asked:
        """The request with the real values where the agent repeats placeholders."""
        values = self._redactor.originals()
        if not values:
            return asked
        is_json = "json" in asked.headers.get("content-type", "")
        inside = {mark: json.dumps(value)[1:-1] for mark, value in values.items()} if is_json else values
        return msgspec.structs.replace(
            asked,
            target=_filled(asked.target, values),
            headers={name: _filled(value, values) for name, value in asked.headers.items()},
            body=_filled(asked.body.decode("utf-8"), inside).encode("utf-8"),
        )

    @staticmethod
    def _readable(body: bytes, what: str) -> None:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            raise TalkError(f"{what} is no text: it cannot be searched for secrets, and is not recorded") from None


class Played:
    """Answers from a tape; the network is not needed."""

    def __init__(self, scenario: str, tape: Tape) -> None:
        self._scenario = scenario
        self._replay = Replay(tape.of(scenario))

    def take(self, request: HttpRequest) -> Interaction:
        """The recorded answer. Raises TalkError where there is none."""
        try:
            return self._replay.take(request)
        except ReplayError as error:
            raise TalkError(f"not on the recording of scenario {self._scenario}: {error}") from None


def stand_ins(kept: bytes, asked: bytes) -> dict[str, str]:
    """Which placeholder of a kept body stands for which value of the body as it was asked; only plain values."""
    before, after = kept.decode("utf-8", "replace"), asked.decode("utf-8", "replace")
    if "REDACTED-" not in before:
        return {}
    one, other = _parsed(before), _parsed(after)
    pairs = [(before, after)] if one is None or other is None else list(_pairs(one, other))
    found: dict[str, str] = {}
    for text, value in pairs:
        for mark, part in _between(text, value):
            if _PLAIN.fullmatch(part):
                found.setdefault(mark, part)
    return found


def _parsed(text: str) -> Any:
    """What JSON says; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _pairs(kept: Any, asked: Any) -> Iterator[tuple[str, str]]:
    """Texts that stand in the same place."""
    if isinstance(kept, dict) and isinstance(asked, dict):
        for name, value in kept.items():
            if name in asked:
                yield from _pairs(value, asked[name])
    elif isinstance(kept, list) and isinstance(asked, list):
        for one, other in zip(kept, asked, strict=False):
            yield from _pairs(one, other)
    elif isinstance(kept, str) and isinstance(asked, str) and "REDACTED-" in kept:
        inner = _parsed(kept) if kept[:1] in ("{", "[") else None
        other = None if inner is None else _parsed(asked)
        if inner is not None and other is not None:  # JSON as a text, as arguments of tools are: spaces may differ
            yield from _pairs(inner, other)
        else:
            yield kept, asked


def _between(kept: str, asked: str) -> Iterator[tuple[str, str]]:
    """Each placeholder of a text and what stands there in another that is equal around it."""
    at, last = 0, 0
    marks = list(PLACEHOLDER.finditer(kept))
    for number, mark in enumerate(marks):
        fixed = kept[last : mark.start()]
        if not asked.startswith(fixed, at):
            return
        at += len(fixed)
        last = mark.end()
        following = kept[last : marks[number + 1].start()] if number + 1 < len(marks) else kept[last:]
        end = asked.find(following, at) if following else len(asked)
        if end < 0:
            return
        yield mark[0], asked[at:end]
        at = end


def _filled(text: str, values: dict[str, str]) -> str:
    """A text with values in place of those placeholders that are known."""
    return PLACEHOLDER.sub(lambda mark: values.get(mark[0], mark[0]), text)


def _seconds(text: str) -> float:
    """A latency as it stands on a tape, between 0 and an hour."""
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return min(seconds, LONGEST) if seconds > 0 else 0.0
