"""The trade stream: orders by WebSocket (/v5/trade).

A frame has ``op`` (order.create, order.amend, order.cancel and their batches), one object in ``args`` that is the body
of the same REST request, and a ``header`` with the timestamp that REST has among its own. The answer has the ``data``
that REST calls ``result``, and the limit's headers in ``header``. A ``reqId`` must not be used twice (20006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from outtrade_mocks.venues.api import Call, Commit, HttpAnswer
from outtrade_mocks.venues.bybit import auth
from outtrade_mocks.venues.bybit.asked import Asked
from outtrade_mocks.venues.bybit.codec import MS, encode
from outtrade_mocks.venues.bybit.desk import Outcome
from outtrade_mocks.venues.bybit.endpoints import ENDPOINTS
from outtrade_mocks.venues.bybit.errors import Refusal, refuse
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.limits import Limits
from outtrade_mocks.venues.bybit.streams import Stream

PATHS = {
    "order.create": "/v5/order/create",
    "order.amend": "/v5/order/amend",
    "order.cancel": "/v5/order/cancel",
    "order.create-batch": "/v5/order/create-batch",
    "order.amend-batch": "/v5/order/amend-batch",
    "order.cancel-batch": "/v5/order/cancel-batch",
}
SAID = {"Params Error": "parameter", "Invalid apikey": "invalid_key", "Invalid sign": "error_sign"}


class Engine(Protocol):
    """What the stream needs of the venue."""

    def call(self, op: str, method: str, path: str, asked: Asked) -> Call: ...
    def pace(self, asked: Asked, now: int) -> None: ...
    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit: ...
    def headers(self, asked: Asked | None, now: int) -> dict[str, str]: ...


@dataclass(slots=True)
class Said:
    """What is to be answered."""

    code: int = 0
    text: str = "OK"
    data: Any = None
    ext: dict[str, Any] | None = None


class OrdersStream(Stream):
    """A connection to the trade stream."""

    def __init__(self, firm: Firm, engine: Engine, path: str, now: int, number: int) -> None:
        super().__init__(firm, path, now, number)
        self._engine = engine
        self._logged_in = False
        self._used: set[str] = set()

    def _call(self, name: str, frame: dict[str, Any], params: dict[str, str]) -> Call:
        path = PATHS.get(name)
        if path is None:
            return super()._call(name, frame, params)
        args = frame.get("args")
        body = args[0] if isinstance(args, list) and len(args) == 1 and isinstance(args[0], dict) else None
        header = frame.get("header")
        sent = {str(key).lower(): str(value) for key, value in header.items()} if isinstance(header, dict) else {}
        endpoint = ENDPOINTS["POST", path]
        asked = Asked(endpoint, body or {}, body is not None, path, headers=sent, frame=frame)
        return self._engine.call(endpoint.op, "WS", name, asked)

    def admit(self, call: Call, now: int) -> HttpAnswer | None:
        """Login, request id, time window and pace; None = come in."""
        super().admit(call, now)
        asked = call.raw
        if not isinstance(asked, Asked):
            return None
        try:
            if not self._logged_in:
                raise refuse("not_logged_in")
            name = _request_id(asked.frame)
            if name is not None:
                if name in self._used:
                    raise refuse("req_id")
                self._used.add(name)
            window = asked.headers.get("x-bapi-recv-window")
            asked.deadline = auth.check_time(asked.headers.get("x-bapi-timestamp"), window, now)
            self._engine.pace(asked, now)
        except Refusal as refusal:
            return self._answer(call, Said(refusal.code, refusal.message), now)
        return None

    def execute(self, call: Call, now: int, *, as_of: int | None = None) -> Commit:
        """Carry a frame out."""
        if isinstance(call.raw, Asked):
            return self._engine.execute(call, now, as_of=as_of)
        commit = Commit(call)
        frame = call.raw
        if frame is None:
            commit.error = refuse("parameter")
        elif call.path == "ping":
            commit.result = Said(data=[str(now // MS)])
        elif call.path == "auth":
            commit.error = self._log_in(frame.get("args"), now)
        else:
            commit.error = refuse("op_unknown")
        return commit

    def _log_in(self, args: Any, now: int) -> Refusal | None:
        if self._logged_in:
            return refuse("repeat_auth")
        reason = auth.check_stream(args, self._firm.credentials, now)
        if reason is None:
            self._logged_in = True
            return None
        error = refuse(SAID[reason], *(("",) if reason == "Invalid sign" else ()))
        error.message = reason
        return error

    def render(self, commit: Commit, now: int) -> HttpAnswer:
        """The answering frame."""
        error = commit.error
        if error is not None:
            return self._answer(commit.call, Said(error.code or 10429, error.message, error.result), now)
        if isinstance(commit.result, Outcome):
            outcome = commit.result
            return self._answer(commit.call, Said(0, outcome.message, outcome.result, outcome.ext), now)
        return self._answer(commit.call, commit.result or Said(), now)

    def _answer(self, call: Call, said: Said, now: int) -> HttpAnswer:
        asked = call.raw if isinstance(call.raw, Asked) else None
        frame = asked.frame if asked is not None else call.raw
        name = _request_id(frame)
        answer: dict[str, Any] = {} if name is None else {"reqId": name}
        answer |= {"retCode": said.code, "retMsg": said.text, "op": "pong" if call.path == "ping" else call.path}
        if asked is not None:
            limits = self._engine.headers(asked, now)
            trace = f"{call.digest}{now // MS:016x}"[:32]
            header = limits | {"Traceid": trace, "Timenow": str(now // MS)}
            answer |= {"data": said.data or {}, "retExtInfo": said.ext or {}, "header": header}
        elif said.data is not None and said.data != {}:
            answer["data"] = said.data
        return HttpAnswer(200, encode(answer | {"connId": self._id}))

    def refusal(
        self,
        reason: str,
        now: int,
        *,
        call: Call | None = None,
        retry_after: int | None = None,
        until: int | None = None,
    ) -> HttpAnswer:
        """The venue's wording of a refusal that a fault injects; what REST says by status is 10429 here."""
        spot = call is not None and isinstance(call.raw, Asked) and call.raw.category == "spot"
        refused = Limits.injected(reason, spot=spot)
        made = call or Call(op="other", method="WS", path="", params={}, raw={})
        return self._answer(made, Said(refused.code or 10429, refused.message), now)

    def _subscribe(self, topics: list[str], now: int) -> str | None:
        return "error:invalid op"

    def _unsubscribe(self, topics: list[str]) -> None:
        """Nothing can be subscribed to here."""


def _request_id(frame: Any) -> str | None:
    value = frame.get("reqId") if isinstance(frame, dict) else None
    return value if isinstance(value, str) else None
