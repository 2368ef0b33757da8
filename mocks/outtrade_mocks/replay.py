"""Strict replay: a responder that knows nothing but one cassette.

A recorded request gets its recorded answer; any other request is refused. That finds out what a client asks, byte for
byte, and tests how it reads what a venue really said; it does not know what an order is. For that use a mock venue.

A request matches a recording by method, host, path, query and body. Left out of the comparison are what changes from
call to call (`VOLATILE`: timestamps, signatures, ...), parameters named in ``ignore``, and recorded values that were
redacted: a placeholder stands for any value. Requests that are recorded several times are answered in the recorded
order, each recording once; ``in_order`` demands the order of the whole cassette, too.

    >>> from outtrade_mocks import cassettes
    >>> from outtrade_mocks.venues.api import HttpRequest
    >>> replay = Replay(cassettes.load("binance_spot", "general"))
    >>> replay.answer(HttpRequest("GET", "/api/v3/ping", "api.binance.com", {})).body
    b'{}'
    >>> replay.answer(HttpRequest("GET", "/api/v3/ping", "api.binance.com", {}))
    Traceback (most recent call last):
        ...
    outtrade_mocks.replay.ReplayError: GET api.binance.com/api/v3/ping: recorded 1 time, asked once more

Values of requests are in no message: they may be secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from outtrade_mocks.cassettes import Cassette, Interaction
from outtrade_mocks.cassettes.model import one_line
from outtrade_mocks.cassettes.secrets import ACCOUNT_NUMBERS, PLACEHOLDER, kind_of
from outtrade_mocks.venues.api import HttpAnswer, HttpRequest

if TYPE_CHECKING:
    import respx

VOLATILE = frozenset({"timestamp", "recvwindow", "signature", "nonce", "ts", "expires"})
"""Parameters that differ from call to call, in lower case. Those whose names say that they are secret are, too."""

_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-type"})


class ReplayError(AssertionError):
    """A request that was not recorded, or a recording that nobody asked for; the message is one line."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as it is compared."""

    method: str
    host: str
    path: str
    query: Mapping[str, Any]
    body: Any

    def __str__(self) -> str:
        return one_line(f"{self.method} {self.host}{self.path}")


