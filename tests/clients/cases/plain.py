"""Plain HTTP and WebSocket libraries: two requests on one connection, a POST with a body, a stream with an echo."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from table import Try, case

from cases.support import asynchronous, blocking, canned

HOST = "api.example.com"
URL = f"https://{HOST}"
STREAM = f"wss://{HOST}/ws"


def echo(asked: Any) -> Any:
    return {"path": asked.path, "query": asked.query, "form": asked.form, "json": asked.json}


ROUTES = {f"GET {HOST}/time": {"serverTime": 1}, f"POST {HOST}/order": echo}


def talk(stream: Any, message: Any) -> None:
    if message is None:
        stream.send({"hello": 1})
    else:
        stream.send({"echo": message})


def check(order: Any) -> None:
    assert order["json"] == {"side": "buy"} or order["form"] == {"side": "buy"}, order


@case(package="requests", door="Session", server="canned", env="plain")
def requests_session(done: Try) -> None:
    """GET twice on one connection, POST a form."""
    import requests

    def agent() -> None:
        with requests.Session() as session:
            for _ in range(2):
                assert session.get(f"{URL}/time", timeout=5).json() == {"serverTime": 1}
            check(session.post(f"{URL}/order", data={"side": "buy"}, timeout=5).json())

    with canned(done, ROUTES) as world:
        blocking(world, agent)


@case(package="urllib3", door="PoolManager", server="canned", env="plain")
def urllib3_pool(done: Try) -> None:
    """GET twice, POST JSON."""
    import urllib3

    def agent() -> None:
        pool = urllib3.PoolManager()
        for _ in range(2):
            assert pool.request("GET", f"{URL}/time").json() == {"serverTime": 1}
        check(pool.request("POST", f"{URL}/order", json={"side": "buy"}).json())

    with canned(done, ROUTES) as world:
        blocking(world, agent)


@case(package="python", door="http.client", server="canned", env="plain")
def http_client(done: Try) -> None:
    """GET twice on one HTTPSConnection, POST JSON."""
    import http.client

    def agent() -> None:
        connection = http.client.HTTPSConnection(HOST, timeout=5)
        for _ in range(2):
            connection.request("GET", "/time")
            assert json.load(connection.getresponse()) == {"serverTime": 1}
        connection.request("POST", "/order", json.dumps({"side": "buy"}), {"Content-Type": "application/json"})
        check(json.load(connection.getresponse()))

    with canned(done, ROUTES) as world:
        blocking(world, agent)


@case(package="python", door="urllib.request", server="canned", env="plain")
def urllib_request(done: Try) -> None:
    """GET, POST a form."""
    import urllib.request

    def agent() -> None:
        with urllib.request.urlopen(f"{URL}/time", timeout=5) as answer:
            assert json.load(answer) == {"serverTime": 1}
        with urllib.request.urlopen(f"{URL}/order", b"side=buy", timeout=5) as answer:
            check(json.load(answer))

    with canned(done, ROUTES) as world:
        blocking(world, agent)


@case(package="httpx", door="Client", server="canned", env="plain")
def httpx_client(done: Try) -> None:
    """GET twice on one connection, POST JSON."""
    import httpx

    def agent() -> None:
        with httpx.Client() as client:
            for _ in range(2):
                assert client.get(f"{URL}/time").json() == {"serverTime": 1}
            check(client.post(f"{URL}/order", json={"side": "buy"}).json())

    with canned(done, ROUTES) as world:
        blocking(world, agent)


@case(package="httpx", door="AsyncClient, http2=True", server="canned", env="plain")
def httpx_async(done: Try) -> None:
    """Two GETs at once, POST JSON; HTTP/2 is offered and falls back to 1.1."""
    import httpx

    async def agent() -> None:
        async with httpx.AsyncClient(http2=True) as client:
            both = await asyncio.gather(client.get(f"{URL}/time"), client.get(f"{URL}/time"))
            assert [answer.json() for answer in both] == [{"serverTime": 1}] * 2
            check((await client.post(f"{URL}/order", json={"side": "buy"})).json())

    with canned(done, ROUTES) as world:
        asynchronous(world, agent)


@case(package="aiohttp", door="ClientSession", server="canned", env="plain")
def aiohttp_session(done: Try) -> None:
    """Two GETs at once, POST a form, and a WebSocket with an echo."""
    import aiohttp

    async def agent() -> None:
        async with aiohttp.ClientSession() as session:
            both = await asyncio.gather(session.get(f"{URL}/time"), session.get(f"{URL}/time"))
            assert [await answer.json() for answer in both] == [{"serverTime": 1}] * 2
            check(await (await session.post(f"{URL}/order", data={"side": "buy"})).json())
            async with session.ws_connect(STREAM) as stream:
                assert await stream.receive_json() == {"hello": 1}
                await stream.send_json({"n": 2})
                assert await stream.receive_json() == {"echo": {"n": 2}}

    with canned(done, ROUTES, {HOST: talk}) as world:
        asynchronous(world, agent)


@case(package="websockets", door="asyncio client", server="canned", env="plain")
def websockets_asyncio(done: Try) -> None:
    """Connect, greeting, echo, close."""
    import websockets

    async def agent() -> None:
        async with websockets.connect(STREAM) as stream:
            assert json.loads(await stream.recv()) == {"hello": 1}
            await stream.send('{"n":2}')
            assert json.loads(await stream.recv()) == {"echo": {"n": 2}}

    with canned(done, {}, {HOST: talk}) as world:
        asynchronous(world, agent)


@case(package="websockets", door="sync client (a thread reads)", server="canned", env="plain")
def websockets_sync(done: Try) -> None:
    """Connect, greeting, echo, close; the library reads in a thread of its own."""
    from websockets.sync.client import connect

    def agent() -> None:
        with connect(STREAM) as stream:
            assert json.loads(stream.recv()) == {"hello": 1}
            stream.send('{"n":2}')
            assert json.loads(stream.recv(timeout=5)) == {"echo": {"n": 2}}

    with canned(done, {}, {HOST: talk}) as world:
        blocking(world, agent)


@case(package="websocket-client", door="create_connection", server="canned", env="plain")
def websocket_client(done: Try) -> None:
    """Connect, greeting, echo, close."""
    import websocket

    def agent() -> None:
        stream = websocket.create_connection(STREAM, timeout=5)
        assert json.loads(stream.recv()) == {"hello": 1}
        stream.send('{"n":2}')
        assert json.loads(stream.recv()) == {"echo": {"n": 2}}
        stream.close()

    with canned(done, {}, {HOST: talk}) as world:
        blocking(world, agent)


@case(package="websocket-client", door="WebSocketApp in a thread", server="canned", env="plain")
def websocket_app_in_a_thread(done: Try) -> None:
    """run_forever in a daemon thread with pings every 20 s, for 60 s; callbacks; closed from the main thread."""
    import threading
    import time

    import websocket

    def agent() -> None:
        got: list[Any] = []

        def on_message(app: Any, text: str) -> None:
            got.append(json.loads(text))
            if len(got) == 1:
                app.send('{"n":2}')

        app = websocket.WebSocketApp(STREAM, on_message=on_message)
        thread = threading.Thread(target=app.run_forever, kwargs={"ping_interval": 20, "ping_timeout": 5}, daemon=True)
        thread.start()
        time.sleep(61)
        app.close()
        thread.join(10)
        assert not thread.is_alive()
        assert got == [{"hello": 1}, {"echo": {"n": 2}}]

    with canned(done, {}, {HOST: talk}) as world:
        blocking(world, agent)
    assert sum("ping" in line for line in done.wire) == 3, done.wire


@case(package="requests", door="ThreadPoolExecutor", server="canned", env="plain")
def requests_in_a_pool(done: Try) -> None:
    """Eight GETs by four threads that share a Session."""
    from concurrent.futures import ThreadPoolExecutor

    import requests

    def agent() -> None:
        with requests.Session() as session, ThreadPoolExecutor(4) as pool:
            times = pool.map(lambda _: session.get(f"{URL}/time", timeout=5).json(), range(8))
            assert list(times) == [{"serverTime": 1}] * 8

    with canned(done, ROUTES) as world:
        blocking(world, agent)
