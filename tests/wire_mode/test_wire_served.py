"""Real clients over loopback: what they see, with and without faults, in the clear and through TLS."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from wire_kit import Client, of, scenario, signed

from outtrade.model.fault import Ban, Blackhole, Fault, LostAnswer, Refuse, StreamClose, Trickle, Trigger, Visibility
from outtrade.model.history import Broken, Closed, Connect, Ledger, OrderTruth, Request, Response, StreamEvent
from outtrade.wire.background import serving
from outtrade.wire.server import PortTaken, WireServer

PLACE = Trigger(op="place")


@pytest.mark.parametrize("tls", [False, True])
def test_orders_over_one_connection_are_on_the_record(tls: bool) -> None:
    with serving(scenario(), tls=tls) as server, Client(server.access()) as client:
        assert client.place().json()["status"] == "NEW"
        assert client.query().json()["status"] == "NEW"
        assert client.cancel().json()["status"] == "CANCELED"
    history = server.history
    assert [r.op for r in of(history, Request)] == ["place", "query", "cancel"]
    assert [r.outcome for r in of(history, Response)] == ["ok"] * 3
    assert [(t.why, t.call) for t in of(history, OrderTruth)] == [("accepted", 1), ("cancel", 3)]
    assert len(of(history, Connect)) == 1, "kept alive"
    assert [(c.by, c.how) for c in of(history, Closed)] == [("client", "fin")]
    assert [e.at for e in history.events] == sorted(e.at for e in history.events)


def test_tls_is_verified_and_the_ca_does_not_outlive_the_server() -> None:
    with serving(scenario(), tls=True) as server:
        assert server.ca_file is not None
        ca = Path(server.ca_file)
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(server.rest_url + "/api/v3/ping", trust_env=False)
        for name in ("localhost", "127.0.0.1", "api.binance.com"):
            context = ssl.create_default_context(cafile=str(ca))
            with (
                socket.create_connection(("127.0.0.1", server.port)) as plain,
                context.wrap_socket(plain, server_hostname=name) as session,
            ):
                assert session.version() in ("TLSv1.2", "TLSv1.3")
        assert ca.exists()
    assert not ca.parent.exists()


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize(
    "symptom, seen",
    [
        ("reset", httpx.ReadError),
        ("hang", httpx.ReadTimeout),
        ("close", httpx.RemoteProtocolError),
        ("truncate", httpx.RemoteProtocolError),
    ],
)
def test_a_lost_answer(symptom: Any, seen: type[Exception], committed: bool, tls: bool) -> None:
    fault = LostAnswer(on=PLACE, symptom=symptom, committed=committed, delay=0.01)
    with serving(scenario(fault), tls=tls) as server, Client(server.access(), timeout=0.4) as client:
        # blocking TLS in Python reads a reset as the end of the stream
        with pytest.raises((seen, httpx.RemoteProtocolError) if tls else seen):
            client.place()
        answer = client.query()
        assert (answer.status_code == 200) is committed
    assert [ledger.status for ledger in of(server.history, Ledger)] == ["landed"]
    how = {"reset": "reset", "hang": "gave_up", "close": "close", "truncate": "truncated"}[symptom]
    assert [broken.how for broken in of(server.history, Broken)] == [how]


def test_garbage_a_drip_and_a_ban() -> None:
    faults: tuple[Fault, ...] = (
        LostAnswer(on=PLACE, symptom="malformed", delay=0),
        Trickle(on=Trigger(op="query"), chunks=4, pause=0.02),
        Ban(on=Trigger(op="cancel"), duration=60),
    )
    with serving(scenario(*faults)) as server, Client(server.access()) as client:
        with pytest.raises(ValueError):
            client.place().json()
        assert client.query().json()["status"] == "NEW"
        assert client.cancel().status_code == 418
        assert client.query().status_code == 418
        assert int(client.query().headers["Retry-After"]) in (59, 60)
    assert [ledger.status for ledger in of(server.history, Ledger)] == ["landed"] * 3


def test_a_write_that_cannot_be_seen_yet() -> None:
    with serving(scenario(Visibility(delay=300))) as server, Client(server.access()) as client:
        assert client.place().status_code == 200
        assert client.query().json()["code"] == -2013


def test_nothing_listens_while_connections_are_refused() -> None:
    with serving(scenario(Refuse(duration=1.5))) as server:
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.rest_url + "/api/v3/ping", trust_env=False)
        for _ in range(400):
            try:
                assert httpx.get(server.rest_url + "/api/v3/ping", trust_env=False).status_code == 200
                break
            except httpx.ConnectError:
                time.sleep(0.01)
        else:
            pytest.fail("the port never came back")


def test_a_refused_port_stays_ours() -> None:
    """While nobody listens there, no other server is given the port, and nobody can take it."""
    with serving(scenario(Refuse(duration=1.0))) as server:
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.rest_url + "/api/v3/ping", trust_env=False)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", server.port))
            other.listen()


def test_a_black_hole_answers_nothing() -> None:
    with (
        serving(scenario(Blackhole(duration=300))) as server,
        Client(server.access(), timeout=0.3) as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        client.place()
    assert not of(server.history, Request)
    assert [c.outcome for c in of(server.history, Connect)] == ["lost"]


@pytest.mark.parametrize("tls", [False, True])
def test_the_private_stream(tls: bool) -> None:
    async def watch(server: Any) -> list[str]:
        venue = server.access()
        context = ssl.create_default_context(cafile=server.ca_file) if tls else None
        async with websockets.connect(server.stream_url + server.stream_path, ssl=context, proxy=None) as ws:
            params = signed(venue, {})
            await ws.send(json.dumps({"id": 1, "method": "userDataStream.subscribe.signature", "params": params}))
            assert json.loads(await ws.recv())["status"] == 200
            with Client(venue) as client:
                assert client.place(price="60000").json()["status"] == "FILLED"
            seen = []
            while "FILLED" not in seen:
                event = json.loads(await ws.recv())["event"]
                if event["e"] == "executionReport":
                    seen.append(event["X"])
            return seen

    with serving(scenario(), tls=tls) as server:
        assert asyncio.run(watch(server))[0] == "NEW"
    assert {event.kind for event in of(server.history, StreamEvent)} == {"order", "fill", "balance"}


def test_a_closed_stream_is_refused_while_rest_goes_on() -> None:
    async def dial(server: Any) -> None:
        await websockets.connect(server.stream_url + server.stream_path, proxy=None)

    with serving(scenario(StreamClose(down=300))) as server, Client(server.access()) as client:
        with pytest.raises((OSError, websockets.InvalidMessage)):
            asyncio.run(dial(server))
        assert client.place().status_code == 200
    assert [ledger.status for ledger in of(server.history, Ledger)] == ["landed"]


def test_a_foreign_key_is_not_kept() -> None:
    async def ask(server: Any) -> dict[str, Any]:
        async with websockets.connect(server.stream_url + server.stream_path, proxy=None) as ws:
            params = {"apiKey": "REALKEY" * 8, "timestamp": 1, "signature": "0" * 64}
            await ws.send(json.dumps({"id": 1, "method": "userDataStream.subscribe.signature", "params": params}))
            return dict(json.loads(await ws.recv()))

    with serving(scenario()) as server:
        assert asyncio.run(ask(server))["status"] == 401
    assert b"REALKEY" not in server.history.to_jsonl()
    assert [request.params["apiKey"] for request in of(server.history, Request)] == ["(not the test key)"]


def test_pipelined_and_malformed_bytes() -> None:
    ping = b"GET /api/v3/ping HTTP/1.1\r\nHost: api.binance.com\r\n\r\n"
    with serving(scenario()) as server, socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(ping * 3)
        data = b""
        while data.count(b"HTTP/1.1 200") < 3:
            data += client.recv(65536)
        client.sendall(b"\x16\x03\x01 rubbish\r\n\r\n")
        while chunk := client.recv(65536):
            data += chunk
        assert b"400 Bad Request" in data
    assert [request.op for request in of(server.history, Request)] == ["ping"] * 3


def test_one_write_an_answer_and_no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writes with Nagle's algorithm on cost 40 ms for each request (delayed acknowledgement)."""
    from outtrade.wire.doors import Door

    seen: list[tuple[int, bytes]] = []
    send = Door.send

    def spy(door: Door, data: bytes) -> None:
        assert door._transport is not None
        sock = door._transport.get_extra_info("socket")
        seen.append((sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), data))
        send(door, data)

    monkeypatch.setattr(Door, "send", spy)
    with serving(scenario()) as server, Client(server.access()) as client:
        body = client.place().content
    [(no_delay, data)] = seen
    assert no_delay
    assert data.startswith(b"HTTP/1.1 200") and data.endswith(body)


