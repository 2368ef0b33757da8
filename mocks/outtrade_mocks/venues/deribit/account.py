"""The account: positions, balances, the settings of connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outtrade_mocks.venues.deribit import codec
from outtrade_mocks.venues.deribit.desk import USER_ID, Desk, Outcome
from outtrade_mocks.venues.deribit.errors import refuse
from outtrade_mocks.venues.deribit.queries import KINDS
from outtrade_mocks.venues.deribit.shapes import position_of, summary_of
from outtrade_mocks.venues.deribit.trading import CURRENCIES

Sent = Mapping[str, Any]
WHO = {"id": USER_ID, "email": "tester@example.com", "username": "outtrade", "system_name": "outtrade", "type": "main"}


def position(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_position."""
    entry = desk.listed(codec.needed(sent, "instrument_name"))
    held = desk.exchange.view(desk.account, as_of).positions(entry.unified)
    return Outcome(position_of(desk, entry, held[0] if held else None))


def positions(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_positions: open ones, in one currency or all."""
    currency = codec.choice(sent, "currency", (*CURRENCIES, "any"), "any")
    kind = codec.choice(sent, "kind", KINDS, "any")
    held = desk.exchange.view(desk.account, as_of).positions()
    rows = [(desk.listings[one.symbol], one) for one in held]
    if kind not in ("any", "future"):
        rows = []
    return Outcome([position_of(desk, entry, one) for entry, one in rows if currency in ("any", entry.settle)])


def summary(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_account_summary."""
    currency = codec.choice(sent, "currency", CURRENCIES)
    told = summary_of(desk, currency, as_of)
    return Outcome(told | WHO | _extended(desk) if codec.flag(sent, "extended") else told)


def summaries(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_account_summaries: one for each currency that the venue or the account has."""
    known = dict.fromkeys((*CURRENCIES, *desk.exchange.view(desk.account).balances()))
    told = [summary_of(desk, currency, as_of) for currency in known]
    whole: dict[str, Any] = {"summaries": told}
    if codec.flag(sent, "extended"):
        whole |= WHO | _extended(desk)
    return Outcome(whole)


def _extended(desk: Desk) -> dict[str, Any]:
    return {
        "creation_timestamp": desk.epoch_ns // codec.MS,
        "self_trading_reject_mode": "reject_taker",
        "self_trading_extended_to_subaccounts": False,
        "interuser_transfers_enabled": False,
        "referrer_id": None,
        "login_enabled": True,
        "security_keys_enabled": False,
        "mmp_enabled": False,
    }


def subaccounts(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_subaccounts: the account alone."""
    return Outcome([WHO | {"login_enabled": True, "security_keys_enabled": False, "receive_notifications": False}])


def margins(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_margins: what an order of that amount and price would need, and the prices that are taken."""
    entry = desk.listed(codec.needed(sent, "instrument_name"))
    amount, price = codec.number(sent, "amount"), codec.number(sent, "price")
    if amount is None or price is None or amount <= 0 or price <= 0:
        raise codec.invalid("amount" if amount is None or amount <= 0 else "price", "value required")
    rules, ticks = desk.exchange.instrument(entry.unified), desk.ticks(entry, price)
    value = rules.notional(ticks, desk.lots(entry, amount))
    leverage = rules.brackets[0].leverage
    need = desk.money(entry.settle, -(-value // leverage))
    high, low = desk.band(entry) or (None, None)
    return Outcome({"buy": need, "sell": need, "max_price": high, "min_price": low})


def transactions(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_transaction_log: trades alone, newest first (*simplified*: no settlements, no transfers)."""
    currency = codec.choice(sent, "currency", CURRENCIES)
    count = codec.count(sent, "count", 100, 250)
    start, end = codec.integer(sent, "start_timestamp"), codec.integer(sent, "end_timestamp")
    rows = []
    for number, fill in enumerate(desk.exchange.view(desk.account, as_of).trades()):
        entry = desk.listings[fill.symbol]
        stamp = fill.time // codec.MS
        if entry.settle != currency or (start and stamp < start) or (end and stamp > end):
            continue
        rows.append(
            {
                "id": number + 1,
                "type": "trade",
                "timestamp": stamp,
                "currency": currency,
                "instrument_name": entry.id,
                "order_id": desk.order_id(fill),
                "trade_id": desk.trade_id(fill),
                "user_role": "maker" if fill.maker else "taker",
                "side": f"{'open' if not fill.realised else 'close'} {fill.side}",
                "amount": desk.amount(fill.symbol, fill.lots),
                "price": desk.price(fill.symbol, fill.price),
                "commission": desk.money(fill.fee_asset, fill.fee),
                "change": desk.money(entry.settle, fill.realised - fill.fee),
                "user_id": USER_ID,
            }
        )
    rows.reverse()
    return Outcome({"logs": rows[:count], "continuation": None})


# ------------------------------------------------------- cancel on disconnect
def cod_scope(sent: Sent, connection: int) -> str:
    """``scope``: connection (WebSocket only) or account. Raises 10030."""
    scope = codec.choice(sent, "scope", ("connection", "account"), "connection")
    if scope == "connection" and not connection:
        raise refuse("must_be_websocket")
    return scope


def cod_enable(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/enable_cancel_on_disconnect: of this connection, or of the account: of all that open from here on."""
    scope = cod_scope(sent, connection)
    if scope == "account":
        desk.cod_account = True
    if connection:
        desk.cod.add(connection)
    return Outcome("ok")


def cod_disable(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/disable_cancel_on_disconnect."""
    scope = cod_scope(sent, connection)
    if scope == "account":
        desk.cod_account = False
    desk.cod.discard(connection)
    return Outcome("ok")


def cod_state(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_cancel_on_disconnect."""
    scope = cod_scope(sent, connection)
    enabled = desk.cod_account if scope == "account" else connection in desk.cod
    return Outcome({"scope": scope, "enabled": enabled})
