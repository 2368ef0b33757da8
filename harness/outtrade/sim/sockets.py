"""Blocking sockets in a World: what ``socket.socket(...)`` makes while one is active.

A ``SimSocket`` is a ``socket.socket`` without a descriptor. Its ``fileno`` is a number that only the simulated
``select`` and ``poll`` know; the kernel would answer EBADF. A read runs the World until bytes, the end of the stream
or the timeout have come. Null TLS lives here too: a wrapped socket is the same socket with the few methods of
``ssl.SSLSocket``.

Behaviour follows Linux: bytes that arrived before RST or FIN are read first; RST is reported once, after that reads
give end of file and writes a broken pipe; data sent to a closed peer brings RST; a full send buffer makes writes wait.
Closing sends FIN, or RST where unread bytes are thrown away or SO_LINGER is on with no time. A collected socket closes
itself. Not simulated: datagrams, listening, urgent data.
"""

from __future__ import annotations

import errno
import socket
import ssl
import struct
from collections.abc import Callable, Iterable
from typing import Any
from weakref import ref

from outtrade.sim.active import current
from outtrade.sim.network import LOCAL_ADDRESS, LOCAL_ADDRESS_6, Address, Attempt, Conn
from outtrade.sim.tls import NullSession
from outtrade.sim.world import NS, World

_REAL = socket.socket
_MSG_PEEK = socket.MSG_PEEK
_STREAMS = (-1, int(socket.AF_INET), int(socket.AF_INET6))


