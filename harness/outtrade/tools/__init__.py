"""Tools for language models: the venue as fifteen functions with JSON Schemas.

They speak to the venue over its real wire, so that every fault beneath them is a real one: a lost answer, a ban, a
page of HTML. What a tool returns tells the truth about what is known, and no more.

    arguments     what each tool takes (pydantic, hence the schemas)
    catalogue     the table: name, description, arguments
    failures      the kinds of error
    steps         a tool as a generator of requests, without I/O
    binance_spot  the steps of every tool on Binance spot
    transport     the steps carried out, blocking or asynchronous (httpx)
    toolbox       ``venue.tools``

``open_toolbox`` makes one from a ``VenueAccess``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outtrade.tools.catalogue import ERROR_KINDS, TOOLS
from outtrade.tools.toolbox import AsyncToolbox, Tool, Toolbox

if TYPE_CHECKING:
    from outtrade.targets.access import VenueAccess

__all__ = ["ERROR_KINDS", "TOOLS", "AsyncToolbox", "Tool", "Toolbox", "open_toolbox"]


def open_toolbox(venue: VenueAccess) -> Toolbox:
    """The tools of a venue. Nothing is sent before one is called. Raises LookupError where the venue has none."""
    if venue.name != "binance_spot":
        raise LookupError(f"there are no tools for the venue {venue.name!r}")
    from outtrade.tools.binance_spot import BinanceSpot

    dialect = BinanceSpot(
        venue.symbols, venue.instruments, venue.key, venue.secret, venue.absent_after, clock=lambda: time.time()
    )
    return Toolbox(dialect, venue.symbols, venue.rest_url, ca_file=venue.ca_file, record=venue.record)
