"""Requests of WebSocket v2 in the words of REST, so that one set of handlers carries both out.

v2 names fields differently (``order_qty``, ``limit_price``, a ``triggers`` object), has numbers where REST has text,
and says how a price is meant beside it (``price_type``), REST within (``+1%``). Unlike REST it refuses unknown fields::

    >>> place({"order_type": "limit", "side": "buy", "order_qty": "0.5", "limit_price": "1e2"})["price"]
    '100'
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from outtrade_mocks.venues.kraken_spot.codec import SECOND, instant
from outtrade_mocks.venues.kraken_spot.errors import Refusal, refuse

Sent = Mapping[str, Any]
_ORDER = frozenset(
    {
        *("order_type", "side", "order_qty", "limit_price", "limit_price_type", "triggers", "time_in_force", "margin"),
        *("post_only", "reduce_only", "effective_time", "expire_time", "cl_ord_id", "order_userref", "conditional"),
        *("display_qty", "fee_preference", "no_mpp", "stp_type", "cash_order_qty", "sender_sub_id", "stop_price"),
        *("trigger", "broker"),
    }
)
_AROUND = frozenset({"symbol", "token", "validate", "deadline", "asset_class"})
_AMEND = frozenset(
    {
        *("order_id", "cl_ord_id", "order_qty", "display_qty", "limit_price", "limit_price_type", "post_only"),
        *("trigger_price", "trigger_price_type", "deadline", "symbol", "token"),
    }
)
_EDIT = (_ORDER | _AROUND | {"order_id"}) - {"cl_ord_id", "conditional"}
_CLOSE = frozenset(
    {"order_type", "limit_price", "limit_price_type", "trigger_price", "trigger_price_type", "stop_price"}
)
_TRIGGERS = frozenset({"reference", "price", "price_type"})


def number(value: Any, name: str) -> str:
    """A JSON number (or text of one) in plain notation. Raises Refusal."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise refuse("invalid_argument", name)
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise refuse("invalid_argument", name) from None
    if not found.is_finite() or abs(found.adjusted()) > 30:
        raise refuse("invalid_argument", name)
    return f"{found:f}"


def _text(sent: Sent, name: str) -> str:
    value = sent.get(name, "")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int):
        raise refuse("invalid_argument", name)
    return str(value)


def _known(sent: Sent, known: frozenset[str], method: str) -> None:
    for name in sent:
        if name not in known:
            words = method.replace("_", " ")
            raise Refusal("invalid_arguments", f"Unsupported field: '{name}' for the given msg type: {words}")


def relative(value: Any, how: str, name: str, *, default: str = "static", trails: bool = False) -> str:
    """A price as REST would have it. ``trails``: a distance, which needs a sign."""
    text = number(value, name)
    how = how or default
    if how not in ("static", "pct", "quote"):
        raise refuse("invalid_argument", f"{name}_type")
    if how == "static" and not trails:
        return text
    signed = text if text.startswith("-") else f"+{text}"
    return f"{signed}%" if how == "pct" else signed


def place(sent: Sent, *, method: str = "add_order", around: frozenset[str] = _AROUND) -> dict[str, str]:
    """The parameters of ``add_order``, or of one order of a batch. Raises Refusal."""
    _known(sent, _ORDER | around, method)
    kind = _text(sent, "order_type")
    made = {"ordertype": kind, "type": _text(sent, "side")}
    for theirs, ours in (
        ("symbol", "pair"), ("cl_ord_id", "cl_ord_id"), ("order_userref", "userref"), ("validate", "validate"),
        ("deadline", "deadline"), ("reduce_only", "reduce_only"), ("trigger", "trigger"),
    ):  # fmt: skip
        if sent.get(theirs) is not None:
            made[ours] = _text(sent, theirs)
    flags = [flag for name, flag in (("post_only", "post"), ("no_mpp", "nompp")) if sent.get(name) is True]
    preference = _text(sent, "fee_preference")
    if preference:
        if preference not in ("base", "quote"):
            raise refuse("invalid_argument", "fee_preference")
        flags.append("fcib" if preference == "base" else "fciq")
    if sent.get("cash_order_qty") is not None:
        made["volume"] = number(sent["cash_order_qty"], "cash_order_qty")
        flags.append("viqc")
    elif sent.get("order_qty") is not None:
        made["volume"] = number(sent["order_qty"], "order_qty")
    if sent.get("display_qty") is not None:
        made["displayvol"] = number(sent["display_qty"], "display_qty")
    if sent.get("margin") is True:
        made["leverage"] = "5"
    if flags:
        made["oflags"] = ",".join(flags)
    made["timeinforce"] = _text(sent, "time_in_force").upper() or "GTC"
    if sent.get("stp_type") is not None:
        made["stptype"] = _text(sent, "stp_type").replace("_", "-")
    for theirs, ours in (("effective_time", "starttm"), ("expire_time", "expiretm")):
        if sent.get(theirs) is not None:
            made[ours] = _seconds(sent, theirs)
    return made | _prices(sent, kind) | _conditional(sent)


