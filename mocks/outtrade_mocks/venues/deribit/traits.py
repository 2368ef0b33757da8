"""What Deribit is declared to do, with source and confidence, and the knobs for what nobody documents.

Sources: the documentation (docs.deribit.com, API v2.1.1, and its articles), recordings in client libraries, their
maintainers. Checks judge only on what is documented, recorded or a maintainer's word.

The trait that matters most: **a label is not unique, and nothing but a query protects from doubling an order**. A
resend under the same label is a second order, always. What protects: asking ``get_order_state_by_label`` (or the open
orders) before sending again, ``valid_until`` so that a late request dies, ``reduce_only`` where it only closes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.knobs import Knob

DOCS = "docs.deribit.com"
BUY = f"{DOCS} private/buy"
ERRORS = f"{DOCS} RPC Error Codes"
RATES = f"{DOCS} articles/rate-limits"
AUTH = f"{DOCS} Authentication"
CONNECTION = f"{DOCS} articles/connection-management"

AMBIGUOUS_CODES = (10001, 11094, 13028)
"""Error codes after which the outcome of the request is not known."""
RATE_CODES = (10028, 10066)
TRANSIENT_CODES = (10040, 10041, 10047, 13888)
"""Not carried out, and may be sent again: retry, settlement in progress, queue full, ``valid_until`` missed."""
AUTH_CODES = (10000, 11042, 13004, 13009, 13021)
FUNDS_CODES = (10009,)
MAINTENANCE_CODES = (10012, 10019, 11051, 13025, 13503)
STATE_CODES = (
    10003, 10004, 10010, 10013, 10018, 10029, 10045, 10046, 11008, 11030, 11035, 11044, 11054, 13032, 13042,
)  # fmt: skip
PARAMETER_CODES = (
    10002, 10005, 10007, 10011, 10020, 10021, 10023, 10025, 10027, 10030, 10033, 10034, 10035, 10036, 10043, 10044,
    11021, 11029, 11036, 11047, 11050, 11055, 13010, 13020, 13778, -32000, -32600, -32601, -32602, -32700,
)  # fmt: skip
"""What a request is refused for, by what is to be done about it."""

KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "matching_rate": Knob(5, (), "matching engine requests a second: the lowest tier's; a tier of the account"),
        "matching_burst": Knob(20, (), "matching engine requests at once: the lowest tier's"),
        "rate_factor": Knob(1.0, (), "how many times the other documented rate limits are allowed"),
        "token_seconds": Knob(900, (), "how long a token is good; samples say 31536000, recordings 900"),
        "funding_rate": Knob(0.0001, (), "the rate paid every eight hours; the live number changes with the market"),
        "cancel_closed": Knob(
            "already_closed",
            ("already_closed", "not_open_order"),
            "the error of a cancel or edit of an order that is over: the documentation has one for each (10010, 11044)",
        ),
        "event_first": Knob(
            False,
            (True, False),
            "whether the stream tells of an order before its answer; both are made at once, who serves it decides",
        ),
    }
)

PLACING = ("/api/v2/private/buy", "/api/v2/private/sell")
ORDER_PARAMETERS = (
    *("instrument_name", "amount", "contracts", "type", "label", "price", "time_in_force", "display_amount"),
    *("post_only", "reject_post_only", "reduce_only", "trigger_price", "trigger_offset", "trigger", "advanced", "mmp"),
    *("valid_until", "linked_order_type", "trigger_fill_condition", "otoco_config", "access_token"),
)
"""What a new order may carry (private/buy, private/sell)."""

TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        # ---- identity
        "id_pattern": Trait(r"^.{1,64}$", f"{BUY}: label, at most 64 characters; no alphabet is stated", "documented"),
        "id_scope": Trait(
            "none", f"{ERRORS} 13032; {BUY}: label is user defined, nothing asks for uniqueness", "documented"
        ),
        "id_reuse": Trait("always", f"{ERRORS} 13032: more than one order may fit a label", "documented"),
        "duplicate_answer": Trait(None, "a second order is made; labels are not compared", "documented"),
        "resend_protection": Trait(
            ("query by label first", "valid_until", "reduce_only"),
            f"{BUY}: valid_until; {DOCS} private/get_order_state_by_label; that nothing else protects is inferred",
            "inferred",
        ),
        "renames_on_cancel": Trait(False, f"{DOCS} private/cancel: label stays (recorded)", "recorded"),
        "lookup_after_cancel": Trait(
            True,
            f"{DOCS} private/get_order_state_by_label: recent orders, unfilled ones for half an hour",
            "documented",
        ),
        # ---- what an answer means
        "ack": Trait("result", f"{BUY}: order and its trades", "documented"),
        "error_classes": Trait(
            {
                "transient": TRANSIENT_CODES,
                "ambiguous": AMBIGUOUS_CODES,
                "parameter": PARAMETER_CODES,
                "funds": FUNDS_CODES,
                "rate": RATE_CODES,
                "auth": AUTH_CODES,
                "maintenance": MAINTENANCE_CODES,
                "state": STATE_CODES,
            },
            ERRORS,
            "documented",
        ),
        "ambiguous_codes": Trait(
            AMBIGUOUS_CODES, f"{ERRORS}: not responding or too slow, some failure; no outcome is stated", "inferred"
        ),
        "ambiguous_statuses": Trait("5xx", "no status is documented", "inferred"),
        "definite": Trait("an error object with any other code", ERRORS, "documented"),
        "post_only_would_take": Trait(
            {"default": "price moved beside the spread", "reject_post_only": "refused, 11054"}, BUY, "documented"
        ),
        "cancel_unknown": Trait({"status": 400, "code": {"over": 10010, "open no more": 11044}}, ERRORS, "documented"),
        "query_unknown": Trait(
            {"status": 400, "code": 10004, "list": []}, f"{ERRORS}; by label an empty list (inferred)", "documented"
        ),
        "cancel_all_empty": Trait("0", f"{DOCS} private/cancel_all: the number of orders", "documented"),
        "order_parameters": Trait(
            {"names": dict.fromkeys(PLACING, ORDER_PARAMETERS), "refusals": ()},
            f"{BUY}, {DOCS} private/sell; over a WebSocket the same names; a token may be a parameter (Authentication)",
            "documented",
        ),
        "unknown_params": Trait("ignored", "clients send some (ccxt passes its params through)", "inferred"),
        "endpoint_unknown": Trait({"status": 400, "code": -32601}, f"{ERRORS}; the status is inferred", "inferred"),
        # ---- change
        "amend": Trait(
            "price, amount and trigger, same id; priority kept where only the amount falls",
            f"{DOCS} private/edit; articles/order-management-best-practices",
            "documented",
        ),
        "cancel_replace": Trait(None, "there is none", "documented"),
        "batch": Trait(None, f"{DOCS} JSON-RPC: batch requests are not supported (mass quotes are)", "documented"),
        "dead_man_switch": Trait(
            {
                "request": "private/enable_cancel_on_disconnect",
                "timer": "none: the end of the WebSocket connection",
                "heartbeat": "public/set_heartbeat, 10 s or more",
            },
            f"{CONNECTION}; {DOCS} public/set_heartbeat",
            "documented",
        ),
        # ---- seeing
        "visibility_delay": Trait(None, "not stated", "unknown"),
        "absent_after": Trait(
            65.0, "60 s in which a signature is good, plus transit; no figure is documented", "inferred"
        ),
        "event_order": Trait(
            "either", "nautilus_trader#3436: user.orders may come before the answer; knob event_first", "maintainer"
        ),
        "stream": Trait(
            {"login": "public/auth on the connection", "subscribe": "private/subscribe", "ends": "with the connection"},
            f"{CONNECTION}; {DOCS} private/subscribe",
            "documented",
        ),
        "stream_sequence": Trait(
            "orders: none; trades: trade_seq per instrument; books: change_id and prev_change_id",
            f"{DOCS} book.{{instrument_name}}.{{interval}}",
            "documented",
        ),
        "public_trades": Trait("all", f"{DOCS} trades.{{instrument_name}}.{{interval}}", "documented"),
        # ---- money and units
        "fee_asset": Trait("settle", f"{DOCS} trades: fee_currency", "documented"),
        "fee_rounding": Trait("down", "not stated", "inferred"),
        "units": Trait(
            {"amount": "dollars of a reversed contract, coins of a linear one", "contracts": "amount / contract_size"},
            f"{BUY}: amount, contracts",
            "documented",
        ),
        "numbers": Trait("JSON numbers; price of a waiting market order: the text market_price", BUY, "documented"),
        "self_trade": Trait(
            {"default": "reject_taker", "modes": ("reject_taker", "cancel_maker")},
            f"{DOCS} private/get_account_summary: self_trading_reject_mode",
            "recorded",
        ),
        "stop_reserves": Trait("trigger", "not stated", "inferred"),
        # ---- access
        "auth": Trait(
            {
                "keys": ("hmac", "basic", "bearer"),
                "signs": "timestamp, nonce, method, path with query, body; hex",
                "tokens": "public/auth: client_credentials, client_signature, refresh_token",
            },
            AUTH,
            "documented",
        ),
        "receive_window": Trait(
            {"default_ms": 60_000, "max_ms": 60_000, "ahead_ms": 60_000, "nonce": "serves once"}, AUTH, "documented"
        ),
        "rate_limits": Trait(
            {
                "matching engine": "5 a second, bursts of 20, by tier; the connection ends at 10028",
                "all others": "500 credits of 50000, 10000 a second: 20 a second, bursts of 100",
                "subscribe": "3000 credits of 30000",
                "public/get_instruments": "1 in 10 s, bursts of 5",
            },
            RATES,
            "documented",
        ),
        "retry_after": Trait(False, f"{RATES}: credits come back continuously; no answer says how long", "documented"),
        "ban": Trait(None, f"{DOCS} articles/api-usage-policy: possible; how it is told is not stated", "unknown"),
        # ---- hours and kinds
        "types": Trait(
            ("limit", "market", "stop", "stop_limit", "take_profit", "take_profit_limit", "trailing_stop"),
            f"{BUY}: type. market_limit and linked orders are not offered here",
            "documented",
        ),
        "time_in_force": Trait(("GTC", "GTD", "IOC", "FOK"), f"{BUY}: good_til_day ends at 8:00 UTC", "documented"),
        "maintenance": Trait(
            {"code": 11051, "status": "public/status", "stream": "platform_state"},
            f"{ERRORS}; {DOCS} platform_state",
            "documented",
        ),
        "sessions": Trait(
            "always", f"{ERRORS} 10041: some seconds a day for settlement; not played here", "documented"
        ),
    }
)
