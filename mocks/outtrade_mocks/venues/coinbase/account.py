"""The account: wallets (of this API and of the older one), portfolio, permissions, fee tier.

Each asset has a wallet. What is available and what is held by orders stand beside each other in the newer list
(``/api/v3/brokerage/accounts``); the older one (``/v2/accounts``) has one balance, which is all of it (*inferred*).
Futures are not modelled: their lists are empty.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.coinbase import codec, orders
from outtrade_mocks.venues.coinbase.codec import moment, text
from outtrade_mocks.venues.coinbase.desk import TIERS, Desk, Outcome
from outtrade_mocks.venues.coinbase.errors import refuse
from outtrade_mocks.venues.coinbase.estimates import rates
from outtrade_mocks.venues.coinbase.reference import FIAT, PRECISION

WALLETS, USUAL = 250, 49
"""Most wallets of a page, and how many one holds where no limit is sent (List Accounts)."""


def uuid_of(desk: Desk, asset: str) -> str:
    """The id of an asset's wallet."""
    return codec.made_id("account", desk.seed, asset)


def wallet(desk: Desk, asset: str, both: tuple[int, int]) -> dict[str, Any]:
    """A wallet; ``both``: free and locked atoms."""
    return {
        "uuid": uuid_of(desk, asset),
        "name": f"{asset} Wallet",
        "currency": asset,
        "available_balance": {"value": desk.amount(both[0]), "currency": asset},
        "default": True,
        "active": True,
        "created_at": moment(desk.epoch_ns),
        "updated_at": moment(desk.epoch_ns),
        "deleted_at": None,
        "type": "ACCOUNT_TYPE_FIAT" if asset in FIAT else "ACCOUNT_TYPE_CRYPTO",
        "ready": True,
        "hold": {"value": desk.amount(both[1]), "currency": asset},
        "retail_portfolio_id": desk.portfolio_id,
        "platform": "ACCOUNT_PLATFORM_CONSUMER",
    }


def balances(desk: Desk, as_of: int | None) -> dict[str, tuple[int, int]]:
    """Free and locked atoms of every asset."""
    seen = desk.exchange.view(desk.account, as_of).balances()
    return {asset: seen.get(asset, (0, 0)) for asset in desk.assets()}


