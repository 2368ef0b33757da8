"""Real TLS over the simulated wire: certificates, handshakes, records, and all the ways in which they fail.

By default TLS in a World is null (``tls``): cheap, and nobody else is on that wire. A World made with ``tls=Tls()``
carries real TLS instead, on every connection whose client speaks it first: OpenSSL on both sides, in memory::

    world = World(epoch_ns=..., tls=Tls({"expired.example": "expired"}))

Clients stay unmodified: whatever CA certificates they load inside the World, they get the World's authority, and a
context that was filled before is replaced by one that trusts it. What can be wrong with a host:

    expired      its certificate ended in 2001          wrong_host   it is for another name
    untrusted    an unknown authority signed it         refused      the server answers with an alert (40)
    cut          RST in the middle of the handshake     silent       the server never answers

OpenSSL's own randomness and clock can't be simulated: the encrypted bytes differ from run to run, what they say, their
number and their times do not (keys are RSA, because the length of its signatures does not vary), and validity is judged
by the real date. Needs the extra ``tls`` (trustme). Keys live in memory and are made once per process.
"""

from __future__ import annotations

import ssl
from asyncio import sslproto
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args
from weakref import WeakSet, ref

from outtrade.sim.active import outside
from outtrade.sim.conn import App, Conn
from outtrade.sim.sockets import SimSocket

if TYPE_CHECKING:
    from outtrade.sim.network import Factory

Trouble = Literal["expired", "wrong_host", "untrusted", "refused", "cut", "silent"]
HANDSHAKE = 0x16
"""First byte of a TLS connection: a handshake record."""
_ALERT_REFUSED = bytes.fromhex("15030300020228")
"""A fatal alert: handshake_failure."""
_CHUNK = 65_536
_loaded_outside: WeakSet[Any] = WeakSet()
"""Contexts that were given certificates outside of any World."""


@lru_cache(maxsize=2)
def _authority(trusted: bool) -> Any:
    import trustme

    return trustme.CA(key_type=trustme.KeyType.RSA)


