"""The order life cycle, and the trading states, as pages of documentation, from the tables that the exchange runs on.

``python -m outtrade_mocks.core.diagram > docs/order_states.md`` and ``... diagram states > docs/trading_states.md``
write the pages; tests compare them with the tables, so that they cannot grow old.
"""

from __future__ import annotations

import sys

from outtrade_mocks.core.orders import TABLE, TERMINAL, Event, RejectReason, Status
from outtrade_mocks.core.states import ALLOWED, WAITS, Request, TradingState
from outtrade_mocks.core.states import TABLE as STATES

_EVENTS = {
    Event.ACCEPT: "the exchange takes the order; it has an id from here on",
    Event.HOLD: "taken, but it waits for another order of its list to be filled",
    Event.QUEUE: "taken, but it waits for the session or the auction that it is for",
    Event.ARM: "taken, but it waits outside the book for its trigger price",
    Event.TRIGGER: "the price it waited for has come; at the same instant it is accepted into the market or rejected",
    Event.REJECT: "the exchange refuses; on venues that answer at once there is no order and no id",
    Event.FILL: "a trade that leaves something to fill",
    Event.COMPLETE: "the trade that fills the rest",
    Event.AMEND: "quantity or price change; a smaller quantity keeps its place in the queue (where the venue does so)",
    Event.REPLACE: "the owner changes it on a venue where another order takes its place (Alpaca, Kraken edit)",
    Event.CANCEL: "the owner takes back what is left (also by the countdown that he set)",
    Event.EXPIRE: (
        "what is left ends without being asked: IOC or FOK remainder, no liquidity, self-trade prevention, its time, "
        "its auction or its instrument is over, a post-only order would take, another order of its list decided"
    ),
}


def mermaid() -> str:
    """The state diagram in Mermaid's language."""
    lines = ["stateDiagram-v2", "    [*] --> pending"]
    for status, events in TABLE.items():
        lines += [f"    {status} --> {after}: {event}" for event, after in events.items()]
    lines += [f"    {status} --> [*]" for status in Status if status in TERMINAL]
    return "\n".join(lines)


def table() -> str:
    """State x event -> state as a Markdown table; a dash is an illegal transition."""
    lines = ["| state | " + " | ".join(Event) + " |", "|---" * (len(Event) + 1) + "|"]
    for status in Status:
        cells = [TABLE[status].get(event, "-") for event in Event]
        lines.append(f"| {status} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page() -> str:
    """The whole page."""
    events = "\n".join(f"* **{event}**: {_EVENTS[event]}" for event in Event)
    reasons = ", ".join(f"`{reason}`" for reason in RejectReason)
    return f"""# The life cycle of an order

This page is written by `python -m outtrade_mocks.core.diagram`; do not edit it.

```mermaid
{mermaid()}
```

{events}

Any other pair of state and event is illegal: it raises, and nothing has changed.

{table()}

Reasons for which the exchange refuses: {reasons}.
"""


_STATES = {
    TradingState.OPEN: "continuous trading",
    TradingState.EXTENDED: "pre-market and after hours: only limit orders that are marked for it trade",
    TradingState.POST_ONLY: "orders may come to rest, nothing trades",
    TradingState.AUCTION: "orders gather, the book may be crossed; at the end all trades have one price",
    TradingState.CLOSED: "between sessions",
    TradingState.CANCEL_ONLY: "open orders may be cancelled, nothing else",
    TradingState.HALTED: "trading is suspended; orders rest, and may be cancelled or made smaller",
    TradingState.MAINTENANCE: "the venue takes no request at all; orders rest",
    TradingState.EXPIRED: "the instrument has reached its end; its orders have ended",
}


def states_page() -> str:
    """The page about trading states."""
    lines = ["| | " + " | ".join(TradingState) + " |", "|---" * (len(TradingState) + 1) + "|"]
    for request in Request:
        row = [STATES[state][request] for state in TradingState]
        cells = [cell if cell in (ALLOWED, WAITS) else f"`{cell}`" for cell in row]
        lines.append(f"| {request} | " + " | ".join(cells) + " |")
    words = "\n".join(f"* **{state}**: {_STATES[state]}" for state in TradingState)
    table = "\n".join(lines)
    return f"""# Trading states

This page is written by `python -m outtrade_mocks.core.diagram states`; do not edit it.

A market is in one of these states, from the least to the most restrictive. The venue sets one, the calendar has its own
(open, extended, closed); the more restrictive of the two holds. Each change is told in the drop copy (`StateChange`).

{words}

What becomes of a request: it is allowed; it waits (it is taken, for the session or the auction it is for, and a venue
that queues nothing refuses it with `MARKET_CLOSED`; a trigger waits for open trading); or it is refused, with a reason.

{table}

A query is refused by the venue's door, which asks the table; what the core itself knows can always be looked at.
"""


if __name__ == "__main__":
    sys.stdout.write(states_page() if sys.argv[1:] == ["states"] else page())