def accounts(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /accounts."""
    rows = [wallet(desk, asset, both) for asset, both in balances(desk, as_of).items()]
    page, cursor = orders.paged(rows, call, orders.limit_of(call, USUAL, WALLETS), lambda row: str(row["uuid"]))
    return Outcome({"accounts": page, "has_next": bool(cursor), "cursor": cursor, "size": len(page)})


def account(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /accounts/{account_uuid}."""
    for asset, both in balances(desk, as_of).items():
        if uuid_of(desk, asset) == call.raw.named:
            return Outcome({"account": wallet(desk, asset, both)})
    raise refuse("account_not_found")


def wallets(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v2/accounts, of the older API."""
    rows = [_older(desk, asset, sum(both)) for asset, both in balances(desk, as_of).items()]
    limit, after = orders.limit_of(call, 25, WALLETS), orders.first(call, "starting_after")
    ids = [str(row["id"]) for row in rows]
    start = ids.index(after) + 1 if after in ids else 0
    page, more = rows[start : start + limit], start + limit < len(rows)
    following = page[-1]["id"] if more and page else None
    pagination = {
        "ending_before": None,
        "starting_after": after,
        "previous_ending_before": None,
        "next_starting_after": following,
        "limit": limit,
        "order": "desc",
        "previous_uri": None,
        "next_uri": f"/v2/accounts?limit={limit}&starting_after={following}" if following else None,
    }
    return Outcome({"pagination": pagination, "data": page})


def _older(desk: Desk, asset: str, atoms: int) -> dict[str, Any]:
    kind = "fiat" if asset in FIAT else "crypto"
    identity = uuid_of(desk, asset)
    return {
        "id": identity,
        "name": f"{asset} Wallet",
        "primary": False,
        "type": "fiat" if kind == "fiat" else "wallet",
        "currency": {"code": asset, "name": asset, "exponent": 2 if kind == "fiat" else 8, "type": kind},
        "balance": {"amount": desk.amount(atoms), "currency": asset},
        "created_at": moment(desk.epoch_ns, 0),
        "updated_at": moment(desk.epoch_ns, 0),
        "resource": "account",
        "resource_path": f"/v2/accounts/{identity}",
        "allow_deposits": True,
        "allow_withdrawals": True,
    }


# ------------------------------------------------------------------ portfolio
def _portfolio(desk: Desk) -> dict[str, Any]:
    return {"name": "Default", "uuid": desk.portfolio_id, "type": "DEFAULT", "deleted": False}


def portfolios(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /portfolios: there is one."""
    kind = orders.first(call, "portfolio_type")
    return Outcome({"portfolios": [_portfolio(desk)] if kind in (None, "DEFAULT", "UNDEFINED") else []})


def breakdown(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /portfolios/{portfolio_uuid}: what is in it, in dollars where there is a price (JSON numbers)."""
    if call.raw.named != desk.portfolio_id:
        raise refuse("portfolio_not_found")
    spot, cash, crypto = [], Decimal(0), Decimal(0)
    for asset, both in balances(desk, as_of).items():
        total, free = (Decimal(atoms).scaleb(-PRECISION) for atoms in (sum(both), both[0]))
        worth = _dollars(desk, asset)
        if asset in FIAT:
            cash += total * worth
        else:
            crypto += total * worth
        spot.append(
            {
                "asset": asset,
                "account_uuid": uuid_of(desk, asset),
                "total_balance_fiat": float(total * worth),
                "total_balance_crypto": float(total),
                "available_to_trade_fiat": float(free * worth),
                "allocation": 0.0,
                "cost_basis": {"value": "0", "currency": "USD"},
                "asset_img_url": "",
                "is_cash": asset in FIAT,
            }
        )
    amounts = {"total_balance": cash + crypto, "total_futures_balance": Decimal(0),
               "total_cash_equivalent_balance": cash, "total_crypto_balance": crypto}  # fmt: skip
    return Outcome(
        {
            "breakdown": {
                "portfolio": _portfolio(desk),
                "portfolio_balances": {
                    name: {"value": text(value.quantize(Decimal("0.01"))), "currency": "USD"}
                    for name, value in amounts.items()
                },
                "spot_positions": spot,
                "perp_positions": [],
                "futures_positions": [],
            }
        }
    )


def _dollars(desk: Desk, asset: str) -> Decimal:
    """What one unit is worth in dollars; 0 where no product says so."""
    listing = desk.by_id.get(f"{asset}-USD")
    if asset == "USD":
        return Decimal(1)
    ticks = None if listing is None else desk.last(desk.listed(listing.id))
    return Decimal(0) if listing is None or ticks is None else ticks * listing.tick


def permissions(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /key_permissions."""
    return Outcome(
        {
            "can_view": True,
            "can_trade": True,
            "can_transfer": False,
            "portfolio_uuid": desk.portfolio_id,
            "portfolio_type": "DEFAULT",
        }
    )


# ------------------------------------------------------------------ fees
def summary(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /transaction_summary: volume and fees of the last 30 days, and the tier that follows (JSON numbers)."""
    listing = next(iter(desk.listings.values()))
    maker, taker = rates(desk, desk.listed(listing.id))
    volume, fees = Decimal(0), Decimal(0)
    for fill in desk.exchange.view(desk.account, as_of).trades():
        worth = _dollars(desk, desk.listings[fill.symbol].quote)
        volume += Decimal(fill.quote).scaleb(-PRECISION) * worth
        fees += Decimal(fill.fee).scaleb(-PRECISION) * worth
    name, begins, ends = "Scenario", 0, 0
    if desk.tiered:
        number = max(index for index, row in enumerate(TIERS) if row[0] <= volume)
        name, begins = f"Advanced {number + 1}", TIERS[number][0]
        ends = TIERS[number + 1][0] if number + 1 < len(TIERS) else 0
    return Outcome(
        {
            "total_volume": float(volume),
            "total_fees": float(fees),
            "fee_tier": {
                "pricing_tier": name,
                "usd_from": str(begins),
                "usd_to": str(ends) if ends else "",
                "taker_fee_rate": text(taker),
                "maker_fee_rate": text(maker),
                "aop_from": "",
                "aop_to": "",
            },
            "margin_rate": None,
            "goods_and_services_tax": None,
            "advanced_trade_only_volume": float(volume),
            "advanced_trade_only_fees": float(fees),
            "coinbase_pro_volume": 0.0,
            "coinbase_pro_fees": 0.0,
            "total_balance": "",
            "has_promo_fee": False,
        }
    )


def no_positions(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /cfm/positions: futures are not modelled."""
    return Outcome({"positions": []})
