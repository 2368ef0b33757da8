"""What OKX is declared to do, with source and confidence, and the knobs for what nobody documents.

Sources: the documentation (okx.com/docs-v5, as of June 2026), recordings and client libraries. Checks judge only on
what is documented, recorded or a maintainer's word.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.knobs import Knob

DOCS = "docs-v5"
PLACE = f"{DOCS} Place order"
ERRORS = f"{DOCS} Error Code"
ORDERS = f"{DOCS} Order channel"

AMBIGUOUS_CODES = (50004, 50026, 51054, 51149, 51412)
"""Error codes after which the outcome of the request is not known."""
RATE_CODES = (50011, 50013, 50040, 50061, 60014)
AUTH_CODES = (
    50030, *range(50100, 50115), 50119, 50120, 50121, 60004, 60005, 60006, 60007, 60009, 60011, 60024, 60031, 60032,
    64003,
)  # fmt: skip
FUNDS_CODES = (51008, 51127, 51131, 51502, 59103, 59108, 59301)
MAINTENANCE_CODES = (50001, 51021, 51022, 64008)
STATE_CODES = (
    50036, 50037, 51004, 51010, 51016, 51023, 51025, 51065, 51169, 51170, 51205, 51261, 51400, 51410, 51503, 51506,
    51511, 51527, 51603, 59000, 59104,
)  # fmt: skip
PARAMETER_CODES = (
    50000, 50002, 50005, 50006, 50014, 50015, 50016, 50024, 50025, 50115, 51000, 51001, 51003, 51006, 51015, 51020,
    51044, *range(51046, 51050), 51101, 51111, 51121, 51137, 51138, 51150, 51186, 51201, 51202, 51203, 51204, 51257,
    *range(51277, 51281), 51327, 51330, 51407, 51415, 51500, 51501, 51512, 54036, 59102, 60012, 60013, 60018, 60019,
    60027, 60028, 64001, 64002,
)  # fmt: skip
"""What a request is refused for, by what is to be done about it; docs-v5, Error Code."""

KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "position_mode": Knob(
            "net_mode", ("net_mode", "long_short_mode"), "position mode of the account at the start; a setting of users"
        ),
        "account_mode": Knob("2", ("1", "2", "3"), "acctLv: spot, futures or multi-currency margin mode; a user's"),
        "funding_rate": Knob(0.0001, (), "the rate paid every eight hours; the live number changes with the market"),
        "leverage": Knob(3, (), "leverage of an instrument that nobody set; not documented"),
        "rate_status": Knob(
            429, (429, 200), "HTTP status of 50011: the documentation's table has both, each with a text of its own"
        ),
        "rate_factor": Knob(1.0, (), "how many times the documented rate limits are allowed"),
        "shrinks_market_orders": Knob(
            False,
            (False, True),
            "whether a spot market order that the balance does not cover is cut to it (banAmend false, documented), or "
            "refused with 51008 (what users report)",
        ),
        "event_first": Knob(
            False,
            (True, False),
            "whether the stream tells of an order before its answer; both are made at once, who serves it decides",
        ),
    }
)

ORDER_PARAMETERS = (
    *("instId", "instIdCode", "tdMode", "ccy", "clOrdId", "tag", "side", "posSide", "ordType", "sz", "px"),
    *("pxUsd", "pxVol", "reduceOnly", "tgtCcy", "banAmend", "pxAmendType", "tradeQuoteCcy", "stpId", "stpMode"),
    *("attachAlgoOrds", "isElpTakerAccess"),
)
"""What a new order may carry (POST / Place order)."""

TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        # ---- identity
        "id_pattern": Trait(r"^[a-zA-Z0-9]{1,32}$", f"{PLACE}: clOrdId", "documented"),
        "id_scope": Trait("open_orders", f"{PLACE}: unique among pending orders, and in a batch", "documented"),
        "id_reuse": Trait("open_only", f"{PLACE}: may be reused in a terminal state", "documented"),
        "duplicate_answer": Trait(
            {"status": 200, "code": 51016, "text": "Client order ID already exists."}, ERRORS, "documented"
        ),
        "renames_on_cancel": Trait(False, f"{ORDERS}: clOrdId stays", "documented"),
        "lookup_after_cancel": Trait(
            True, f"{DOCS} Order details: by clOrdId the latest match; two hours for unfilled ones", "documented"
        ),
        # ---- what an answer means
        "ack": Trait("accepted", f"{PLACE}: sCode 0 is acceptance; the result is on the orders channel", "documented"),
        "error_classes": Trait(
            {
                "transient": (50001, 50013),
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
            AMBIGUOUS_CODES, f"{ERRORS}: 50004 and 51149 say so; 50026, 51054, 51412 state no outcome", "documented"
        ),
        "ambiguous_statuses": Trait("5xx but 503 with code 50001", ERRORS, "inferred"),
        "definite": Trait("an item or an envelope with any other code", ERRORS, "documented"),
        "post_only_would_take": Trait("cancelled", f"{ORDERS}: cancelSource 31", "documented"),
        "cancel_unknown": Trait({"status": 200, "code": 51400}, ERRORS, "documented"),
        "query_unknown": Trait({"status": 200, "code": 51603}, ERRORS, "documented"),
        "cancel_all_empty": Trait(None, "there is no cancel-all but for options (mass-cancel)", "documented"),
        "order_parameters": Trait(
            {
                "names": {"/api/v5/trade/order": ORDER_PARAMETERS, "/api/v5/trade/batch-orders": ORDER_PARAMETERS},
                "refusals": (50014,),
            },
            "POST / Place order; error codes 50014",
            "documented",
        ),
        "unknown_params": Trait(
            "ignored", "clients send some (ccxt passes createMarketBuyOrderRequiresPrice through)", "inferred"
        ),
        "endpoint_unknown": Trait({"status": 404}, "recorded by client libraries; the text varies", "inferred"),
        # ---- change
        "amend": Trait(
            "price and total size, same ids; a size already filled ends the order", f"{DOCS} Amend order", "documented"
        ),
        "amend_priority": Trait(None, "not stated; kept here where only the size falls", "unknown"),
        "cancel_replace": Trait(None, "there is none", "documented"),
        "batch": Trait(
            {"place": 20, "cancel": 20, "amend": 20, "fails": "each item alone: code 0, 1 or 2, sCode and sMsg"},
            f"{DOCS} Place multiple orders",
            "documented",
        ),
        "dead_man_switch": Trait(
            {"request": "POST /api/v5/trade/cancel-all-after", "unit": "s", "range": (10, 120), "off": 0},
            f"{DOCS} Cancel All After",
            "documented",
        ),
        # ---- seeing
        "visibility_delay": Trait(None, f"{PLACE}: asynchronous, no figure", "unknown"),
        "absent_after": Trait(
            35.0, "30 s in which a signature is good, plus transit; no figure is documented", "inferred"
        ),
        "event_order": Trait(None, "not stated; knob event_first", "unknown"),
        "stream": Trait(
            {"login": "op login, signed seconds", "idle_seconds": 30, "ping": "text ping, answered pong"},
            f"{DOCS} WebSocket Connect, Login",
            "documented",
        ),
        "stream_sequence": Trait(
            "orders: none; books: seqId and prevSeqId", f"{ORDERS}; {DOCS} Order book channel", "documented"
        ),
        "public_trades": Trait("all", f"{DOCS} Trades channel: every trade", "documented"),
        # ---- money and units
        "fee_asset": Trait("received", f"{DOCS} Order details: feeCcy; contracts pay in settle", "documented"),
        "fee_rounding": Trait("down", "not stated", "inferred"),
        "units": Trait(
            {"sz": "base; contracts in swaps; quote in spot market buys unless tgtCcy says base_ccy"},
            f"{PLACE}: sz, tgtCcy",
            "documented",
        ),
        "numbers": Trait("plain strings, empty for none", f"{DOCS} samples", "documented"),
        "self_trade": Trait(
            {"default": "cancel_maker", "modes": ("cancel_maker", "cancel_taker", "cancel_both")},
            f"{PLACE}: stpMode",
            "documented",
        ),
        "stop_reserves": Trait("trigger", f"{DOCS} Place algo order: no margin is frozen before", "documented"),
        # ---- access
        "auth": Trait(
            {"keys": ("hmac",), "signs": "timestamp, method, path with query, body; base64", "passphrase": True},
            f"{DOCS} REST Authentication",
            "documented",
        ),
        "receive_window": Trait(
            {"default_ms": 30_000, "max_ms": 30_000, "ahead_ms": 30_000, "header": "expTime"},
            f"{DOCS} REST Authentication, Transaction Timeouts",
            "documented",
        ),
        "rate_limits": Trait(
            {
                "order, cancel, amend": "60 in 2 s per user and instrument, REST and WebSocket together",
                "batches": "300 orders in 2 s, the same way",
                "algo": "20 in 2 s",
                "sub_account": "1000 new and amended orders in 2 s (50061)",
            },
            f"{DOCS} Rate Limits",
            "documented",
        ),
        "retry_after": Trait(False, f"{DOCS} Rate Limits: no header", "documented"),
        "ban": Trait(
            {"status": 200, "code": 50121, "text": "You can't access our services through the IP address"},
            f"{DOCS} Error Code 50121; that it passes, and when, is not documented",
            "inferred",
        ),
        # ---- hours and kinds
        "types": Trait(
            ("limit", "market", "stop", "stop_limit", "take_profit", "take_profit_limit", "trailing_stop", "oco"),
            f"{PLACE}; {DOCS} Place algo order. Iceberg, TWAP and chase orders are not offered here",
            "documented",
        ),
        "time_in_force": Trait(("GTC", "IOC", "FOK"), f"{PLACE}: ordType limit, ioc, fok", "documented"),
        "maintenance": Trait(
            {"status": "GET /api/v5/system/status", "code": 50001, "stream": "notice 64008"},
            f"{DOCS} Status",
            "documented",
        ),
        "account_settings": Trait(
            {
                "leverage": ("GET /api/v5/account/leverage-info",),
                "position_mode": ("GET /api/v5/account/config",),
            },
            f"{DOCS} Get leverage; Get account configuration (posMode); the margin mode goes with each order (tdMode)",
            "documented",
        ),
        "sessions": Trait("always", "the venue states no trading hours", "inferred"),
    }
)
