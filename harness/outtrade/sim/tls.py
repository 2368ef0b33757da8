"""Null TLS: in a World a TLS connection carries its plain bytes.

Clients still build their contexts and "handshake"; nothing is encrypted or verified, because there is nobody else on
this wire. Loading CA certificates (20 to 50 ms a context) is skipped while a World is active. A context made inside a
World trusts nobody outside of it, which is the safe way round.
"""

from __future__ import annotations

import ssl
from typing import Any


class NullSession:
    """The questions that clients ask about a TLS session."""

    __slots__ = ()
    server_side = False
    session = None
    session_reused = False

    def getpeercert(self, binary_form: bool = False) -> Any:
        name = getattr(self, "server_hostname", None) or ""
        if binary_form:
            return b""
        return {"subject": ((("commonName", name),),), "subjectAltName": (("DNS", name),)}

    def cipher(self) -> tuple[str, str, int]:
        return ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256)

    def version(self) -> str:
        return "TLSv1.3"

    def compression(self) -> None:
        return None

    def selected_alpn_protocol(self) -> None:
        return None

    def selected_npn_protocol(self) -> None:
        return None

    def shared_ciphers(self) -> list[Any]:
        return []

    def get_channel_binding(self, cb_type: str = "tls-unique") -> None:
        return None

    def do_handshake(self, block: bool = False) -> None:
        pass


class NullObject(NullSession):
    """What ``SSLContext.wrap_bio`` returns in a World (anyio, and so httpx's async client, uses it)."""

    __slots__ = ("_in", "_out", "context", "server_hostname")

    def __init__(self, context: Any, incoming: Any, outgoing: Any, server_hostname: str | None = None) -> None:
        self.context = context
        self.server_hostname = server_hostname
        self._in, self._out = incoming, outgoing

    def read(self, length: int = 1024, buffer: Any = None) -> Any:
        if not self._in.pending:
            if self._in.eof:
                return b"" if buffer is None else 0
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)")
        data = self._in.read(length)
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        written: int = self._out.write(data)
        return written

    def pending(self) -> int:
        pending: int = self._in.pending
        return pending

    def unwrap(self) -> None:
        pass
