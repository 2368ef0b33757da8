"""TLS for loopback: a certificate authority made on the spot, and a certificate for this machine and the real hosts.

Nothing is kept: the keys live in memory, only the authority's certificate is written, into a temporary folder that is
removed with ``close``. A client verifies as usual, against that file::

    authority = Authority(["api.binance.com"])
    httpx.Client(verify=ssl.create_default_context(cafile=authority.ca_file))

Needs the extra ``tls`` (the library trustme).
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path

NAMES = ("localhost", "127.0.0.1", "::1")


class TlsMissing(RuntimeError):
    """The library for certificates is not installed; the message says what to install."""


class Authority:
    """A certificate authority, one certificate of it, and the file that clients trust. Raises TlsMissing."""

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        try:
            import trustme
        except ImportError as error:
            raise TlsMissing(f'TLS needs the library trustme ({error}): pip install "outtrade[tls]"') from None
        authority = trustme.CA()
        self._folder = tempfile.TemporaryDirectory(prefix="outtrade-tls-")
        path = Path(self._folder.name) / "ca.pem"
        authority.cert_pem.write_to_path(str(path))
        self.ca_file = str(path)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        authority.issue_cert(*dict.fromkeys((*NAMES, *hosts))).configure_cert(self.context)

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()
