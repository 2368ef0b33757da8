"""Deribit as a Venue: the four calls of a request, sessions, events, and what faults ask of it.

``read`` never fails: what it cannot make sense of becomes a Call whose refusal is found in ``admit``. ``admit`` is the
front door (key, token or signature, limits, unknown methods), ``execute`` the only place where state moves, ``render``
writes the answer down. All take the time as an argument, in UNIX nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Change, Fill, OrderChange
from outtrade_mocks.venues.api import Call, Commit, HttpAnswer, HttpRequest, Reading, Trait
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.deribit import codec, door
from outtrade_mocks.venues.deribit.auth import CREDENTIALS
from outtrade_mocks.venues.deribit.desk import Desk, Outcome
from outtrade_mocks.venues.deribit.door import Asked
from outtrade_mocks.venues.deribit.errors import Refusal, refuse
from outtrade_mocks.venues.deribit.events import Events
from outtrade_mocks.venues.deribit.reading import read_answer
from outtrade_mocks.venues.deribit.session import Session
from outtrade_mocks.venues.deribit.traits import TRAITS
from outtrade_mocks.venues.watched import Watched
from outtrade_mocks.venues.witness import Witness

__all__ = ["CREDENTIALS", "Deribit"]

HOSTS = (("www.deribit.com", 443), ("deribit.com", 443), ("test.deribit.com", 443))
"""The testnet's host is the same exchange here, so that clients which begin there reach it; it says testnet: false."""
STREAM_HOSTS = (*HOSTS, ("streams.deribit.com", 443))
STREAM_PATH = "/ws/api/v2"
ROOT = "/api/v2"
_JSON = "application/json"


class Deribit(Watched):
    """One Deribit exchange with one account under test."""

    name = "deribit"
    rest_hosts: tuple[tuple[str, int], ...] = HOSTS
    stream_hosts: tuple[tuple[str, int], ...] = STREAM_HOSTS
    stream_path = STREAM_PATH

    def __init__(self, config: VenueConfig) -> None:
        self.traits: Mapping[str, Trait] = TRAITS
        self.desk = desk = Desk(config)
        self._events = Events(desk)
        super().__init__(
            Witness(desk.exchange, desk.account, order_id=desk.order_id, core_id=desk.core_id, trade_id=str)
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
        body = request.body.decode("utf-8", "replace") if request.body else ""
        asked = Asked(None, authorization=request.headers.get("authorization"))
        asked.signed = f"{request.method.upper()}\n{target}\n{body}\n"
        named = path[len(ROOT) + 1 :] if path.startswith(ROOT + "/") else ""
        call = Call(op="other", method=request.method, path=path, params={}, raw=asked)
        if not (path == ROOT or named):
            asked.problem = refuse("method_not_found")
        elif request.method == "POST":
            try:
                asked_for = door.read_object(asked, codec.parse_json(request.body))
                named = named or asked_for
                if asked_for != named:
                    asked.problem = refuse("bad_request")
            except Refusal as refusal:
                asked.problem = refusal
        elif request.method == "GET":
            asked.sent = codec.parse_query(query) if query else {}
            identity = asked.sent.get("id", "")
            asked.identity = (
                int(identity) if identity.isascii() and identity.isdecimal() and len(identity) < 16 else None
            )
        else:
            asked.problem = refuse("bad_request")
        door.describe(self.desk, call, named)
        if named and path == ROOT:
            call.path = f"{ROOT}/{named}"
        return call

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """The front door; None = come in. Counts against the rate limits."""
        asked: Asked = call.raw
        asked.entered = now
        try:
            if asked.problem is not None:
                raise asked.problem
            if asked.method is None:
                raise refuse("method_not_found")
            if asked.method.private:
                token = codec.text(asked.sent, "access_token") if call.method == "GET" else None
                header = asked.authorization or (f"Bearer {token}" if token else None)
                self.desk.gate.check_header(header, asked.signed, now)
            door.check_limits(self.desk, asked, now)
            if asked.method.run is None:
                raise refuse("must_be_websocket")
        except Refusal as refusal:
            return self._refused(refusal, call, now)
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry an admitted call out at ``now``; reads see the account as of ``as_of`` where given."""
        self.advance(now)
        return door.carry_out(self.desk, call, now, as_of, 0)

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answer to what was carried out."""
        if commit.error is not None:
            return self._refused(commit.error, commit.call, now)
        outcome: Outcome = commit.result
        return HttpAnswer(200, door.envelope(commit.call, now, result=outcome.result), {}, _JSON)

    def _refused(self, refusal: Refusal, call: Call | None, now: int) -> HttpAnswer:
        return HttpAnswer(refusal.status, door.envelope(call, now, error=refusal.shown()), {}, _JSON)

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
        return self._refused(door.injected(reason), call, now)

    # ---------------------------------------------------------------- stream
    def open_session(self, host: str, path: str, now: int) -> Session:
        """A new WebSocket connection: ``/ws/api/v2``, whatever the path says."""
        self._sessions += 1
        return Session(self.desk, now, number=self._sessions)

    def _on_change(self, change: Change) -> None:
        self._tell(change)
        if self._pushes:
            for push in self._events.of(change):
                self._push(push)

    # ----------------------------------------------------------------- truth
    def find(self, call: Call) -> str | None:
        """Venue id of the working order that a call names: by id, or by label, where several bear it the oldest."""
        if call.venue_id is None and call.client_id:
            working = [order for order in self.desk.labelled(call.client_id) if order.working]
            return self.desk.order_id(working[0]) if working else None
        return super().find(call)

    def order_truth(self, change: OrderChange) -> dict[str, Any]:
        """An order change in the fields of ``OrderTruth``: its label is its client id (see ``desk``)."""
        label = self.desk.label(change.order)
        return super().order_truth(change) | {"client_id": label, "created_as": label}

    def fill_truth(self, fill: Fill) -> dict[str, Any]:
        """A fill in the fields of ``FillTruth``."""
        found = super().fill_truth(fill)
        return found | {"trade_id": self.desk.trade_id(fill), "client_id": self.desk.label(fill)}

    # ------------------------------------------------------------------ time
    def _relist(self, symbol: str, rule: str, value: Decimal) -> None:
        self.desk.relist(symbol, rule, value)

    def advance(self, now: int) -> None:
        """Let the market act up to ``now``."""
        if now > self.desk.exchange.now:
            self.desk.exchange.advance(now)

    def next_time(self) -> int | None:
        """When the market next acts by itself (UNIX ns)."""
        return self.desk.exchange.next_time()
