"""How the account trades: leverage, margin type, position mode, isolated margin. What does not fit what stands is
refused, and then nothing has changed."""

from __future__ import annotations

from outtrade_mocks.core import Reject
from outtrade_mocks.core.positions import PositionSide
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_usdm.desk import E8, MS, SIDES, Desk, Outcome
from outtrade_mocks.venues.binance_usdm.errors import Refusal, refuse
from outtrade_mocks.venues.binance_usdm.figures import decimal, money
from outtrade_mocks.venues.binance_usdm.holdings import rows
from outtrade_mocks.venues.binance_usdm.periods import clip, period

DONE = {"code": 200, "msg": "success"}
WORDS: dict[str, PositionSide] = {"BOTH": "net", "LONG": "long", "SHORT": "short"}


def _said(reject: Reject, **words: str) -> Refusal:
    """The refusal that the reason has here."""
    name = words.get(str(reject.reason))
    return refuse(name) if name is not None else refuse("unsupported_operation")


def leverage(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/leverage. Raises -4028, -2027, -2028, -4161."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    wanted = codec.integer("leverage", codec.mandatory(call.params, "leverage"))
    if not 1 <= wanted <= entry.brackets[0]["initialLeverage"]:
        raise refuse("leverage", wanted)
    before = desk.setting(entry.unified)[0]
    isolated = any(row.lots and row.isolated for row in rows(desk, None, entry.unified))
    try:
        desk.exchange.set_leverage(desk.account, entry.unified, wanted)
    except Reject as reject:
        word = "isolated_leverage" if wanted < before and isolated else "max_position"
        raise _said(reject, LEVERAGE=word, INSUFFICIENT_MARGIN="min_leverage") from None
    value = str(entry.max_notional(wanted))
    return Outcome({"leverage": wanted, "maxNotionalValue": value, "symbol": entry.id}, now)


def margin_type(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/marginType: ISOLATED or CROSSED. Raises -4046, -4047, -4048."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    word = codec.mandatory(call.params, "marginType")
    if word not in ("ISOLATED", "CROSSED"):
        raise refuse("invalid_parameter", "marginType")
    held = any(row.lots for row in rows(desk, None, entry.unified))
    try:
        desk.exchange.set_margin_mode(desk.account, entry.unified, isolated=word == "ISOLATED")
    except Reject as reject:
        taken = "margin_type_position" if held else "margin_type_orders"
        raise _said(reject, NO_CHANGE="same_margin_type", MARGIN_MODE=taken) from None
    return Outcome(DONE, now)


def position_mode(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/positionSide/dual. Raises -4059, -4067, -4068."""
    hedge = codec.boolean({"dualSidePosition": codec.mandatory(call.params, "dualSidePosition")}, "dualSidePosition")
    try:
        desk.exchange.set_position_mode(desk.account, hedge=hedge)
    except Reject as reject:
        taken = "position_mode_orders" if desk.account.working else "position_mode_position"
        raise _said(reject, NO_CHANGE="same_position_side", POSITION_MODE=taken) from None
    return Outcome(DONE, now)


def get_position_mode(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/positionSide/dual."""
    return Outcome({"dualSidePosition": desk.hedge}, now)


def position_margin(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/positionMargin: add (type 1) or take (2) margin of an isolated position. Raises -4049, -4050,
    -4051, -4054, -4055."""
    params = call.params
    entry = desk.listed(codec.mandatory(params, "symbol"))
    side = WORDS.get(codec.optional(params, "positionSide") or "BOTH")
    if side is None:
        raise refuse("invalid_position_side")
    if desk.hedge == (side == "net"):
        raise refuse("position_side_mismatch")
    amount = decimal("amount", codec.mandatory(params, "amount"), 8)
    kind = codec.integer("type", codec.mandatory(params, "type"))
    if kind not in (1, 2):
        raise refuse("invalid_parameter", "type")
    if not amount:
        raise refuse("amount_positive")
    atoms = amount if kind == 1 else -amount
    try:
        desk.exchange.add_margin(desk.account, entry.unified, atoms, side=side)
    except Reject as reject:
        short = "cross_balance" if kind == 1 else "isolated_balance"
        raise _said(reject, NO_POSITION="no_position", MARGIN_MODE="isolated_only", INSUFFICIENT_MARGIN=short) from None
    desk.margin_changes.append((now, entry.unified, side, atoms))
    data = {"amount": amount / E8, "code": 200, "msg": "Successfully modify position margin.", "type": kind}
    return Outcome(data, now)


def margin_history(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/positionMargin/history: what the account added and took."""
    entry = desk.listed(codec.mandatory(call.params, "symbol"))
    kind = codec.optional_integer(call.params, "type")
    start, end = period(call.params, 30)
    changes = [
        change
        for change in desk.margin_changes
        if change[1] == entry.unified and kind in (None, 1 if change[3] > 0 else 2) and change[0] <= (as_of or now)
    ]
    found = clip(changes, call.params, None, start, end, number=lambda _: 0, time=lambda one: one[0] // MS)
    data = [
        {
            "symbol": entry.id,
            "type": 1 if atoms > 0 else 2,
            "deltaType": "USER_ADJUST",
            "amount": money(abs(atoms)),
            "asset": entry.margin,
            "time": time // MS,
            "positionSide": SIDES[side],
        }
        for time, _, side, atoms in found
    ]
    return Outcome(data, now)


def get_asset_mode(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /fapi/v1/multiAssetsMargin: always single-asset mode here."""
    return Outcome({"multiAssetsMargin": False}, now)


def asset_mode(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/multiAssetsMargin: multi-assets mode is not played here (-1020); it is off already (-4171)."""
    wanted = codec.boolean(
        {"multiAssetsMargin": codec.mandatory(call.params, "multiAssetsMargin")}, "multiAssetsMargin"
    )
    raise refuse("unsupported_operation" if wanted else "same_asset_mode")


# -------------------------------------------------------------- listen keys
def open_listen_key(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /fapi/v1/listenKey."""
    return Outcome({"listenKey": desk.listen_keys.open(now)}, now)


def renew_listen_key(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """PUT /fapi/v1/listenKey; -1125 where there is none."""
    key = desk.listen_keys.renew(now)
    if key is None:
        raise refuse("invalid_listen_key")
    return Outcome({"listenKey": key}, now)


def close_listen_key(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /fapi/v1/listenKey; -1125 where there is none."""
    if not desk.listen_keys.close(now):
        raise refuse("invalid_listen_key")
    return Outcome({}, now)
