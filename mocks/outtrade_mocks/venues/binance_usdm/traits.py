"""What Binance USD-M futures are declared to do, with source and confidence, and the knobs for what nobody documents.

Checks judge only on traits that are documented, recorded or a maintainer's word. What is inferred or unknown is a
setting of the scenario (``KNOBS``): both behaviours must be lived with.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.knobs import Knob

DOCS = "developers.binance.com derivatives/usds-margined-futures"
GENERAL = f"{DOCS}/general-info"
ERRORS = f"{DOCS}/error-code"
NEW = f"{DOCS}/trade/rest-api/New-Order"
STREAM = f"{DOCS}/user-data-streams"

AMBIGUOUS_CODES = (-1000, -1006, -1007)
"""Error codes after which the outcome of the request is not known."""

KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "event_first": Knob(
            False,
            (True, False),
            "whether the stream tells of an order before its REST answer; the venue makes both at once, who serves it "
            "decides",
        ),
        "retry_after": Knob(False, (True, False), "the futures document knows no Retry-After header"),
        "weight_per_minute": Knob(2400, (), "REQUEST_WEIGHT limit of exchangeInfo; the live number changes"),
        "orders_per_10s": Knob(300, (), "ORDERS limit for ten seconds; the live number changes"),
        "orders_per_minute": Knob(1200, (), "ORDERS limit for a minute; the live number changes"),
        "ban_after": Knob(20, (), "requests sent in spite of 429 until the address is banned; not documented"),
        "funding_rate": Knob(0.0001, (), "the rate paid every eight hours; the live number changes with the market"),
    }
)

_SETTINGS = ("GET /fapi/v2/account", "GET /fapi/v2/positionRisk", "WS account.status", "WS account.position")
"""Where leverage, margin type and position side stand together; the third version of both left them out."""
ORDER_PARAMETERS = (
    *("symbol", "side", "positionSide", "type", "timeInForce", "quantity", "reduceOnly", "price"),
    *("newClientOrderId", "stopPrice", "closePosition", "activationPrice", "callbackRate", "workingType"),
    *("priceProtect", "newOrderRespType", "priceMatch", "selfTradePreventionMode", "goodTillDate"),
    *("recvWindow", "timestamp", "signature"),
)
"""What a new order may carry (New Order)."""

TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        "id_pattern": Trait(r"^[\.A-Z\:/a-z0-9_-]{1,36}$", f"{NEW} newClientOrderId", "documented"),
        "id_scope": Trait("open_orders", f"{NEW}: a unique id among open orders", "documented"),
        "id_reuse": Trait("open_only", f"{NEW}: unique among open orders", "inferred"),
        "duplicate_answer": Trait(
            {"status": 400, "code": -4116, "text": "ClientOrderId is duplicated."}, "nautilus_trader#4215", "recorded"
        ),
        "renames_on_cancel": Trait(False, f"{DOCS}/trade/rest-api/Cancel-Order sample", "documented"),
        "lookup_after_cancel": Trait(True, f"{DOCS}/trade/rest-api/Query-Order: kept 3 days, unfilled", "documented"),
        "event_order": Trait(None, "not stated; knob event_first", "unknown"),
        "visibility_delay": Trait(None, "the stream is preferred in volatile markets; no figure", "unknown"),
        "absent_after": Trait(
            30.0, "recvWindow in use plus in-flight delay plus visibility; no figure is documented", "inferred"
        ),
        "ambiguous_codes": Trait(
            AMBIGUOUS_CODES, f"{ERRORS}: -1006 and -1007 say so, -1000 states no outcome", "documented"
        ),
        "ambiguous_statuses": Trait(
            "408; 503 but for 'Service Unavailable.', 'Internal error; ...' and -1008; other 5xx",
            f"{GENERAL} HTTP Return Codes",
            "documented",
        ),
        "definite": Trait(
            "4xx with a JSON code but -1006 and -1007; 503 'Service Unavailable.' or 'Internal error; ...', -1008",
            f"{GENERAL} HTTP Return Codes",
            "documented",
        ),
        "error_classes": Trait(
            {
                "transient": (-1001, -1008, -1016, "Service Unavailable."),
                "ambiguous": AMBIGUOUS_CODES,
                "rate": (-1003, -1015),
                "auth": (-1002, -1021, -1022, -2014, -2015, -4056, -5028),
                "parameter": (
                    *(-1020, -1023, -1099, -1136, -2007, -4055, -4060, -4062, -4082, -4120, -4131, -4135, -4136, -4137),
                    *(-4164, -4165, -4183, -4184, -5037, -5038, -5039, -5040),
                    *range(-1130, -1099),
                    *range(-4032, -3999),
                ),
                "funds": (-2018, -2019, -2028, -4050, -4051),
                "maintenance": (-4141, -5024),
                "state": (
                    *(-2010, -2011, -2013, -2020, -2021, -2022, -2025, -2027, -4045, -4046, -4047, -4048, -4049, -4054),
                    *(-4059, -4061, -4067, -4068, -4116, -4118, -4161, -4171, -5021, -5022, -5025, -5026, -5027, -5041),
                ),
            },
            ERRORS,
            "documented",
        ),
        "ack": Trait("result", f"{NEW}: newOrderRespType RESULT gives the end state, ACK (default) NEW", "documented"),
        "post_only_would_take": Trait("refused", f"{ERRORS} -5022", "documented"),
        "cancel_unknown": Trait({"status": 400, "code": -2011}, ERRORS, "documented"),
        "query_unknown": Trait({"status": 400, "code": -2013}, ERRORS, "documented"),
        "cancel_all_empty": Trait({"status": 200, "code": 200}, "the answer says nothing of orders", "inferred"),
        "order_parameters": Trait(
            {"names": {"/fapi/v1/order": ORDER_PARAMETERS}, "refusals": (-1102, -1103, -1104, -1105, -1106)},
            "New Order (trade/rest-api/New-Order); error codes -1102 to -1106",
            "documented",
        ),
        "unknown_params": Trait(
            "ignored",
            "clients send them (ccxt passes extra parameters through); -1104 exists, its use is not stated",
            "inferred",
        ),
        "endpoint_unknown": Trait({"status": 404, "code": -1099}, f"{ERRORS} -1099", "inferred"),
        "amend": Trait(
            "price and quantity of limit orders; same id, to the back of the queue; ends a GTX order that would take "
            "and one whose new quantity is filled",
            f"{DOCS}/trade/rest-api/Modify-Order",
            "documented",
        ),
        "cancel_replace": Trait(None, "absent from the futures documentation", "documented"),
        "batch": Trait(
            {"place": 5, "cancel": 10, "amend": 5, "fails": "each alone: code and msg in its place"},
            f"{DOCS}/trade/rest-api/Place-Multiple-Orders",
            "documented",
        ),
        "dead_man_switch": Trait(
            {"request": "POST /fapi/v1/countdownCancelAll", "unit": "ms", "off": 0, "per": "symbol"},
            f"{DOCS}/trade/rest-api/Auto-Cancel-All-Open-Orders",
            "documented",
        ),
        "fee_asset": Trait(
            "settle", "commissionAsset of samples is the margin asset (BNB fees switched off)", "documented"
        ),
        "fee_rounding": Trait("down", "not stated", "inferred"),
        "units": Trait({"quantity": "base"}, f"{NEW}: quantity in the base asset", "documented"),
        "numbers": Trait(
            "strings, as many decimals as pricePrecision and quantityPrecision; in events plain",
            f"{DOCS} samples",
            "inferred",
        ),
        "self_trade": Trait(
            {"default": "EXPIRE_MAKER", "modes": ("EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "NONE")},
            f"{NEW} selfTradePreventionMode; samples of algo orders show the default",
            "documented",
        ),
        "stop_reserves": Trait("trigger", f"{DOCS}/change-log 2025-11: no margin check before the trigger", "inferred"),
        "conditional_orders": Trait(
            {"endpoint": "/fapi/v1/algoOrder", "elsewhere": -4120, "triggered": "a new orderId (actualOrderId)"},
            "nautilus_trader#3287; change-log 2025-12-09",
            "recorded",
        ),
        "receive_window": Trait(
            {"default_ms": 5000, "max_ms": 60000, "ahead_ms": 1000}, f"{GENERAL} Timing", "documented"
        ),
        "auth": Trait(
            {"keys": ("hmac", "rsa", "ed25519"), "signs": "query string and body as sent"},
            f"{GENERAL} SIGNED",
            "documented",
        ),
        "rate_limits": Trait(
            {"weight_per_minute": 2400, "orders_per_10s": 300, "orders_per_minute": 1200},
            f"{DOCS}/market-data/rest-api/Exchange-Information; WebSocket API answers",
            "documented",
        ),
        "retry_after": Trait(None, "not in the futures document; knob retry_after", "unknown"),
        "ban": Trait(
            {"status": 418, "seconds": (120, 600, 3600, 21_600, 86_400, 259_200)},
            f"{GENERAL}: from 2 minutes to 3 days; the steps between are not stated",
            "inferred",
        ),
        "stream": Trait(
            {"listen_key": "POST /fapi/v1/listenKey", "minutes": 60, "keep_alive": "PUT", "ping_seconds": 180},
            f"{STREAM}; websocket-market-streams",
            "documented",
        ),
        "stream_sequence": Trait(
            {"account": None, "depth": "U, u; pu is the u before"}, f"{STREAM}: ordered by E; diff depth", "documented"
        ),
        "public_trades": Trait("everybody", "the market's prints, its seeded participants included", "documented"),
        "types": Trait(
            ("limit", "market", "stop", "stop_limit", "take_profit", "take_profit_limit", "trailing_stop"),
            NEW,
            "documented",
        ),
        "time_in_force": Trait(("GTC", "IOC", "FOK", "GTX", "GTD"), f"{DOCS}/common-definition", "documented"),
        "maintenance": Trait(
            {"status": "GET /sapi/v1/system/status", "text": "Symbol is closed", "code": -4141}, ERRORS, "documented"
        ),
        "account_settings": Trait(
            {
                "leverage": (*_SETTINGS, "GET /fapi/v1/symbolConfig"),
                "margin_mode": (*_SETTINGS, "GET /fapi/v1/symbolConfig"),
                "position_mode": (*_SETTINGS, "GET /fapi/v1/positionSide/dual", "GET /fapi/v1/accountConfig"),
                "unchanged": (-4046, -4059),
            },
            f"{DOCS}/account/rest-api: Symbol-Config, Account-Config, Get-Current-Position-Mode, Account-Information",
            "documented",
        ),
        "sessions": Trait("always", "perpetual contracts trade round the clock", "documented"),
    }
)
