"""Alpaca as a Venue: the four calls of a request, sessions, events, and what faults ask of it.

``read`` never fails: what it cannot make sense of becomes a Call whose refusal is found in ``admit`` or ``execute``.
``admit`` is the front door (path, limit, key), ``execute`` the only place where state moves, ``render`` writes the
answer down. All take the time as an argument, in UNIX nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from outtrade_mocks.core import Change, Fill, OrderChange, Reject
from outtrade_mocks.venues.alpaca import auth, codec
from outtrade_mocks.venues.alpaca.asking import name_it
from outtrade_mocks.venues.alpaca.desk import Desk, Outcome
from outtrade_mocks.venues.alpaca.endpoints import Endpoint, find
from outtrade_mocks.venues.alpaca.errors import Refusal, refuse, translate
from outtrade_mocks.venues.alpaca.events import Reports
from outtrade_mocks.venues.alpaca.feeds import DataStream
from outtrade_mocks.venues.alpaca.reading import read_answer
from outtrade_mocks.venues.alpaca.streams import Slot, TradingStream, injected
from outtrade_mocks.venues.alpaca.traits import KNOBS, TRAITS
from outtrade_mocks.venues.api import Call, Commit, HttpAnswer, HttpRequest, Reading, Session, Trait
from outtrade_mocks.venues.config import Credentials, VenueConfig
from outtrade_mocks.venues.knobs import knob
from outtrade_mocks.venues.watched import Watched
from outtrade_mocks.venues.witness import Witness

CREDENTIALS = Credentials(key="PKOUTTRADETEST000000", secret="OUTTRADEtestSECRETnotreal" + "0" * 15)
"""Test credentials, obviously fake, as long as the venue's."""
REST_HOSTS = (("api.alpaca.markets", 443), ("paper-api.alpaca.markets", 443), ("data.alpaca.markets", 443))
STREAM_HOSTS = (
    ("api.alpaca.markets", 443),
    ("paper-api.alpaca.markets", 443),
    ("stream.data.alpaca.markets", 443),
)
STREAM_PATH = "/stream"
CONTENT_TYPE = "application/json; charset=UTF-8"


class Asked(msgspec.Struct):
    """The venue's own parse of an HTTP request."""

    endpoint: Endpoint | None
    parts: tuple[str, ...]
    headers: Mapping[str, str]
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    readable: bool = True


