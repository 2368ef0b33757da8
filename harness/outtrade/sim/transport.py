"""The agent's end of a connection under asyncio: what a protocol gets in ``connection_made``.

Reads reach the protocol by ``loop.call_soon``, as a real selector loop would call it. Writes leave at once while the
connection's send buffer takes them; what it does not take waits here, and the protocol is told to pause (flow control
is asyncio's own mix-in). Clients look at ``get_extra_info("socket")`` (options, addresses, a number to poll) and at the
TLS extras, which describe a null session.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from asyncio import transports
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from outtrade.sim.active import current
from outtrade.sim.network import LOCAL_ADDRESS, LOCAL_ADDRESS_6, Address, Conn
from outtrade.sim.tls import NullSession

if TYPE_CHECKING:
    from outtrade.sim.loop import SimLoop


_BYTES = (bytes, bytearray, memoryview)


class TransportSocket:
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

    def setsockopt(self, level: int, option: int, value: Any = 0, length: int = 0) -> None:
        if level == socket.SOL_SOCKET and option == socket.SO_LINGER and isinstance(value, bytes | bytearray):
            on, seconds = struct.unpack("ii", value)
            self._transport.abortive = bool(on) and seconds == 0

    def getsockopt(self, *args: Any) -> int:
        return 0

    def gettimeout(self) -> float:
        return 0.0

    def setblocking(self, flag: bool) -> None:
        pass


class TlsObject(NullSession):
    """What ``get_extra_info("ssl_object")`` gives."""

    def __init__(self, server_hostname: str | None, context: Any) -> None:
        self.server_hostname = server_hostname
        self.context = context


class SimTransport(transports._FlowControlMixin, asyncio.Transport):
    """The agent's end of a connection under an asyncio protocol."""

    _start_tls_compatible = True
    _loop: SimLoop
    # of the mix-in, private there
    _maybe_pause_protocol: Callable[[], None]
    _maybe_resume_protocol: Callable[[], None]

    def __init__(self, loop: SimLoop, conn: Conn, peer: Any, protocol: Any, tls: TlsObject | None) -> None:
        super().__init__(None, loop)
        self._conn = conn
        self._protocol = protocol
        self._closing = False
        self._paused = False
        self._held: list[bytes] = []
        self._end_held = False
        self._unsent = bytearray()
        self._eof_due = False
        self.abortive = False
        """Whether closing sends RST (SO_LINGER with no time)."""
        self.ended = False
        fd = loop.world.descriptor(self)
        local: Address = (LOCAL_ADDRESS_6 if ":" in peer[0] else LOCAL_ADDRESS, 32768 + fd % 28232)
        self._extra: dict[str, Any] = {
            "peername": peer,
            "sockname": (*local, 0, 0) if ":" in peer[0] else local,
            "socket": TransportSocket(fd, self),
        }
        self.secure(tls)
        conn.client_attach(lambda: self)
        loop.transports[self] = None

    def secure(self, tls: TlsObject | None) -> None:
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
        return not self._closing and self._conn.client_space() > 0

    def space(self) -> None:
        self._loop.call_soon(self._flush)

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
                view = memoryview(into).cast("B")
                count = min(len(view), len(rest))
                view[:count] = rest[:count]
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
        self._unsent.clear()
        self._loop.transports.pop(self, None)
        self._conn.client_close("rst" if self.abortive else "fin")
        self._protocol.connection_lost(error)

    # ---------------------------------------------------------------- asyncio.Transport
    def write(self, data: Any) -> None:
        if not isinstance(data, _BYTES):
            raise TypeError(f"data argument must be a bytes-like object, not {type(data).__name__!r}")
        self._loop.alive()
        if self._eof_due or self._conn._fin:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._closing or not data:
            return
        if self._unsent:
            self._unsent += data
        else:
            space = self._conn.client_space()
            if len(data) <= space:
                self._conn.client_send(bytes(data))
                return
            self._unsent += data[space:]
            if space > 0:
                self._conn.client_send(bytes(data[:space]))
        if self._unsent:
            self._maybe_pause_protocol()

    def _flush(self) -> None:
        """The send buffer takes something again."""
        if self.ended:
            return
        while self._unsent and (space := self._conn.client_space()) > 0:
            part = bytes(self._unsent[:space])
            del self._unsent[: len(part)]
            self._conn.client_send(part)
        self._maybe_resume_protocol()
        if not self._unsent:
            if self._closing:
                self._lose(None)
            elif self._eof_due:
                self._conn.client_shutdown()

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        self._loop.alive()
        if self._closing or self._eof_due:
            return
        self._eof_due = True
        if not self._unsent:
            self._conn.client_shutdown()

    def can_write_eof(self) -> bool:
        return not self._tls

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """What was written still leaves, then FIN. After the end of the World nothing does: only garbage is closed."""
        if self._closing or self._loop.is_closed():
            return
        self._closing = True
        if not self._unsent:
            self._conn.client_close("rst" if self.abortive else "fin")
            self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        """What has not left is thrown away; the kernel sends FIN, as it does for close."""
        self._force_close(None)

    def _force_close(self, error: Exception | None) -> None:
        """As abort, for asyncio's TLS protocol, which says why."""
        if not self.ended:
            self._closing = True
            self._unsent.clear()
            self._conn.client_close("rst" if self.abortive else "fin")
            self._loop.call_soon(self._lose, error)

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
        return len(self._unsent)

    def hang_up(self) -> None:
        """The loop is closed: so is the connection, as by the end of a process."""
        self._closing = self.ended = True
        if current() is self._loop.world:
            self._conn.client_close()
