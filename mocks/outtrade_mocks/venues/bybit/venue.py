"""Bybit as a Venue: the four calls of a request, sessions, events, and what faults ask of it.

``read`` never fails: what it cannot make sense of becomes a Call whose refusal is found in ``admit`` or ``execute``.
``admit`` is the front door (limits, key, clock, signature, unknown paths), ``execute`` the only place where state
moves, ``render`` writes the answer down. All take the time as an argument, in UNIX nanoseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Change, Fill, Reject
from outtrade_mocks.venues.api import Call, Commit, HttpAnswer, HttpRequest, Push, Reading, Session, Trait
from outtrade_mocks.venues.bybit import auth, codec, ids
from outtrade_mocks.venues.bybit.asked import Asked
from outtrade_mocks.venues.bybit.asking import asked_order, named_ids
from outtrade_mocks.venues.bybit.codec import MS
from outtrade_mocks.venues.bybit.desk import Desk, Outcome
from outtrade_mocks.venues.bybit.endpoints import ENDPOINTS
from outtrade_mocks.venues.bybit.errors import Refusal, refuse, translate
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.guards import Guards
from outtrade_mocks.venues.bybit.orders_stream import OrdersStream
from outtrade_mocks.venues.bybit.protection import Protection
from outtrade_mocks.venues.bybit.public_stream import PublicStream
from outtrade_mocks.venues.bybit.reading import read_answer
from outtrade_mocks.venues.bybit.reports import Reports
from outtrade_mocks.venues.bybit.streams import PrivateStream
from outtrade_mocks.venues.bybit.traits import TRAITS
from outtrade_mocks.venues.config import Credentials, VenueConfig
from outtrade_mocks.venues.watched import Watched
from outtrade_mocks.venues.witness import Witness

CREDENTIALS = Credentials(key="outtradeTESTkey000", secret="outtradeTESTsecret" + "0" * 18)
"""Test credentials, obviously fake, as long as the venue's."""
REST_HOSTS = (("api.bybit.com", 443), ("api.bytick.com", 443))
STREAM_HOSTS = (("stream.bybit.com", 443),)
STREAM_PATH = "/v5/private"
CONTENT_TYPE = "application/json; charset=utf-8"


