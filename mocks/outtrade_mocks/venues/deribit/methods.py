"""The table of methods: name -> what it is called, who may ask, from which pool it draws, and who carries it out.

Every method is asked by its name: ``GET /api/v2/private/buy?...``, ``POST /api/v2`` with ``{"method": "private/buy"}``
(or at the method's own path), or the same object in a frame. Those that concern a connection exist on a WebSocket
alone; over HTTP they get 10030. ``pool``: which rate limit counts (see ``limits``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from outtrade_mocks.venues.deribit import account, market, queries, trading
from outtrade_mocks.venues.deribit.desk import Desk, Outcome

Handler = Callable[[Desk, Mapping[str, Any], int, int | None, int], Outcome]
"""Desk, parameters, now, as_of, number of the WebSocket connection (0: HTTP)."""
Pool = Literal["matching", "other", "subscribe", "instruments"]


@dataclass(frozen=True, slots=True)
class Method:
    """One method. ``op`` is the unified operation; ``run`` is None where the session itself carries it out."""

    op: str
    run: Handler | None
    private: bool = True
    pool: Pool = "other"
    note: str = ""


def login(desk: Desk, sent: Mapping[str, Any], now: int, as_of: int | None, connection: int) -> Outcome:
    """public/auth."""
    return Outcome(desk.gate.login(sent, connection or None, now))


def _public(op: str, run: Handler, pool: Pool = "other") -> Method:
    return Method(op, run, private=False, pool=pool)


def _orders(op: str, run: Handler, note: str = "") -> Method:
    return Method(op, run, pool="matching", note=note)


_SOCKET = "WebSocket only"
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        # ---- access and the connection
        "public/auth": _public("login", login),
        "public/subscribe": Method("subscribe", None, False, "subscribe", _SOCKET),
        "public/unsubscribe": Method("other", None, False, "subscribe", _SOCKET),
        "public/unsubscribe_all": Method("other", None, False, "subscribe", _SOCKET),
        "private/subscribe": Method("subscribe", None, True, "subscribe", _SOCKET),
        "private/unsubscribe": Method("other", None, True, "subscribe", _SOCKET),
        "private/unsubscribe_all": Method("other", None, True, "subscribe", _SOCKET),
        "public/set_heartbeat": Method("other", None, False, "other", _SOCKET),
        "public/disable_heartbeat": Method("other", None, False, "other", _SOCKET),
        "private/logout": Method("other", None, True, "other", _SOCKET),
        "private/enable_cancel_on_disconnect": Method("dead_man", account.cod_enable),
        "private/disable_cancel_on_disconnect": Method("dead_man", account.cod_disable),
        "private/get_cancel_on_disconnect": Method("other", account.cod_state),
        # ---- public data
        "public/test": _public("ping", market.test),
        "public/hello": _public("other", market.hello),
        "public/get_time": _public("time", market.time),
        "public/status": _public("status", market.status),
        "public/get_currencies": _public("currencies", market.all_currencies),
        "public/get_instruments": _public("exchange_info", market.instruments, "instruments"),
        "public/get_instrument": _public("exchange_info", market.instrument),
        "public/get_contract_size": _public("other", market.contract_size),
        "public/ticker": _public("ticker", market.ticker),
        "public/get_book_summary_by_currency": _public("ticker", market.book_summary),
        "public/get_book_summary_by_instrument": _public("ticker", market.book_summary),
        "public/get_order_book": _public("depth", market.order_book),
        "public/get_last_trades_by_instrument": _public("public_trades", market.last_trades),
        "public/get_last_trades_by_instrument_and_time": _public("public_trades", market.last_trades),
        "public/get_last_trades_by_currency": _public("public_trades", market.last_trades),
        "public/get_last_trades_by_currency_and_time": _public("public_trades", market.last_trades),
        "public/get_tradingview_chart_data": _public("other", market.chart),
        "public/get_index_price": _public("other", market.index_price),
        "public/get_funding_rate_value": _public("other", market.funding_value),
        "public/get_funding_rate_history": _public("other", market.nothing),
        "public/get_announcements": _public("other", market.nothing),
        # ---- orders
        "private/buy": _orders("place", trading.buy),
        "private/sell": _orders("place", trading.sell),
        "private/edit": _orders("amend", trading.edit),
        "private/edit_by_label": _orders("amend", trading.edit_by_label),
        "private/cancel": _orders("cancel", trading.cancel),
        "private/cancel_by_label": _orders("cancel_all", trading.cancel_by_label),
        "private/cancel_all": _orders("cancel_all", trading.cancel_all),
        "private/cancel_all_by_currency": _orders("cancel_all", trading.cancel_all_by_currency),
        "private/cancel_all_by_instrument": _orders("cancel_all", trading.cancel_all_by_instrument),
        "private/cancel_all_by_kind_or_type": _orders("cancel_all", trading.cancel_all_by_kind_or_type),
        "private/close_position": _orders("place", trading.close_position),
        # ---- queries
        "private/get_order_state": Method("query", queries.order_state),
        "private/get_order_state_by_label": Method("query", queries.order_state_by_label),
        "private/get_open_orders": Method("open_orders", queries.open_orders),
        "private/get_open_orders_by_currency": Method("open_orders", queries.open_orders),
        "private/get_open_orders_by_instrument": Method("open_orders", queries.open_orders),
        "private/get_open_orders_by_label": Method("open_orders", queries.open_orders),
        "private/get_order_history_by_currency": Method("all_orders", queries.order_history),
        "private/get_order_history_by_instrument": Method("all_orders", queries.order_history),
        "private/get_user_trades_by_currency": Method("trades", queries.user_trades),
        "private/get_user_trades_by_currency_and_time": Method("trades", queries.user_trades),
        "private/get_user_trades_by_instrument": Method("trades", queries.user_trades),
        "private/get_user_trades_by_instrument_and_time": Method("trades", queries.user_trades),
        "private/get_user_trades_by_order": Method("trades", queries.trades_by_order),
        # ---- account
        "private/get_account_summary": Method("account", account.summary),
        "private/get_account_summaries": Method("account", account.summaries),
        "private/get_position": Method("positions", account.position),
        "private/get_positions": Method("positions", account.positions),
        "private/get_margins": Method("other", account.margins),
        "private/get_subaccounts": Method("other", account.subaccounts),
        "private/get_transaction_log": Method("other", account.transactions),
    }
)
BY_CURRENCY = frozenset(name for name in METHODS if "_by_currency" in name)
