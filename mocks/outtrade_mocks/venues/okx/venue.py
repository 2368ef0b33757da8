"""OKX as a Venue: the four calls of a request, sessions, events, and what faults ask of it.

``read`` never fails: what it cannot make sense of becomes a Call whose refusal is found in ``admit``. ``admit`` is the
front door (paths, key, clock, signature, limits), ``execute`` the only place where state moves, ``render`` writes the
answer down. All take the time as an argument, in UNIX nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from outtrade_mocks.core import Change
from outtrade_mocks.venues.api import Call, Commit, HttpAnswer, HttpRequest, Reading, Trait
from outtrade_mocks.venues.config import Credentials, VenueConfig
from outtrade_mocks.venues.okx import auth, codec, door
from outtrade_mocks.venues.okx.desk import Desk, Outcome
from outtrade_mocks.venues.okx.door import Asked
from outtrade_mocks.venues.okx.endpoints import ENDPOINTS, PATHS
from outtrade_mocks.venues.okx.errors import ALL_FAILED, Refusal, refuse
from outtrade_mocks.venues.okx.events import Events
from outtrade_mocks.venues.okx.reading import read_answer
from outtrade_mocks.venues.okx.session import Session
from outtrade_mocks.venues.okx.traits import TRAITS
from outtrade_mocks.venues.watched import Watched
from outtrade_mocks.venues.witness import Witness

CREDENTIALS = Credentials(
    key="00000000-0000-4000-8000-00007e57c0de", secret="0UTTRADETESTSECRET" + "0" * 14, passphrase="Outtrade-Test-1"
)
"""Test credentials, obviously fake, of the venue's form."""
REST_HOSTS = tuple((host, 443) for host in ("www.okx.com", "okx.com", "aws.okx.com", "eea.okx.com", "us.okx.com"))
STREAM_HOSTS = tuple((host, port) for host in ("ws.okx.com", "wsaws.okx.com", "wspap.okx.com") for port in (443, 8443))
STREAM_PATH = "/ws/v5/private"
NOT_FOUND = codec.encode(
    {"code": 404, "data": {}, "detailMsg": "", "error_code": "404", "error_message": "Not Found", "msg": "Not Found"}
)
"""Recorded by client libraries; not documented."""