class Bybit(Watched):
    """One Bybit exchange with one unified account under test."""

    name = "bybit"
    rest_hosts: tuple[tuple[str, int], ...] = REST_HOSTS
    stream_hosts: tuple[tuple[str, int], ...] = STREAM_HOSTS
    stream_path = STREAM_PATH

    def __init__(self, config: VenueConfig) -> None:
        self.traits: Mapping[str, Trait] = TRAITS
        self.desk = desk = Desk(config)
        self.firm = Firm(desk, Guards(desk), Protection(desk), config.credentials or CREDENTIALS)
        super().__init__(
            Witness(desk.exchange, desk.account, order_id=desk.order_id, core_id=ids.core_id, trade_id=str)
        )
        self._reports = Reports(self.firm)
        self._opened = 0
        desk.exchange.on_change(self._on_change)

    # ------------------------------------------------------------------ HTTP
    def read(self, request: HttpRequest) -> Call:
        """What is asked, in unified words; never raises and changes nothing."""
        path, _, query = request.target.partition("?")
        if not path.startswith("/"):  # absolute form: https://host/path
            path = "/" + path.partition("://")[2].partition("/")[2]
        query = query.partition("#")[0]
        endpoint = ENDPOINTS.get((request.method, path))
        if request.method == "GET":
            params: dict[str, Any] | None = codec.parse_query(query)
            payload = query
        else:
            params = codec.parse_body(request.body)
            payload = request.body.decode("utf-8", "replace")
        asked = Asked(endpoint, params or {}, params is not None, path, payload, request.headers)
        return self.call(endpoint.op if endpoint else "other", request.method, path, asked)

    def call(self, op: str, method: str, path: str, asked: Asked) -> Call:
        """A request in unified words."""
        texts = codec.texts(asked.params)
        if op in ("open_orders", "all_orders") and {"orderId", "orderLinkId"} & set(texts):
            op = "query"
        call = Call(
            op=op,
            method=method,
            path=path,
            params=texts,
            signed=asked.endpoint is not None and asked.endpoint.signed,
            digest=codec.digest(op, texts),
            raw=asked,
        )
        entry = self.desk.by_id.get((asked.category, texts.get("symbol", "")))
        call.symbol = entry.unified if entry is not None else texts.get("symbol")
        if op == "place":
            call.client_id = texts.get("orderLinkId")
            call.order = asked_order(asked.params, call.symbol or "")
        elif op in ("query", "cancel", "amend", "trades"):
            call.venue_id, call.client_id = named_ids(asked.params)
        return call

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; None = come in. Counts the request, refused or not."""
        asked: Asked = call.raw
        try:
            limited = self.desk.limits.request(now)
            if limited is not None:
                raise limited
            endpoint = asked.endpoint
            if endpoint is None:
                raise refuse("not_found")
            if endpoint.signed:
                asked.deadline = auth.check(asked.headers, asked.payload, self.firm.credentials, now)
                self.pace(asked, now)
        except Refusal as refusal:
            return self._refused(asked, refusal, now)
        return None

    def pace(self, asked: Asked, now: int) -> None:
        """Count a signed request against its endpoint's limit; raises 10006."""
        endpoint = asked.endpoint
        assert endpoint is not None
        category = asked.category
        cost, most = endpoint.cost(asked.params), endpoint.most(self.desk.paces, category)
        asked.granted = self.desk.limits.take((asked.path, category), most, now, cost)
        if not asked.granted:
            raise refuse("too_many_visits")

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out at ``now``; reads see the account as of ``as_of`` where given."""
        self.advance(now)
        asked: Asked = call.raw
        commit = Commit(call)
        try:
            if asked.endpoint is None:
                raise refuse("not_found")
            if not asked.readable:
                raise refuse("params_named", "request body is no JSON object")
            if asked.deadline is not None and now > asked.deadline:
                window = asked.headers.get("x-bapi-recv-window") or auth.DEFAULT_WINDOW
                raise refuse("expired_request", asked.headers.get("x-bapi-timestamp", ""), now // MS, window)
            outcome = asked.endpoint.run(self.firm, call, now, as_of)
            self.firm.guards.run()
            commit.result, commit.order_ids = outcome, outcome.order_ids
        except Refusal as refusal:
            commit.error = refusal
        except Reject as reject:
            commit.error = translate(reject, spot=asked.category == "spot")
        return commit

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answer to what was carried out."""
        asked: Asked = commit.call.raw
        if commit.error is not None:
            return self._refused(asked, commit.error, now)
        outcome: Outcome = commit.result
        return self._answer(asked, 200, 0, outcome.message, outcome.result, outcome.ext, now)

    def _refused(self, asked: Asked | None, refusal: Refusal, now: int) -> HttpAnswer:
        if not refusal.code:
            return HttpAnswer(refusal.status, refusal.message.encode(), content_type="text/plain; charset=utf-8")
        return self._answer(asked, refusal.status, refusal.code, refusal.message, refusal.result, {}, now)

    def _answer(
        self, asked: Asked | None, status: int, code: int, text: str, result: Any, ext: dict[str, Any], now: int
    ) -> HttpAnswer:
        body = {"retCode": code, "retMsg": text, "result": result, "retExtInfo": ext, "time": now // MS}
        return HttpAnswer(status, codec.encode(body), self.headers(asked, now), CONTENT_TYPE)

    def headers(self, asked: Asked | None, now: int) -> dict[str, str]:
        """What a signed request is told of its limit."""
        if asked is None or asked.endpoint is None or not asked.endpoint.signed:
            return {}
        category = asked.category
        most = asked.endpoint.most(self.desk.paces, category)
        return self.desk.limits.headers((asked.path, category), most, now)

    # --------------------------------------------------------------- reading
    def interpret(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
        """How a client that knows the documentation reads an answer."""
        reading = read_answer(status, body)
        if reading.error == "rate":
            for name, value in headers.items():
                if name.lower() == "x-bapi-limit-reset-timestamp" and value.isascii() and value.isdigit():
                    reading.retry_after = max(0.0, (int(value) * MS - now) / 1e9)
        return reading

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
        spot = asked is not None and asked.category == "spot"
        answer = self._refused(asked, self.desk.limits.injected(reason, spot=spot), now)
        if reason == "rate" and retry_after is not None:
            answer.headers["X-Bapi-Limit-Status"] = "0"
            answer.headers["X-Bapi-Limit-Reset-Timestamp"] = str(now // MS + retry_after * 1000)
        return answer

    # ---------------------------------------------------------------- stream
    def open_session(self, host: str, path: str, now: int) -> Session:
        """A new connection to one of the streams: private, trade, or public ones of a category."""
        self._opened += 1
        where = path.partition("?")[0].rstrip("/")
        if where == STREAM_PATH:
            return PrivateStream(self.firm, self._reports, path, now, self._opened)
        if where == "/v5/trade":
            return OrdersStream(self.firm, self, path, now, self._opened)
        return PublicStream(self.firm, where.rpartition("/")[2], now, self._opened)

    def on_push(self, callback: Callable[[Push], None]) -> None:
        """Call with every event of the private stream, whoever is subscribed, in the exchange's order."""
        self._reports.listen(callback)

    def _on_change(self, change: Change) -> None:
        self._tell(change)
        self._reports.on_change(change)

    # ----------------------------------------------------------------- rules
    def _relist(self, symbol: str, rule: str, value: Decimal) -> None:
        self.desk.relist(symbol, rule, value)

    # ------------------------------------------------------------------ time
    def advance(self, now: int) -> None:
        """Let the market act up to ``now``."""
        self.firm.advance(now)

    def next_time(self) -> int | None:
        """When the market next does something that an account may notice."""
        return self.desk.exchange.next_time()

    # ---------------------------------------------------------------- faults and truth
    def fill(self, order: str, fraction: Decimal) -> bool:
        """Somebody takes ``fraction`` of what is left of a working order."""
        done = super().fill(order, fraction)
        self.firm.guards.run()
        return done

    def overfill(self, order: str, fraction: Decimal) -> bool:
        """More than a working order asked for is filled."""
        done = super().overfill(order, fraction)
        self.firm.guards.run()
        return done

    def fill_truth(self, fill: Fill) -> dict[str, Any]:
        """A fill in the fields of ``FillTruth``."""
        return super().fill_truth(fill) | {"trade_id": self.desk.execution_id(fill)}
