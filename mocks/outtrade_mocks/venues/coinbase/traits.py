"""What Coinbase Advanced Trade is declared to do, with source and confidence, and the knobs for what nobody documents.

The documentation is thin where it matters most: reasons are enumerations without texts, no outcome is stated for a 5xx,
the quota of requests is not there any more, and no public recording of an order's life was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.coinbase.auth import LIFETIME
from outtrade_mocks.venues.coinbase.limits import MESSAGES
from outtrade_mocks.venues.coinbase.reading import CLASSES
from outtrade_mocks.venues.knobs import Knob

CREATE = "API reference Create Order"
EDIT = "API reference Edit Order"
CANCEL = "API reference Cancel Orders"
LIST = "API reference List Orders"
FAQ = "Advanced Trade FAQ"
OVERVIEW = "WebSocket overview"
CHANNELS = "WebSocket channels"

KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "event_first": Knob(
            False, (True, False), "whether the user channel tells of an order before its answer; clients see both"
        ),
        "private_per_second": Knob(30, (), "requests of a user; an older page says 30, that of 2026 none"),
        "public_per_second": Knob(10, (), "public requests of an address; an older page says 10, that of 2026 none"),
        "clock_leeway": Knob(60, (1, 60, 120), "seconds by which a token's times may differ from the venue's"),
        "quiet_seconds": Knob(90, (60, 75, 90), "after so many without a message a stream ends: 60 to 90"),
        "stop_reserves": Knob(
            "placement", ("placement", "trigger"), "when an order that waits for a price takes its money"
        ),
        "fee_tiers": Knob(
            False,
            (False, True),
            "whether fees follow the tiers by 30-day volume, in place of the scenario's maker and taker fee",
        ),
    }
)

AMBIGUOUS = ("INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED")
_PARAMETERS = tuple(
    word
    for word in CLASSES["parameter"]
    if word not in ("INVALID_LIMIT_PRICE",)  # it also begins INVALID_LIMIT_PRICE_POST_ONLY
)

ORDER_PARAMETERS = (
    *("client_order_id", "product_id", "side", "order_configuration", "leverage", "margin_type"),
    *("retail_portfolio_id", "preview_id", "attached_order_configuration", "sor_preference", "prediction_metadata"),
    *("cost_basis_method",),
)
"""What a new order may carry (Create Order, Body)."""

TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        # ---- identity
        "id_pattern": Trait(
            r"^[!-~]{1,128}$", "no alphabet and no length is stated; a UUID is always taken", "inferred"
        ),
        "id_scope": Trait("account", f"{CREATE} client_order_id: no time and no scope is stated", "inferred"),
        "id_reuse": Trait(
            "returns_first",
            f"{CREATE} client_order_id: no order is created, that of the id is returned; coinbase-advanced-py#49: also"
            " for another product and side. Until when is not stated",
            "documented",
        ),
        "duplicate_answer": Trait(
            "first_order", f"{CREATE} client_order_id; coinbase-advanced-py#49: success is true", "documented"
        ),
        "renames_on_cancel": Trait(False, "a cancel carries no id of its own", "documented"),
        "lookup_after_cancel": Trait(True, f"{LIST}: an order is listed with its client_order_id", "inferred"),
        "lookup": Trait(
            {"request": "all_orders", "field": "client_order_id", "partial": ("order_status", "order_ids", "order_side",
             "order_types", "time_in_forces", "product_type", "end_date"), "since": "start_date", "more": "has_next"},
            f"{LIST}: no filter by client_order_id; list and compare",
            "documented",
        ),
        # ---- what an answer means
        "ack": Trait("ids_only", f"{CREATE}: success_response names the order and no state", "documented"),
        "error_classes": Trait(
            {
                "ambiguous": AMBIGUOUS,
                "rate": CLASSES["rate"],
                "auth": ("Unauthorized", *CLASSES["auth"]),
                "parameter": (*_PARAMETERS, "Not Found", "account not found", "product not found",
                              "portfolio not found"),
                "funds": CLASSES["funds"],
                "maintenance": CLASSES["closed"],
                "state": (*CLASSES["unknown_order"], "ORDER_NOT_FOUND", "INVALID_LIMIT_PRICE", "INVALID_NO_LIQUIDITY",
                          "INELIGIBLE_PAIR", "COMMANDER_REJECTED", "PREVIEW_STOP_PRICE", "NOT_ALLOWED_TO_CANCEL",
                          "ORDER_IS_BEING_REPLACED", "ONLY_", "CANNOT_EDIT_TO_BELOW_FILLED_SIZE",
                          "EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST", "SIZE_IN_QUOTE_EDITS_NOT_ALLOWED",
                          "order with this orderID was not found"),
            },
            "enumerations of the API reference (create, cancel, edit, preview), sorted by their names",
            "documented",
        ),
        "ambiguous_codes": Trait(AMBIGUOUS, "no outcome is stated; words of gRPC's gateway", "inferred"),
        "ambiguous_statuses": Trait(
            "5xx",
            "no outcome is stated for this API; of CDP's other APIs: the operation's status is unknown",
            "inferred",
        ),
        "definite": Trait(
            "4xx, and a reason in an answer with 200", f"{CREATE}, {CANCEL}, {EDIT}: success", "documented"
        ),
        "post_only_would_take": Trait("refused", f"{CREATE}: INVALID_LIMIT_PRICE_POST_ONLY", "documented"),
        "cancel_unknown": Trait(
            {"status": 200, "text": "UNKNOWN_CANCEL_ORDER", "filled": "ORDER_IS_FULLY_FILLED",
             "cancelled": "DUPLICATE_CANCEL_REQUEST"},
            f"{CANCEL}: reasons; which one an order gets that is cancelled already is inferred",
            "documented",
        ),
        "query_unknown": Trait(
            {"status": 404, "text": "order with this orderID was not found"},
            "ccxt (the text); coinbase-advanced-node#26 (the status)",
            "recorded",
        ),
        "cancel_all_empty": Trait(None, "there is no cancel-all", "documented"),
        "order_parameters": Trait(
            {"names": {"/api/v3/brokerage/orders": ORDER_PARAMETERS}, "refusals": ()},
            f"{CREATE}, Body; what stands inside order_configuration is not compared",
            "documented",
        ),
        "unknown_params": Trait(
            "ignored", "ccxt sends trigger=true, stopLoss and others, and orders are taken", "inferred"
        ),
        "endpoint_unknown": Trait({"status": 404, "text": "NOT_FOUND"}, "not stated", "inferred"),
        # ---- change
        "amend": Trait(
            {"may": ("price", "size", "stop_price"), "of": "GTC limit, stop-limit and bracket orders",
             "needs": "price and size both", "id": "kept", "priority": "not stated"},
            EDIT,
            "documented",
        ),
        "cancel_replace": Trait(None, "there is none", "documented"),
        "batch": Trait(
            {"place": 0, "cancel": 100, "amend": 0, "fails": "each order by itself"},
            f"{CANCEL}; the 100 is what nautilus_trader sends",
            "documented",
        ),
        "dead_man_switch": Trait(None, "there is none", "documented"),
        # ---- seeing
        "visibility_delay": Trait(
            None,
            "no figure; users saw 404 for an order just placed (coinbase-advanced-node#26), and late lists",
            "unknown",
        ),
        "absent_after": Trait(
            60.0, "no figure is documented; flight, a token's leeway and late lists", "inferred"
        ),
        "event_order": Trait(None, "not stated; nautilus_trader: the stream races REST. Knob event_first", "unknown"),
        "stream": Trait(
            {"subscribe": "user, with a token", "within_seconds": 5, "token_seconds": LIFETIME, "heartbeat_seconds": 1,
             "quiet_seconds": (60, 90), "amounts": "cumulative",
             "snapshot": "open orders, 50 a message, the last one fewer"},
            f"{OVERVIEW}; {CHANNELS}",
            "documented",
        ),
        "stream_sequence": Trait(
            "per connection, over all channels, from 0",
            f"{OVERVIEW} says per product, with gaps and out of order possible; nautilus_trader saw it per connection",
            "inferred",
        ),
        "public_trades": Trait("everybody's; side is the maker's", f"{CHANNELS} market_trades", "documented"),
        # ---- money and units
        "fee_asset": Trait("quote", "ccxt and samples: total_fees; no page says so", "inferred"),
        "fee_rounding": Trait("down, to 1e-8 of the quote", "not stated", "inferred"),
        "units": Trait(
            {"base_size": "base", "quote_size": "quote, fees included: market orders"},
            f"{CREATE}; ccxt's samples: size_inclusive_of_fees",
            "documented",
        ),
        "numbers": Trait("plain decimal strings, absent is an empty string", f"{LIST}; samples of ccxt", "recorded"),
        "self_trade": Trait(
            {"default": "decrement", "request": "self_trade_prevention_id"},
            "Coinbase Exchange: decrease and cancel; of this API no default is stated. Who lost a part ends CANCELLED",
            "inferred",
        ),
        "stop_reserves": Trait(None, "not stated; knob stop_reserves", "unknown"),
        # ---- access
        "auth": Trait(
            {"keys": ("es256", "eddsa"), "signs": "a JWT with method, host and path of one request"},
            "CDP API key authentication; Ed25519 keys: coinbase-advanced-py 1.8",
            "documented",
        ),
        "receive_window": Trait(
            {"token_ms": LIFETIME * 1000, "ahead_ms": 60_000},
            "JWTs expire after two minutes; leeway: knob clock_leeway",
            "documented",
        ),
        "rate_limits": Trait(
            {"private_per_second": 30, "public_per_second": 10, "stream_messages_per_second": MESSAGES},
            "an older page (REST); WebSocket rate limits",
            "inferred",
        ),
        "retry_after": Trait(None, "coinbase-advanced-py reads x-ratelimit-reset; its unit is not stated", "unknown"),
        "ban": Trait(None, "not stated", "unknown"),
        # ---- hours and kinds
        "types": Trait(
            ("market", "limit", "stop_limit", "take_profit_limit", "bracket"),
            f"{CREATE} order_configuration; twap and scaled orders are not offered here",
            "documented",
        ),
        "time_in_force": Trait(("GTC", "GTD", "IOC", "FOK"), f"{CREATE} order_configuration", "documented"),
        "maintenance": Trait(
            {"request": "GET /api/v3/brokerage/market/products",
             "flags": ("trading_disabled", "cancel_only", "limit_only", "post_only", "auction_mode", "view_only"),
             "text": "ORDER_ENTRY_DISABLED"},
            "API reference List Products; which reason goes with which flag is inferred",
            "documented",
        ),
        "sessions": Trait("always", "the venue states no trading hours for spot", "inferred"),
    }
)  # fmt: skip
