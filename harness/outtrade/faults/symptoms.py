"""What a client sees instead of an answer: the symptom's bytes depend on the request alone, never on the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from outtrade.model.fault import LostAnswer
from outtrade_mocks.venues.api import HttpAnswer

if TYPE_CHECKING:
    from outtrade.engine.server import Exchange, Server
    from outtrade.faults.plan import Armed

_REASON = {
    200: "OK", 403: "Forbidden", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Temporarily Unavailable", 504: "Gateway Time-out",
}  # fmt: skip


def html_page(status: int, *, retry_after: int | None = None) -> HttpAnswer:
    """The page of a proxy in front of the venue. ``retry_after``: seconds for a header of that name."""
    title = f"{status} {_REASON[status]}"
    head, page = f"<head><title>{title}</title></head>", f"<body>\r\n<center><h1>{title}</h1></center>\r\n</body>"
    body = f"<html>\r\n{head}\r\n{page}\r\n</html>\r\n"
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return HttpAnswer(status, body.encode(), headers, "text/html")


def half_body(exchange: Exchange) -> bytes:
    """The first part of a success that could be anybody's."""
    symbol = exchange.call.params.get("symbol", "")[:20]
    return f'{{"symbol":"{symbol}","orderId":'.encode() if symbol.isalnum() else b'[{"symbol":"'


def show(server: Server, exchange: Exchange, armed: Armed, fault: LostAnswer) -> None:
    """Schedule the symptom of a lost answer."""
    link = exchange.link

    def later(action: Callable[..., object], *args: object) -> None:
        seconds = server.delays.down(exchange.call.op) + fault.delay
        server.carry(link, "down", seconds, action, *args, after=fault.delay)

    match fault.symptom:
        case "hang":
            return
        case "reset":
            later(link.reset)
        case "close":
            later(link.finish)
        case "truncate" | "html_200" | "html_500" | "html_502" | "html_503" | "html_504" if exchange.framed:
            later(link.finish)  # what stands before a WebSocket has no page to show: it drops the connection
        case "empty" | "empty_500" if exchange.framed:
            later(link.finish)  # there is no frame without a text
        case "truncate":
            later(link.truncated, HttpAnswer(200, half_body(exchange)), 512)
        case "empty" | "empty_500":
            empty = HttpAnswer(200 if fault.symptom == "empty" else 500, b"")
            server.deliver(exchange, empty, None, delay=fault.delay, fault=armed)
        case "error_200":
            unknown = exchange.desk.refusal("code_1006", server.world.now, call=exchange.call)
            answer = unknown if exchange.framed else HttpAnswer(200, unknown.body, {}, unknown.content_type)
            server.deliver(exchange, answer, None, delay=fault.delay, fault=armed)
        case "html_200" | "html_500" | "html_502" | "html_503" | "html_504":
            server.deliver(exchange, html_page(int(fault.symptom[-3:])), None, delay=fault.delay, fault=armed)
        case "code_1006" | "code_1007":
            answer = exchange.desk.refusal(fault.symptom, server.world.now, call=exchange.call)
            server.deliver(exchange, answer, None, delay=fault.delay, fault=armed)
        case "malformed":
            server.deliver(exchange, HttpAnswer(200, half_body(exchange)), None, delay=fault.delay, fault=armed)
