"""Real TLS over the simulated wire: unmodified clients verify real certificates, and see every way of failing."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
import urllib.request
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import websockets
from apps import EPOCH, HOST, OK, Log, Server
from test_clients import WS_URL, WebSocketServer

from outtrade.sim import NS, Fixed, Path, World
from outtrade.sim.realtls import Tls

pytest.importorskip("trustme")
URL = f"https://{HOST}/x"


def secure(trouble: Any = None) -> World:
    return World(epoch_ns=EPOCH, seed=7, tls=Tls({HOST: trouble} if trouble else None))


def with_requests() -> bytes:
    with requests.Session() as session:
        session.get(URL, timeout=5)
        return session.post(URL, data={"a": "1"}, timeout=5).content


def with_urllib() -> bytes:
    with urllib.request.urlopen(URL, timeout=5) as answer:
        content: bytes = answer.read()
    return content


def with_http_client() -> bytes:
    connection = http.client.HTTPSConnection(HOST, timeout=5)
    connection.request("GET", "/x")
    return connection.getresponse().read()


def with_httpx() -> bytes:
    with httpx.Client() as client:
        client.get(URL)
        return client.get(URL).content


async def with_aiohttp() -> bytes:
    async with aiohttp.ClientSession() as session:
        both = await asyncio.gather(session.get(URL), session.get(URL))
        return await both[0].read()


async def with_httpx_async() -> bytes:
    async with httpx.AsyncClient() as client:
        return (await client.get(URL)).content


async def with_streams() -> bytes:
    reader, writer = await asyncio.open_connection(HOST, 443, ssl=True)
    writer.write(f"GET /x HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    content = await reader.read(len(OK))
    writer.close()
    await writer.wait_closed()
    return content


BLOCKING = [with_requests, with_urllib, with_http_client, with_httpx]
ASYNC = [with_aiohttp, with_httpx_async, with_streams]


@pytest.mark.parametrize("agent", [*BLOCKING, *ASYNC])
def test_clients_verify_and_read(agent: Any) -> None:
    world = secure()
    server = Server(world)
    with world:
        run = world.run_async if agent in ASYNC else world.run_blocking
        assert run(agent) == OK
    plain = b"".join(data for _, _, what, data in server.transcript if what == "data")
    assert b"HTTP/1.1" in plain, "the venue reads plain text"


def test_the_wire_is_encrypted_and_the_certificate_is_the_hosts() -> None:
    world = secure()
    sent: list[bytes] = []
    Server(world)
    world.net.paths[HOST] = Path(up=Fixed(0.01))

    def agent() -> Any:
        from outtrade.sim.conn import Conn

        real = Conn.client_send

        def spy(self: Conn, data: bytes) -> None:
            sent.append(data)
            real(self, data)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Conn, "client_send", spy)
            context = ssl.create_default_context()
            with context.wrap_socket(socket.create_connection((HOST, 443)), server_hostname=HOST) as sock:
                sock.sendall(b"GET /secret HTTP/1.1\r\nHost: a\r\n\r\n")
                assert sock.recv(5000).endswith(OK)
                return sock.version(), sock.getpeercert(), sock.cipher()

    with world:
        version, certificate, cipher = world.run_blocking(agent)
    assert version == "TLSv1.3" and ("DNS", HOST) in certificate["subjectAltName"] and cipher
    assert sent[0][0] == 0x16 and b"secret" not in b"".join(sent)


@pytest.mark.parametrize(
    ("trouble", "says"),
    [("expired", "expired"), ("wrong_host", "mismatch"), ("untrusted", "unable to get|self.signed|signature failure")],
)
@pytest.mark.parametrize("agent", [with_requests, with_httpx, with_aiohttp, with_httpx_async])
def test_bad_certificates_are_refused(agent: Any, trouble: str, says: str) -> None:
    world = secure(trouble=trouble)
    server = Server(world)
    with world, pytest.raises(Exception, match=says):
        (world.run_async if agent in ASYNC else world.run_blocking)(agent)
    assert not [entry for entry in server.transcript if entry[2] == "data"], "nothing of the request has left"


@pytest.mark.parametrize("agent", [with_requests, with_httpx, with_aiohttp, with_httpx_async])
@pytest.mark.parametrize("trouble", ["refused", "cut"])
def test_handshakes_that_fail(agent: Any, trouble: str) -> None:
    world = secure(trouble=trouble)
    Server(world)
    with world, pytest.raises((requests.RequestException, httpx.HTTPError, aiohttp.ClientError)):
        (world.run_async if agent in ASYNC else world.run_blocking)(agent)


def test_a_silent_handshake_times_out_in_virtual_time() -> None:
    world = secure(trouble="silent")
    Server(world)
    with world, pytest.raises(requests.RequestException):
        world.run_blocking(with_requests)
    assert world.run_ns / NS == pytest.approx(5, abs=0.01)


def test_who_does_not_verify_is_served_an_expired_certificate() -> None:
    world = secure(trouble="expired")
    Server(world)
    with world:
        assert world.run_blocking(lambda: requests.get(URL, verify=False, timeout=5).content) == OK


def test_a_context_filled_outside_works_inside_and_does_not_trust_the_world_outside() -> None:
    context = ssl.create_default_context()
    before = len(context.get_ca_certs())
    world = secure()
    Server(world)
    with world, httpx.Client(verify=context) as client:
        assert client.get(URL).content == OK
    assert len(context.get_ca_certs()) == before


def test_a_stream_over_real_tls_and_plain_text_on_the_same_port() -> None:
    world = secure()
    world.net.listen("ws-api.binance.com", 443, WebSocketServer)

    async def agent() -> list[str]:
        said = []
        for url in (WS_URL, WS_URL.replace("wss", "ws")):
            async with websockets.connect(url) as stream:
                await stream.send("ping")
                said.append(str(await stream.recv()))
        return said

    with world:
        assert world.run_async(agent) == ["PING", "PING"]


def test_what_is_said_and_when_is_the_same_in_every_run() -> None:
    def transcript() -> tuple[Any, int]:
        world = secure()
        server = Server(world)
        log = world.observer = Log()
        world.net.paths[HOST] = Path(up=Fixed(0.01), down=Fixed(0.02), bandwidth=20_000)
        with world:
            world.run_blocking(with_requests)
        return (server.transcript, log.events), world.run_ns

    assert transcript() == transcript()


def test_unknown_troubles_are_named() -> None:
    with pytest.raises(ValueError, match="expired, wrong_host"):
        Tls({"a.example": "rusty"})  # type: ignore[dict-item]


def wrapped(**options: Any) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    return context.wrap_socket(socket.create_connection((HOST, 443), timeout=5), server_hostname=HOST, **options)


def test_a_refusal_is_an_alert_and_not_the_end_of_the_stream() -> None:
    world = secure("refused")
    Server(world)
    with world, pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"):
        world.run_blocking(wrapped)


@pytest.mark.parametrize("quiet", [True, False])
def test_an_end_without_goodbye_is_told_apart_where_it_matters(quiet: bool) -> None:
    """FIN with no close_notify may be a truncation: ``suppress_ragged_eofs`` decides who learns of it."""
    world = secure()

    class Rude:
        def __init__(self, conn: Any) -> None:
            conn._conn.close()

    world.net.listen(HOST, 443, Rude)
    with world:
        sock = world.run_blocking(lambda: wrapped(suppress_ragged_eofs=quiet))
        if quiet:
            assert world.run_blocking(lambda: sock.recv(10)) == b""
        else:
            with pytest.raises(ssl.SSLEOFError):
                world.run_blocking(lambda: sock.recv(10))


def test_a_handshake_that_blocks_on_a_socket_that_does_not() -> None:
    world = secure()
    Server(world)
    world.net.paths[HOST] = Path(up=Fixed(0.1), down=Fixed(0.1))

    def agent() -> str | None:
        sock = wrapped(do_handshake_on_connect=False)
        sock.setblocking(False)
        with pytest.raises(ssl.SSLWantReadError):
            sock.do_handshake()
        sock.do_handshake(block=True)
        assert sock.gettimeout() == 0.0
        return sock.version()

    with world:
        assert world.run_blocking(agent) == "TLSv1.3"


def test_ecdsa_signatures_are_the_same_in_every_world_and_valid() -> None:
    from cryptography.hazmat.backends.openssl.backend import backend
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    if not backend.ecdsa_deterministic_supported():
        pytest.skip("this OpenSSL knows no deterministic ECDSA")
    key = ec.derive_private_key(7, ec.SECP256R1())

    def sign() -> bytes:
        return key.sign(b"order", ec.ECDSA(hashes.SHA256()))

    def inside() -> bytes:
        with secure() as world:
            return world.run_blocking(sign)

    assert inside() == inside() != sign()
    key.public_key().verify(inside(), b"order", ec.ECDSA(hashes.SHA256()))