class Replay:
    """Answers from one cassette, each recording once. ``refused`` lists the requests that were not recorded."""

    def __init__(self, cassette: Cassette, *, in_order: bool = False, ignore: Iterable[str] = ()) -> None:
        self.cassette = cassette
        self.refused: list[str] = []
        self._in_order = in_order
        self._ignore = VOLATILE | {name.lower() for name in ignore}
        self._recorded = [self._of_recording(item) for item in cassette]
        self._left = list(range(len(self._recorded)))

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        """(host, port) of everything recorded, in order of appearance."""
        found: dict[tuple[str, int], None] = {}
        for item in self.cassette:
            parts = urlsplit(item.uri)
            port = parts.port or (80 if parts.scheme == "http" else 443)
            found[(parts.hostname or "").lower(), port] = None
        return tuple(found)

    @property
    def unused(self) -> tuple[Interaction, ...]:
        """The recordings nobody has asked for yet."""
        return tuple(self.cassette.interactions[number] for number in self._left)

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """The next recorded answer to this request; raises ReplayError where there is none."""
        return answer_of(self.take(request))

    def take(self, request: HttpRequest) -> Interaction:
        """The next recording of this request with its answer; raises ReplayError where there is none."""
        asked = self._of_request(request)
        candidates = self._left[:1] if self._in_order else self._left
        for number in candidates:
            if _matches(self._recorded[number], asked):
                self._left.remove(number)
                return self.cassette.interactions[number]
        why = f"{asked}: {self._why(asked)}"
        self.refused.append(why)
        raise ReplayError(why)

    def check(self) -> None:
        """Raise ReplayError if a request was refused or a recording is left over."""
        if self.refused:
            more = f" (and {len(self.refused) - 1} more)" if len(self.refused) > 1 else ""
            raise ReplayError(f"not recorded: {self.refused[0]}{more}")
        if self._left:
            raise ReplayError(
                f"{len(self._left)} recorded requests were not made, first {self._recorded[self._left[0]]}"
            )

    def _why(self, asked: _Asked) -> str:
        times = sum(_matches(item, asked) for item in self._recorded)
        left = sum(_matches(self._recorded[number], asked) for number in self._left)
        if left:
            return f"out of order, next is {self._recorded[self._left[0]]}"
        if times:
            return f"recorded {times} {'time' if times == 1 else 'times'}, asked once more"
        same = [
            item
            for item in self._recorded
            if (item.method, item.host, item.path) == (asked.method, asked.host, asked.path)
        ]
        if same:
            differ = sorted({name for item in same for name in _different(item, asked)})
            return f"recorded with other parameters ({one_line(', '.join(differ), 120)})"
        return "not in the cassette"

    # ---- reading requests
    def _of_recording(self, item: Interaction) -> _Asked:
        parts = urlsplit(item.uri)
        return self._asked(item.method, parts.hostname or "", parts.path, parts.query, item.request_body)

    def _of_request(self, request: HttpRequest) -> _Asked:
        path, _, query = request.target.partition("?")
        if "://" in path:
            path = urlsplit(path).path
        return self._asked(request.method.upper(), request.host, path, query.partition("#")[0], request.body)

    def _asked(self, method: str, host: str, path: str, query: str, body: bytes) -> _Asked:
        return _Asked(
            method,
            host.lower(),
            unquote(path) or "/",
            self._parameters(parse_qsl(query, keep_blank_values=True)),
            self._body(body),
        )

    def _parameters(self, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        """Parameters by name without volatile ones; a name given twice has a list."""
        result: dict[str, Any] = {}
        for name, value in pairs:
            if name.lower() in self._ignore or (kind_of(name) and isinstance(value, str | int)):
                continue
            result[name] = [*result[name], value] if name in result else [value]
        return result

    def _body(self, body: bytes) -> Any:
        """A JSON object or a form as parameters; anything else as it is."""
        if not body:
            return {}
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return body
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            pairs = parse_qsl(text, keep_blank_values=True)
            return self._parameters(pairs) if pairs else text
        return self._parameters(content.items()) if isinstance(content, dict) else content


def _matches(recorded: _Asked, asked: _Asked) -> bool:
    return (
        (recorded.method, recorded.host) == (asked.method, asked.host)
        and _same(recorded.path, asked.path)
        and _same(recorded.query, asked.query)
        and _same(recorded.body, asked.body)
    )


def _same(recorded: Any, asked: Any) -> bool:
    """Whether a value is the recorded one; a placeholder stands for any text, its number for any number."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        return recorded.keys() == asked.keys() and all(_same(value, asked[name]) for name, value in recorded.items())
    if isinstance(recorded, list) and isinstance(asked, list):
        return len(recorded) == len(asked) and all(map(_same, recorded, asked))
    if isinstance(recorded, str) and isinstance(asked, str) and "REDACTED-" in recorded:
        return _fits(recorded, asked)
    if isinstance(recorded, int) and isinstance(asked, int) and recorded in ACCOUNT_NUMBERS:
        return True
    return bool(recorded == asked) and isinstance(recorded, bool) == isinstance(asked, bool)


def _fits(recorded: str, asked: str) -> bool:
    """Whether a text is the recorded one with something in place of each placeholder."""
    position = 0
    fixed = PLACEHOLDER.sub("\0", recorded).split("\0")
    if not asked.startswith(fixed[0]) or not asked.endswith(fixed[-1]) or len(asked) < sum(map(len, fixed)):
        return False
    for part in fixed:
        position = asked.find(part, position)
        if position < 0:
            return False
        position += len(part)
    return True


def _different(recorded: _Asked, asked: _Asked) -> Iterator[str]:
    """Names of the parameters that differ."""
    for here, there in ((recorded.query, asked.query), (recorded.body, asked.body)):
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            for name in {*here, *there}:
                if name not in here or name not in there or not _same(here[name], there[name]):
                    yield name
        elif not _same(here, there):
            yield "body"


def answer_of(item: Interaction) -> HttpAnswer:
    """The recorded answer; framing is left to whoever sends it, and set-cookie lines stay joined."""
    headers = {name: value for name, value in item.headers.items() if name not in _CONNECTION | {"content-encoding"}}
    return HttpAnswer(
        status=item.status,
        body=item.body,
        headers={name: " ".join(value.split()) for name, value in headers.items()},
        content_type=item.headers.get("content-type", "application/octet-stream"),
    )


def router(replay: Replay) -> respx.MockRouter:
    """A respx router that answers httpx from the cassette; any other request raises ReplayError (extra ``respx``).

    with router(replay):
        httpx.get("https://api.binance.com/api/v3/ping")
    """
    import httpx
    import respx

    def answer(request: httpx.Request) -> httpx.Response:
        found = replay.answer(
            HttpRequest(
                method=request.method,
                target=request.url.raw_path.decode("ascii"),
                host=request.url.host.lower(),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.read(),
            )
        )
        headers = {"content-type": found.content_type, **found.headers}
        return httpx.Response(found.status, content=found.body, headers=headers)

    made = respx.MockRouter(assert_all_called=False)
    made.route().mock(side_effect=answer)
    return made
