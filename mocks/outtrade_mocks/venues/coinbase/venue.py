"""Coinbase Advanced Trade as a Venue: the four calls of a request, sessions, events, and what faults ask of it.

``read`` never fails: what it cannot make sense of becomes a Call whose refusal is found in ``admit`` or ``execute``.
``admit`` is the front door (path, limits, token), ``execute`` the only place where state moves, ``render`` writes the
answer down. All take the time as an argument, in UNIX nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Change, Fill, OrderChange, Reject
from outtrade_mocks.venues.api import Call, Commit, HttpAnswer, HttpRequest, Push, Reading, Trait
from outtrade_mocks.venues.coinbase import auth, codec, endpoints
from outtrade_mocks.venues.coinbase.calls import CONTENT_TYPE, Asked, injected, name_it, refused
from outtrade_mocks.venues.coinbase.desk import Desk, Outcome
from outtrade_mocks.venues.coinbase.endpoints import Endpoint
from outtrade_mocks.venues.coinbase.errors import Refusal, refuse
from outtrade_mocks.venues.coinbase.events import Events
from outtrade_mocks.venues.coinbase.reading import read_answer
from outtrade_mocks.venues.coinbase.streams import STREAM_HOSTS, CoinbaseSession
from outtrade_mocks.venues.coinbase.traits import KNOBS, TRAITS
from outtrade_mocks.venues.config import Credentials, VenueConfig
from outtrade_mocks.venues.knobs import knob
from outtrade_mocks.venues.watched import Watched
from outtrade_mocks.venues.witness import Witness

CREDENTIALS = Credentials(key=auth.KEY_NAME, secret=auth.test_key())
"""Test credentials, obviously fake: the key is made of a sentence that everybody may read."""
REST_HOSTS = ((auth.HOST, 443),)


class Coinbase(Watched):
    """One Coinbase with one account under test."""

    name = "coinbase"
    rest_hosts: tuple[tuple[str, int], ...] = REST_HOSTS
    stream_hosts: tuple[tuple[str, int], ...] = STREAM_HOSTS
    stream_path = "/"

    def __init__(self, config: VenueConfig) -> None:
        self.traits: Mapping[str, Trait] = TRAITS
        leeway = int(knob(KNOBS, config.knobs, "clock_leeway"))
        self.desk = Desk(config, auth.Keys(config.credentials or CREDENTIALS, leeway=leeway))
        self._events = Events(self.desk)
        exchange, account = self.desk.exchange, self.desk.account
        super().__init__(
            Witness(exchange, account, order_id=self.desk.order_id, core_id=self.desk.core_id, trade_id=str)
        )
        self.desk.exchange.on_change(self._on_change)

    # ------------------------------------------------------------------ HTTP
    def read(self, request: HttpRequest) -> Call:
        """What is asked, in unified words; never raises and changes nothing."""
        path, _, query = request.target.partition("?")
        if not path.startswith("/"):  # absolute form: https://host/path
            path = "/" + path.partition("://")[2].partition("/")[2]
        endpoint, named = endpoints.find(request.method, path)
        uris = auth.uris_of(request.method, request.host, request.headers.get("host"), path)
        asked = Asked(endpoint, auth.bearer(request.headers), uris, named, codec.read_query(query.partition("#")[0]))
        params = {name: ",".join(values) for name, values in asked.query.items()}
        if request.method != "GET" and request.body:  # clients send a body with GET, too: nobody reads it
            params |= _body(request, asked)
        op = endpoint.op if endpoint else "other"
        call = Call(
            op=op,
            method=request.method,
            path=path,
            params=params,
            signed=endpoint is not None and endpoint.signed,
            digest=codec.digest(path, params),
            raw=asked,
        )
        name_it(call, self.desk)
        return call

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; None = come in. Counts the request."""
        asked: Asked = call.raw
        endpoint, limits = asked.endpoint, self.desk.limits
        signed = endpoint is not None and endpoint.signed
        try:
            if not limits.request(now, signed=signed):
                raise refuse("rate")
            if endpoint is None:
                raise refuse("path_not_found")
            if endpoint.signed:
                self.desk.keys.check(asked.token, now, asked.uris)
            if not asked.readable:
                raise refuse("invalid_argument", "the body is no JSON object")
        except Refusal as refusal:
            return refused(refusal, limits.headers(now, signed=signed))
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out at ``now``; reads see the account as of ``as_of`` where given."""
        self.advance(now)
        endpoint: Endpoint | None = call.raw.endpoint
        commit = Commit(call)
        try:
            if endpoint is None:
                raise refuse("path_not_found")
            outcome: Outcome = endpoint.run(self.desk, call, now, as_of)
            commit.result, commit.order_ids = outcome, outcome.order_ids
        except Refusal as refusal:
            commit.error = refusal
        except Reject:
            commit.error = refuse("internal")
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answer to what was carried out."""
        headers = self.desk.limits.headers(now, signed=commit.call.signed)
        if commit.error is not None:
            return refused(commit.error, headers)
        return HttpAnswer(200, codec.encode(commit.result.data), headers, CONTENT_TYPE)

    # --------------------------------------------------------------- reading
    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a client that knows the documentation reads an answer."""
        return read_answer(status, headers, body)

    def refusal(
        self,
        reason: str,
        now: int,
        *,
        call: Call | None = None,
        retry_after: int | None = None,
        until: int | None = None,
    ) -> HttpAnswer:
        """The venue's wording of a refusal that a fault injects. A ban is worded as a limit; when it ends is not said.
        Raises ValueError on an unknown reason."""
        signed = call is None or call.signed
        return injected(reason, call, self.desk.limits.headers(now, signed=signed), retry_after)

    # ---------------------------------------------------------------- stream
    def open_session(self, host: str, path: str, now: int) -> CoinbaseSession:
        """A new WebSocket connection, for market data or for the user by its host."""
        return CoinbaseSession(self.desk, host=host, now=now)

    def _on_change(self, change: Change) -> None:
        self._tell(change)
        if isinstance(change, OrderChange) and self._pushes and change.why != "triggered":
            self._say(self._events.order(change))

    def _say(self, push: Push) -> None:
        for number in self.desk.listeners:
            number(push)
        self._push(push)

    # ----------------------------------------------------------------- rules
    def _relist(self, symbol: str, rule: str, value: Decimal) -> None:
        self.desk.relist(symbol, rule, value)

    # ------------------------------------------------------------------ time
    def advance(self, now: int) -> None:
        """Let the market act up to ``now``."""
        if now > self.desk.exchange.now:
            self.desk.advance(now)

    def next_time(self) -> int | None:
        """When the exchange next does something by itself."""
        return self.desk.exchange.next_time()

    # ---------------------------------------------------------------- faults and truth
    def fill_truth(self, fill: Fill) -> dict[str, Any]:
        """A fill as the fields of ``FillTruth``."""
        return super().fill_truth(fill) | {"trade_id": self.desk.trade_id(fill)}

    def thin(self, call: Call, fraction: Decimal) -> bool:
        """See ``Venue.thin``; an id that is taken places nothing."""
        return call.client_id not in self.desk.by_client and super().thin(call, fraction)


def _body(request: HttpRequest, asked: Asked) -> dict[str, str]:
    try:
        found = codec.decode(request.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        asked.readable = False
        return {}
    asked.body = {str(name): value for name, value in found.items()}
    return codec.flat(asked.body)
