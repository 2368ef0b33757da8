"""A model provider on loopback, with a certificate for its name, and a broker that knows where it stands."""

from __future__ import annotations

import json
import multiprocessing
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import trustme

from outtrade.engine.events import Event, RunFinished, ScenarioDone
from outtrade.engine.many import run_many
from outtrade.engine.plan import Plan, prepare
from outtrade.engine.results import Result
from outtrade.engine.run import run
from outtrade.model.history import History
from outtrade.model.scenario import Scenario
from outtrade.outside import Allowed, broker
from outtrade.outside.switchboard import Switchboard
from outtrade.outside.tape import Recorder, read_tape
from outtrade_mocks.cassettes import Interaction

HOST = "model.example"
KEY = "sk-live-4f9aQ7mZ2xT8kLwP3vB6nR1c"

Reply = Callable[[dict[str, Any]], tuple[int, dict[str, str], bytes]]
"""From what was asked (method, path, headers, body) to status, headers and body."""


class Provider:
    """An HTTPS server. ``asked``: what it heard; ``reply`` decides what it says."""

    def __init__(self, host: str) -> None:
        self.asked: list[dict[str, Any]] = []
        self.reply: Reply = completion
        self.authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(host).configure_cert(context)
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = {"method": self.command, "path": self.path, "headers": headers, "body": body.decode()}
                provider.asked.append(asked)
                status, sent, data = provider.reply(asked)
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), **sent}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = int(self.server.server_address[1])

    def client(self) -> httpx.Client:
        """What the broker opens: it trusts the provider's authority and dials loopback for every name."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return httpx.Client(transport=_Loopback(httpx.HTTPTransport(verify=context, trust_env=False), self.port))


class _Loopback(httpx.BaseTransport):
    """Dials one port of this machine whatever the name; SNI and the certificate's check are the name's."""

    def __init__(self, transport: httpx.HTTPTransport, port: int) -> None:
        self.transport, self.port = transport, port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host="127.0.0.1", port=self.port)
        return self.transport.handle_request(request)


@contextmanager
def serving(monkeypatch: Any, host: str = HOST) -> Iterator[Provider]:
    provider = Provider(host)
    monkeypatch.setattr(broker, "open_client", provider.client)
    thread = threading.Thread(target=provider.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()


def completion(asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """A chat completion that repeats the last message, with an id that looks like a key and changes each time."""
    import secrets

    said = json.loads(asked["body"])["messages"][-1]["content"]
    answer = {
        "id": "chatcmpl-" + secrets.token_hex(16),
        "choices": [{"message": {"role": "assistant", "content": f"you said {said}"}}],
    }
    headers = {"Content-Type": "application/json", "Set-Cookie": "__cf=abc123def456ghi7; path=/", "X-Served": "yes"}
    return 200, headers, json.dumps(answer).encode()


AGENT = """
import os, time
import httpx

def ask(client, text, **more):
    answer = client.post(
        "https://model.example/v1/chat/completions",
        headers={"Authorization": "Bearer " + os.environ.get("MODEL_API_KEY", "none")},
        json={"model": "m", "messages": [{"role": "user", "content": text}], **more},
    )
    return answer

def execute(task, venue):
    with httpx.Client(timeout=20) as client:
        for n in range(2):
            before = time.time()
            answer = ask(client, f"{task.id} step {n}")
            print(answer.status_code, answer.json()["choices"][0]["message"]["content"], answer.json()["id"])
            print(dict(answer.headers))
            print(round(time.time() - before, 3))
"""


def agent(folder: Path, text: str = AGENT) -> str:
    """Write an agent; its target."""
    (folder / "talker.py").write_text(text)
    return f"py:{folder / 'talker.py'}:execute"


def go(spec: str, allowed: Allowed, recorder: Recorder | None = None, *, workers: int = 1, n: int = 2,
       **more: Any) -> list[Event]:  # fmt: skip
    kit = prepare(Plan(spec, space="smoke", scenarios=n, allowed=allowed, **more))
    return list(run_many(kit, workers=workers, budget=0, recorder=recorder))


def record(spec: str, tape: Path, *, latency: float = 0.0, **more: Any) -> list[Event]:
    """A live run with its recording written to ``tape``."""
    recorder = Recorder(tape, (HOST,))
    events = go(spec, Allowed((HOST,), latency=latency, file=str(tape)), recorder, **more)
    recorder.write()
    return events


def recorded(
    spec: str, scenario: Scenario, host: str, *, wall_limit: float = 30.0
) -> tuple[History, list[Interaction]]:
    """One live run of one scenario, and what was said."""
    kept: list[Interaction] = []
    kit = prepare(Plan(spec, allowed=Allowed((host,))))
    board = Switchboard(multiprocessing.get_context("fork"), (host,), lambda scenario, item: kept.append(item))
    assert kit.target.outside is not None
    kit.target.outside.line = board
    try:
        return run(kit.target, scenario, wall_limit=wall_limit), kept
    finally:
        board.close()


def play(spec: str, tape: Path, **more: Any) -> list[Event]:
    """The same run from the recording."""
    read = read_tape(tape)
    return go(spec, Allowed(read.hosts, file=str(tape), tape=read), **more)


def results(events: list[Event]) -> list[Result]:
    return [event.examined.result for event in events if isinstance(event, ScenarioDone)]


def histories(events: list[Event]) -> list[bytes]:
    return [event.examined.history for event in events if isinstance(event, ScenarioDone)]


def finished(events: list[Event]) -> RunFinished:
    assert isinstance(events[-1], RunFinished)
    return events[-1]
