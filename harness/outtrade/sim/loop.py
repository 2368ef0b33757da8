"""asyncio in a World: an event loop whose selector runs the event heap and moves the clock.

``SimLoop`` is asyncio's own ``BaseEventLoop`` (tasks, timers, callbacks are the standard library's) with simulated
transports below. Inside a World every new loop is one, because the event loop policy makes it: ``asyncio.run`` works in
blocking agent code too, and uvloop's loops are replaced.

* Tasks and futures hash by number, so that sets of them (``asyncio.wait``) iterate in the order of their making.
* Work for an executor runs in the loop's own thread, between two callbacks: no other task goes on meanwhile.
* When the agent is stopped, callbacks that are already due are cancelled, the next turn of the loop raises, and closing
  the loop throws the suspended coroutines away while the World still refuses every call.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from asyncio import base_events, events, futures
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context
from typing import Any, TypeVar

from outtrade.sim import where
from outtrade.sim.active import current
from outtrade.sim.errors import WorldStop
from outtrade.sim.network import LOCAL_ADDRESS, Address, Conn
from outtrade.sim.sockets import SimSocket
from outtrade.sim.timewrap import BOOT_NS
from outtrade.sim.tls import NullSession
from outtrade.sim.world import NS, TOLD_SLEEP, World

T = TypeVar("T")
_wake_sleeper = futures._set_result_unless_cancelled  # type: ignore[attr-defined]
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


class _Selector:
    """Stands where a real selector stands in ``BaseEventLoop._run_once``."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> tuple[()]:
        loop = self._loop
        world = loop.world
        world.check(loop.incarnation)
        if timeout is not None and timeout <= 0:
            world.run_due()
            return ()
        # one nanosecond more than asked, or rounding would make the loop spin just before the deadline
        deadline = None if timeout is None else world.now + int(timeout * NS) + 1
        world.wait(loop._ready.__len__, deadline, _idle, loop.place)
        return ()

    def close(self) -> None:
        pass


def _idle() -> str:
    return "asyncio loop idle"


class _TransportSocket:
    """What ``get_extra_info("socket")`` gives: addresses, options, and a number to poll."""

    family = socket.AF_INET
    type = socket.SOCK_STREAM
    proto = socket.IPPROTO_TCP

    def __init__(self, fd: int, transport: SimTransport) -> None:
        self._fd = fd
        self._transport = transport

    def fileno(self) -> int:
        return -1 if self._transport.ended else self._fd

    def getpeername(self) -> Any:
        return self._transport.get_extra_info("peername")

    def getsockname(self) -> Any:
        return self._transport.get_extra_info("sockname")

    def setsockopt(self, *args: Any) -> None:
        pass

    def getsockopt(self, *args: Any) -> int:
        return 0

    def gettimeout(self) -> float:
        return 0.0

    def setblocking(self, flag: bool) -> None:
        pass


class _TlsObject(NullSession):
    """What ``get_extra_info("ssl_object")`` gives."""

    def __init__(self, server_hostname: str | None, context: Any) -> None:
        self.server_hostname = server_hostname
        self.context = context


