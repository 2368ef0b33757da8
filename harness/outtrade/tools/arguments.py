"""The arguments of every tool, as pydantic models: their JSON Schemas are what a language model is shown.

Unknown fields are refused, and so are numbers that are none (NaN, infinity). Decimals travel as strings or as JSON
numbers; the schema says so. Symbols are ``BASE/QUOTE``.

    >>> Order(symbol="BTC/USDT", client_id="a").venue_id is None
    True
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from outtrade.model.task import Number

DECIMAL: dict[str, Any] = {"type": ["string", "number"], "description": "a decimal; a string keeps it exact"}

Amount = Annotated[Number, Field(gt=0), WithJsonSchema(DECIMAL)]
"""A positive decimal."""
Symbol = Annotated[str, Field(max_length=40, description="BASE/QUOTE, for example BTC/USDT")]
ClientId = Annotated[str, Field(min_length=1, max_length=64, description="the client order id, chosen by you")]
VenueId = Annotated[str, Field(pattern=r"^[0-9]{1,20}$", description="the venue's order id")]


class Arguments(BaseModel):
    """Base of all arguments."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Arguments):
    """No arguments."""


class OneSymbol(Arguments):
    """A symbol."""

    symbol: Symbol


class AnySymbol(Arguments):
    """A symbol, or all of them."""

    symbol: Annotated[Symbol | None, Field(description="left out: all symbols")] = None


class Book(Arguments):
    """An order book down to a depth."""

    symbol: Symbol
    depth: Annotated[int, Field(ge=1, le=100, description="price levels on each side")] = 10


class Place(Arguments):
    """The terms of a new order."""

    symbol: Symbol
    side: Literal["buy", "sell"]
    type: Literal["limit", "market"]
    quantity: Annotated[Amount | None, Field(description="in the base asset")] = None
    quote_quantity: Annotated[Amount | None, Field(description="in the quote asset, market orders only")] = None
    limit_price: Annotated[Amount | None, Field(description="quote per base, limit orders only")] = None
    time_in_force: Annotated[
        Literal["GTC", "IOC", "FOK"] | None, Field(description="limit orders only; left out: GTC")
    ] = None
    post_only: Annotated[bool, Field(description="refuse rather than take liquidity")] = False
    client_id: Annotated[
        ClientId | None,
        Field(description="choose one, with the intent's tag inside: an unanswered order can only be asked for by it"),
    ] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.quantity is None) == (self.quote_quantity is None):
            raise ValueError("give either quantity or quote_quantity")
        if self.type == "limit" and (self.limit_price is None or self.quantity is None):
            raise ValueError("a limit order needs quantity and limit_price")
        if self.type == "market" and (self.limit_price is not None or self.time_in_force or self.post_only):
            raise ValueError("a market order takes no limit_price, time_in_force or post_only")
        if self.post_only and self.time_in_force not in (None, "GTC"):
            raise ValueError("post_only goes with GTC only")
        return self


class Order(Arguments):
    """One order, named by either id."""

    symbol: Symbol
    client_id: ClientId | None = None
    venue_id: VenueId | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.client_id is None) == (self.venue_id is None):
            raise ValueError("give either client_id or venue_id")
        return self


class Amend(Arguments):
    """New terms of a working order."""

    symbol: Symbol
    client_id: ClientId | None = None
    venue_id: VenueId | None = None
    quantity: Annotated[Amount | None, Field(description="the new total, fills included")] = None
    limit_price: Amount | None = None


class Fills(Arguments):
    """Own fills in a symbol."""

    symbol: Symbol
    venue_id: Annotated[VenueId | None, Field(description="of this order only")] = None
    since: Annotated[float | None, Field(ge=0, lt=1e11, description="UNIX seconds; left out: the latest 1,000")] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.venue_id is not None and self.since is not None:
            raise ValueError("give venue_id or since, not both")
        return self


class Wait(Arguments):
    """A span of time."""

    seconds: Annotated[float, Field(ge=0, le=86_400, description="how long to do nothing")]


class Alert(Arguments):
    """A message for a person."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    level: Literal["info", "warning", "error"] = "warning"
    about: Annotated[str | None, Field(max_length=200, description="an intent, an order, the venue")] = None
