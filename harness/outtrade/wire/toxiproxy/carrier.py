"""Drives Toxiproxy in one run: puts the right toxic in place around the one answer that a fault is about.

A fault takes this way. The engine decides that it fires (and, for a lost answer, whether the request is executed).
Then, in a task of the loop: the gate is shut, the toxic put on or switched on, the bytes written, *evidence* awaited
that the toxic acted, the toxic taken off, the gate opened. Evidence is

* the end of the connection, which the venue sees, for a reset, a close and a cut (and of all connections while they are
  refused);
* for an answer that hangs, drips or comes late: the toxic was there, at full toxicity, before and after, and the client
  said nothing on this connection before it could have had the answer.

Without it the firing is taken back and the ledger says ``incomplete``. What is written for an answer that is to be lost
is a 504 page, never the answer: should it leak, it tells the client no more than the fault was to tell it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from outtrade.faults import symptoms
from outtrade.faults.plan import Armed
from outtrade.model.fault import Fault, LostAnswer, Trickle
from outtrade.model.history import Log
from outtrade.wire.toxiproxy.api import Toxiproxy, ToxiproxyError
from outtrade.wire.toxiproxy.doors import Gate, ProxiedDoor
from outtrade.wire.toxiproxy.mapping import Carried, carriers
from outtrade_mocks.venues.api import HttpAnswer, Reading

if TYPE_CHECKING:
    from outtrade.engine.server import Exchange, Server
    from outtrade.wire.doors import Door
    from outtrade.wire.server import WireServer

PROOF = 5.0
"""Seconds to wait for evidence."""
SETTLE = 0.1
"""Seconds for the bytes of a hanging answer to have reached the toxic, before it may be switched off."""
MARGIN = 0.01
"""Seconds that a toxic stays longer than its effect lasts."""
EARLY = 0.9
"""Share of a delay before which no answer may have come."""
ALIVE = 1.0
"""Seconds between two looks whether Toxiproxy still answers."""
AGAIN = 0.05
"""Seconds until a proxy is enabled again whose port somebody took meanwhile."""
RESET, HANG = "reset", "hang"
"""Names of the toxics that are there from the start and only switched."""


class Carrier:
    """The proxies of one served venue and what they do to it. Made before the server starts; the server opens and
    closes it. ``open`` raises ToxiproxyError; what goes wrong later is told to the server's ``failed``, once."""

    def __init__(self, toxiproxy: Toxiproxy, faults: Sequence[Fault]) -> None:
        self.by: list[Carried] = carriers(faults)
        self._faults = tuple(faults)
        self._api = toxiproxy
        self._gate = Gate()
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._proxies: list[Any] = []
        self._gone = False
        self._doors: dict[int, Door] = {}
        self._stream_upstream = 0
        self._waiting = 0
        """How many faults wait for the proxy."""
        self.rest_port = self.stream_port = 0

    # ------------------------------------------------------------------ life
    async def open(self, server: WireServer, *, rest: int, stream: int, port: int) -> None:
        """Two proxies, to the venue's ports ``rest`` and ``stream``; the first listens on ``port`` (0: a free one)."""
        self._wire = server
        self._stream_upstream = stream
        for upstream, listen in ((rest, port), (stream, 0)):
            try:
                self._proxies.append(await self._api.ask(self._api.create, upstream, listen))
            except ToxiproxyError as error:
                if "in use" in str(error):
                    raise ToxiproxyError(f"cannot listen on 127.0.0.1:{listen}: it is taken") from None
                raise
        self._rest = self._proxies[0]
        self.rest_port, self.stream_port = (int(proxy.listen.rpartition(":")[2]) for proxy in self._proxies)
        used = {carried.toxic for carried in self.by}
        if "disabled" in used or "reset_peer" in used:
            for proxy in self._proxies if "disabled" in used else self._proxies[:1]:
                await self._api.ask(partial(self._api.add, proxy, RESET, "reset_peer", {"timeout": 0}, on=False))
        if "timeout" in used:
            await self._api.ask(partial(self._api.add, self._rest, HANG, "timeout", {"timeout": 0}, on=False))
        self._start(self._watch())

    def opened(self) -> None:
        """The record has begun: it is to say who does what."""
        self._note(f"network faults: toxiproxy at {self._api.where}")
        for number, (fault, carried) in enumerate(zip(self._faults, self.by, strict=True)):
            self._note(f"fault {number} {fault.variant}: {carried}")

    async def close(self) -> None:
        """Remove the proxies, which closes their connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._gate.open()
        proxies, self._proxies = self._proxies, []
        for proxy in proxies:
            try:
                await self._api.ask(self._api.destroy, proxy)
            except ToxiproxyError as error:
                self._broken(error)
        await asyncio.to_thread(self._api.close)

    def door(self, number: int, doors: dict[int, Door], server: Server) -> ProxiedDoor:
        """The venue's end of a new connection."""
        self._doors = doors
        door = ProxiedDoor(self._wire.world, server, number, doors, self._gate, self._stream_upstream)
        door.left_to_proxy = self._refused
        return door

    async def _watch(self) -> None:
        while not self._gone:
            await asyncio.sleep(ALIVE)
            await self._api.ask(self._api.version)

    # ------------------------------------------------------------------ what the engine asks
    def lose(self, exchange: Exchange, armed: Armed, fault: LostAnswer) -> bool:
        """Lose the answer to ``exchange``; False: not here."""
        door = self._mine(exchange, armed)
        if door is None:
            return False
        link = exchange.link
        match fault.symptom:
            case "hang":
                self._later(0.0, exchange, self._hang, exchange, armed)
            case "reset":
                self._later(fault.delay, exchange, self._cut, exchange, armed, RESET, {}, self._decoy(exchange), "rst")
            case "close" if self.by[armed.index].toxic == "slow_close":
                self._later(0.0, exchange, self._slow_close, exchange, armed, fault)
            case "close":
                cut = {"bytes": 0}
                self._later(fault.delay, exchange, self._cut, exchange, armed, "", cut, self._decoy(exchange), "fin")
            case _:
                half = symptoms.half_body(exchange)
                whole = link.frame(HttpAnswer(200, half.ljust(512), {}))
                cut = {"bytes": len(whole) - 512 + len(half)}
                self._later(fault.delay, exchange, self._cut, exchange, armed, "", cut, whole, "truncated")
        return True

    def delay(self, exchange: Exchange, answer: HttpAnswer, reading: Reading, armed: Armed, extra: float) -> bool:
        """Let the answer come late by the fault's delay; False: not here."""
        if self._mine(exchange, armed) is None or self._others(exchange):
            return False
        seconds = float(armed.fault.delay)  # type: ignore[union-attr]
        toxic = ("latency", {"latency": round(seconds * 1000)})
        pieces = [(0.0, exchange.link.frame(answer))]
        self._later(extra, exchange, self._slowly, exchange, answer, reading, armed, toxic, pieces, seconds, seconds)
        return True

    def drip(self, exchange: Exchange, answer: HttpAnswer, reading: Reading, armed: Armed, fault: Trickle) -> bool:
        """Let the answer come in pieces; False: not here.

        The slicer halves, so what it is given at once must be 1, 2, 4, ... pieces long; the next such group follows
        while the slicer rests after the last piece of the one before."""
        if self._mine(exchange, armed) is None or self._others(exchange):
            return False
        data = exchange.link.frame(answer)
        size = max(1, -(-len(data) // fault.chunks))
        count = -(-len(data) // size)
        groups: list[tuple[float, bytes]] = []
        done = 0
        for power in range(count.bit_length()):
            if count >> power & 1:
                part = data[done * size : (done + (1 << power)) * size]
                groups.append((max(0.0, (done - 0.5) * fault.pause), part))
                done += 1 << power
        toxic = ("slicer", {"average_size": size, "size_variation": 0, "delay": round(fault.pause * 1e6)})
        lasts = (count - 1) * fault.pause
        self._later(0.0, exchange, self._slowly, exchange, answer, reading, armed, toxic, groups, lasts, lasts)
        return True

    def refuse(self) -> None:
        """A window begins in which nothing may connect."""
        self._start(self._enable(False))

    def accept(self) -> None:
        """Such a window is over."""
        if not self._refused():
            self._start(self._enable(True))

    # ------------------------------------------------------------------ helpers
    @property
    def _server(self) -> Server:
        return self._wire.setting.server

    def _mine(self, exchange: Exchange, armed: Armed) -> ProxiedDoor | None:
        door = exchange.link.conn
        if not self.by[armed.index].toxic or self._gone or not isinstance(door, ProxiedDoor):
            return None
        return None if door.port == self._stream_upstream else door

    def _others(self, exchange: Exchange) -> bool:
        """Whether somebody else waits for an answer, which a toxic that lasts would delay as well."""
        return any(
            link.waiting is not None and link is not exchange.link and link.ws is None
            for link in self._server.links.values()
        )

    def _refused(self) -> bool:
        plan, run = self._wire.setting.plan, self._wire.world.run_ns
        return any(plan.window(kind, run) is not None for kind in ("refuse", "dns_failure") if self._carries(kind))

    def _carries(self, kind: str) -> bool:
        return any(f.kind == kind and c.toxic == "disabled" for f, c in zip(self._faults, self.by, strict=True))

    def _decoy(self, exchange: Exchange) -> bytes:
        return exchange.link.frame(symptoms.html_page(504))

    def _note(self, text: str) -> None:
        recorder = self._wire.setting.recorder
        recorder.add(Log(incarnation=recorder.incarnation, stream="world", text=text))

    def _later(self, seconds: float, exchange: Exchange, act: Callable[..., Any], *args: Any) -> None:
        """Begin when the answer would leave, ``seconds`` later, if the client is still there."""

        def begin() -> None:
            if not self._server.outages.swallowed(exchange.link) and exchange.link.open:
                self._start(act(*args))

        self._server.later(self._server.delays.down(exchange.call.op) + seconds, begin)

    def _start(self, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except ToxiproxyError as error:
                self._broken(error)

        task = asyncio.get_running_loop().create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _broken(self, error: ToxiproxyError) -> None:
        if not self._gone:
            self._gone = True
            self._wire.trouble(error)

    def _missed(self, armed: Armed, why: str) -> None:
        """No evidence that the fault acted: it did not land."""
        armed.missed()
        self._note(f"fault {armed.index} {armed.fault.variant} did not land: {why}")

    # ------------------------------------------------------------------ toxics around an answer
    async def _cut(
        self, exchange: Exchange, armed: Armed, switched: str, cut: dict[str, int], data: bytes, how: str
    ) -> None:
        """The connection ends at the first bytes (reset_peer), or after some (limit_data)."""
        link, door = exchange.link, cast(ProxiedDoor, exchange.link.conn)
        over = asyncio.Event()

        def ending(_: str = "") -> None:
            over.set()
            {"rst": link.reset, "fin": link.finish, "truncated": link.cut_short}[how]()

        async with self._held(door):
            name = switched or f"cut-{next(self._numbers)}"
            if switched:
                await self._api.ask(self._api.switch, self._rest, name, True)
            else:
                await self._api.ask(self._api.add, self._rest, name, "limit_data", cut)
            try:
                if link.open:
                    door.ending = ending
                    door.push(data)
                    await _within(over.wait(), PROOF)
                    if not over.is_set():
                        door.ending = None
                        self._wire.world.enter(self._missed, armed, f"the connection did not end within {PROOF:g} s")
                        self._wire.world.enter(ending)
            finally:
                if switched:
                    await self._api.ask(self._api.switch, self._rest, name, False)
                else:
                    await self._api.ask(self._api.remove, self._rest, name)

    async def _slow_close(self, exchange: Exchange, armed: Armed, fault: LostAnswer) -> None:
        """The venue's FIN now, the client's ``delay`` later. It holds up nothing but ends of connections."""
        link, door = exchange.link, cast(ProxiedDoor, exchange.link.conn)
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        name = f"close-{next(self._numbers)}"
        await self._api.ask(self._api.add, self._rest, name, "slow_close", {"delay": round(fault.delay * 1000)})
        try:
            if not link.open or not door.up:
                return
            began = loop.time()

            def ending(how: str) -> None:
                over.set()
                if loop.time() - began >= EARLY * fault.delay:
                    link.finish()
                else:
                    link.client_closed(cast(Any, how))

            door.ending = ending
            door.half_close()
            await _within(over.wait(), fault.delay + PROOF)
            if not over.is_set():
                door.ending = None
                self._wire.world.enter(self._missed, armed, "the connection did not end")
                self._wire.world.enter(link.finish)
        finally:
            await self._api.ask(self._api.remove, self._rest, name)

    async def _hang(self, exchange: Exchange, armed: Armed) -> None:
        """Bytes are thrown away until the client is gone, or somebody else waits for the proxy."""
        link, door = exchange.link, cast(ProxiedDoor, exchange.link.conn)
        wanted = asyncio.Event()

        def ending(how: str) -> None:
            wanted.set()
            link.client_closed(cast(Any, how))
            link.on_eof()

        async with self._held(door, wanted):
            await self._api.ask(self._api.switch, self._rest, HANG, True)
            try:
                if not link.open:
                    return
                door.ending = ending
                door.heard = partial(self._missed, armed, "the client went on without waiting")
                door.push(self._decoy(exchange))
                await asyncio.sleep(SETTLE)
                while not wanted.is_set() and not self._waiting:
                    await _within(wanted.wait(), AGAIN)
                if not await self._api.ask(self._api.acting, self._rest, HANG):
                    self._wire.world.enter(self._missed, armed, "the toxic was taken off meanwhile")
            finally:
                await self._api.ask(self._api.switch, self._rest, HANG, False)

    async def _slowly(
        self,
        exchange: Exchange,
        answer: HttpAnswer,
        reading: Reading,
        armed: Armed,
        toxic: tuple[str, dict[str, int]],
        pieces: Sequence[tuple[float, bytes]],
        lasts: float,
        least: float,
    ) -> None:
        """All bytes arrive, ``lasts`` seconds after the first were written; ``pieces`` are written at their times."""
        link, door, server = exchange.link, cast(ProxiedDoor, exchange.link.conn), self._server
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        name = f"slow-{next(self._numbers)}"

        def arrived() -> None:
            if link.open and exchange.number in link.waiting:
                server.record_response(exchange, answer, reading, armed)
                link.send(b"")  # what the client asks next
                server.crash("after_ack", exchange.call.op, exchange)

        def heard() -> None:
            if loop.time() - began < EARLY * least:
                self._missed(armed, "the client had the answer before its time")
            over.set()
            self._wire.world.enter(arrived)

        def ending(how: str) -> None:
            over.set()
            link.client_closed(cast(Any, how))
            link.on_eof()

        async with self._held(door):
            await self._api.ask(self._api.add, self._rest, name, *toxic)
            try:
                began = loop.time()
                if not link.open:
                    return
                door.ending, door.heard = ending, heard
                for at, data in pieces:
                    await _within(over.wait(), began + at - loop.time())
                    if over.is_set():
                        break
                    door.push(data)
                await _within(over.wait(), began + lasts + MARGIN - loop.time())
                if not await self._api.ask(self._api.acting, self._rest, name):
                    self._wire.world.enter(self._missed, armed, "the toxic was taken off meanwhile")
            finally:
                await self._api.ask(self._api.remove, self._rest, name)
            door.ending = door.heard = None
            if not over.is_set():
                self._wire.world.enter(arrived)

    @asynccontextmanager
    async def _held(self, door: ProxiedDoor, wanted: asyncio.Event | None = None) -> AsyncIterator[None]:
        """The proxy for one answer: nobody else sends, no other toxic is put on. ``wanted`` is set when somebody else
        has something to send."""
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1
        try:
            quiet = self._gate.shut(door)
            self._gate.wanted = None if wanted is None else wanted.set
            await asyncio.sleep(quiet)
            yield
        finally:
            self._gate.open()
            self._lock.release()

    # ------------------------------------------------------------------ proxies that refuse
    async def _enable(self, on: bool) -> None:
        if on:
            for proxy in self._proxies:
                await self._listen_again(proxy)
            return
        doors = [door for door in self._doors.values() if isinstance(door, ProxiedDoor)]
        for proxy in self._proxies:
            await self._api.ask(self._api.enable, proxy, False)
        for _ in range(int(PROOF / AGAIN)):
            if not any(door.there for door in doors):
                return
            await asyncio.sleep(AGAIN)
        for door in doors:
            if door.there:
                door.abort()
        plan, run = self._wire.setting.plan, self._wire.world.run_ns
        for kind in ("refuse", "dns_failure"):
            if (window := plan.window(kind, run)) is not None and window.fired:
                self._wire.world.enter(self._missed, window, "connections stayed up")

    async def _listen_again(self, proxy: Any) -> None:
        told = False
        while not self._refused():
            try:
                await self._api.ask(self._api.enable, proxy, True)
                return
            except ToxiproxyError as error:
                if "already started" in str(error):
                    return
                if "in use" not in str(error):
                    raise
                if not told:
                    told = True
                    self._wire.trouble(error)
                await asyncio.sleep(AGAIN)


async def _within(event: Awaitable[object], seconds: float) -> None:
    """Wait for ``event``, at most ``seconds``."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event, max(0.0, seconds))