class SimTransport(asyncio.Transport):
    """The agent's end of a connection under an asyncio protocol. Writes leave at once; there is no write buffer."""

    def __init__(self, loop: SimLoop, conn: Conn, peer: Address, protocol: Any, tls: _TlsObject | None) -> None:
        super().__init__()
        self._loop = loop
        self._conn = conn
        self._protocol = protocol
        self._closing = False
        self._paused = False
        self._held: list[bytes] = []
        self._end_held = False
        self.ended = False
        fd = loop.world.descriptor(self)
        self._extra: dict[str, Any] = {
            "peername": peer,
            "sockname": (LOCAL_ADDRESS, 32768 + fd % 28232),
            "socket": _TransportSocket(fd, self),
        }
        self.secure(tls)
        conn.client_attach(lambda: self)
        loop.transports[self] = None

    def secure(self, tls: _TlsObject | None) -> None:
        """Answer questions about TLS from now on."""
        self._tls = tls is not None
        if tls is not None:
            self._extra |= {
                "ssl_object": tls, "sslcontext": tls.context, "peercert": tls.getpeercert(),
                "cipher": tls.cipher(), "compression": None,
            }  # fmt: skip

    def __repr__(self) -> str:
        return f"<SimTransport {self._conn.host}:{self._conn.port}{' closing' if self._closing else ''}>"

    def readable(self) -> bool:
        return bool(self._held) or self.ended or self._closing or self._end_held

    def writable(self) -> bool:
        return not self._closing

    # ---------------------------------------------------------------- the network's side (ClientEnd)
    def received(self, data: bytes) -> None:
        self._loop.call_soon(self._deliver, data)

    def received_eof(self) -> None:
        self._loop.call_soon(self._deliver_eof)

    def received_reset(self) -> None:
        self._loop.call_soon(self._lose, ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))

    def _deliver(self, data: bytes) -> None:
        if self.ended or self._closing:
            return
        if self._paused:
            self._held.append(data)
            return
        protocol = self._protocol
        if isinstance(protocol, asyncio.BufferedProtocol):
            rest = memoryview(data)
            while rest:
                into = protocol.get_buffer(len(rest))
                count = min(len(into), len(rest))
                into[:count] = rest[:count]  # type: ignore[index]
                protocol.buffer_updated(count)
                rest = rest[count:]
        else:
            protocol.data_received(data)

    def _deliver_eof(self) -> None:
        if self.ended or self._closing:
            return
        if self._paused:
            self._end_held = True
            return
        if not self._protocol.eof_received() or self._tls:
            self.close()

    def _lose(self, error: Exception | None) -> None:
        if self.ended:
            return
        self.ended = self._closing = True
        self._loop.transports.pop(self, None)
        self._conn.client_close()
        self._protocol.connection_lost(error)

    # ---------------------------------------------------------------- asyncio.Transport
    def write(self, data: Any) -> None:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data argument must be a bytes-like object, not {type(data).__name__!r}")
        self._loop.alive()
        if self._conn._fin:
            raise RuntimeError("Cannot call write() after write_eof()")
        if not self._closing and data:
            self._conn.client_send(bytes(data))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        self._loop.alive()
        if not self._closing:
            self._conn.client_shutdown()

    def can_write_eof(self) -> bool:
        return not self._tls

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._conn.client_close()
        self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        if self.ended:
            return
        self._closing = True
        self._conn.client_close("rst")
        self._loop.call_soon(self._lose, None)

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        if not self._paused:
            return
        self._paused = False
        held, self._held = self._held, []
        for data in held:
            self._loop.call_soon(self._deliver, data)
        if self._end_held:
            self._end_held = False
            self._loop.call_soon(self._deliver_eof)

    def is_reading(self) -> bool:
        return not self._paused and not self._closing

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def get_write_buffer_size(self) -> int:
        return 0

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return (16 * 1024, 64 * 1024)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def hang_up(self) -> None:
        """The loop is closed: so is the connection, as by the end of a process."""
        self._closing = self.ended = True
        self._conn.client_close()


