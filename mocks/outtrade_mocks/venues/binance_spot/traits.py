"""What Binance spot is declared to do, with source and confidence, and the knobs for what nobody documents.

Checks judge only on traits that are documented, recorded or a maintainer's word. What is inferred or unknown is a
setting of the scenario (``KNOBS``): both behaviours must be lived with.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.knobs import Knob

REST = "binance-spot-api-docs rest-api.md"
ERRORS = "binance-spot-api-docs errors.md"
STREAM = "binance-spot-api-docs user-data-stream.md"

AMBIGUOUS_CODES = (-1000, -1001, -1006, -1007, -1008)
"""Error codes after which the outcome of the request is not known."""


KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "event_first": Knob(
            False,
            (True, False),
            "whether the stream tells of an order before its REST answer; the venue makes both at once, who serves it "
            "decides",
        ),
        "lookup_after_cancel": Knob(
            True, (True, False), "whether a cancelled (renamed) order is still found by its original client id"
        ),
        "bnb_burn": Knob(False, (True, False), "whether fees are paid in BNB at the start: the account's switch"),
        "weight_per_minute": Knob(6000, (), "REQUEST_WEIGHT limit of exchangeInfo; the live number changes"),
        "orders_per_10s": Knob(100, (), "ORDERS limit for ten seconds; the live number changes"),
        "orders_per_day": Knob(200_000, (), "ORDERS limit for a day; the live number changes"),
        "ban_after": Knob(20, (), "requests sent in spite of 429 until the address is banned; not documented"),
    }
)

ORDER_PARAMETERS = (
    *("symbol", "side", "type", "timeInForce", "quantity", "quoteOrderQty", "price", "newClientOrderId"),
    *("strategyId", "strategyType", "stopPrice", "trailingDelta", "icebergQty", "newOrderRespType"),
    *("selfTradePreventionMode", "pegPriceType", "pegOffsetValue", "pegOffsetType", "recvWindow", "timestamp"),
    "signature",
)
"""What a new order may carry (rest-api.md, New order)."""

TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        "id_pattern": Trait(
            r"^[a-zA-Z0-9-_]{1,36}$", "fix-api.md (ClOrdID); REST's -1100 names the same range", "documented"
        ),
        "id_scope": Trait("open_orders", f"{REST} New order: newClientOrderId", "documented"),
        "id_reuse": Trait("open_only", f"{REST} New order: accepted once the previous one is filled", "documented"),
        "duplicate_answer": Trait(
            {"status": 400, "code": -2010, "text": "Duplicate order sent."}, ERRORS, "documented"
        ),
        "renames_on_cancel": Trait(
            True, "web-socket-api.md order.cancel; recorded reports carry c and C", "documented"
        ),
        "lookup_after_cancel": Trait(None, "not stated; knob lookup_after_cancel", "unknown"),
        "event_order": Trait(None, "not stated; knob event_first", "unknown"),
        "visibility_delay": Trait(None, f"{REST} Data Sources: some delay is normal, no figure", "unknown"),
        "ambiguous_codes": Trait(
            AMBIGUOUS_CODES, f"{ERRORS}; -1006 and -1007 say so, the others state no outcome", "documented"
        ),
        "ambiguous_statuses": Trait("5xx", f"{REST} HTTP Return Codes: execution status is UNKNOWN", "documented"),
        "definite": Trait(
            "4xx with another JSON code, 429, 418", f"{REST} HTTP Return Codes; {ERRORS} -1013", "documented"
        ),
        "ack": Trait("result", f"{REST} New order: answered by the matching engine, fills included", "documented"),
        "post_only_would_take": Trait("refused", f"{ERRORS} -2010", "documented"),
        "cancel_unknown": Trait({"status": 400, "code": -2011}, ERRORS, "documented"),
        "query_unknown": Trait({"status": 400, "code": -2013}, ERRORS, "documented"),
        "cancel_all_empty": Trait({"status": 400, "code": -2011}, "binance-connector-python#185", "recorded"),
        "cancel_replace": Trait(
            "two_steps", f"{REST} cancelReplace: -2021 and -2022 say which half failed", "documented"
        ),
        "amend": Trait("quantity_down_only", f"{REST} amend/keepPriority; order_amend_keep_priority.md", "documented"),
        "dead_man_switch": Trait(None, "absent from the spot documentation", "documented"),
        "fee_asset": Trait("received", "faqs/commission_faq.md; BNB where that is switched on (bnbBurn)", "documented"),
        "fee_rounding": Trait("down", "not stated", "inferred"),
        "self_trade": Trait("EXPIRE_MAKER", "faqs/stp_faq.md: modes; the default is the symbol's", "documented"),
        "receive_window": Trait(
            {"default_ms": 5000, "max_ms": 60000, "ahead_ms": 1000}, f"{REST} Timing security", "documented"
        ),
        "absent_after": Trait(
            30.0, "recvWindow in use plus in-flight delay plus visibility; no figure is documented", "inferred"
        ),
        "order_parameters": Trait(
            {
                "names": {"/api/v3/order": ORDER_PARAMETERS},
                "refusals": (-1102, -1103, -1104, -1105, -1106),
            },
            f"{REST} New order; {ERRORS} -1102 to -1106",
            "documented",
        ),
        "unknown_params": Trait(
            "ignored",
            "clients send them (ccxt passes extra parameters through); -1104 exists, its use is not stated",
            "inferred",
        ),
        "weight_limit": Trait(
            {"per_minute": 6000, "window": "minute"}, f"{REST} exchangeInfo rateLimits", "documented"
        ),
        "order_limit": Trait(
            {"per_10s": 100, "per_day": 200_000, "counts": "unfilled"}, "faqs/order_count_decrement.md", "documented"
        ),
        "endpoint_unknown": Trait({"status": 404, "code": -1099}, f"{ERRORS} -1099", "documented"),
        "retry_after": Trait({"429_weight": True, "429_orders": False, "418": True}, f"{REST} LIMITS", "documented"),
        "ban": Trait(
            {"status": 418, "seconds": (120, 600, 3600, 21_600, 86_400, 259_200)},
            f"{REST}: from 2 minutes to 3 days; the steps between are not stated",
            "inferred",
        ),
        "stream": Trait(
            {"method": "userDataStream.subscribe.signature", "ping_seconds": 20, "lifetime_seconds": 86_400},
            "web-socket-api.md",
            "documented",
        ),
        "stream_sequence": Trait(None, f"{STREAM}: I is an execution id, not gapless", "documented"),
        "session_logon": Trait("ed25519_only", "web-socket-api.md; other keys sign each request", "documented"),
        "types": Trait(
            ("limit", "market", "stop", "stop_limit", "take_profit", "take_profit_limit", "oco", "oto", "otoco"),
            f"{REST} New order, Order lists; enums.md. Pegged orders, OPO lists and SOR are not offered here",
            "documented",
        ),
        "order_reports_of_stops": Trait(
            "NEW when taken (w false) and NEW again when it comes to the book (w true)",
            "not stated for the second report",
            "inferred",
        ),
        "error_classes": Trait(
            {
                "transient": (-1016,),
                "ambiguous": AMBIGUOUS_CODES,
                "rate": (-1003, -1015, -1034),
                "auth": (-1002, -1021, -1022, -2014, -2015, -4056),
                "parameter": (
                    *(-1013, -1014, -1020, -1099, -1134, -1135, -1145, -1151, -1158, -1165, -1166, -1168),
                    *range(-1130, -1099),
                    *range(-1199, -1195),
                ),
                "funds": ("Account has insufficient balance for requested action.",),
                "maintenance": ("Market is closed.",),
                "state": (-2010, -2011, -2013, -2021, -2022, -2026, -2035, -2036, -2038, -2039),
            },
            f"{ERRORS}; -2010 is told apart by its text",
            "documented",
        ),
        "batch": Trait(None, "no batch of orders on spot but order lists and openOrders", "documented"),
        "units": Trait({"quantity": "base", "quoteOrderQty": "quote"}, f"{REST} New order", "documented"),
        "numbers": Trait("strings of eight decimals", f"{REST} samples", "documented"),
        "auth": Trait(
            {"keys": ("hmac", "rsa", "ed25519"), "signs": "query string and body as sent"},
            f"{REST} SIGNED security",
            "documented",
        ),
        "rate_limits": Trait(
            {"weight_per_minute": 6000, "orders_per_10s": 100, "orders_per_day": 200_000},
            f"{REST} exchangeInfo rateLimits; faqs/order_count_decrement.md",
            "documented",
        ),
        "time_in_force": Trait(("GTC", "IOC", "FOK"), f"{REST} enums.md", "documented"),
        "maintenance": Trait(
            {"status": "GET /sapi/v1/system/status", "text": "Market is closed.", "code": -2010}, ERRORS, "documented"
        ),
        "sessions": Trait("always", "the venue states no trading hours", "inferred"),
        "stop_reserves": Trait("placement", "balances show a stop's money as locked at once", "inferred"),
        "public_trades": Trait("all", f"{REST} Recent trades list; ids are the tape's own here", "documented"),
    }
)
