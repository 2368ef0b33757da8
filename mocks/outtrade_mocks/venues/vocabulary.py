"""What every venue declares of itself: the names of traits, and what each of them says.

Checks read traits and nothing else of a venue, so every venue declares every name here, with its source and how sure
we are; a value of None with the confidence ``unknown`` is an honest answer, and both behaviours then pass. A venue may
declare more names of its own. ``outtrade list venues --traits`` prints them side by side.

    >>> TRAITS["id_scope"].split(":")[0]
    'Among which orders a client order id is unique'
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GROUPS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "identity": {
            "id_pattern": "Regular expression that a client order id matches",
            "id_scope": "Among which orders a client order id is unique: open_orders, account (for ever), batch, none",
            "id_reuse": "When an id may be used again: open_only (free once the order is over), never, always",
            "duplicate_answer": "What a second order with a taken id gets: {status, code, text}, or first_order",
            "renames_on_cancel": "Whether a cancel gives the order another client id",
            "lookup_after_cancel": "Whether a cancelled order is still found by the id it was placed with",
        },
        "what an answer means": {
            "ack": "What the answer to a new order says: result (matched already), accepted (asynchronous), ids_only",
            "error_classes": "{class: codes or texts}; transient, ambiguous, parameter, funds, rate, auth, maintenance",
            "ambiguous_codes": "Codes that leave open whether the request was carried out",
            "ambiguous_statuses": "HTTP statuses that leave it open",
            "definite": "Which refusals are certain to have done nothing",
            "post_only_would_take": "What becomes of a post-only order that would take: refused, cancelled (after)",
            "cancel_unknown": "Answer to the cancel of an order that is over or never was",
            "query_unknown": "Answer to the query of an order that never was",
            "cancel_all_empty": "Answer to cancel-all where nothing is open",
            "order_parameters": "{names: {path: parameters of a new order}, refusals: codes for missing or needless}",
            "unknown_params": "What becomes of parameters that the venue does not know: ignored, refused",
            "endpoint_unknown": "Answer on a path that does not exist",
        },
        "change": {
            "amend": "What an amend may change, and what it does to id and priority",
            "cancel_replace": "Whether there is one, and whether it is atomic",
            "batch": "Largest batch of {place, cancel, amend}, and how items fail",
            "dead_man_switch": "Request, unit and range of its timeout; None where there is none",
        },
        "seeing": {
            "visibility_delay": "How long a query may not show what was done",
            "absent_after": "Seconds after an id was last sent, after which not found is proof of absence",
            "event_order": "Whether an event may come before the answer of its request",
            "stream": "How the private stream is opened, kept open and ends",
            "stream_sequence": "Whether events carry numbers without gaps, and where",
            "public_trades": "Whose trades the public feed shows",
        },
        "money and units": {
            "fee_asset": "In which asset fees are taken: received, quote, settle, token",
            "fee_rounding": "How fees are rounded",
            "units": "In what quantities are counted: base, contracts, quote (and for which orders)",
            "numbers": "How amounts are written: padded, plain strings, JSON numbers",
            "self_trade": "Default mode of self-trade prevention, and which there are",
            "stop_reserves": "When a waiting order takes its money: placement, trigger",
        },
        "access": {
            "auth": "Kinds of keys and what is signed",
            "receive_window": "How old or early a signed request may be: {default_ms, max_ms, ahead_ms}, or nonce",
            "rate_limits": "The limits: what is counted, per what, how much",
            "retry_after": "Whether and where the venue says how long to wait",
            "ban": "What happens to who goes on in spite of limits",
        },
        "hours and kinds": {
            "types": "Order types",
            "time_in_force": "Times in force",
            "maintenance": "How maintenance is announced and what requests get during it",
            "sessions": "Trading hours: always, or a calendar",
        },
    }
)
"""Subject -> the traits of it -> what each says."""

TRAITS: Mapping[str, str] = MappingProxyType({name: says for group in GROUPS.values() for name, says in group.items()})
"""Trait -> what it says."""


def missing(declared: Mapping[str, object]) -> list[str]:
    """Names that a venue ought to declare and does not."""
    return [name for name in TRAITS if name not in declared]