class Okx(Watched):
    """One OKX exchange with one account under test."""

    name = "okx"
    rest_hosts: tuple[tuple[str, int], ...] = REST_HOSTS
    stream_hosts: tuple[tuple[str, int], ...] = STREAM_HOSTS
    stream_path = STREAM_PATH

    def __init__(self, config: VenueConfig) -> None:
        self.traits: Mapping[str, Trait] = TRAITS
        self.desk = Desk(config)
        self._credentials = config.credentials or CREDENTIALS
        self._events = Events(self.desk)
        desk = self.desk
        super().__init__(
            Witness(desk.exchange, desk.account, order_id=desk.order_id, core_id=desk.core_id, trade_id=desk.trade_id)
        )
        self._sessions = 0
        desk.exchange.on_change(self._on_change)

    # ------------------------------------------------------------------ HTTP
    def read(self, request: HttpRequest) -> Call:
        """What is asked, in unified words; never raises and changes nothing."""
        target = request.target
        if not target.startswith("/"):  # absolute form: https://host/path
            target = "/" + target.partition("://")[2].partition("/")[2]
        target = target.partition("#")[0]
        path, _, query = target.partition("?")
        endpoint = ENDPOINTS.get((request.method, path))
        body = request.body.decode("utf-8", "replace") if request.body else ""
        asked = Asked(endpoint, headers=request.headers, signed=request.method + target + body)
        asked.deadline = request.headers.get("exptime", "")
        params = codec.parse_query(query) if query else {}
        op = "other" if endpoint is None else endpoint.op
        call = Call(op=op, method=request.method, path=path, params=params, raw=asked)
        call.signed = endpoint is not None and endpoint.private
        if request.method == "POST" and endpoint is not None:
            try:
                asked.payload = codec.parse_body(request.body)
            except Refusal as refusal:
                asked.problem = refusal
        door.describe(self.desk, call)
        call.digest = codec.digest(call.op, path, params if asked.payload is None else asked.payload)
        return call

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; None = come in. Counts against the rate limits."""
        asked: Asked = call.raw
        asked.entered = now
        try:
            endpoint = asked.endpoint
            if endpoint is None:
                if call.path in PATHS:
                    raise refuse("invalid_method")
                return HttpAnswer(404, NOT_FOUND, content_type="application/json")
            if endpoint.private:
                auth.check_request(asked.headers, self._credentials, asked.signed, now)
            if asked.problem is not None:
                raise asked.problem
            door.check_limits(self.desk, call, now)
        except Refusal as refusal:
            return self._refused(refusal, call, now)
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out at ``now``; reads see the account as of ``as_of`` where given."""
        self.advance(now)
        return door.carry_out(self.desk, call, now, as_of)

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answer to what was carried out."""
        call = commit.call
        if commit.error is not None:
            return self._refused(commit.error, call, now)
        outcome: Outcome = commit.result
        return HttpAnswer(200, self._envelope(call, outcome.code, outcome.msg, outcome.data, now), _HEADERS, _JSON)

    def _envelope(self, call: Call | None, code: str, message: str, data: object, now: int) -> bytes:
        timed = call is not None and call.raw.endpoint is not None and call.raw.endpoint.timed
        if not timed or call is None:
            return codec.encode({"code": code, "data": data, "msg": message})
        times = {"inTime": str((call.raw.entered or now) // 1000), "outTime": str(now // 1000)}
        return codec.encode({"code": code, "data": data, "msg": message} | times)

    def _refused(self, refusal: Refusal, call: Call | None, now: int) -> HttpAnswer:
        listed = door.as_item(call, refusal, now)
        if listed is not None:
            return HttpAnswer(200, self._envelope(call, "1", ALL_FAILED, listed, now), _HEADERS, _JSON)
        if refusal.status in (401, 405, 429):  # the gateway's, which has no data (recorded)
            body = codec.encode({"msg": refusal.message, "code": refusal.code})
        else:
            body = self._envelope(None, refusal.code, refusal.message, [], now)
        return HttpAnswer(refusal.status, body, _HEADERS, _JSON)

    # --------------------------------------------------------------- reading
    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a client that knows the documentation reads an answer."""
        return read_answer(status, body)

    def refusal(
        self,
        reason: str,
        now: int,
        *,
        call: Call | None = None,
        retry_after: int | None = None,
        until: int | None = None,
    ) -> HttpAnswer:
        """The venue's wording of a refusal that a fault injects; it never says how long to wait. Raises ValueError on
        an unknown reason."""
        return self._refused(door.injected(self.desk, reason), call, now)

    # ---------------------------------------------------------------- stream
    def open_session(self, host: str, path: str, now: int) -> Session:
        """A new WebSocket connection: /ws/v5/public, /ws/v5/private or /ws/v5/business."""
        self._sessions += 1
        return Session(self.desk, self._credentials, path.partition("?")[0], now, number=self._sessions)

    def _on_change(self, change: Change) -> None:
        self._tell(change)
        if self._pushes:
            for push in self._events.of(change):
                self._push(push)

    # ----------------------------------------------------------------- rules
    def _relist(self, symbol: str, rule: str, value: Decimal) -> None:
        self.desk.relist(symbol, rule, value)

    # ------------------------------------------------------------------ time
    def advance(self, now: int) -> None:
        """Let the market act up to ``now``."""
        if now > self.desk.exchange.now:
            self.desk.exchange.advance(now)

    def next_time(self) -> int | None:
        """When the market next acts by itself (UNIX ns)."""
        return self.desk.exchange.next_time()


_HEADERS: dict[str, str] = {}
_JSON = "application/json"
