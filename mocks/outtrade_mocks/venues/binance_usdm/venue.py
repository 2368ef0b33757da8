"""Binance USD-M futures as a Venue: the four calls of a request, sessions, events, and what faults ask of it.

``read`` never fails: what it cannot make sense of becomes a Call whose refusal is found in ``admit`` or ``execute``.
``admit`` is the front door (limits, key, clock, signature, unknown paths), ``execute`` the only place where state
moves, ``render`` writes the answer down. All take the time as an argument, in UNIX nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from outtrade_mocks.core import Change, Fill, OrderChange
from outtrade_mocks.venues import binance_auth as auth
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call, Commit, HttpAnswer, HttpRequest, Reading, Session, Trait
from outtrade_mocks.venues.binance_usdm import front
from outtrade_mocks.venues.binance_usdm.desk import TRADE_ID_BASE, Desk, Outcome
from outtrade_mocks.venues.binance_usdm.endpoints import ENDPOINTS, Endpoint
from outtrade_mocks.venues.binance_usdm.errors import Refusal, refuse
from outtrade_mocks.venues.binance_usdm.events import Reports
from outtrade_mocks.venues.binance_usdm.reading import read_answer
from outtrade_mocks.venues.binance_usdm.streams import StreamSession
from outtrade_mocks.venues.binance_usdm.traits import TRAITS
from outtrade_mocks.venues.binance_usdm.wsapi import ApiSession
from outtrade_mocks.venues.config import Credentials, VenueConfig
from outtrade_mocks.venues.watched import Watched
from outtrade_mocks.venues.witness import Witness

CREDENTIALS = Credentials(key="outtradeTESTkey" + "0" * 49, secret="outtradeTESTsecret" + "0" * 46)
"""Test credentials, obviously fake, as long as the venue's."""
REST_HOSTS = (("fapi.binance.com", 443), ("api.binance.com", 443))
"""Where the REST API answers; clients ask the second, the wallet API, for the system's status and currencies."""
STREAM_HOSTS = (("fstream.binance.com", 443), ("ws-fapi.binance.com", 443))
STREAM_PATH = "/private/ws"


_TRUTHS = (OrderChange, Fill)


class Asked(msgspec.Struct):
    """The venue's own parse of an HTTP request."""

    endpoint: Endpoint | None
    payload: str
    """What is signed: query string and body as sent, without the signature."""
    key: str | None
    repeated: bool
    """Whether a parameter came twice in the query string or in the body."""
    deadline: int | None = None
    """Until when (UNIX ns) a signed request may be carried out; set by ``admit``."""


class BinanceUsdm(Watched):
    """One Binance USD-M futures exchange with one account under test."""

    name = "binance_usdm"
    rest_hosts: tuple[tuple[str, int], ...] = REST_HOSTS
    stream_hosts: tuple[tuple[str, int], ...] = STREAM_HOSTS
    stream_path = STREAM_PATH

    def __init__(self, config: VenueConfig) -> None:
        self.traits: Mapping[str, Trait] = TRAITS
        self.desk = Desk(config)
        self._keys = auth.Keys(config.credentials or CREDENTIALS)
        self._unified = {entry.id: unified for unified, entry in self.desk.listings.items()}
        self._reports = Reports(self.desk)
        super().__init__(
            Witness(
                self.desk.exchange,
                self.desk.account,
                order_id=self.desk.truth_id,
                core_id=self._core_id,
                trade_id=lambda core_id: str(TRADE_ID_BASE + core_id),
            )
        )
        self.desk.exchange.on_change(self._on_change)

    def _core_id(self, order: str) -> int | None:
        return self.desk.core_id(int(order)) if len(order) <= 20 and order.isascii() and order.isdigit() else None

    # ------------------------------------------------------------------ HTTP
    def read(self, request: HttpRequest) -> Call:
        """What is asked, in unified words; never raises and changes nothing."""
        path, params, payload, repeated = codec.read_form(request)
        endpoint = ENDPOINTS.get((request.method, path))
        op = endpoint.op if endpoint else "other"
        call = Call(
            op=op,
            method=request.method,
            path=path,
            params=params,
            signed=endpoint is not None and endpoint.security == "signed",
            digest=codec.digest(f"{op} {path}", params),
            raw=Asked(endpoint, payload, request.headers.get("x-mbx-apikey"), repeated),
        )
        return front.describe(call, self._unified)

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; None = come in. Counts the request's weight, refused or not."""
        asked: Asked = call.raw
        endpoint = asked.endpoint
        try:
            if endpoint is None or endpoint.bucket == "api":
                front.limited(self.desk, endpoint, call.params, now)
            if endpoint is None:
                raise refuse("not_found")
            if endpoint.security != "none":
                auth.check_key(asked.key, self._keys.key)
            if asked.repeated:
                raise refuse("duplicate_values")
            if endpoint.security == "signed":
                asked.deadline = auth.check_signed(call.params, asked.payload, keys=self._keys, now=now)
            front.counted(self.desk, endpoint, call.params, now)
        except Refusal as refusal:
            return self._refused(refusal, now)
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out at ``now``; reads see the account as of ``as_of`` where given."""
        return front.carry_out(self.desk, call.raw.endpoint, call, now, as_of, call.raw.deadline)

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answer to what was carried out."""
        outcome: Outcome = commit.result
        if commit.error is not None:
            return self._refused(commit.error, now, outcome.headers)
        headers = self._headers(commit.call.raw.endpoint, now)
        if outcome.headers:
            headers |= outcome.headers
        return HttpAnswer(outcome.status, codec.encode(outcome.data), headers, "application/json")

    def commit_time(self, commit: Commit) -> int:
        """When the engine decided (UNIX ns)."""
        outcome: Outcome = commit.result
        return outcome.time

    def _headers(self, endpoint: Endpoint | None, now: int) -> dict[str, str]:
        if endpoint is not None and endpoint.bucket == "sapi":
            return {"X-SAPI-USED-IP-WEIGHT-1M": "1"}
        return {"X-MBX-USED-WEIGHT-1M": str(self.desk.limits.used(now))}

    def _refused(self, refusal: Refusal, now: int, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        every = self._headers(None, now) | dict(headers or {}) | refusal.headers
        return HttpAnswer(refusal.status, refusal.encode(), every, "application/json")

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
        """The venue's wording of a refusal that a fault injects. Raises ValueError on an unknown reason."""
        return self._refused(self.desk.limits.injected(reason, now, retry_after=retry_after, until=until), now)

    # ---------------------------------------------------------------- stream
    def open_session(self, host: str, path: str, now: int) -> Session:
        """A new connection: to the streams, or to the WebSocket API (by its host or path)."""
        if host.startswith("ws-fapi") or path.startswith("/ws-fapi"):
            quiet = "returnratelimits=false" in path.lower()
            return ApiSession(self.desk, self._keys, self._unified, now, return_rate_limits=not quiet)
        return StreamSession(self.desk, path, now)

    def _on_change(self, change: Change) -> None:
        self._tell(change)
        if not self._pushes and isinstance(change, _TRUTHS):
            return
        for push in self._reports.of(change):
            self._push(push)

    # ----------------------------------------------------------------- rules
    def _relist(self, symbol: str, rule: str, value: Decimal) -> None:
        self.desk.relist(symbol, rule, value)

    # ------------------------------------------------------------------ time
    def advance(self, now: int) -> None:
        """Let the market act up to ``now``."""
        self.desk.advance(now)

    def next_time(self) -> int | None:
        """When the market next does something that an account may notice."""
        return self.desk.next_time()
