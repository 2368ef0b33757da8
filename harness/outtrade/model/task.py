"""What an agent is given and what it gives back: Task, Intent, Report (contract ``api = 1``).

An *intent* says what is wanted ("buy 0.4 BTC, limit 50,000, until 600 s"). The agent places whatever orders it
takes, follows them, and at the end says what it believes: orders, fills, positions, balances, and one outcome
per intent. Everything here is plain pydantic data, identical in Python, over stdin/stdout and over HTTP.

Units: prices in quote currency per base unit, quantities in base units (inverse contracts: quote units), times in
seconds of run time (seconds of virtual time since ``Task.epoch``), slippage, fees and trails in basis points.

    >>> Intent(id="i1", tag="AB12CD34", at=5, kind="order", symbol="BTC/USDT", side="buy",
    ...        quantity="0.4", type="limit", limit_price="50000").time_in_force is None
    True
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

API = 1


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("must be a finite number, not NaN or infinity")
    return value


Number = Annotated[Decimal, AfterValidator(_finite)]
"""A price, quantity or amount: a finite Decimal; strings in JSON, floats accepted from agents."""

Side = Literal["buy", "sell"]
OrderType = Literal["market", "limit", "stop", "stop_limit", "take_profit", "take_profit_limit", "trailing_stop"]
TimeInForce = Literal["GTC", "IOC", "FOK", "GTD", "DAY", "OPG", "CLS"]
"""``OPG`` and ``CLS``: on the open and on the close, where a market has sessions and auctions."""
IntentKind = Literal["order", "trade", "scale", "protect", "amend", "cancel", "flatten", "halt", "watch"]
OrderStatus = Literal["pending", "open", "filled", "cancelled", "rejected", "expired", "unknown"]
OutcomeStatus = Literal["done", "partial", "working", "failed", "refused", "unknown"]


class Plain(BaseModel):
    """Base of everything here: frozen plain data that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(Plain):
    """Caps the agent must keep; what would break one is refused, not shrunk. None = no cap."""

    max_position: Number | None = None
    max_notional: Number | None = None
    max_leverage: Number | None = None
    max_orders_per_second: Number | None = None
    max_slippage_bps: Number | None = None


class Bounds(Plain):
    """Every "in time" of the properties, in virtual seconds unless said otherwise."""

    answer: float = 60
    attempts: int = 10
    silence: float = 120
    lost_frame: float = 120
    recovery: float = 120
    resolve: float = 60
    protection_gap: float = 10
    halt: float = 5
    settle: float = 180


class Intent(Plain):
    """One thing that is wanted. ``tag`` should stand inside every client order id sent for it.

    ``extended_hours``: it may trade before the regular session opens and after it closes, too. ``trail``: how far, in
    basis points of the best price seen since it stands, a stop follows that price; of a ``protect`` it is all there is,
    a stop of the venue's own that trails at the market."""

    id: str
    tag: str = Field(pattern=r"^[A-Za-z0-9]{8}$")
    at: float = Field(ge=0)
    expires: float | None = None
    text: str = ""
    kind: IntentKind
    symbol: str | None = None
    side: Side | None = None
    quantity: Number | None = None
    quote_quantity: Number | None = None
    type: OrderType | None = None
    limit_price: Number | None = None
    end_price: Number | None = None
    stop_price: Number | None = None
    take_profit_price: Number | None = None
    trail: Number | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    reduce_only: bool = False
    parts: int | None = None
    target: str | None = None
    on_partial: Literal["keep", "cancel", "complete"] = "keep"
    max_slippage_bps: Number | None = None
    max_fee_bps: Number | None = None
    patience: float | None = None
    max_age: float | None = Field(default=None, gt=0)
    extended_hours: bool = False
    fallback_types: tuple[OrderType, ...] = ()

    @field_validator("trail")
    @classmethod
    def _one_stop(cls, trail: Decimal | None, known: ValidationInfo) -> Decimal | None:
        """A distance is a part of the price; a protection that trails has no fixed prices beside it."""
        if trail is not None and not 0 < trail < 10_000:
            raise ValueError("trail is a distance in basis points, above 0 and below 10,000")
        fixed = [known.data.get(name) for name in ("stop_price", "limit_price", "take_profit_price")]
        if known.data.get("kind") == "protect" and trail is not None and any(price is not None for price in fixed):
            raise ValueError("a protection trails, or has prices: trail stands without stop, limit and take-profit")
        return trail

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """An intent that does not speak of the age of prices or of extended hours is written as ever."""
        data: dict[str, Any] = handler(self)
        for name in ("max_age", "extended_hours"):
            if not getattr(self, name):
                data.pop(name, None)
        return data

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """What is written has the fields of what is read."""
        return handler({name: part for name, part in schema.items() if name != "serialization"})


def is_contract(symbol: str) -> bool:
    """Whether a unified symbol names a contract: one that is settled in some asset.

    >>> is_contract("BTC/USDT:USDT"), is_contract("BTC/USDT")
    (True, False)
    """
    return ":" in symbol


