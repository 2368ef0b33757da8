"""VenueAccess: all that an agent is told about the exchange it trades on.

In the World, addresses are those of the real exchange: simulated DNS routes them to the mock, so a client library needs
no special treatment. ``ccxt()`` makes a ready ccxt object in the same spirit: the unmodified class with test
credentials. Its addresses and its ``fetch`` are untouched; only options that choose *what* ``load_markets`` reads
are set, because the mock is a spot venue and has no futures or margin hosts. In wire mode, addresses are those of a
served venue on loopback; there ``ccxt()`` moves *every* address of the object to it, so that no request can leave.

    exchange = venue.ccxt()
    exchange.load_markets()           # over the wire, like everything else
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from outtrade.model.task import Instrument
from outtrade_mocks import venues

if TYPE_CHECKING:
    from outtrade.model.history import Event
    from outtrade.tools import Toolbox

Recorder = Callable[["Event"], Any]
"""Takes an event for the History. Whoever runs the target numbers it and sets its time."""


def _origins(urls: Any) -> set[str]:
    if isinstance(urls, dict):
        return set().union(*(_origins(url) for url in urls.values()))
    parts = urlsplit(urls)
    return {f"{parts.scheme}://{parts.netloc}"}


@dataclass(kw_only=True)
class VenueAccess:
    """Addresses, test credentials and trading rules of one venue.

    ``symbols`` maps unified symbols (``BTC/USDT``) to the venue's ids. ``instruments`` are the trading rules as known
    at the start. ``absent_after`` is in seconds: how long after an id was last sent a by-id "not found" is proof
    that no such order exists. Origins carry no path.
    """

    name: str
    market: str
    symbols: Mapping[str, str]
    rest_url: str
    key: str
    secret: str = field(repr=False)
    instruments: Mapping[str, Instrument]
    absent_after: float
    stream_url: str | None = None
    public_stream_url: str | None = None
    ca_file: str | None = None
    passphrase: str | None = field(default=None, repr=False)
    record: Recorder | None = field(default=None, repr=False, compare=False)
    """For the gateway driver and the tools: adds an event to the History. None where nobody records. Agents have no use
    for it."""
    _toolbox: Toolbox | None = field(default=None, init=False, repr=False, compare=False)

    def ccxt(self, asynchronous: bool = False, pro: bool = False) -> Any:
        """A ready ccxt object: blocking, ``ccxt.async_support`` (asynchronous) or ``ccxt.pro`` (always asynchronous).

        Markets are not loaded: the client does that over the wire. An asynchronous object is to be closed by whoever
        asked for it. Raises ImportError where ccxt is not installed, LookupError where ccxt lacks the venue.
        """
        about = venues.load(self.name) if self.name in venues.NAMES else None
        if about is None or about.ccxt_id is None:
            raise LookupError(f"ccxt has no class for the venue {self.name!r}")
        module = "ccxt.pro" if pro else "ccxt.async_support" if asynchronous else "ccxt"
        try:
            library = import_module(module)
        except ImportError as error:
            raise ImportError(f'{module} cannot be imported ({error}); pip install "outtrade[ccxt]"') from error
        config: dict[str, Any] = {
            "apiKey": self.key,
            "secret": self.secret,
            "options": deepcopy(dict(about.ccxt_options)),
        }
        if self.passphrase is not None:
            config["password"] = self.passphrase
        if self.ca_file is not None:  # the blocking class reads validateServerSsl, the asynchronous one cafile
            config |= {"validateServerSsl": self.ca_file} if not (asynchronous or pro) else {"cafile": self.ca_file}
        exchange = getattr(library, about.ccxt_id)(config)
        if self.rest_url not in _origins(exchange.urls["api"]):
            exchange.urls["api"] = self._moved(exchange.urls["api"])
        return exchange

    def _moved(self, urls: Any) -> Any:
        """Addresses of ccxt (a tree) with their origins replaced by ours."""
        if isinstance(urls, dict):
            return {name: self._moved(url) for name, url in urls.items()}
        parts = urlsplit(urls)
        origin = self.stream_url or "" if parts.scheme in ("ws", "wss") else self.rest_url
        return origin + parts.path

    @property
    def tools(self) -> Toolbox:
        """Plain functions with JSON Schemas for language models; ``tools.aio`` holds the same, awaitable.

        Made when it is first read, then kept. Raises LookupError where the venue has no tools.
        """
        if self._toolbox is None:
            from outtrade.tools import open_toolbox

            self._toolbox = open_toolbox(self)
        return self._toolbox