@lru_cache(maxsize=512)
def _server_context(host: str, trouble: Trouble | None) -> ssl.SSLContext:
    import trustme

    name = "another.invalid" if trouble == "wrong_host" else host
    ended = datetime(2001, 1, 1, tzinfo=UTC) if trouble == "expired" else None
    authority = _authority(trouble != "untrusted")
    issued = authority.issue_cert(name, not_after=ended, key_type=trustme.KeyType.RSA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


class Tls:
    """Real TLS for a World; ``troubles`` maps host names to what is wrong with them.

    Raises RuntimeError if trustme is missing, ValueError for an unknown trouble."""

    def __init__(self, troubles: dict[str, Trouble] | None = None) -> None:
        try:
            with outside():
                self.ca_pem: str = _authority(True).cert_pem.bytes().decode("ascii")
        except ImportError as error:
            raise RuntimeError(f'real TLS needs the library trustme ({error}): pip install "outtrade[tls]"') from None
        self.troubles: dict[str, Trouble] = dict(troubles or {})
        unknown = sorted(set(self.troubles.values()) - set(get_args(Trouble)))
        if unknown:
            raise ValueError(f"unknown trouble {unknown[0]!r}; there are {', '.join(get_args(Trouble))}")
        self._trusting: WeakSet[Any] = WeakSet()

    # ---------------------------------------------------------------- the venue's side
    def served(self, factory: Factory) -> Factory:
        """A factory whose connections speak TLS where the client does, and plain text where it does not."""
        return lambda conn: _ServerSide(self, conn, factory)

    def context_of(self, host: str) -> ssl.SSLContext:
        """The server's context for a host."""
        with outside():
            return _server_context(host, self.troubles.get(host))

    # ---------------------------------------------------------------- the client's side
    def trust(self, context: ssl.SSLContext) -> None:
        """The authority of this World instead of whatever was to be loaded."""
        if context not in self._trusting:
            self._trusting.add(context)
            _real_load(context, cadata=self.ca_pem)

    def usable(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """The context itself, or one like it that trusts this World, if it was filled outside."""
        filled = context in _loaded_outside or context.cert_store_stats()["x509"] > 0
        if context in self._trusting or not filled:
            return context
        fresh = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        fresh.check_hostname, fresh.verify_mode = context.check_hostname, context.verify_mode
        fresh.minimum_version, fresh.maximum_version = context.minimum_version, context.maximum_version
        fresh.options, fresh.verify_flags = context.options, context.verify_flags
        self.trust(fresh)
        return fresh


_real_load: Any = ssl.SSLContext.load_verify_locations


def loaded(context: Any) -> None:
    """A context was given certificates outside of any World."""
    _loaded_outside.add(context)


class _TlsConn:
    """The connection as the venue's application sees it: plain bytes in and out."""

    def __init__(self, side: _ServerSide, conn: Conn) -> None:
        self._side, self._conn = side, conn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    def send(self, data: bytes) -> None:
        """Encrypt and deliver."""
        self._side.write(data)

    def shutdown(self) -> None:
        """close_notify, then FIN."""
        self._side.say_goodbye()
        self._conn.shutdown()

    def close(self) -> None:
        """close_notify, then FIN; nothing more is read."""
        self._side.say_goodbye()
        self._conn.close()


class _ServerSide:
    """The listening side of one connection: TLS if the client begins so."""

    def __init__(self, tls: Tls, conn: Conn, factory: Factory) -> None:
        self._tls, self._conn, self._factory = tls, conn, factory
        self._app: App | None = None
        self._ssl: ssl.SSLObject | None = None
        self._shaken = False
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._begun = self._ended = False

    def on_data(self, data: bytes) -> None:
        if not self._begun:
            self._begin(data[0] == HANDSHAKE)
        if self._ssl is None:
            if self._app is not None:
                self._app.on_data(data)
            return
        self._in.write(data)
        try:
            self._pump()
        except ssl.SSLError:
            self._flush()
            self._conn.close()
            if self._app is not None:
                self._app.on_reset()

    def _begin(self, secure: bool) -> None:
        self._begun = True
        trouble = self._tls.troubles.get(self._conn.host) if secure else None
        if trouble == "cut":
            self._conn.reset()
        elif trouble == "refused":
            self._conn.send(_ALERT_REFUSED)
            self._conn.close()
        elif trouble != "silent":
            if not secure:
                self._app = self._factory(self._conn)
                return
            context = self._tls.context_of(self._conn.host)
            with outside():
                self._ssl = context.wrap_bio(self._in, self._out, server_side=True)

    def _pump(self) -> None:
        assert self._ssl is not None
        if not self._shaken:
            try:
                self._ssl.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                return
            self._shaken = True
            self._app = self._factory(_TlsConn(self, self._conn))  # type: ignore[arg-type]
        self._flush()
        while True:
            try:
                data = self._ssl.read(_CHUNK)
            except ssl.SSLWantReadError:
                self._flush()
                return
            except ssl.SSLZeroReturnError:
                data = b""
            assert self._app is not None
            if not data:
                self._flush()
                self.on_eof()
                return
            self._app.on_data(data)

    def write(self, data: bytes) -> None:
        if self._ssl is not None and data:
            self._ssl.write(data)
            self._flush()

    def say_goodbye(self) -> None:
        if self._ssl is not None and self._shaken:
            with suppress(ssl.SSLError):  # the client's own close_notify may not have come
                self._ssl.unwrap()
            self._flush()

    def _flush(self) -> None:
        data = self._out.read()
        if data:
            self._conn.send(data)

    def on_eof(self) -> None:
        """The client's close_notify, or its FIN: whichever comes first."""
        if self._ended:
            return
        self._ended = True
        if self._app is not None:
            self._app.on_eof()
        else:
            self._conn.close()

    def on_reset(self) -> None:
        if self._app is not None:
            self._app.on_reset()


class TlsSocket(SimSocket):
    """What ``SSLContext.wrap_socket`` makes of a simulated socket when TLS is real."""

    __slots__ = ("_bio_in", "_bio_out", "_eager", "_ragged", "_ssl")

    _bio_in: ssl.MemoryBIO
    _bio_out: ssl.MemoryBIO
    _eager: bool
    _ragged: bool
    _ssl: ssl.SSLObject

    @classmethod
    def over(
        cls, sock: SimSocket, context: ssl.SSLContext, server_hostname: str | None, eager: bool, ragged: bool
    ) -> TlsSocket:
        """Take a socket over, as ``ssl`` does; a connected one shakes hands at once if ``eager``."""
        made = cls.__new__(cls)
        for name in SimSocket.__slots__:
            if hasattr(sock, name):
                setattr(made, name, getattr(sock, name))
        made._io_refs, made._closed = 0, False
        made._bio_in, made._bio_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        made._eager, made._ragged = eager, ragged
        made.context, made.server_hostname = context, server_hostname
        made._ssl = context.wrap_bio(made._bio_in, made._bio_out, server_hostname=server_hostname)
        sock._conn, sock._attempt, sock._closed = None, None, True
        made.world.pollable[made._fd] = made
        if made._conn is not None:
            made._conn.client_attach(ref(made))
            if eager:
                try:
                    made.do_handshake()
                except (OSError, ValueError):
                    made.close()
                    raise
        return made

    def connect(self, address: Any) -> None:
        super().connect(address)
        if self._eager:
            self.do_handshake()

    def _run(self, step: Callable[[], Any]) -> Any:
        """Do a step of OpenSSL's, carrying bytes to and fro until it is done. Raises ssl.SSLError and OSError."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                data = super().recv(_CHUNK)
                if data:
                    self._bio_in.write(data)
                else:
                    self._bio_in.write_eof()
            except ssl.SSLError:
                self._flush()
                raise
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        if self._bio_out.pending:
            data = self._bio_out.read()
            context, self.context = self.context, None
            try:
                super().sendall(data)
            finally:
                self.context = context

    def do_handshake(self, block: bool = False) -> None:
        limit = self._wait_limit
        if block and limit == 0.0:
            self._wait_limit = None
        try:
            self._run(self._ssl.do_handshake)
        finally:
            self._wait_limit = limit

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        if flags:
            raise ValueError("non-zero flags not allowed in calls to recv() on a TLS socket")
        try:
            data: bytes = self._run(lambda: self._ssl.read(bufsize))
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLEOFError:
            if self._ragged:
                return b""
            raise
        return data

    def send(self, data: Any, flags: int = 0) -> int:
        payload = bytes(data)
        if payload:
            self._sendable()
            self._run(lambda: self._ssl.write(payload))
        return len(payload)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self.send(data, flags)

    write = send

    def pending(self) -> int:
        return self._ssl.pending()

    def unwrap(self) -> SimSocket:
        self._run(self._ssl.unwrap)
        return self

    # ---------------------------------------------------------------- questions about the session
    def getpeercert(self, binary_form: bool = False) -> Any:
        return self._ssl.getpeercert(binary_form)

    def cipher(self) -> Any:
        return self._ssl.cipher()

    def version(self) -> Any:
        return self._ssl.version()

    def selected_alpn_protocol(self) -> Any:
        return self._ssl.selected_alpn_protocol()

    def get_channel_binding(self, cb_type: str = "tls-unique") -> Any:
        return self._ssl.get_channel_binding(cb_type)


def protocol_over(loop: Any, protocol: Any, context: Any, waiter: Any, hostname: str | None, options: Any) -> Any:
    """asyncio's own TLS protocol, to stand between a simulated transport and ``protocol``."""
    kept = {name: options.get(name) for name in ("ssl_handshake_timeout", "ssl_shutdown_timeout")}
    return sslproto.SSLProtocol(loop, protocol, context, waiter, False, hostname, **kept)