def test_a_taken_port_is_one_line() -> None:
    with (
        serving(scenario()) as server,
        pytest.raises(PortTaken, match=f":{server.port}: it is taken$"),
        serving(scenario(), port=server.port),
    ):
        pass


def test_a_server_that_keeps_nothing_still_knows_what_landed() -> None:
    async def live() -> WireServer:
        server = WireServer(scenario(Ban(on=PLACE)), keep=False)
        await server.start()
        access = server.access()

        def work() -> int:
            with Client(access) as client:
                return client.place().status_code

        assert await asyncio.to_thread(work) == 418
        await server.stop()
        return server

    server = asyncio.run(live())
    assert server.setting.history.events == []
    assert server.setting.history.blobs == {}
    assert [verdict.status for verdict in server.setting.plan.ledger()] == ["landed"]


def test_too_many_connections_are_reset_and_the_others_work() -> None:
    with serving(scenario(), most=2) as server, Client(server.access()) as client:
        assert client.place().status_code == 200
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as second:
            # the reset may come before connecting is over, or after
            with pytest.raises(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=5) as third:
                third.sendall(b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\n\r\n")
                assert third.recv(1) == b"", "closed"
                raise ConnectionResetError
            second.sendall(b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\n\r\n")
            assert second.recv(65536).startswith(b"HTTP/1.1 200")
        assert client.query().status_code == 200
    assert len(of(server.history, Connect)) == 2


def test_a_latency_model_holds_over_real_sockets() -> None:
    up, down = {"kind": "fixed", "seconds": 0.05}, {"kind": "uniform", "low": 0.1, "high": 0.11}
    each_way = {"kind": "each_way", "up": up, "down": down}
    with serving(scenario(latency=each_way)) as server, Client(server.access()) as client:
        assert client.place().json()["status"] == "NEW"
    (sent,), (came,) = of(server.history, Request), of(server.history, Response)
    (order,) = of(server.history, OrderTruth)
    assert order.at - sent.at >= 50_000_000
    assert came.at - order.at >= 100_000_000