class Instrument(Plain):
    """Trading rules of one symbol as known at the start of the run (they may change)."""

    venue_symbol: str
    base: str
    quote: str
    status: str = "trading"
    types: tuple[OrderType, ...] = ("market", "limit")
    tick: Number
    price_min: Number
    price_max: Number
    step: Number
    quantity_min: Number
    quantity_max: Number
    market_step: Number | None = None
    market_min: Number | None = None
    market_max: Number | None = None
    notional_min: Number | None = None
    notional_max: Number | None = None
    band: tuple[Number, Number] | None = None
    """Lowest and highest price as factors of the reference price, e.g. (0.2, 5)."""
    contract_size: Number = Decimal(1)
    """Units in one of the venue's own numbers: what is asked for divided by this is what travels. All quantities here,
    ``step`` and the bounds too, are in units (``outtrade.model.units``)."""
    maker_fee: Number
    taker_fee: Number


class Task(Plain):
    """The whole job of one run: intents ordered by ``at``, caps, and the bounds it is judged by."""

    id: str
    api: int = API
    epoch: int
    intents: tuple[Intent, ...]
    until: float
    limits: Limits = Limits()
    bounds: Bounds = Bounds()
    leave_resting: bool = False
    allow_alert_only: bool = False
    dead_man: float | None = Field(default=None, gt=0)
    """Own orders may stand no longer than so many seconds after the last sign of life: the venue's dead-man switch is
    set to that (or less) before the first order, and again and again while an order stands. None: not asked for."""
    resumed: bool = False
    instance: int = 0
    instances: int = 1

    @model_serializer(mode="wrap")
    def _without_switch(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A task that asks for no dead-man switch is written as ever."""
        data: dict[str, Any] = handler(self)
        if self.dead_man is None:
            data.pop("dead_man", None)
        return data

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """What is written has the fields of what is read."""
        return handler({name: part for name, part in schema.items() if name != "serialization"})


class ExecutionView(Plain):
    """How well one intent was executed. What is None is not tracked.

    ``intended_price`` is the price that was counted on before anything was sent: the limit of the intent, else the mid
    price on which its first order was decided. ``slippage_bps`` is how much worse than that the fills were on average,
    in basis points (negative: better; None where nothing was filled). ``partial_fill``: something was filled, but not
    everything. ``latency``: seconds from the first order request until its answer was known, or, where that was lost,
    until the order was found.
    """

    intended_price: Number | None = None
    slippage_bps: Number | None = None
    partial_fill: bool | None = None
    latency: float | None = Field(default=None, ge=0)


class Outcome(Plain):
    """What became of one intent, as the agent sees it; ``execution`` None: no record of that is kept."""

    status: OutcomeStatus
    filled: Number | None = None
    average_price: Number | None = None
    reason: str = ""
    execution: ExecutionView | None = None

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """An outcome without a record is written as ever."""
        data: dict[str, Any] = handler(self)
        if self.execution is None:
            data.pop("execution", None)
        return data


class OrderView(Plain):
    """One order as the agent believes it to be; ``intent`` is None for foreign orders."""

    client_id: str | None = None
    venue_ids: tuple[str, ...] = ()
    symbol: str
    side: Side
    type: OrderType = "limit"
    quantity: Number | None = None
    filled: Number = Decimal(0)
    average_price: Number | None = None
    status: OrderStatus
    intent: str | None = None


class FillView(Plain):
    """One fill; ``order`` is the client or the venue id of its order."""

    trade_id: str
    order: str
    price: Number
    quantity: Number
    fee: Number | None = None
    fee_asset: str | None = None


class PositionView(Plain):
    """Net position in one symbol. Spot: what the task's own orders made of it, net of base fees. Contracts: the
    account's, below 0: short; ``margin``, ``realised`` and ``funding`` in the settlement asset.

    ``margin``: what stands for it, its isolated margin or the initial margin at its leverage. ``realised``: profit of
    what was closed since ``epoch``, fees and funding left out. ``funding``: what was booked beside trades since then,
    funding and interest, liquidation fees; below 0: paid."""

    quantity: Number
    entry_price: Number | None = None
    unrealised: Number | None = None
    leverage: Number | None = None
    margin: Number | None = None
    realised: Number | None = None
    funding: Number | None = None


class BalanceView(Plain):
    """The account's balance of one asset."""

    free: Number
    locked: Number = Decimal(0)


class Alert(Plain):
    """Something a person should look at."""

    level: Literal["info", "warning", "error"] = "warning"
    text: str
    about: str | None = None


class Report(Plain):
    """What the agent believes at the end. A part left None is "not tracked" and waives its properties."""

    outcomes: dict[str, Outcome]
    orders: tuple[OrderView, ...]
    fills: tuple[FillView, ...] | None = None
    positions: dict[str, PositionView] | None = None
    balances: dict[str, BalanceView] | None = None
    alerts: tuple[Alert, ...] = ()


View = OrderView | FillView | PositionView | BalanceView | Alert | dict[str, Any]
"""What ``Task``'s ``publish`` takes: a belief of now."""
