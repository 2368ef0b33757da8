"""What Alpaca is declared to do, with source and confidence, and the knobs for what nobody documents."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.knobs import Knob

ORDERS = "docs/orders-at-alpaca"
API = "reference/postorder"
PATCH = "reference/patchorderbyorderid-1"
STREAM = "docs/websocket-streaming"
FAQ = "docs/working-with-orders (frequently asked questions)"
PROTECTION = "docs/user-protection"
CRYPTO = "docs/crypto-trading"
PAPER = "measured on the paper account by an open project, 2026-08"
CCXT = "ccxt alpaca, comments of its maintainers"

KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "event_first": Knob(
            False,
            (True, False),
            "whether the stream tells of an order before its answer; the venue makes both at once",
        ),
        "id_reuse": Knob(
            "never",
            ("never", "open_only"),
            "pages say that an id is unique among active orders; practice refuses one that was ever used",
        ),
        "pending_new_event": Knob(
            False, (True, False), "whether the stream tells pending_new before new; pages list it as less common"
        ),
        "second_stream": Knob(
            "refuse",
            ("refuse", "replace"),
            "what becomes of a second stream of the same key: it is refused, or the first one is closed",
        ),
        "crypto_fee": Knob(
            "day_end",
            ("day_end", "at_trade"),
            "when crypto's fee is taken: pages say at the end of the day (CFEE); the paper account was seen to at once",
        ),
        "replace_ms": Knob(
            0,
            (0, 50, 500, 3000),
            "how long a replacement is on its way (pending_replace): 200 does not promise it, and no figure is stated",
        ),
        "parts_told": Knob(
            False,
            (True, False),
            "whether a task's instrument tells the nine decimals that day orders may have, or whole shares, as every"
            " order may",
        ),
        "requests_per_minute": Knob(200, (), "200 for usual accounts, 1,000 for paying ones"),
    }
)

ORDER_PARAMETERS = (
    *("symbol", "qty", "notional", "side", "type", "time_in_force", "limit_price", "stop_price", "trail_price"),
    *("trail_percent", "extended_hours", "client_order_id", "order_class", "legs", "take_profit", "stop_loss"),
    *("position_intent", "advanced_instructions"),
)
"""What a new order may carry (reference/postorder, body parameters)."""

TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        # ---- identity
        "id_pattern": Trait(r"^.{1,128}$", f"{API} client_order_id: at most 128 characters", "documented"),
        "id_scope": Trait(
            None, "pages: among active orders; practice: for ever; default of the knob id_reuse: for ever", "unknown"
        ),
        "id_reuse": Trait(None, "see id_scope: a new id for a new order is always right", "unknown"),
        "duplicate_answer": Trait(
            {"status": 422, "code": 40010001, "text": "client_order_id must be unique", "shared": True},
            "alpaca-py issue 260; a captured answer",
            "recorded",
        ),
        "renames_on_cancel": Trait(False, f"{API}: a cancel carries no id of its own", "documented"),
        "lookup_after_cancel": Trait(
            True, "reference/getorderbyclientorderid: any order, not only open ones", "documented"
        ),
        # ---- what an answer means
        "ack": Trait("accepted", f"{ORDERS}: pending_new or accepted; what follows is told later", "documented"),
        "error_classes": Trait(
            {
                "transient": (),
                "ambiguous": (50010000, 50410000),
                "rate": (42910000,),
                "maintenance": ("service is unavailable", "market is closed", "market takes cancels only"),
                "funds": ("insufficient", "account is not allowed to short"),
                "auth": (40110000, "unauthorized", "forbidden.", "new orders are rejected by user request",
                         "fractional trading is disabled"),
                "state": ("order is already in", "order not found", "client_order_id must be unique",
                          "position does not exist", "asset not found", "endpoint not found", "order is not open",
                          "unable to replace order", "order cannot be replaced", "order parameters are not changed",
                          "potential wash trade", "trade denied due to pattern day trading", "too many open orders",
                          "trading in"),
                "parameter": (40010000, 40010001, 42210000, "cost basis must be", "Invalid"),
            },
            f"{API}: 403 buying power or shares are not sufficient, 422 parameters; {PROTECTION}; texts as captured",
            "documented",
        ),
        "ambiguous_codes": Trait((50010000, 50410000), f"{FAQ}: a timeout may have reached the market", "documented"),
        "ambiguous_statuses": Trait("5xx", f"{FAQ}: timeouts; which statuses is not stated", "inferred"),
        "definite": Trait("400, 401, 403, 404, 422, 429", f"{API}: an order that is refused has no id", "documented"),
        "post_only_would_take": Trait(None, f"{ORDERS}: there are no post-only orders", "documented"),
        "cancel_unknown": Trait(
            {"status": 422, "code": 42210000, "text": "order is already in", "shared": True,
             "never_existed": {"status": 404, "code": 40410000}, "cancelled already": 204},
            f"trading-signals issue 1079; {PAPER}",
            "recorded",
        ),
        "query_unknown": Trait(
            {"status": 404, "code": 40410000, "text": "order not found", "shared": True},
            "fixtures of alpaca-py; older: order is not found.",
            "recorded",
        ),
        "cancel_all_empty": Trait({"status": 207, "body": "an empty list"}, "reference/deleteallorders", "inferred"),
        "order_parameters": Trait({"names": {"/v2/orders": ORDER_PARAMETERS}, "refusals": ()}, API, "documented"),
        "unknown_params": Trait("ignored", "clients send them (ccxt passes extra parameters through)", "inferred"),
        "endpoint_unknown": Trait({"status": 404}, "not stated", "inferred"),
        # ---- change
        "amend": Trait(
            {"fields": ("qty", "limit_price", "stop_price", "trail"), "id": "a new one: replaces, replaced_by",
             "client_order_id": "a new one", "refused in": ("accepted", "pending_new", "pending_cancel",
                                                            "pending_replace")},
            PATCH,
            "documented",
        ),
        "cancel_replace": Trait(None, "there is none beside PATCH", "documented"),
        "batch": Trait(None, "there is none; cancel-all and close-all answer item by item (207)", "documented"),
        "dead_man_switch": Trait(None, "there is none", "documented"),
        # ---- seeing
        "visibility_delay": Trait(None, "no figure; the stream is recommended", "unknown"),
        "absent_after": Trait(30.0, "no figure: flight and visibility", "inferred"),
        "event_order": Trait(None, "not stated; knob event_first", "unknown"),
        "stream": Trait(
            {"path": "/stream", "login": "authenticate", "listen": "trade_updates", "frames": "binary",
             "connections": "one of each key"},
            f"{STREAM}: the paper account's frames are binary; alpaca-py: a single-connection slot",
            "documented",
        ),
        "stream_sequence": Trait(None, f"{STREAM}: no numbers, no replay", "documented"),
        "public_trades": Trait("all", "docs/real-time-crypto-pricing-data", "documented"),
        "order_reports": Trait("new, then each trade, then the end", STREAM, "documented"),
        # ---- money and units
        "fee_asset": Trait(
            "received, booked at the end of the day",
            f"docs/crypto-fees: of the credited asset; equities pay none; {PAPER}; knob crypto_fee",
            "documented",
        ),
        "fee_rounding": Trait("down", "not stated", "inferred"),
        "units": Trait("base; notional in dollars, market orders only", API, "documented"),
        "numbers": Trait("strings without zeros at the end; market data: JSON numbers", "samples", "documented"),
        "self_trade": Trait(
            {"default": "refused at entry", "status": 403, "text": "potential wash trade detected. use complex orders"},
            PROTECTION,
            "documented",
        ),
        "stop_reserves": Trait("placement", f"{ORDERS}, buying power: open orders reduce it", "documented"),
        # ---- access
        "auth": Trait(
            {"headers": ("APCA-API-KEY-ID", "APCA-API-SECRET-KEY"), "signs": "nothing"},
            "docs/authentication",
            "documented",
        ),
        "receive_window": Trait({"window": "none"}, "docs/authentication: nothing is signed", "documented"),
        "rate_limits": Trait(
            {"requests": 200, "seconds": 60, "per": "account"}, "support page on API rate limits", "documented"
        ),
        "retry_after": Trait(
            {"header": "X-Ratelimit-Reset", "unit": "s", "Retry-After": False},
            "headers of answers, forum.alpaca.markets/t/12029",
            "recorded",
        ),
        "ban": Trait(None, "none is stated", "unknown"),
        # ---- hours and kinds
        "types": Trait(
            {"us_equity": ("market", "limit", "stop", "stop_limit", "trailing_stop", "bracket", "oco", "oto"),
             "crypto": ("market", "limit", "stop_limit")},
            f"{ORDERS}; {CRYPTO}",
            "documented",
        ),
        "time_in_force": Trait(
            {"us_equity": ("day", "gtc", "opg", "cls", "ioc", "fok"), "crypto": ("gtc", "ioc")},
            f"{ORDERS}; {CRYPTO}; {PAPER}: day is refused for crypto",
            "documented",
        ),
        "maintenance": Trait(None, "no status endpoint; not stated", "unknown"),
        "sessions": Trait(
            {"us_equity": "XNYS: 9:30 to 16:00, extended 4:00 to 20:00; queued outside", "crypto": "always"},
            f"{ORDERS}, extended hours; reference/getcalendar",
            "documented",
        ),
    }
)  # fmt: skip
