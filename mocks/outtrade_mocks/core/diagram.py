"""The order life cycle as a page of documentation, drawn from the table that the exchange runs on.

``python -m outtrade_mocks.core.diagram > docs/order_states.md`` writes the page; a test compares it with the table, so
that the diagram cannot grow old.
"""

from __future__ import annotations

import sys

from outtrade_mocks.core.orders import TABLE, TERMINAL, Event, RejectReason, Status

_EVENTS = {
    Event.ACCEPT: "the exchange takes the order; it has an id from here on",
    Event.HOLD: "taken, but it waits for another order of its list to be filled",
    Event.ARM: "taken, but it waits outside the book for its trigger price",
    Event.TRIGGER: "the price it waited for has come; at the same instant it is accepted into the market or rejected",
    Event.REJECT: "the exchange refuses; on venues that answer at once there is no order and no id",
    Event.FILL: "a trade that leaves something to fill",
    Event.COMPLETE: "the trade that fills the rest",
    Event.AMEND: "quantity or price change; a smaller quantity keeps its place in the queue (where the venue does so)",
    Event.REPLACE: "the owner changes it on a venue where another order takes its place (Alpaca, Kraken edit)",
    Event.CANCEL: "the owner takes back what is left (also by the countdown that he set)",
    Event.EXPIRE: (
        "what is left ends without being asked: IOC or FOK remainder, no liquidity, self-trade prevention, its time is "
        "over, a post-only order would take, another order of its list decided"
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


if __name__ == "__main__":
    sys.stdout.write(page())
