"""What Bybit is declared to do, with source and confidence, and the knobs for what nobody documents.

Checks judge only on traits that are documented, recorded or a maintainer's word. What is inferred or unknown is a
setting of the scenario (``KNOBS``): both behaviours must be lived with.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.knobs import Knob

CREATE = "docs v5/order/create-order.mdx"
ERRORS = "docs v5/error.mdx"
LIMITS = "docs v5/rate-limit.mdx"
GUIDE = "docs v5/guide.mdx"
ENUMS = "docs v5/enum.mdx"

AMBIGUOUS_CODES = (10000, 10016, 110079, 170001, 170007, 170032, 170035, 170146, 170147)
"""Error codes after which the outcome of the request is not known; by their texts."""

KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "event_first": Knob(
            False,
            (True, False),
            "whether the stream tells of an order before its REST answer; the venue makes both at once, who serves it "
            "decides",
        ),
        "funding_rate": Knob(0.0001, (), "the rate paid every eight hours; the live number changes with the market"),
        "id_reuse": Knob(
            "never",
            ("never", "open_only"),
            "the page says always unique; it once allowed reuse after a fill or cancel, and what really happens is not "
            "known",
        ),
        "orders_per_second": Knob(10, (), "create, amend and cancel for contracts; depends on the account's level"),
        "spot_orders_per_second": Knob(20, (), "create and cancel for spot; depends on the account's level"),
        "queries_per_second": Knob(50, (), "queries of orders, positions and balances"),
        "address_per_5s": Knob(600, (), "requests of an address in five seconds until it is banned"),
        "ban_seconds": Knob(600, (), "how long an address is banned; the page says at least ten minutes"),
    }
)

ORDER_PARAMETERS = (
    *("category", "symbol", "isLeverage", "side", "orderType", "qty", "marketUnit", "slippageToleranceType"),
    *("slippageTolerance", "price", "triggerDirection", "orderFilter", "triggerPrice", "triggerBy", "orderIv"),
    *("timeInForce", "positionIdx", "orderLinkId", "takeProfit", "stopLoss", "tpTriggerBy", "slTriggerBy"),
    *("reduceOnly", "closeOnTrigger", "smpType", "mmp", "tpslMode", "tpLimitPrice", "slLimitPrice"),
    *("tpOrderType", "slOrderType", "bboSideType", "bboLevel"),
)
"""What a new order may carry (create-order.mdx)."""

TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        # ---- identity
        "id_pattern": Trait(r"^[A-Za-z0-9_-]{1,36}$", f"{CREATE} orderLinkId", "documented"),
        "id_scope": Trait("account", f"{CREATE} orderLinkId: always unique", "documented"),
        "id_reuse": Trait(None, f"{CREATE} says never, an earlier text allowed it; knob id_reuse", "unknown"),
        "duplicate_answer": Trait(
            {"status": 200, "code": {"contracts": 110072, "spot": 170141}, "text": "OrderLinkedID is duplicate"},
            ERRORS,
            "documented",
        ),
        "renames_on_cancel": Trait(False, "cancel-order.mdx answers with the same orderLinkId", "documented"),
        "lookup_after_cancel": Trait(True, "open-order.mdx: the last 500 closed orders are found by id", "documented"),
        # ---- what an answer means
        "ack": Trait("ids_only", f"{CREATE}: the request was accepted; the order stream confirms", "documented"),
        "error_classes": Trait(
            {
                "transient": (170032,),
                "ambiguous": AMBIGUOUS_CODES,
                "rate": (10006, 10018, 170005, 170222, 10429, 20003, "access too frequent"),
                "auth": (10002, 10003, 10004, 10005, 10007, 10010, 20001, 33004),
                "parameter": (
                    *(10001, 10017, 10404, 100028, 110003, 110013, 110017, 110092, 110093, 110094),
                    *(170105, 170115, 170116, 170117, 170121, 170130, 170132, 170133, 170134, 170135, 170136, 170137),
                    *(170140, 170148, 170201, 170202, 170221),
                ),
                "funds": (110004, 110007, 110012, 110014, 110016, 170033, 170131),
                "maintenance": (10019, 110066, 170151),
                "state": (
                    *(20006, 34040, 110001, 110008, 110009, 110010, 110015, 110020, 110024, 110025, 110028, 110033),
                    *(110043, 110058, 110061, 110064, 110072, 110076, 170139, 170141, 170142, 170210, 170213, 170312),
                    *(170313, 3400045),
                ),
            },
            ERRORS,
            "documented",
        ),
        "ambiguous_codes": Trait(AMBIGUOUS_CODES, f"{ERRORS}: timeouts and system errors, by their texts", "inferred"),
        "ambiguous_statuses": Trait("5xx", "not stated", "inferred"),
        "definite": Trait("any other retCode, 403, 429, 404", ERRORS, "documented"),
        "post_only_would_take": Trait(
            "cancelled", f"{CREATE} timeInForce PostOnly; {ENUMS} EC_PostOnlyWillTakeLiquidity", "documented"
        ),
        "cancel_unknown": Trait({"status": 200, "code": {"contracts": 110001, "spot": 170213}}, ERRORS, "documented"),
        "query_unknown": Trait({"status": 200, "code": 0, "list": []}, "open-order.mdx: an empty list", "inferred"),
        "cancel_all_empty": Trait(
            {"status": 200, "code": 0, "list": []}, "cancel-all.mdx shows lists only", "inferred"
        ),
        "order_parameters": Trait(
            {"names": {"/v5/order/create": ORDER_PARAMETERS}, "refusals": ()}, "create-order.mdx", "documented"
        ),
        "unknown_params": Trait("ignored", "clients send them (ccxt passes extra parameters through)", "inferred"),
        "endpoint_unknown": Trait({"status": 404}, f"{ERRORS} HTTP Code", "documented"),
        # ---- change
        "amend": Trait(
            {"fields": ("qty", "price", "triggerPrice", "takeProfit", "stopLoss"), "id": "kept", "answer": "ids_only"},
            "amend-order.mdx; that only a smaller quantity keeps its priority stands on the FIX page",
            "documented",
        ),
        "cancel_replace": Trait(None, "there is none; amend keeps the order", "documented"),
        "batch": Trait(
            {"contracts": 20, "spot": 10, "fails": "item by item, codes in retExtInfo"}, "batch-place.mdx", "documented"
        ),
        "dead_man_switch": Trait(
            {
                "request": "POST /v5/order/disconnected-cancel-all",
                "unit": "seconds",
                "range": (3, 300),
                "acts": "when no private stream with a dcp topic is left for that long",
            },
            "dcp.mdx",
            "documented",
        ),
        # ---- seeing
        "visibility_delay": Trait(None, "open-order.mdx: may lag in volatile markets; no figure", "unknown"),
        "absent_after": Trait(
            30.0, "receive window in use plus in-flight delay plus visibility; no figure is documented", "inferred"
        ),
        "event_order": Trait(None, "not stated; knob event_first", "unknown"),
        "stream": Trait(
            {"path": "/v5/private", "login": "auth", "ping_seconds": 20, "idle_seconds": 600},
            "ws/connect.mdx",
            "documented",
        ),
        "stream_sequence": Trait(None, "execution carries seq, which has gaps", "documented"),
        "public_trades": Trait("all", "publicTrade shows every trade", "documented"),
        "order_reports": Trait(
            "every state is told, New before a fill at once, Triggered before New", "not stated", "inferred"
        ),
        # ---- money and units
        "fee_asset": Trait(
            {"spot": "received", "contracts": "settle"},
            f"{ENUMS} spot fee currency; fee rates above zero",
            "documented",
        ),
        "fee_rounding": Trait("down", "not stated", "inferred"),
        "units": Trait(
            {"spot": "base; market buys quote unless marketUnit=baseCoin", "linear": "base", "inverse": "quote"},
            f"{CREATE} qty, marketUnit",
            "documented",
        ),
        "numbers": Trait("strings; prices and quantities at the decimals of the symbol", "samples", "documented"),
        "self_trade": Trait(
            {"default": "None", "modes": ("None", "CancelMaker", "CancelTaker", "CancelBoth")}, "smp.mdx", "documented"
        ),
        "stop_reserves": Trait(
            {"conditional": "trigger", "spot tpslOrder": "placement"}, f"{CREATE} orderFilter", "documented"
        ),
        # ---- access
        "auth": Trait(
            {"keys": ("hmac", "rsa"), "signs": "timestamp, key, window, then query string or body as sent"},
            GUIDE,
            "documented",
        ),
        "receive_window": Trait({"default_ms": 5000, "max_ms": None, "ahead_ms": 1000}, GUIDE, "documented"),
        "rate_limits": Trait(
            {
                "orders_per_second": {"spot": 20, "contracts": 10},
                "queries_per_second": 50,
                "address": {"requests": 600, "seconds": 5},
            },
            LIMITS,
            "documented",
        ),
        "retry_after": Trait(
            {"header": "X-Bapi-Limit-Reset-Timestamp", "unit": "ms", "Retry-After": False}, LIMITS, "documented"
        ),
        "ban": Trait({"status": 403, "text": "access too frequent", "seconds": 600}, LIMITS, "documented"),
        # ---- hours and kinds
        "types": Trait(
            (
                *("limit", "market", "stop", "stop_limit", "take_profit", "take_profit_limit"),
                *("trailing_stop", "bracket"),
            ),
            f"{CREATE}; trading-stop.mdx",
            "documented",
        ),
        "time_in_force": Trait(("GTC", "IOC", "FOK", "PostOnly"), f"{ENUMS} timeInForce", "documented"),
        "maintenance": Trait(
            {"status": "GET /v5/system/status", "code": {"contracts": 110066, "spot": 170151}}, ERRORS, "documented"
        ),
        "account_settings": Trait(
            {
                "leverage": ("GET /v5/position/list",),
                "margin_mode": ("GET /v5/account/info",),
                "position_mode": ("GET /v5/position/list",),
            },
            "docs v5/position/position-info.mdx (leverage, positionIdx); v5/account/account-info.mdx (marginMode)",
            "documented",
        ),
        "sessions": Trait("always", "the venue states no trading hours", "inferred"),
    }
)
