"""Kraken spot as a Venue: the four calls of a request, sessions, events, and what faults ask of it.

``read`` never fails: what it cannot make sense of becomes a Call whose refusal is found in ``admit`` or ``execute``.
``admit`` is the front door (key, signature, nonce, counters), ``execute`` the only place where state moves, ``render``
writes the answer down: HTTP 200 and an ``error`` list, whatever it was. All take the time as an argument, in UNIX ns.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from outtrade_mocks.core import Change, Fill, OrderChange, Reject
from outtrade_mocks.venues.api import Call, Commit, HttpAnswer, HttpRequest, Reading, Trait
from outtrade_mocks.venues.config import Credentials, VenueConfig
from outtrade_mocks.venues.knobs import knob
from outtrade_mocks.venues.kraken_spot import codec
from outtrade_mocks.venues.kraken_spot.auth import Keeper
from outtrade_mocks.venues.kraken_spot.calls import injected, name_it
from outtrade_mocks.venues.kraken_spot.desk import Desk, Outcome
from outtrade_mocks.venues.kraken_spot.endpoints import ENDPOINTS, Endpoint
from outtrade_mocks.venues.kraken_spot.errors import Refusal, refuse, translate
from outtrade_mocks.venues.kraken_spot.executions import Reports
from outtrade_mocks.venues.kraken_spot.reading import read_answer
from outtrade_mocks.venues.kraken_spot.streams import KrakenSession
from outtrade_mocks.venues.kraken_spot.traits import KNOBS, TRAITS
from outtrade_mocks.venues.watched import Watched
from outtrade_mocks.venues.witness import Witness

CREDENTIALS = Credentials(
    key="OUTTRADEtestKEYnotreal" + "0" * 34, secret="T3V0dHJhZGVUZXN0U2VjcmV0Tm90UmVhbA" + "A" * 50 + "BBBB"
)
"""Test credentials, obviously fake, as long as the venue's."""
REST_HOSTS = (("api.kraken.com", 443),)
STREAM_HOSTS = (("ws-auth.kraken.com", 443), ("ws.kraken.com", 443))
STREAM_PATH = "/v2"
CONTENT_TYPE = "application/json; charset=utf-8"


class Asked(msgspec.Struct):
    """The venue's own parse of an HTTP request."""

    endpoint: Endpoint | None
    key: str | None
    signature: str | None
    sent: bytes
    """The body as it was signed."""
    body: dict[str, Any] = msgspec.field(default_factory=dict)
    """A JSON body, undressed."""
    readable: bool = True