class Alpaca(Watched):
    """One Alpaca with one account under test."""

    name = "alpaca"
    rest_hosts: tuple[tuple[str, int], ...] = REST_HOSTS
    stream_hosts: tuple[tuple[str, int], ...] = STREAM_HOSTS
    stream_path = STREAM_PATH

    def __init__(self, config: VenueConfig) -> None:
        self.traits: Mapping[str, Trait] = TRAITS
        self.credentials = config.credentials or CREDENTIALS
        self.desk = desk = Desk(config)
        super().__init__(
            Witness(desk.exchange, desk.account, order_id=desk.order_id, core_id=desk.core_id, trade_id=str)
        )
        self._reports = Reports(desk, self._push, pending_new=bool(knob(KNOBS, config.knobs, "pending_new_event")))
        self._slot = Slot(replace=knob(KNOBS, config.knobs, "second_stream") == "replace")
        desk.on_change(self._on_change)

    # ------------------------------------------------------------------ HTTP
    def read(self, request: HttpRequest) -> Call:
        """What is asked, in unified words; never raises and changes nothing."""
        path, _, query = request.target.partition("?")
        if not path.startswith("/"):  # absolute form: https://host/path
            path = "/" + path.partition("://")[2].partition("/")[2]
        parts = codec.segments(path)
        endpoint = None if path.endswith("/") else find(request.method, parts)  # an empty id is no list (inferred)
        asked = Asked(endpoint, parts, request.headers, codec.parse_query(query.partition("#")[0]))
        if request.method in ("POST", "PATCH", "PUT"):
            body = codec.parse_body(request.body)
            asked.readable = body is not None
            asked.params |= body or {}
        texts = codec.texts(asked.params)
        call = Call(
            op=endpoint.op if endpoint else "other",
            method=request.method,
            path=path,
            params=texts,
            signed=endpoint is not None and endpoint.private,
            digest=codec.digest(request.method, path, texts),
            raw=asked,
        )
        name_it(call, self.desk)
        return call

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; None = come in. Counts the request, refused or not."""
        asked: Asked = call.raw
        endpoint = asked.endpoint
        try:
            if endpoint is None:
                raise refuse("endpoint")
            counted = self.desk.limits.take(endpoint.api, now)
            if endpoint.private and not auth.allowed(asked.headers, self.credentials):
                raise refuse("unauthorized" if endpoint.api == "trading" else "forbidden_data")
            if not counted:
                raise refuse("rate")
            if not asked.readable:
                raise refuse("body")
        except Refusal as refusal:
            return self._refused(asked, refusal, now)
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out at ``now``; reads see the account as of ``as_of`` where given."""
        self.advance(now)
        asked: Asked = call.raw
        commit = Commit(call)
        try:
            if asked.endpoint is None:
                raise refuse("endpoint")
            outcome = asked.endpoint.run(self.desk, call, now, as_of)
            commit.result, commit.order_ids = outcome, outcome.order_ids
        except Refusal as refusal:
            commit.error = refusal
        except Reject as reject:
            commit.error = translate(reject)
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answer to what was carried out."""
        asked: Asked = commit.call.raw
        if commit.error is not None:
            return self._refused(asked, commit.error, now)
        outcome: Outcome = commit.result
        body = b"" if outcome.result is None else codec.encode(outcome.result)
        return HttpAnswer(outcome.status, body, self._headers(asked, now), CONTENT_TYPE)

    def _refused(self, asked: Asked | None, refusal: Refusal, now: int) -> HttpAnswer:
        return HttpAnswer(refusal.status, refusal.encode(), self._headers(asked, now), CONTENT_TYPE)

    def _headers(self, asked: Asked | None, now: int) -> dict[str, str]:
        if asked is None or asked.endpoint is None:
            return {}
        return self.desk.limits.headers(asked.endpoint.api, now)

    # --------------------------------------------------------------- reading
    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a client that knows the documentation reads an answer."""
        return read_answer(status, headers, body, now)

    def refusal(
        self,
        reason: str,
        now: int,
        *,
        call: Call | None = None,
        retry_after: int | None = None,
        until: int | None = None,
    ) -> HttpAnswer:
        """The venue's wording of a refusal that a fault injects. With ``retry_after`` the limit's headers say so.

        Raises ValueError on an unknown reason.
        """
        asked: Asked | None = None if call is None else call.raw
        answer = self._refused(asked, injected(reason), now)
        if answer.status == 429:
            end = until if until is not None else now + (retry_after or 60) * codec.SECOND
            answer.headers["X-Ratelimit-Remaining"] = "0"
            answer.headers["X-Ratelimit-Reset"] = str(-(-end // codec.SECOND))
        return answer

    # ---------------------------------------------------------------- stream
    def open_session(self, host: str, path: str, now: int) -> Session:
        """A new WebSocket connection: trade updates, or market data by any other path."""
        if path.partition("?")[0].rstrip("/") == STREAM_PATH:
            return TradingStream(self.desk, self.credentials, self._slot, now)
        return DataStream(self.desk, self.credentials, path, now)

    def _on_change(self, change: Change) -> None:
        self._tell(change)
        if isinstance(change, OrderChange) and self._pushes:
            self._reports.on_change(change)

    # ------------------------------------------------------------------ time
    def set_rule(self, symbol: str, rule: str, times: int) -> Decimal | None:
        """See ``Venue.set_rule``. The grids of equities are the law's (Regulation NMS), and the least value of a pair
        stands in no answer: neither changes here."""
        if rule == "notional" or self.desk.listings[symbol].equity:
            return None
        return super().set_rule(symbol, rule, times)

    def _relist(self, symbol: str, rule: str, value: Decimal) -> None:
        self.desk.relist(symbol, rule, value)

    def advance(self, now: int) -> None:
        """Let the market act up to ``now``."""
        self.desk.advance(now)

    def next_time(self) -> int | None:
        """When the exchange next does something by itself."""
        return self.desk.next_time()

    # ----------------------------------------------------------------- truth
    def fill_truth(self, fill: Fill) -> dict[str, Any]:
        """A fill in the fields of ``FillTruth``: its id is that of the account's activities."""
        return super().fill_truth(fill) | {"trade_id": self.desk.activity_id(fill)}
