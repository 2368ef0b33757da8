"""The wallet API (``/sapi``): what clients ask at start-up or of an account, and the switch for fees in BNB."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.binance_codec import plain
from outtrade_mocks.venues.binance_spot.desk import Desk, Outcome
from outtrade_mocks.venues.binance_spot.errors import VENUE


@lru_cache(maxsize=8)
def template(name: str) -> Any:
    """An answer of the cassette ``account``; not to be changed."""
    return cassettes.load(VENUE, "account")[name].json()


def trade_fee(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /sapi/v1/asset/tradeFee, of one symbol or of all."""
    name = codec.optional(call.params, "symbol")
    entries = desk.listings.values() if name is None else (desk.listed(name),)
    data = []
    for entry in entries:
        maker, taker = (f"{fee.normalize():f}" for fee in desk.fees_of(entry))
        data.append({"symbol": entry.id, "makerCommission": maker, "takerCommission": taker})
    return Outcome(data, now)


def coins(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /sapi/v1/capital/config/getall: the coins of the listed symbols, each with one network."""
    held = desk.exchange.view(desk.account, as_of).balances()
    coin = template("coin")[0]
    data = []
    for asset in desk.assets():
        free, locked = held.get(asset, (0, 0))
        network = coin["networkList"][0] | {"coin": asset, "network": asset, "name": asset}
        data.append(
            coin
            | {"coin": asset, "name": asset, "free": plain(free), "locked": plain(locked), "networkList": [network]}
        )
    return Outcome(data, now)


def no_pairs(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /sapi/v1/margin/allPairs and isolated/allPairs: no symbol here has margin trading."""
    return Outcome([], now)


def user_assets(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /sapi/v3/asset/getUserAsset: what the account holds, of one asset or of all."""
    wanted = codec.optional(call.params, "asset")
    held = desk.exchange.view(desk.account, as_of).balances()
    one = template("user_asset")[0]
    data = [
        one | {"asset": asset, "free": plain(free), "locked": plain(locked)}
        for asset, (free, locked) in sorted(held.items())
        if (free or locked) and wanted in (None, asset)
    ]
    return Outcome(data, now)


def account_status(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /sapi/v1/account/status."""
    return Outcome(template("account_status"), now)


def trading_status(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /sapi/v1/account/apiTradingStatus: never locked."""
    return Outcome(template("trading_status"), now)


def restrictions(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /sapi/v1/account/apiRestrictions: the key may read and trade, and not withdraw."""
    return Outcome(template("restrictions"), now)


def burn(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /sapi/v1/bnbBurn: whether fees are paid in BNB."""
    return Outcome({"spotBNBBurn": desk.burns_bnb, "interestBNBBurn": False}, now)


def set_burn(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /sapi/v1/bnbBurn: at least one of ``spotBNBBurn`` and ``interestBNBBurn`` (which changes nothing here)."""
    params = call.params
    if codec.optional(params, "spotBNBBurn") is not None:
        desk.burn_bnb(codec.boolean(params, "spotBNBBurn"))
    elif codec.optional(params, "interestBNBBurn") is None:
        codec.mandatory(params, "spotBNBBurn")
    codec.boolean(params, "interestBNBBurn")
    return burn(desk, call, now, as_of)
