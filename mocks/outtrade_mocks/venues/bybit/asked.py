"""The venue's own parse of a request, by REST or in a frame of the trade stream."""

from __future__ import annotations

from typing import Any

import msgspec

from outtrade_mocks.venues.bybit.endpoints import Endpoint


class Asked(msgspec.Struct):
    """What was sent, and what the front door makes of it."""

    endpoint: Endpoint | None
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    readable: bool = True
    path: str = ""
    payload: str = ""
    """What is signed: the query string or the body as sent."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Names in lower case."""
    frame: dict[str, Any] | None = None
    """The whole frame, where it came by WebSocket."""
    granted: int = 1
    """How many items of a batch the limit lets through; set by ``admit``."""
    deadline: int | None = None
    """Until when (UNIX ns) a signed request may be carried out; set by ``admit``."""

    @property
    def category(self) -> str:
        """The category asked for, as far as it is one."""
        value = self.params.get("category")
        return value if isinstance(value, str) else ""
