"""Agents as services (``http:`` targets): the same runs, bad answers, and what cannot be reached."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from test_wire_run import ROOT, events, failed, scenario
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.engine.run import run
from outtrade.model.history import Connect, Crashed, Ledger, NoReport, Published, Reported, Started, StoreSet
from outtrade.targets import TargetError, resolve
from outtrade.wire.run import run_wire


def test_the_example_survives_a_lost_answer_and_a_crash() -> None:
    lost = {"kind": "lost_answer", "on": {"op": "place", "tag": "WIREAAAA"}, "committed": True, "symptom": "close"}
    crash = {"kind": "crash", "on": {"op": "place", "tag": "WIREBBBB"}, "point": "after_commit", "downtime": 0.2}
    plan = scenario([lost, crash], until=10)
    first, second = plan.intents
    plan = plan.model_copy(update={"intents": (first, second.model_copy(update={"expires": 6.0}))})
    words = [sys.executable, str(ROOT / "examples" / "http_agent.py"), "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None and service.stderr is not None
            history = run(resolve(service.stdout.readline().strip()), plan)
        finally:
            service.terminate()
        log = service.stderr.read()
    assert not events(history, NoReport)
    assert [ledger.status for ledger in events(history, Ledger)] == ["landed", "landed"]
    assert [started.resumed for started in events(history, Started)] == [False, True]
    assert len(events(history, Crashed)) == len(events(history, Reported)) == 1
    assert events(history, Published) and events(history, StoreSet)
    ports = [{e.port for e in events(history, Connect) if e.incarnation == n} for n in (0, 1)]
    assert len(ports[0]) == len(ports[1]) == 1 and ports[0] != ports[1], "the dead have no way to the venue"
    assert "a task ended: ConnectionError('the harness hung up')" in log or "BrokenPipe" in log
    assert failed(history) == []


@contextmanager
def service(answers: dict[str, Any]) -> Iterator[str]:
    """A service that answers each type of message with fixed bytes (or a status, or nothing at all)."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = answers.get(message["type"], b'{"type": "ready"}')
            self.send_response(answer if isinstance(answer, int) else 200)
            self.end_headers()
            if answer == b"...":
                over.wait()
            elif isinstance(answer, bytes):
                self.wfile.write(answer)

        def log_message(self, *what: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            over.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("answers", "why", "detail"),
    [
        ({"init": 500}, "invalid", "HTTP status 500 instead of 200"),
        ({"init": b"Hello!"}, "invalid", "not JSON: 'Hello!'"),
        ({"init": b'{"type": "report", "report": {}}'}, "invalid", "report: out of turn"),
        ({"execute": b'{"type": "publish", "data": {}}\n'}, "raised", "the answer ended before its report"),
        ({"execute": b'{"type": "ready"}\n'}, "invalid", "ready: out of turn"),
        ({"execute": b'{"type": "report", "report": {"outcomes": 1}}'}, "invalid", "not a Report: outcomes"),
        ({"execute": b"x" * (3 << 20)}, "budget", "a line of more than 1048576 bytes"),
        ({"execute": b'{"type":"publish","data":{}}\n' * 20_001}, "budget", "more than 20000 lines"),
        ({"execute": b"..."}, "late", "no report in time"),
    ],
)
def test_a_bad_answer_is_on_the_record(answers: dict[str, Any], why: str, detail: str) -> None:
    with service(answers) as url:
        history = run_wire(resolve(url), scenario([], until=1), grace=0.5)
    (reason,) = events(history, NoReport)
    assert (reason.why, reason.detail[: len(detail)]) == (why, detail)
    assert "\n" not in reason.detail


def test_a_service_that_went_away_is_on_the_record() -> None:
    with service({}) as url:
        pass
    (reason,) = events(run_wire(resolve(url), scenario([], until=1)), NoReport)
    assert reason.why == "raised" and "connection" in reason.detail.lower()
    done = CliRunner().invoke(app, ["run", url, "--scenarios", "1"])
    assert done.exit_code == 2
    assert "nobody listens at 127.0.0.1" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://10.0.0.7:9000", "10.0.0.7 is not this machine"),
        ("http://example.com:80", "example.com is not this machine"),
        ("http://127.0.0.1", "is no address; write http://127.0.0.1:PORT"),
        ("http://127.0.0.1:99999", "is no address"),
        ("http://user:word@127.0.0.1:80", "is no address"),
        ("http:127.0.0.1:80", "is no address"),
        ("https://127.0.0.1:80", "unknown kind of target 'https'"),
    ],
)
def test_addresses(url: str, message: str) -> None:
    with pytest.raises(TargetError) as caught:
        resolve(url)
    assert message in str(caught.value) and "\n" not in str(caught.value)
