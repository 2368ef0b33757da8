"""The exchange core: a venue-neutral exchange of spot markets and contracts, without I/O and without Decimals.

How the parts fit together::

    instruments   trading rules of a symbol; the only place where decimals become ticks, lots and atoms, and back
    orders        what an order is: request, immutable snapshot, and its life cycle as a table (state x event -> state)
    book          price levels with first-in-first-out queues: price-time priority
    account       free and locked atoms per asset, and the account's past
    fees          rates and fee schedules: tiers, rebates, discounts, the rounding rule
    tariffs       schedules at work: who is charged what, volumes of the last days
    valuation     what one asset is worth in another
    practice      what a venue does where venues differ
    triggers      orders that wait for a price: stops, take profits, trailing ones
    lists         orders that decide about each other: OCO, OTO, OTOCO, brackets
    amending      open orders change: in the book, before their trigger, in a list
    loans         spot margin: rules, interest, margin level; arithmetic
    limits        how much an account may have open, and how large it may get
    requests      batches, cancel/replace
    sessions      when a market trades: round the clock, or New York's sessions
    states        what a market takes in which trading state, as a table (state x request)
    doors         states and sessions at work: orders that wait for them
    auction       the call auction: one price for all
    expiry        the end of an instrument, and its settlement price
    invariants    what must hold between two operations, checked in full
    flow          the rest of the market: seeded makers and takers
    profiles      how liquid it is, by name
    script        what is known of it in advance: a path of its price, events (``scripted`` plays them)
    recording     a recorded market as data (``tape`` plays it)
    feed          where a market's actions come from: one of these three
    view          what a query may see, now or as of an earlier time
    events        what happened, in exact order
    brackets      leverage brackets: how much margin a position needs
    contracts     what a position is worth, where it is liquidated: arithmetic
    positions     what an account holds in contracts, and what a trade does to it
    margin        what positions and orders of an account require (``holdings`` at work, ``margined`` the clearing)
    liquidation   what happens where that is missing; insurance fund, deleveraging
    settlement    funding payments, and the last settlement of a contract
    clearing      what an order needs and how a trade is paid for, per market
    floor         accounts, markets, timers, the tape: the first of the layers of the engine (listed there) ...
    exchange      ... and the last one, with every request

Three integers carry all amounts: a price is a number of *ticks*, a quantity a number of *lots* (steps), money a number
of *atoms* of its asset (10**-precision). Time is UNIX time in nanoseconds, always an argument: the core never reads a
clock. State moves when the exchange accepts, never when the client hears of it.
"""

from __future__ import annotations

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.brackets import Bracket
from outtrade_mocks.core.events import (
    BalanceChange,
    Change,
    CountdownChange,
    Fill,
    FinalSettlement,
    InsuranceChange,
    ListChange,
    MarketChange,
    OrderChange,
    PositionChange,
    Prevention,
    Rejection,
    RulesChange,
    SettingsChange,
    StateChange,
    Uncross,
)
from outtrade_mocks.core.exchange import Exchange
from outtrade_mocks.core.fees import Discount, FeeSchedule, FeeTier, Rates
from outtrade_mocks.core.flow import FlowConfig
from outtrade_mocks.core.instruments import Instrument, OffGrid, PriceBand
from outtrade_mocks.core.lists import NewList, OrderList
from outtrade_mocks.core.loans import MarginRules
from outtrade_mocks.core.margin import Margin
from outtrade_mocks.core.orders import (
    Amendment,
    Malformed,
    NewOrder,
    Order,
    OrderRef,
    Reject,
    RejectReason,
    Status,
    Terms,
    Trigger,
)
from outtrade_mocks.core.positions import Position
from outtrade_mocks.core.practice import Practice
from outtrade_mocks.core.prints import Print
from outtrade_mocks.core.states import Request, TradingState
from outtrade_mocks.core.view import View

__all__ = [
    "Account",
    "Amendment",
    "BalanceChange",
    "Bracket",
    "Change",
    "CountdownChange",
    "Discount",
    "Exchange",
    "FeeSchedule",
    "FeeTier",
    "Fill",
    "FinalSettlement",
    "FlowConfig",
    "Instrument",
    "InsuranceChange",
    "ListChange",
    "Malformed",
    "Margin",
    "MarginRules",
    "MarketChange",
    "NewList",
    "NewOrder",
    "OffGrid",
    "Order",
    "OrderChange",
    "OrderList",
    "OrderRef",
    "Position",
    "PositionChange",
    "Practice",
    "Prevention",
    "PriceBand",
    "Print",
    "Rates",
    "Reject",
    "RejectReason",
    "Rejection",
    "Request",
    "RulesChange",
    "SettingsChange",
    "StateChange",
    "Status",
    "Terms",
    "TradingState",
    "Trigger",
    "Uncross",
    "View",
]
