"""Binance spot as a Venue: the four calls of a request, sessions, events, and what faults ask of it.

``read`` never fails: what it cannot make sense of becomes a Call whose refusal is found in ``admit`` or ``execute``.
``admit`` is the front door (limits, key, clock, signature, unknown paths), ``execute`` the only place where state
moves, ``render`` writes the answer down. All take the time as an argument, in UNIX nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from outtrade_mocks.core import BalanceChange, Change, ListChange, OrderChange
from outtrade_mocks.venues import binance_auth as auth
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call, Commit, HttpAnswer, HttpRequest, Reading, Session, Trait
from outtrade_mocks.venues.binance_spot.desk import ORDER_ID_BASE, TRADE_ID_BASE, Desk, Outcome
from outtrade_mocks.venues.binance_spot.endpoints import ENDPOINTS, Endpoint
from outtrade_mocks.venues.binance_spot.errors import Refusal
from outtrade_mocks.venues.binance_spot.front import Asked, Front
from outtrade_mocks.venues.binance_spot.reading import read_answer
from outtrade_mocks.venues.binance_spot.reports import Reports
from outtrade_mocks.venues.binance_spot.streams import MarketSession
from outtrade_mocks.venues.binance_spot.traits import TRAITS
from outtrade_mocks.venues.binance_spot.wsapi import BinanceSession
from outtrade_mocks.venues.config import Credentials, VenueConfig
from outtrade_mocks.venues.watched import Watched
from outtrade_mocks.venues.witness import Witness

CREDENTIALS = Credentials(key="outtradeTESTkey" + "0" * 49, secret="outtradeTESTsecret" + "0" * 46)
"""Test credentials, obviously fake, as long as the venue's."""
REST_HOSTS = (
    *((f"{name}.binance.com", 443) for name in ("api", "api-gcp", "api1", "api2", "api3", "api4")),
    ("fapi.binance.com", 443),
    ("dapi.binance.com", 443),
)
"""Where the REST API answers. Clients that load all markets also ask the derivatives hosts, which list no symbols."""
STREAM_HOSTS = (
    ("ws-api.binance.com", 443),
    ("ws-api.binance.com", 9443),
    ("stream.binance.com", 443),
    ("stream.binance.com", 9443),
)
"""The WebSocket API, and the market data streams."""
STREAM_PATH = "/ws-api/v3"


class BinanceSpot(Watched):
    """One Binance spot exchange with one account under test."""

    name = "binance_spot"
    rest_hosts: tuple[tuple[str, int], ...] = REST_HOSTS
    stream_hosts: tuple[tuple[str, int], ...] = STREAM_HOSTS
    stream_path = STREAM_PATH

    def __init__(self, config: VenueConfig) -> None:
        self.traits: Mapping[str, Trait] = TRAITS
        self.desk = Desk(config)
        credentials = config.credentials or CREDENTIALS
        self._front = Front(self.desk, auth.Keys(credentials))
        self._reports = Reports(self.desk)
        super().__init__(
            Witness(self.desk.exchange, self.desk.account, order_id=_order_id, core_id=_core_id, trade_id=_trade_id)
        )
        self.desk.exchange.on_change(self._on_change)

    # ------------------------------------------------------------------ HTTP
    def read(self, request: HttpRequest) -> Call:
        """What is asked, in unified words; never raises and changes nothing."""
        path, params, payload, repeated = codec.read_form(request)
        endpoint = ENDPOINTS.get((request.method, path))
        if endpoint is not None and endpoint.bucket == "other" and not request.host.startswith(("fapi", "dapi")):
            endpoint = None
        op = endpoint.op if endpoint else "other"
        call = Call(
            op=op,
            method=request.method,
            path=path,
            params=params,
            signed=endpoint is not None and endpoint.security == "signed",
            digest=codec.digest(op, params),
            raw=Asked(endpoint, payload, request.headers.get("x-mbx-apikey"), repeated),
        )
        return self._front.annotate(call)

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; None = come in. Counts the request's weight, refused or not."""
        refusal = self._front.admit(call, now)
        return None if refusal is None else self._refused(refusal, now)

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out at ``now``; reads see the account as of ``as_of`` where given."""
        return self._front.execute(call, now, as_of)

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answer to what was carried out."""
        if commit.error is not None:
            return self._refused(commit.error, now)
        outcome: Outcome = commit.result
        endpoint = commit.call.raw.endpoint
        headers = self._headers(endpoint, now)
        if outcome.headers:
            headers |= outcome.headers
        return HttpAnswer(outcome.status, codec.encode(outcome.data), headers)

    def commit_time(self, commit: Commit) -> int:
        """When the engine decided (UNIX ns)."""
        outcome: Outcome = commit.result
        return outcome.time

    def _headers(self, endpoint: Endpoint | None, now: int) -> dict[str, str]:
        if endpoint is not None and endpoint.bucket == "sapi":
            return {"X-SAPI-USED-IP-WEIGHT-1M": "1"}
        used = str(self.desk.limits.used(now))
        return {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}

    def _refused(self, refusal: Refusal, now: int) -> HttpAnswer:
        return HttpAnswer(refusal.status, refusal.encode(), self._headers(None, now) | refusal.headers)

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
        """The venue's wording of a refusal that a fault injects.

        ``retry_after``: seconds for the Retry-After header (None: no header). ``until``: UNIX ns of a ban's end.
        Raises ValueError on an unknown reason.
        """
        return self._refused(self.desk.limits.injected(reason, now, retry_after=retry_after, until=until), now)

    # ---------------------------------------------------------------- stream
    def open_session(self, host: str, path: str, now: int) -> Session:
        """A new connection: to the market data streams below ``/ws`` and ``/stream``, else to the WebSocket API."""
        if path.partition("?")[0].partition("/")[2].partition("/")[0] in ("ws", "stream"):
            self.advance(now)
            return MarketSession(self.desk, path, now)
        quiet = "returnratelimits=false" in path.lower()
        return BinanceSession(self._front, now=now, return_rate_limits=not quiet)

    def _on_change(self, change: Change) -> None:
        """What is refused is on the record with its answer, in the venue's words; other changes have no event here."""
        self._tell(change)
        if not self._pushes:
            return
        if isinstance(change, OrderChange):
            if change.why == "triggered":
                return  # the same instant, nothing to see from outside
            push = self._reports.order(change)
        elif isinstance(change, BalanceChange):
            push = self._reports.balance(change)
        elif isinstance(change, ListChange):
            push = self._reports.order_list(change)
        else:
            return
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
        """When the market next does something that an account may notice."""
        return self.desk.exchange.next_time()


def _order_id(core_id: int) -> str:
    return str(ORDER_ID_BASE + core_id)


def _core_id(order: str) -> int | None:
    return int(order) - ORDER_ID_BASE if len(order) <= 20 and order.isdecimal() else None


def _trade_id(core_id: int) -> str:
    return str(TRADE_ID_BASE + core_id)
