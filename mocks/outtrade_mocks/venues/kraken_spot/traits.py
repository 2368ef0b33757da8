"""What Kraken spot is declared to do, with source and confidence, and the knobs for what nobody documents."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.knobs import Knob
from outtrade_mocks.venues.kraken_spot.limits import TIERS
from outtrade_mocks.venues.kraken_spot.reading import AMBIGUOUS

ADD = "REST Add Order"
ERRORS = "guide Spot errors"
LIMITS = "guide Rate limits"
STREAM = "WebSocket v2 executions"
CLORDID = "guide Client order identifiers"

KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "event_first": Knob(
            False,
            (True, False),
            "whether the stream tells of an order before its answer; the venue makes both at once",
        ),
        "tier": Knob("intermediate", tuple(TIERS), "the account's verification level decides about its limits"),
        "lockout_after": Knob(20, (), "bad keys, signatures or nonces in a row until the key is locked out"),
        "post_only": Knob(
            "reject", ("reject", "cancel"), "a post-only order that would take: refused, or taken in and cancelled"
        ),
        "stop_reserves": Knob(
            "placement", ("placement", "trigger"), "when an order that waits for a price takes its money"
        ),
        "trigger_reached": Knob(
            "trigger", ("trigger", "reject"), "a trigger price that is reached already: triggers at once, or refused"
        ),
        "last_trade": Knob(
            "filled",
            ("filled", "partially_filled"),
            "order_status of the trade that fills an order; samples say filled, the page says that it need not",
        ),
        "fee_tiers": Knob(
            False,
            (False, True),
            "whether fees follow Kraken's schedule by 30-day volume, in place of the scenario's maker and taker fee",
        ),
    }
)

ORDER_PARAMETERS = (
    *("nonce", "otp", "userref", "cl_ord_id", "ordertype", "type", "volume", "displayvol", "pair"),
    *("asset_class", "price", "price2", "trigger", "leverage", "reduce_only", "stptype", "oflags"),
    *("timeinforce", "starttm", "expiretm", "close[ordertype]", "close[price]", "close[price2]", "deadline"),
    "validate",
)
"""What a new order may carry (REST, Add Order)."""

TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        # ---- identity
        "id_pattern": Trait(
            r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}|[!-~]{1,18})$",
            f"{ADD} cl_ord_id; {CLORDID}: a UUID, 32 hexadecimal digits, or at most 18 ASCII characters",
            "documented",
        ),
        "id_scope": Trait("open_orders", CLORDID, "documented"),
        "id_reuse": Trait("open_only", "live measurements of 2026-09: free once filled or cancelled", "recorded"),
        "duplicate_answer": Trait(
            {"status": 200, "text": "EGeneral:Invalid arguments:cl_ord_id not unique"},
            "live measurements of 2026-09",
            "recorded",
        ),
        "renames_on_cancel": Trait(False, "a cancel carries no id of its own", "documented"),
        "lookup_after_cancel": Trait(True, "live measurements: queries take cl_ord_id of closed orders", "recorded"),
        # ---- what an answer means
        "ack": Trait("ids_only", f"{ADD}: description and txid, no state", "documented"),
        "error_classes": Trait(
            {
                "ambiguous": AMBIGUOUS,
                "rate": ("EAPI:Rate limit exceeded", "EOrder:Rate limit exceeded", "EService: Throttled",
                         "EGeneral:Temporary lockout"),
                "auth": ("EAPI:Invalid", "EGeneral:Permission denied", "ESession:Invalid session"),
                "parameter": ("EGeneral:Invalid arguments", "EGeneral:Unknown method", "EQuery:",
                              "EOrder:Order minimum not met", "EOrder:Cost minimum not met",
                              "EOrder:Tick size check failed", "EOrder:Invalid price"),
                "funds": ("EOrder:Insufficient funds", "EOrder:Margin allowance exceeded"),
                "maintenance": ("EService:Unavailable", "EService:Market in"),
                "state": ("EOrder:Unknown order", "EOrder:Invalid order", "EOrder:Post only order",
                          "EOrder:Order not editable", "EOrder:Orders limit exceeded",
                          "EOrder:Scheduled orders limit exceeded", "EOrder:Reduce only", "EOrder:Cannot open position",
                          "EOrder:Unknown position"),
            },
            ERRORS,
            "documented",
        ),
        "ambiguous_codes": Trait(
            AMBIGUOUS, f"{ERRORS}: an elapsed deadline promises nothing; the others state no outcome", "inferred"
        ),
        "ambiguous_statuses": Trait("5xx", "520 from the network in front of it; no outcome is stated", "inferred"),
        "definite": Trait("every EOrder, EGeneral, EAPI and EQuery but an internal error", ERRORS, "documented"),
        "post_only_would_take": Trait("refused", "client libraries; knob post_only", "inferred"),
        "cancel_unknown": Trait(
            {"status": 200, "text": "EOrder:Unknown order", "never_existed": "EOrder:Invalid order"},
            "live measurements of 2026-09",
            "recorded",
        ),
        "query_unknown": Trait(
            {"status": 200, "by_txid": "EOrder:Invalid order", "by_cl_ord_id": "an empty result"},
            "live measurements of 2026-09 for cancels; queries by analogy",
            "inferred",
        ),
        "cancel_all_empty": Trait({"status": 200, "count": 0}, "REST Cancel All Orders: a count", "inferred"),
        "order_parameters": Trait(
            {"names": {"/0/private/AddOrder": ORDER_PARAMETERS}, "refusals": ()}, "REST Add Order", "documented"
        ),
        "unknown_params": Trait(
            {"REST": "ignored", "WebSocket v2": "refused"},
            "REST: clients send them and orders are taken; v2: the error Unsupported field (ccxt, a recorded frame)",
            "inferred",
        ),
        "endpoint_unknown": Trait(
            {"status": 200, "text": "EGeneral:Unknown method"}, f"{ERRORS}; the status is not stated", "inferred"
        ),
        # ---- change
        "amend": Trait(
            {"may": ("quantity", "price", "trigger price", "display quantity"), "id": "kept",
             "priority": "kept where only the quantity falls", "below_filled": "cancels the rest"},
            "REST Amend Order; priority is kept 'where possible'",
            "documented",
        ),
        "cancel_replace": Trait(
            {"request": "EditOrder", "id": "a new txid", "refused_with": "cl_ord_id, conditional close"},
            "REST Edit Order",
            "documented",
        ),
        "batch": Trait(
            {"place": 15, "cancel": 50, "amend": 0, "fails": "validated as a whole, then item by item"},
            "REST Add Order Batch, Cancel Order Batch",
            "documented",
        ),
        "dead_man_switch": Trait(
            {"request": "CancelAllOrdersAfter", "unit": "seconds", "off": 0, "most": 86_400},
            "REST Cancel All Orders After X",
            "documented",
        ),
        # ---- seeing
        "visibility_delay": Trait(None, "not stated", "unknown"),
        "absent_after": Trait(
            70.0, "a deadline may be set 60 s ahead, and the flight; the venue's own advice is to look after 2 s",
            "inferred",
        ),
        "event_order": Trait(None, "not stated; knob event_first", "unknown"),
        "stream": Trait(
            {"token": "GetWebSocketsToken", "token_seconds": 900, "subscribe": "executions", "heartbeat_seconds": 1},
            "guide WebSocket authentication; WebSocket v2 heartbeat",
            "documented",
        ),
        "stream_sequence": Trait("per subscription, from 1, without gaps", f"{STREAM}: sequence", "documented"),
        "public_trades": Trait("everybody's", "WebSocket v2 trade", "documented"),
        # ---- money and units
        "fee_asset": Trait(
            "quote",
            "recorded trades of both sides; the page of oflags says base for sales, recordings say quote",
            "recorded",
        ),
        "fee_rounding": Trait("down, to the ledger's decimals of the asset", "not stated", "inferred"),
        "fee_shown": Trait(
            "0.00001", "recorded trades: cost and fee have the pair's cost_decimals, the ledger has more", "recorded"
        ),
        "units": Trait({"volume": "base", "with viqc": "quote, market buys only"}, ADD, "documented"),
        "numbers": Trait(
            "REST: strings padded to the pair's decimals, times as JSON numbers; WebSocket v2: JSON numbers",
            "recorded answers; WebSocket v2 pages",
            "recorded",
        ),
        "self_trade": Trait(
            {"default": "cancel-newest", "modes": ("cancel-newest", "cancel-oldest", "cancel-both")},
            f"{ADD} stptype",
            "documented",
        ),
        "stop_reserves": Trait(None, "not stated; knob stop_reserves", "unknown"),
        # ---- access
        "auth": Trait(
            {"keys": ("hmac-sha512",), "signs": "path and SHA256 of nonce and body as sent"},
            "guide Spot REST authentication",
            "documented",
        ),
        "receive_window": Trait(
            {"window": "none", "nonce": "above the last one", "deadline_seconds": (2, 60)},
            f"{ADD} deadline",
            "documented",
        ),
        "rate_limits": Trait(
            {name: {"calls": tier.rest, "decay": tier.rest_decay, "engine": tier.engine,
                    "engine_decay": tier.engine_decay, "open_orders": tier.open_orders}
             for name, tier in TIERS.items()},
            f"{LIMITS} (starter: Kraken's command line client)",
            "documented",
        ),
        "retry_after": Trait(None, f"{LIMITS}: no header; EService: Throttled names a time", "documented"),
        "ban": Trait(
            {"text": "EGeneral:Temporary lockout", "after": "many bad keys, signatures or nonces"}, ERRORS, "documented"
        ),
        # ---- hours and kinds
        "types": Trait(
            ("market", "limit", "iceberg", "stop-loss", "take-profit", "stop-loss-limit", "take-profit-limit",
             "trailing-stop", "trailing-stop-limit"),
            f"{ADD} ordertype; settle-position needs a margin account, which is not modelled",
            "documented",
        ),
        "time_in_force": Trait(("GTC", "IOC", "GTD", "FOK"), f"{ADD}; FOK for limit orders only", "documented"),
        "maintenance": Trait(
            {"request": "GET /0/public/SystemStatus",
             "status": ("online", "maintenance", "cancel_only", "post_only"),
             "text": "EService:Market in cancel_only mode"},
            "REST Get System Status",
            "documented",
        ),
        "sessions": Trait("always", "the venue states no trading hours", "inferred"),
    }
)  # fmt: skip