class KrakenSpot(Watched):
    """One Kraken spot exchange with one account under test."""

    name = "kraken_spot"
    rest_hosts: tuple[tuple[str, int], ...] = REST_HOSTS
    stream_hosts: tuple[tuple[str, int], ...] = STREAM_HOSTS
    stream_path = STREAM_PATH

    def __init__(self, config: VenueConfig) -> None:
        self.traits: Mapping[str, Trait] = TRAITS
        keeper = Keeper(
            config.credentials or CREDENTIALS, lockout_after=int(knob(KNOBS, config.knobs, "lockout_after"))
        )
        self.desk = Desk(config, keeper)
        last_trade = str(knob(KNOBS, config.knobs, "last_trade"))
        self._reports = Reports(self.desk, self._push, last_trade=last_trade)
        exchange, account = self.desk.exchange, self.desk.account
        super().__init__(
            Witness(
                exchange,
                account,
                order_id=self.desk.order_id,
                core_id=self.desk.core_id,
                trade_id=str,
                place=self.desk.enter,
            )
        )
        self.desk.exchange.on_change(self._on_change)

    # ------------------------------------------------------------------ HTTP
    def read(self, request: HttpRequest) -> Call:
        """What is asked, in unified words; never raises and changes nothing."""
        path, _, query = request.target.partition("?")
        if not path.startswith("/"):  # absolute form: https://host/path
            path = "/" + path.partition("://")[2].partition("/")[2]
        endpoint = ENDPOINTS.get(path)
        if endpoint is not None and endpoint.private and request.method != "POST":
            endpoint = None
        asked = Asked(
            endpoint,
            request.headers.get("api-key"),
            request.headers.get("api-sign"),
            request.body if request.body else b"",
        )
        params = codec.parse_form(query.partition("#")[0])
        if request.body and request.method != "GET":
            params |= self._body(request, asked)
        op = endpoint.op if endpoint else "other"
        call = Call(
            op=op,
            method=request.method,
            path=path,
            params=params,
            signed=endpoint is not None and endpoint.private,
            digest=codec.digest(path, params, asked.body.get("orders")),
            raw=asked,
        )
        name_it(call, self.desk)
        return call

    @staticmethod
    def _body(request: HttpRequest, asked: Asked) -> dict[str, str]:
        if "json" not in request.headers.get("content-type", "") and request.body[:1] != b"{":
            return codec.parse_form(request.body.decode("utf-8", "replace"))
        try:
            found = codec.decode(request.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            asked.readable = False
            return {}
        asked.body = found
        return codec.flat(found)

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; None = come in."""
        asked: Asked = call.raw
        endpoint = asked.endpoint
        try:
            if endpoint is None:
                raise refuse("unknown_method")
            if endpoint.private:
                nonce = call.params.get("nonce")
                self.desk.keeper.check(asked.key, asked.signature, nonce, call.path, asked.sent, now)
                if not self.desk.limits.request(now, endpoint.cost):
                    raise refuse("rate_limit")
            if not asked.readable:
                raise refuse("invalid_arguments")
        except Refusal as refusal:
            return answer(refusal.encode())
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out at ``now``; reads see the account as of ``as_of`` where given."""
        self.advance(now)
        endpoint: Endpoint | None = call.raw.endpoint
        commit = Commit(call)
        try:
            if endpoint is None:
                raise refuse("unknown_method")
            outcome: Outcome = endpoint.run(self.desk, call, now, as_of)
            commit.result = outcome
            commit.order_ids = outcome.order_ids
        except Refusal as refusal:
            commit.error = refusal
        except Reject as reject:
            commit.error = translate(reject)
        self.desk.follow()
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answer to what was carried out."""
        if commit.error is not None:
            return answer(commit.error.encode())
        return answer(codec.encode({"error": [], "result": commit.result.result}))

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
        """The venue's wording of a refusal that a fault injects. Only ``busy`` tells when to come again (in the text);
        everything else that is asked for is not said by Kraken. Raises ValueError on an unknown reason."""
        return answer(injected(reason, now, retry_after, until).encode())

    # ---------------------------------------------------------------- stream
    def open_session(self, host: str, path: str, now: int) -> KrakenSession:
        """A new WebSocket connection: public or private by its host."""
        return KrakenSession(self.desk, host=host, path=path, now=now)

    def _on_change(self, change: Change) -> None:
        self._tell(change)
        if isinstance(change, OrderChange) and self._pushes:
            self._reports.order(change)

    # ----------------------------------------------------------------- rules
    def set_rule(self, symbol: str, rule: str, times: int) -> Decimal | None:
        """See ``Venue.set_rule``; ticks and steps are told as numbers of decimals, so they grow by powers of ten, and a
        tick to 1 at most."""
        rules = self.desk.exchange.instrument(symbol)
        tick = rules.price_grid[0][1] if rules.price_grid else rules.tick
        odd = str(times).strip("0") != "1" or (rule == "tick" and tick * times > 1)
        return None if rule != "notional" and odd else super().set_rule(symbol, rule, times)

    def _relist(self, symbol: str, rule: str, value: Decimal) -> None:
        self.desk.relist(symbol, rule, value)

    # ------------------------------------------------------------------ time
    def advance(self, now: int) -> None:
        """Let the market act up to ``now``."""
        if now > self.desk.exchange.now:
            self.desk.advance(now)

    def next_time(self) -> int | None:
        """When the exchange next does something by itself."""
        return self.desk.next_time()

    # ---------------------------------------------------------------- faults and truth
    def fill(self, order: str, fraction: Decimal) -> bool:
        """Somebody fills ``fraction`` of what is left of a working order (at least one lot)."""
        done = super().fill(order, fraction)
        self.desk.follow()
        return done

    def overfill(self, order: str, fraction: Decimal) -> bool:
        """More than a working order asked for is filled."""
        done = super().overfill(order, fraction)
        self.desk.follow()
        return done

    def fill_truth(self, fill: Fill) -> dict[str, Any]:
        """A fill as the fields of ``FillTruth``."""
        return super().fill_truth(fill) | {"trade_id": self.desk.trade_id(fill)}


def answer(body: bytes) -> HttpAnswer:
    """HTTP says 200 to everything."""
    return HttpAnswer(200, body, {}, CONTENT_TYPE)
