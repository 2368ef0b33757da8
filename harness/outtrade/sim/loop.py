"""asyncio in a World: an event loop that runs the event heap and moves the clock while it waits.

``SimLoop`` is asyncio's own ``BaseEventLoop`` (tasks, timers, callbacks are the standard library's) with simulated
transports below. Inside a World every new loop is one, because the event loop policy makes it: ``asyncio.run`` works in
blocking agent code too, and uvloop's loops are replaced.

* Tasks and futures hash by number, so that sets of them (``asyncio.wait``) iterate in the order of their making.
* Each thread may have its loop; ``call_soon_threadsafe`` wakes it, as its thread waits for just that.
* When the agent is stopped, callbacks that are already due are cancelled, the next turn of the loop raises, and closing
  the loop throws the suspended coroutines away while the World still refuses every call.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
import warnings
from asyncio import base_events, futures
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context
from heapq import heapify, heappop
from typing import Any, TypeVar
from weakref import WeakSet

from outtrade.sim import clients, where
from outtrade.sim.active import current
from outtrade.sim.errors import WorldStop
from outtrade.sim.realtls import protocol_over
from outtrade.sim.sockets import SimSocket
from outtrade.sim.timewrap import BOOT_NS
from outtrade.sim.transport import SimTransport, TlsObject
from outtrade.sim.world import NS, TOLD_SLEEP, World

T = TypeVar("T")
_wake_sleeper = futures._set_result_unless_cancelled  # type: ignore[attr-defined]
_STUBBORN = 100
"""How many nested ``finally`` blocks that await are gone through when a coroutine is thrown away."""
_FOREVER = 1e12
"""A timer at this loop time or later (``asyncio.sleep(math.inf)``) never comes."""
_CANCELLED = 100
"""Cancelled timers that are kept before they are cleared away."""
log = logging.getLogger("outtrade.sim")


class SimFuture(asyncio.Future[Any]):
    """A future with a hash that is the same in every process."""

    def __init__(self, *, loop: SimLoop) -> None:
        self._number = loop.world.number()
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._number


class SimTask(asyncio.Task[Any]):
    """A task with a hash that is the same in every process."""

    def __init__(self, coro: Any, *, loop: SimLoop, **options: Any) -> None:
        self._number = loop.world.number()
        super().__init__(coro, loop=loop, **options)

    def __hash__(self) -> int:
        return self._number


def _make_task(loop: Any, coro: Any, **options: Any) -> Any:
    return SimTask(coro, loop=loop, **options)


def _idle() -> str:
    return "asyncio loop idle"


class SimLoop(base_events.BaseEventLoop):
    """An event loop in virtual time. Make it inside a World."""

    # of BaseEventLoop, private there
    _ready: deque[Any]
    _scheduled: list[Any]
    _stopping: bool
    _timer_cancelled_count: int
    _asyncgens: WeakSet[Any]
    _check_closed: Callable[[], None]
    _closed = True  # until it is made: a finaliser asks
    _debug: bool
    owner = 0
    """The thread that ran it last."""

    def __init__(self, world: World | None = None) -> None:
        world = world or current()
        if world is None:
            raise RuntimeError("a SimLoop lives in an active World")
        world.check()
        self.world = world
        self.process = world.process
        self.incarnation = world.incarnation
        self.transports: dict[SimTransport, None] = {}
        super().__init__()
        self._clock_resolution = 1e-9
        self.set_task_factory(_make_task)
        world.adopt_loop(self)

    def alive(self) -> None:
        """Raise WorldStop unless this loop's agent still lives."""
        self.world.check(self.incarnation)

    def time(self) -> float:
        world = self.world
        return (world.tick() - world.epoch_ns + BOOT_NS) / 1e9

    def run_forever(self) -> None:
        self.owner = self.world.thread
        super().run_forever()

    def _run_once(self) -> None:
        """One turn of the loop: let what is due happen, or wait for the next thing; then run what is ready.

        The same turn as BaseEventLoop's, whose fields it uses, but the World stands where the selector does.
        """
        world, ready, scheduled = self.world, self._ready, self._scheduled
        if self.incarnation != world.incarnation:
            self.alive()
        if self._timer_cancelled_count > _CANCELLED and self._timer_cancelled_count > len(scheduled) // 2:
            self._drop_cancelled()
        while scheduled and scheduled[0]._cancelled:
            self._timer_cancelled_count -= 1
            heappop(scheduled)._scheduled = False
        if ready or self._stopping:
            world.run_due()
        else:
            deadline = None
            if scheduled and scheduled[0]._when < _FOREVER:
                # one nanosecond more, or rounding would make the loop spin just before the deadline
                deadline = int(scheduled[0]._when * NS) + 1 - BOOT_NS + world.epoch_ns
            world.wait(ready.__len__, deadline, _idle, self.place)
        if scheduled:
            now = (world.now - world.epoch_ns + BOOT_NS) / 1e9
            while scheduled and scheduled[0]._when <= now:
                handle = heappop(scheduled)
                handle._scheduled = False
                ready.append(handle)
        for _ in range(len(ready)):
            due = ready.popleft()
            if not due._cancelled:
                due._run()

    def _drop_cancelled(self) -> None:
        """Rid the timers of those that were cancelled: clients set a timeout for each request and cancel it."""
        for handle in self._scheduled:
            if handle._cancelled:
                handle._scheduled = False
        self._scheduled[:] = [handle for handle in self._scheduled if not handle._cancelled]
        heapify(self._scheduled)
        self._timer_cancelled_count = 0

    def _write_to_self(self) -> None:
        pass

    def place(self) -> str:
        """The agent line that waits: that of the oldest task which has one."""
        tasks = sorted(asyncio.all_tasks(self), key=hash)
        return where.of_coroutines(task.get_coro() for task in tasks)

    def create_future(self) -> Any:
        return SimFuture(loop=self)

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> Any:  # type: ignore[override]
        if callback is _wake_sleeper and delay >= TOLD_SLEEP:
            world = self.world
            world.check(self.incarnation)
            world.call_harness(world.observe.slept, delay)
        return super().call_later(delay, callback, *args, context=context)

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Any:  # type: ignore[override]
        if self._debug or self._closed:
            handle = super().call_soon(callback, *args, context=context)
        else:  # what that does, less three calls
            handle = asyncio.Handle(callback, args, self, context)
            self._ready.append(handle)
        if self.process.stopped is not None:
            handle.cancel()
        return handle

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Context | None = None) -> Any:  # type: ignore[override]
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        if self.process.stopped is not None:
            handle.cancel()
        return handle

    # ---------------------------------------------------------------- names and connections
    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        self.alive()
        return self.world.net.getaddrinfo(host, port, **options)

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        return str(sockaddr[0]), str(sockaddr[1])

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """Connect a simulated socket (aiohttp does so, then hands it to ``create_connection``)."""
        self.alive()
        future = self.create_future()
        try:
            if sock.start_connecting(address, lambda: future.done() or future.set_result(None)):
                await future
        except asyncio.CancelledError:
            sock.stop_connecting()
            raise
        error = sock.take_connect_error()
        if error is not None:
            raise type(error)(error.errno, f"Connect call failed {address}") from None

    async def sock_recv(self, sock: Any, nbytes: int) -> bytes:
        while True:
            self.alive()
            if sock.readable():
                data: bytes = sock.recv(nbytes)
                return data
            await self._input(sock)

    async def sock_recv_into(self, sock: Any, buf: Any) -> int:
        data = await self.sock_recv(sock, memoryview(buf).nbytes)
        memoryview(buf).cast("B")[: len(data)] = data
        return len(data)

    async def sock_sendall(self, sock: Any, data: Any) -> None:
        rest = memoryview(bytes(data))
        while rest:
            self.alive()
            if sock.writable():
                rest = rest[sock.send(rest) :]
                continue
            future = self.create_future()
            sock.on_space(lambda future=future: future.done() or future.set_result(None))
            try:
                await future
            finally:
                sock.on_space(None)

    async def _input(self, sock: Any) -> None:
        future = self.create_future()
        sock.on_input(lambda: future.done() or future.set_result(None))
        try:
            await future
        finally:
            sock.on_input(None)

    def _adopt(self, sock: Any, protocol: Any, waiter: Any, tls: TlsObject | None) -> SimTransport:
        """A transport over a connected socket, with what already arrived on it."""
        if not isinstance(sock, SimSocket):
            self.world.escape("create_connection with a real socket")
            raise OSError(errno.EPERM, "a real socket is not possible inside a World")
        peer = sock.getpeername()
        conn, unread, end, error = sock.surrender()
        transport = SimTransport(self, conn, peer, protocol, tls)
        protocol.connection_made(transport)
        if unread:
            transport.received(unread)
        if error is not None:
            transport.received_reset()
        elif end:
            transport.received_eof()
        if waiter is not None:
            self.call_soon(_wake_sleeper, waiter, None)
        return transport

    def _make_socket_transport(self, sock: Any, protocol: Any, waiter: Any = None, **options: Any) -> Any:
        """What BaseEventLoop.create_connection makes of a connected socket."""
        return self._adopt(sock, protocol, waiter, None)

    def _make_ssl_transport(
        self,
        rawsock: Any,
        protocol: Any,
        sslcontext: Any,
        waiter: Any = None,
        *,
        server_hostname: str | None = None,
        **options: Any,
    ) -> Any:
        """The same for TLS."""
        tls = self.world.tls
        if tls is not None:
            context = ssl.create_default_context() if sslcontext is None else tls.usable(sslcontext)
            between = protocol_over(self, protocol, context, waiter, server_hostname, options)
            self._adopt(rawsock, between, None, None)
            return between._app_transport
        return self._adopt(rawsock, protocol, waiter, TlsObject(server_hostname, sslcontext))

    async def start_tls(
        self, transport: Any, protocol: Any, sslcontext: Any, *, server_hostname: str | None = None, **options: Any
    ) -> Any:
        self.alive()
        tls = self.world.tls
        if tls is not None:
            usable = tls.usable(sslcontext)
            return await super().start_tls(transport, protocol, usable, server_hostname=server_hostname, **options)
        transport.secure(TlsObject(server_hostname, sslcontext))
        transport.set_protocol(protocol)
        return transport

    def _refuse(self, what: str) -> OSError:
        self.world.escape(what)
        return OSError(errno.EOPNOTSUPP, f"{what} is not simulated")

    async def create_datagram_endpoint(self, *args: Any, **options: Any) -> Any:
        raise self._refuse("loop.create_datagram_endpoint")

    async def create_server(self, *args: Any, **options: Any) -> Any:
        raise self._refuse("loop.create_server")

    async def create_unix_connection(self, *args: Any, **options: Any) -> Any:
        raise self._refuse("loop.create_unix_connection")

    async def create_unix_server(self, *args: Any, **options: Any) -> Any:
        raise self._refuse("loop.create_unix_server")

    async def subprocess_exec(self, *args: Any, **options: Any) -> Any:
        raise self._refuse("loop.subprocess_exec")

    async def subprocess_shell(self, *args: Any, **options: Any) -> Any:
        raise self._refuse("loop.subprocess_shell")

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:  # type: ignore[override]
        """Accepted; no signal ever comes."""

    def remove_signal_handler(self, sig: int) -> bool:
        return True

    # ---------------------------------------------------------------- the end
    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self.process.stopped is None and not isinstance(context.get("exception"), WorldStop):
            super().call_exception_handler(context)

    def silence(self) -> None:
        """The agent was stopped: what is due in this turn of the loop does not run any more."""
        for handle in list(self._ready):
            handle.cancel()

    def close(self) -> None:
        if self.is_closed():
            return
        if not self.process.alive or self.incarnation != self.world.incarnation:
            self.abandon()
        else:
            for transport in list(self.transports):
                transport.hang_up()
        self.transports.clear()
        self.world.forget_loop(self)
        super().close()

    def abandon(self) -> None:
        """Throw suspended agent code away while the World refuses whatever its ``finally`` blocks try."""
        self.silence()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # coroutines never awaited
            self._throw_tasks_away()

    def _throw_tasks_away(self) -> None:
        tasks = sorted(asyncio.all_tasks(self), key=hash)
        for task in tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            _throw_away(task.get_coro())
        clients.forget_tasks(tasks)
        for generator in list(self._asyncgens):
            _throw_away(generator.aclose())
        self._asyncgens.clear()


def _throw_away(coroutine: Any) -> None:
    for _ in range(_STUBBORN):
        try:
            coroutine.close()
        except RuntimeError:  # it awaits something else in a finally block: there is nothing left to wait for
            continue
        except BaseException as error:
            log.debug("agent code raised while it was thrown away: %r", error)
        return


def run_in_loop(world: World, main: Callable[[], Awaitable[T]]) -> T:
    """Run ``main()`` on a new loop, then end what it left: as ``asyncio.run``."""
    loop = SimLoop(world)
    asyncio.set_event_loop(loop)

    async def root() -> T:
        return await main()

    try:
        result = loop.run_until_complete(loop.create_task(root()))
        return result
    finally:
        try:
            if world.stopped is None:
                _finish(loop)
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _finish(loop: SimLoop) -> None:
    left = sorted(asyncio.all_tasks(loop), key=hash)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())


class SimPolicy(asyncio.DefaultEventLoopPolicy):
    """Makes SimLoops while its World is active."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def new_event_loop(self) -> Any:
        return SimLoop(self._world) if current() is self._world else super().new_event_loop()