class SimSocket(NullSession, _REAL):
    """A connected, or connecting, stream socket of the agent."""

    __slots__ = (
        "_attempt",
        "_buffer",
        "_conn",
        "_connect_error",
        "_end",
        "_error",
        "_family",
        "_fd",
        "_incarnation",
        "_kind",
        "_linger",
        "_on_input",
        "_on_space",
        "_peer",
        "_port",
        "_told_reset",
        "_wait_limit",
        "context",
        "server_hostname",
        "world",
    )  # fmt: skip

    _conn: Conn | None
    _attempt: Attempt | None

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        world = current()
        assert world is not None
        world.check()
        kind = socket.SOCK_STREAM if type == -1 else type & ~(socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        if family not in _STREAMS or kind != socket.SOCK_STREAM or fileno is not None:
            self._closed = True
            self._conn = None
            self._attempt = None
            world.escape(f"socket({family!s}, {type!s})" if fileno is None else f"socket(fileno={fileno})")
            raise OSError(errno.EAFNOSUPPORT, "Address family or socket type not simulated")
        self.world = world
        self._incarnation = world.incarnation
        self._io_refs = 0
        self._closed = False
        self._family = socket.AF_INET if family == -1 else socket.AddressFamily(family)
        self._wait_limit = socket.getdefaulttimeout()
        self._conn = None
        self._attempt = None
        self._connect_error: OSError | None = None
        self._buffer = bytearray()
        self._end = False
        self._error: OSError | None = None
        self._told_reset = False
        self._peer: Address | None = None
        self._on_input: Callable[[], object] | None = None
        self._on_space: Callable[[], object] | None = None
        self._linger: int | None = None
        self._fd = world.descriptor(self)
        self._port = 32768 + self._fd % 28232
        self.server_hostname: str | None = None
        self.context: Any = None

    def __repr__(self) -> str:
        return f"<SimSocket {self._name()}{' closed' if self._closed else ''}>"

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self._real_close()

    def _name(self) -> str:
        if self._conn is not None:
            return f"{self._conn.host}:{self._conn.port}"
        return f"{self._peer[0]}:{self._peer[1]}" if self._peer else "unconnected"

    # ---------------------------------------------------------------- plain attributes
    @property
    def family(self) -> socket.AddressFamily:
        return self._family

    @property
    def type(self) -> socket.SocketKind:
        return socket.SOCK_STREAM

    @property
    def proto(self) -> int:
        return socket.IPPROTO_TCP

    @property
    def timeout(self) -> float | None:
        return self._wait_limit

    def fileno(self) -> int:
        return -1 if self._closed else self._fd

    def settimeout(self, value: float | None) -> None:
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._wait_limit = value

    def gettimeout(self) -> float | None:
        return self._wait_limit

    def setblocking(self, flag: bool) -> None:
        self._wait_limit = None if flag else 0.0

    def getblocking(self) -> bool:
        return self._wait_limit != 0.0

    def setsockopt(self, level: int, option: int, value: Any = 0, length: int = 0) -> None:
        if level == socket.SOL_SOCKET and option == socket.SO_LINGER and isinstance(value, bytes | bytearray):
            on, seconds = struct.unpack("ii", value)
            self._linger = seconds if on else None

    def getsockopt(self, level: int, option: int, buflen: int = 0) -> Any:
        value = 0
        if level == socket.SOL_SOCKET and option == socket.SO_TYPE:
            value = int(socket.SOCK_STREAM)
        elif level == socket.SOL_SOCKET and option == socket.SO_ERROR:
            error = self.take_connect_error()
            value = (error.errno or errno.EIO) if error is not None else 0
        return value.to_bytes(buflen, "little") if buflen else value

    def get_inheritable(self) -> bool:
        return False

    def set_inheritable(self, inheritable: bool) -> None:
        pass

    def getpeername(self) -> Any:
        if self._conn is None or self._peer is None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return self._shown(self._peer)

    def getsockname(self) -> Any:
        six = self._family == socket.AF_INET6
        local = (LOCAL_ADDRESS_6 if six else LOCAL_ADDRESS) if self._peer else ("::" if six else "0.0.0.0")  # noqa: S104
        return self._shown((local, self._port))

    def _shown(self, address: Address) -> Any:
        return (*address, 0, 0) if self._family == socket.AF_INET6 else address

    def bind(self, address: Any) -> None:
        pass

    def listen(self, backlog: int = 0) -> None:
        self.world.escape("listen")
        raise OSError(errno.EOPNOTSUPP, "Listening is not simulated")

    # ---------------------------------------------------------------- the network's side (ClientEnd)
    def received(self, data: bytes) -> None:
        self._buffer += data
        if self._on_input is not None:
            self._on_input()

    def received_eof(self) -> None:
        self._end = True
        if self._on_input is not None:
            self._on_input()

    def received_reset(self) -> None:
        if not self._told_reset:
            self._error = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        self.received_eof()

    def readable(self) -> bool:
        return bool(self._buffer) or self._end or self._connect_error is not None

    def writable(self) -> bool:
        conn = self._conn
        return self._connect_error is not None or self._end or (conn is not None and conn.client_space() > 0)

    def space(self) -> None:
        if self._on_space is not None:
            self._on_space()

    # ---------------------------------------------------------------- connecting
    def _alive(self) -> World:
        """The World, if it may be used: raises WorldStop, or OSError for a closed socket."""
        world = self.world
        world.check(self._incarnation)
        if self._closed:
            raise OSError(errno.EBADF, "Bad file descriptor")
        return world

    def start_connecting(self, address: Any, decided: Callable[[], object] | None = None) -> bool:
        """Begin to connect; True if it is under way, and ``decided`` will be called when it is not any more."""
        world = self._alive()
        if self._conn is not None:
            raise OSError(errno.EISCONN, "Transport endpoint is already connected")
        if self._attempt is not None:
            raise BlockingIOError(errno.EALREADY, "Operation already in progress")
        self._connect_error = None
        self._peer = (world.net.resolve(address[0]), address[1])
        if (":" in self._peer[0]) != (self._family == socket.AF_INET6):
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        me = ref(self)

        def done(error: OSError | None, conn: Conn | None) -> None:
            sock = me()
            if sock is not None:
                under_way, sock._attempt = sock._attempt is not None, None
                sock._connect_error, sock._conn = error, conn
                if under_way and decided is not None:
                    decided()

        attempt = world.net.connect(self._peer, me, done)
        if self._conn is None and self._connect_error is None:
            self._attempt = attempt
        return self._attempt is not None

    def stop_connecting(self) -> None:
        """Give an attempt up."""
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.cancel()

    def take_connect_error(self) -> OSError | None:
        """How the attempt failed, once."""
        error, self._connect_error = self._connect_error, None
        return error

    def on_input(self, callback: Callable[[], object] | None) -> None:
        """Call this at the next bytes or end of stream."""
        self._on_input = callback

    def connect(self, address: Any) -> None:
        if self.start_connecting(address):
            if self._wait_limit == 0.0:
                raise BlockingIOError(errno.EINPROGRESS, "Operation now in progress")
            if not self._wait(self.world, lambda: self._attempt is None, "connect to"):
                self.stop_connecting()
                raise TimeoutError("timed out")
        error = self.take_connect_error()
        if error is not None:
            raise error

    def connect_ex(self, address: Any) -> int:
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or errno.EAGAIN
        return 0

    def _wait(self, world: World, ready: Any, verb: str) -> bool:
        limit = self._wait_limit
        deadline = None if limit is None else world.now + round(limit * NS)
        return world.wait(ready, deadline, lambda: f"{verb} {self._name()}")

    def on_space(self, callback: Callable[[], object] | None) -> None:
        """Call this when a full send buffer has room again."""
        self._on_space = callback

    # ---------------------------------------------------------------- writing
    def _sendable(self) -> Conn:
        """The connection, if bytes may be sent on it. Raises WorldStop and OSError."""
        self._alive()
        conn = self._conn
        if conn is None:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        if self._error is not None:
            error, self._error, self._told_reset = self._error, None, True
            raise error
        if self._told_reset or conn._fin:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        return conn

    def _await_space(self, conn: Conn, deadline: int | None) -> None:
        """Wait until the send buffer takes something, or until the connection failed."""
        world = self.world
        if self._wait_limit == 0.0:
            world.run_due()
            if conn.client_space() <= 0 and self._error is None:
                if self.context is not None:
                    raise ssl.SSLWantWriteError(ssl.SSL_ERROR_WANT_WRITE, "The operation did not complete (write)")
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        elif not world.wait(
            lambda: conn.client_space() > 0 or self._error is not None, deadline, lambda: f"send on {self._name()}"
        ):
            raise TimeoutError("timed out" if self.context is None else "The write operation timed out")

    def _deadline(self) -> int | None:
        limit = self._wait_limit
        return None if limit is None else self.world.now + round(limit * NS)

    def send(self, data: Any, flags: int = 0) -> int:
        conn = self._sendable()
        payload = bytes(data)
        if not payload:
            return 0
        if conn.client_space() <= 0:
            self._await_space(conn, self._deadline())
            conn = self._sendable()
        part = payload if len(payload) <= conn.client_space() else payload[: conn.client_space()]
        conn.client_send(part)
        return len(part)

    def sendall(self, data: Any, flags: int = 0) -> None:
        payload = bytes(data)
        if payload and len(payload) <= (conn := self._sendable()).client_space():
            conn.client_send(payload)
            return
        rest, deadline = memoryview(payload), self._deadline()
        while rest:
            conn = self._sendable()
            if conn.client_space() <= 0:
                self._await_space(conn, deadline)
                continue
            part = rest[: conn.client_space()]
            conn.client_send(bytes(part))
            rest = rest[len(part) :]

    def sendmsg(self, buffers: Iterable[Any], *args: Any) -> int:
        return self.send(b"".join(bytes(b) for b in buffers))

    write = send

    # ---------------------------------------------------------------- reading
    def _await_input(self) -> None:
        world = self._alive()
        if self._buffer or self._end:
            return
        if self._conn is None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        if self._wait_limit == 0.0:
            world.run_due()
            if not (self._buffer or self._end):
                if self.context is not None:
                    raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)")
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        elif not self._wait(world, lambda: self._buffer or self._end, "recv on"):
            raise TimeoutError("timed out" if self.context is None else "The read operation timed out")

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        self._await_input()
        buffer = self._buffer
        if buffer:
            if flags & _MSG_PEEK or bufsize < len(buffer):
                data = bytes(buffer[:bufsize])
                if not flags & _MSG_PEEK:
                    del buffer[:bufsize]
            else:
                data = bytes(buffer)
                buffer.clear()
            return data
        if self._error is not None:
            error, self._error, self._told_reset = self._error, None, True
            raise error
        return b""

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        view = memoryview(buffer).cast("B")
        data = self.recv(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Address | None]:
        return self.recv(bufsize, flags), self._peer

    def read(self, length: int = 1024, buffer: Any = None) -> Any:
        """As ``ssl.SSLSocket.read``."""
        return self.recv(length) if buffer is None else self.recv_into(buffer, length)

    # ---------------------------------------------------------------- ending
    def shutdown(self, how: int) -> None:
        self._alive()
        if self._conn is None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        if how != socket.SHUT_WR:
            self._end = True
        if how != socket.SHUT_RD:
            self._conn.client_shutdown()

    def close(self) -> None:
        if not self._closed and self._incarnation == self.world.incarnation and self.world.stopped is not None:
            raise self.world.stopped.again()
        self._closed = True
        if self._io_refs <= 0:
            self._real_close()

    def _real_close(self, *args: Any) -> None:
        self._closed = True
        conn, self._conn = self._conn, None
        self.stop_connecting()
        if conn is not None and conn.client_open and current() is self.world:
            # a socket collected after the run hangs up on nobody
            self.world.call_harness(conn.client_close, "rst" if self._linger == 0 or self._buffer else "fin")

    def _decref_socketios(self) -> None:
        if self._io_refs > 0:
            self._io_refs -= 1
        if self._closed and self._io_refs <= 0:
            self._real_close()

    def detach(self) -> int:
        """The descriptor leaves this object; in a World nothing else can hold it, so the connection ends."""
        number = self.fileno()
        self._real_close()
        return number

    def dup(self) -> Any:
        self.world.escape("socket.dup")
        raise OSError(errno.EOPNOTSUPP, "dup is not simulated")

    def surrender(self) -> tuple[Conn, bytes, bool, OSError | None]:
        """Hand the connection over to an asyncio transport: connection, unread bytes, end of file, error."""
        conn = self._conn
        if conn is None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        self._conn = None
        self._closed = True
        return conn, bytes(self._buffer), self._end, self._error

    # ---------------------------------------------------------------- ssl.SSLSocket
    def pending(self) -> int:
        return len(self._buffer)

    def unwrap(self) -> SimSocket:
        return self


def make_socket(cls: type[socket.socket], *args: Any, **kwargs: Any) -> socket.socket:
    """``socket.socket.__new__``: a SimSocket in a World, else the real thing."""
    made: socket.socket = _REAL_NEW(SimSocket if cls is _REAL and current() is not None else cls)
    return made


_REAL_NEW: Any = _REAL.__new__


class _Pipe:
    """The listening side of a socket pair: passes bytes to the other socket."""

    def __init__(self, other: SimSocket) -> None:
        self._other = ref(other)

    def on_data(self, data: bytes) -> None:
        other = self._other()
        if other is not None:
            other.received(data)

    def on_eof(self) -> None:
        other = self._other()
        if other is not None:
            other.received_eof()

    on_reset = on_eof


def make_pair(world: World) -> tuple[SimSocket, SimSocket]:
    """``socket.socketpair``: two sockets joined in memory."""
    left, right = SimSocket(), SimSocket()
    for sock, other in ((left, right), (right, left)):
        sock._peer = (LOCAL_ADDRESS, other._port)
        sock._conn = Conn(world, -1, ("socketpair", 0), ref(sock), _Pipe(other))
    return left, right
