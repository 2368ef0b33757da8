"""Errors in Binance's own words, for each of its venues.

Code, text and HTTP status of every error come from the venue's cassette ``errors``; code names them by the name the
interaction has there. ``%s`` in a text is a placeholder of the documentation, filled here. A venue binds ``refuse`` to
its own cassette (``partial(refuse, venue="binance_usdm")``)::

    >>> refusal = refuse("mandatory", "symbol")
    >>> refusal.status, refusal.code, refusal.message
    (400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from outtrade_mocks import cassettes

FAMILY = "binance_spot"
"""Whose cassette has the errors that all of Binance's APIs share: parameters, keys, times, signatures."""


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error as documented."""

    name: str
    status: int
    code: int
    text: str


class Refusal(Exception):
    """The venue refuses a request; nothing has changed (but for the halves of a cancel-replace, see ``data``)."""

    def __init__(
        self,
        error: ErrorText,
        message: str,
        *,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{error.code}: {message}")
        self.name = error.name
        self.status = error.status if status is None else status
        self.code = error.code
        self.message = message
        self.data = data
        self.headers = headers or {}

    @property
    def envelope(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body

    def encode(self) -> bytes:
        """The body of the answer."""
        return msgspec.json.encode(self.envelope)


@lru_cache(maxsize=4)
def table(venue: str = FAMILY) -> dict[str, ErrorText]:
    """All errors of a venue by name."""
    result = {}
    for interaction in cassettes.load(venue, "errors"):
        body = interaction.json()
        result[interaction.name] = ErrorText(interaction.name, interaction.status, body["code"], body["msg"])
    return result


def refuse(
    name: str,
    *values: object,
    data: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    status: int | None = None,
    venue: str = FAMILY,
) -> Refusal:
    """The refusal of this name, its placeholders filled with ``values``."""
    error = table(venue)[name]
    return Refusal(error, error.text % values if values else error.text, data=data, headers=headers, status=status)