def _seconds(sent: Sent, name: str) -> str:
    try:
        return str(instant(_text(sent, name)) // SECOND)
    except ValueError:
        raise refuse("invalid_argument", name) from None


def _prices(sent: Sent, kind: str) -> dict[str, str]:
    """``price`` and ``price2``."""
    limit, how = sent.get("limit_price"), _text(sent, "limit_price_type")
    made = {}
    waits = kind.startswith(("stop-loss", "take-profit", "trailing-stop"))
    trails = kind.startswith("trailing-stop")
    if limit is not None:
        default = "quote" if trails else "static"
        made["price2" if waits else "price"] = relative(limit, how, "limit_price", default=default)
    triggers = sent.get("triggers")
    if not waits:
        return made
    if triggers is None and sent.get("stop_price") is not None:  # the older way
        triggers = {"price": sent["stop_price"]}
    if not isinstance(triggers, dict) or triggers.get("price") is None:
        raise refuse("invalid_argument", "triggers")
    _known(triggers, _TRIGGERS, "add_order")
    made["price"] = relative(triggers["price"], _text(triggers, "price_type"), "triggers", trails=trails)
    if triggers.get("reference") is not None:
        made["trigger"] = _text(triggers, "reference")
    return made


def _conditional(sent: Sent) -> dict[str, str]:
    """``close[...]``."""
    close = sent.get("conditional")
    if close is None:
        return {}
    if not isinstance(close, dict):
        raise refuse("invalid_argument", "conditional")
    _known(close, _CLOSE, "add_order")
    kind = _text(close, "order_type")
    made = {"close[ordertype]": kind}
    trails = kind.startswith("trailing-stop")
    if close.get("limit_price") is not None:
        default = "quote" if trails else "static"
        name = "close[price]" if kind == "limit" else "close[price2]"
        made[name] = relative(close["limit_price"], _text(close, "limit_price_type"), "conditional", default=default)
    stop = close.get("trigger_price", close.get("stop_price"))
    if stop is not None:
        made["close[price]"] = relative(stop, _text(close, "trigger_price_type"), "conditional", trails=trails)
    return made


def batch(sent: Sent) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The parameters of ``batch_add``, and of its orders. Raises Refusal."""
    _known(sent, _AROUND | {"orders"}, "batch_add")
    orders = sent.get("orders")
    if not isinstance(orders, list) or not all(isinstance(one, dict) for one in orders):
        raise refuse("invalid_argument", "orders")
    made = {ours: _text(sent, theirs) for theirs, ours in (("symbol", "pair"), ("deadline", "deadline"))}
    made["validate"] = _text(sent, "validate")
    return made, [place(one, method="batch_add", around=frozenset()) for one in orders]


def amend(sent: Sent, *, trails: bool = False, offset: bool = False) -> dict[str, str]:
    """The parameters of ``amend_order``. ``trails``: of an order whose trigger is a distance; ``offset``: whose limit
    is. Raises Refusal."""
    _known(sent, _AMEND, "amend_order")
    made = {ours: _text(sent, theirs) for theirs, ours in (("order_id", "txid"), ("cl_ord_id", "cl_ord_id"))}
    made |= {name: _text(sent, name) for name in ("deadline", "post_only")}
    for name in ("order_qty", "display_qty"):
        if sent.get(name) is not None:
            made[name] = number(sent[name], name)
    if sent.get("limit_price") is not None:
        default = "quote" if offset else "static"
        how = _text(sent, "limit_price_type")
        made["limit_price"] = relative(sent["limit_price"], how, "limit_price", default=default)
    if sent.get("trigger_price") is not None:
        how = _text(sent, "trigger_price_type")
        made["trigger_price"] = relative(sent["trigger_price"], how, "trigger_price", trails=trails)
    return made


def edit(sent: Sent, kind: str) -> dict[str, str]:
    """The parameters of ``edit_order``, of an order of that type. Raises Refusal."""
    _known(sent, _EDIT, "edit_order")
    fields = {name: value for name, value in sent.items() if name not in ("order_id", "order_type")}
    made = place({"order_type": kind} | fields, method="edit_order")
    return {name: value for name, value in made.items() if name not in ("type", "ordertype")} | {
        "txid": _text(sent, "order_id")
    }


def many(sent: Sent, name: str) -> list[str]:
    """A list of ids, or one."""
    value = sent.get(name)
    members = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(one, str | int) and not isinstance(one, bool) for one in members):
        raise refuse("invalid_argument", name)
    return [str(one) for one in members]
