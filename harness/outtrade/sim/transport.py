"""The agent's end of a connection under asyncio: what a protocol gets in ``connection_made``.

Reads reach the protocol by ``loop.call_soon``, as a real selector loop would call it. Writes leave at once, there is no
write buffer. Clients look at ``get_extra_info("socket")`` (options, addresses, a number to poll) and at the TLS extras,
which describe a null session.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from outtrade.sim.active import current
from outtrade.sim.network import LOCAL_ADDRESS, Address, Conn
from outtrade.sim.tls import NullSession

if TYPE_CHECKING:
    from outtrade.sim.loop import SimLoop


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

    def setsockopt(self, *args: Any) -> None:
        pass

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


class SimTransport(asyncio.Transport):
    """The agent's end of a connection under an asyncio protocol. Writes leave at once; there is no write buffer."""

    def __init__(self, loop: SimLoop, conn: Conn, peer: Address, protocol: Any, tls: TlsObject | None) -> None:
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
        self.close()  # the kernel sends FIN for both; there is no write buffer to discard

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
        if current() is self._loop.world:
            self._conn.client_close()