class SimLoop(base_events.BaseEventLoop):
    """An event loop in virtual time. Make it inside a World."""

    def __init__(self, world: World | None = None) -> None:
        world = world or current()
        if world is None:
            raise RuntimeError("a SimLoop lives in an active World")
        world.check()
        self.world = world
        self.incarnation = world.incarnation
        self.transports: dict[SimTransport, None] = {}
        super().__init__()
        self._selector = _Selector(self)
        self._clock_resolution = 1e-9
        self.set_task_factory(_make_task)
        world.adopt_loop(self)

    def alive(self) -> None:
        """Raise WorldStop unless this loop's agent still lives."""
        self.world.check(self.incarnation)

    def time(self) -> float:
        world = self.world
        return (world.tick() - world.epoch_ns + BOOT_NS) / 1e9

    def _process_events(self, event_list: Any) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    def place(self) -> str:
        """The agent line that waits: that of the oldest task which has one."""
        tasks = sorted(asyncio.all_tasks(self), key=hash)
        return where.of_coroutines(task.get_coro() for task in tasks)

    def create_future(self) -> Any:
        return SimFuture(loop=self)

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> Any:
        if callback is _wake_sleeper and delay >= TOLD_SLEEP:
            world = self.world
            world.check(self.incarnation)
            world.call_harness(world.observe.slept, delay)
        return super().call_later(delay, callback, *args, context=context)

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Any:
        handle = super().call_soon(callback, *args, context=context)
        if self.world.stopped is not None:
            handle.cancel()
        return handle

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Context | None = None) -> Any:
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        """Run it in this thread, at the loop's next turn."""
        self._check_closed()
        future = self.create_future()

        def run() -> None:
            if future.cancelled():
                return
            running = events._get_running_loop()
            events._set_running_loop(None)
            try:
                result = func(*args)
            except Exception as error:
                failure: Exception | None = error
            else:
                failure = None
            finally:
                events._set_running_loop(running)
            if not future.cancelled():
                if failure is None:
                    future.set_result(result)
                else:
                    future.set_exception(failure)

        self.call_soon(run)
        return future

    # ---------------------------------------------------------------- names and connections
    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:  # type: ignore[override]
        self.alive()
        return self.world.net.getaddrinfo(host, port, **options)

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:  # type: ignore[override]
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
        data = await self.sock_recv(sock, len(memoryview(buf).cast("B")))
        memoryview(buf).cast("B")[: len(data)] = data
        return len(data)

    async def sock_sendall(self, sock: Any, data: Any) -> None:
        self.alive()
        sock.sendall(data)

    async def _input(self, sock: Any) -> None:
        future = self.create_future()
        sock.on_input(lambda: future.done() or future.set_result(None))
        try:
            await future
        finally:
            sock.on_input(None)

    async def create_connection(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], Any],
        host: Any = None,
        port: Any = None,
        *,
        ssl: Any = None,
        sock: Any = None,
        server_hostname: str | None = None,
        **options: Any,
    ) -> tuple[Any, Any]:
        """As asyncio's; TLS is null, and options about address families and timeouts of handshakes have no effect."""
        self.alive()
        if sock is None:
            if host is None:
                raise ValueError("host and port was not specified and no sock specified")
            address = self.world.net.getaddrinfo(host, port)[0][4]
            sock = SimSocket()
            await self.sock_connect(sock, address)
        elif not isinstance(sock, SimSocket):
            self.world.escape("create_connection with a real socket")
            raise OSError(errno.EPERM, "a real socket is not possible inside a World")
        tls = None if not ssl else _TlsObject(server_hostname or host, None if ssl is True else ssl)
        peer = sock.getpeername()
        conn, unread, end, error = sock.surrender()
        protocol = protocol_factory()
        transport = SimTransport(self, conn, peer, protocol, tls)
        protocol.connection_made(transport)
        if unread:
            transport.received(unread)
        if error is not None:
            transport.received_reset()
        elif end:
            transport.received_eof()
        return transport, protocol

    async def start_tls(  # type: ignore[override]
        self, transport: Any, protocol: Any, sslcontext: Any, *, server_hostname: str | None = None, **options: Any
    ) -> Any:
        self.alive()
        transport.secure(_TlsObject(server_hostname, sslcontext))
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

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:
        """Accepted; no signal ever comes."""

    def remove_signal_handler(self, sig: int) -> bool:
        return True

    # ---------------------------------------------------------------- the end
    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self.world.stopped is None and not isinstance(context.get("exception"), WorldStop):
            super().call_exception_handler(context)

    def silence(self) -> None:
        """The agent was stopped: what is due in this turn of the loop does not run any more."""
        for handle in list(self._ready):
            handle.cancel()

    def close(self) -> None:
        if self.is_closed():
            return
        if self.world.stopped is not None or self.incarnation != self.world.incarnation:
            self._abandon()
        else:
            for transport in list(self.transports):
                transport.hang_up()
        self.transports.clear()
        self.world.forget_loop(self)
        super().close()

    def _abandon(self) -> None:
        """Throw suspended agent code away while the World refuses whatever its ``finally`` blocks try."""
        for task in sorted(asyncio.all_tasks(self), key=hash):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            _throw_away(task.get_coro())
        for generator in list(self._asyncgens):
            _throw_away(generator.aclose())
        self._asyncgens.clear()


def _throw_away(coroutine: Any) -> None:
    try:
        coroutine.close()
    except BaseException as error:
        log.debug("agent code raised while it was thrown away: %r", error)


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


class SimPolicy(asyncio.DefaultEventLoopPolicy):
    """Makes SimLoops while its World is active."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def new_event_loop(self) -> Any:
        return SimLoop(self._world) if current() is self._world else super().new_event_loop()
