"""Practice: how a venue decides where venues differ. One core, one table of choices.

A choice has a documented source or is marked *inferred*; a venue's module states its own.

    >>> Practice().self_trade, Practice(reserve="trigger").reserve
    ('expire_maker', 'trigger')
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outtrade_mocks.core.orders import SelfTrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """Choices of one venue; the defaults are Binance spot's."""

    reserve: Literal["placement", "trigger"] = "placement"
    """When a trigger order's money is locked. ``placement``: Binance spot, Alpaca. ``trigger``: Bybit spot conditional
    orders and OKX trigger orders hold nothing until then (venue documentation on conditional orders)."""
    immediate_trigger: Literal["reject", "trigger"] = "reject"
    """A trigger price that is reached at placement: refused (Binance spot -2010, USD-M -2021: would trigger
    immediately), or it triggers at once."""
    band_of_waiting: bool = True
    """Whether the limit price of a trigger order is held to the price band when it is placed (Binance spot filters).
    Not where a stop may have its limit far from the market (OKX price limits; *inferred*: later they are not
    looked at either)."""
    post_only: Literal["reject", "cancel"] = "reject"
    """A post-only order that would take: refused (Binance spot -2010, USD-M -5022), or taken in and ended (OKX
    cancelSource 31, Bybit EC_PostOnlyWillTakeLiquidity)."""
    self_trade: SelfTrade = "expire_maker"
    """Of orders that name none; the arriving order's mode decides (Binance spot, STP FAQ)."""
    partial: Literal["cancel", "reduce"] = "cancel"
    """What a partial fill of one order of an OCO pair does to the other: it ends (Binance spot), or it is reduced to
    what is left (Alpaca, bracket orders: the stop-loss is adjusted to the remaining quantity)."""
    released_part: bool = False
    """Whether the orders that wait for an entry come to life for the filled part of an entry that ended early. False:
    they wait for a complete fill (Binance spot OTO, Alpaca brackets)."""
    amend: Literal["reduce", "change", "requeue", "replace"] = "reduce"
    """``reduce``: quantity down only, priority kept (Binance spot keepPriority). ``change``: price and quantity;
    priority kept where only the quantity falls (Deribit edit, Kraken amend). ``requeue``: always to the back (Binance
    USD-M). ``replace``: the order ends as ``replaced``, and a new one with an id of its own takes its place, for what
    is not filled (Alpaca PATCH order: replaced_by, replaces; Kraken edit_order: executions stay with the original)."""
    amend_waiting: Literal["no", "fixed", "all"] = "all"
    """Which trigger orders may be amended while they wait: none (Binance USD-M: limit orders only), those that do not
    trail (OKX amend-algos: stop and trigger orders), all (Bybit, Alpaca's trail, Kraken)."""
    amend_listed: bool = True
    """Whether orders of a list may be amended (Binance spot, keepPriority FAQ; Alpaca's legs, OKX's TP/SL)."""
    amend_below_filled: Literal["reject", "cancel"] = "reject"
    """An amend to a quantity that is filled already: refused, or it ends the order (Binance USD-M Modify Order)."""
    max_orders: int | None = None
    max_algo_orders: int | None = None
    max_iceberg_orders: int | None = None
    max_order_lists: int | None = None
    """Most open orders, trigger orders, icebergs and order lists of an account, over all symbols (Binance spot
    EXCHANGE_MAX_NUM_ORDERS and so on; see ``core.limits``)."""
    max_notional: int | None = None
    """Most that an account's holdings and open purchases may be worth, in atoms of ``notional_asset``."""
    notional_asset: str = ""
    outside_session: Literal["queue", "reject"] = "queue"
    """An order that may not trade now, on a market with sessions: it waits for the session it is for (Alpaca, orders:
    queued for the next trading day), or it is refused (MARKET_CLOSED)."""
    auction_cutoff: tuple[int, int] = (120_000_000_000, 600_000_000_000)
    """How long (ns) before the opening and the closing auction orders for it are no longer taken (Alpaca: opg until
    9:28, cls until 15:50)."""
    auction_reopens: int = 54_000_000_000_000
    """From how long (ns) after the pre-market began they are taken again, for the next session (Alpaca: 19:00)."""
    settlement_window: int = 1_800_000_000_000
    """Over how long (ns) before an instrument's end the index is averaged for the settlement price (Deribit
    and Binance: 30 minutes)."""
    collar_bps: int = 300
    """A market order that waits is reserved at so much above the reference price, and pays no more in an auction
    (Alpaca, buying power: 3 % above the ask)."""
    iceberg_parts: int = 10
    """Most parts of an iceberg (Binance spot ICEBERG_PARTS)."""
    leverage: int = 20
    """Leverage of a symbol that nobody set, at most what its first bracket allows (Binance USD-M: 20)."""
    isolated: bool = False
    """Margin mode of a symbol that nobody set (Binance USD-M: cross)."""
    reduce_only: Literal["trim", "reject"] = "trim"
    """A reduce-only order that is larger than the position: cut to it (Bybit: the excess is cancelled), or refused.
    Resting ones are always cut as the position shrinks (*inferred* for venues that say nothing)."""
    maintenance: Literal["mark", "entry"] = "mark"
    """At which value an isolated position's maintenance margin is counted: at the mark price (Binance, OKX), or at
    its entry (Bybit, liquidation price under isolated mode)."""
    liquidation: Literal["steps", "whole"] = "steps"
    """Whether a large position is first reduced to the next lower bracket (Binance "smart liquidation", Bybit, OKX)
    or closed at once."""
    batch_limit: int = 20
    """Most orders of one batch (OKX 20, Binance USD-M 5)."""
    batch_cancels: int = 20
    """Most cancels of one batch (OKX 20, Binance USD-M 10)."""
    batch_amends: int = 20
    """Most amends of one batch (OKX 20, Binance USD-M 5)."""
