"""The private stream's events, made of the core's changes in their order.

A trade is told as TRADE_LITE, ORDER_TRADE_UPDATE and then ACCOUNT_UPDATE (which of the last two comes first is not
documented, *inferred*). An algo order is told as ALGO_UPDATE until it is in the market, from then on as ordinary orders
are, and as FINISHED when its order is over. Amounts in events have no zeros at the end.

MARGIN_CALL is told when a liquidation begins, not when the margin ratio is merely high (a simplification).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from outtrade_mocks.core import BalanceChange, Change, Order, OrderChange, Position, PositionChange, SettingsChange
from outtrade_mocks.core.contracts import entry_price, unrealised
from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.binance_codec import encode
from outtrade_mocks.venues.binance_usdm import shapes
from outtrade_mocks.venues.binance_usdm.account import plain_signed
from outtrade_mocks.venues.binance_usdm.desk import MS, SIDES, Desk
from outtrade_mocks.venues.binance_usdm.figures import average_e8, fixed, plain, ratio

EXECUTIONS = {
    "accepted": "NEW",
    "released": "NEW",
    "working": "NEW",
    "fill": "TRADE",
    "cancel": "CANCELED",
    "expire": "EXPIRED",
    "prevent": "EXPIRED",
    "amend": "AMENDMENT",
    "reduce": "AMENDMENT",
}
"""Execution type by what happened. That a reduce-only order became smaller with the position is told as an amend
(*inferred*)."""
EXPIRY_REASONS = {"self_trade": "1", "ioc": "2", "liquidity": "2", "reduce_only": "4"}
"""``er`` by why an order expired; "0" for none (*inferred* from the list of reasons)."""
REASONS = {"trade": "ORDER", "funding": "FUNDING_FEE", "margin": "MARGIN_TRANSFER"}
"""``m`` of ACCOUNT_UPDATE by why a position changed."""
WALLET_REASONS = {"script": "DEPOSIT", "funding": "FUNDING_FEE", "liquidation": "INSURANCE_CLEAR"}
"""The same where only the wallet changed, by the cause."""
USER = "user"
"""The channel of all of them."""
Render = Callable[[], str]


class Reports:
    """Makes numbered pushes out of the core's changes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._n = 0
        self._cross = {asset: sum(held) for asset, held in desk.exchange.view(desk.account).balances().items()}
        self._isolated: dict[tuple[str, str], int] = {}
        self._leverage: dict[str, int] = {}
        self._waiting: PositionChange | None = None
        """A position whose wallet is told next."""

    def of(self, change: Change) -> Iterator[Push]:
        """The events of one change."""
        if isinstance(change, OrderChange):
            yield from self._order(change)
        elif isinstance(change, PositionChange):
            yield from self._position(change)
        elif isinstance(change, BalanceChange):
            yield self._wallet(change)
        elif isinstance(change, SettingsChange) and change.symbol:
            yield from self._settings(change)

    def _push(self, kind: Any, render: Render, **fields: Any) -> Push:
        self._n += 1
        return Push(self._n, kind, render, channel=USER, **fields)

    # ---------------------------------------------------------------- orders
    def _order(self, change: OrderChange) -> Iterator[Push]:
        desk, order, why = self._desk, change.order, change.why
        if order.terms is None and change.fill is None:  # most are that plain
            self._n += 1
            status, venue_id = desk.status(order), str(desk.order_id(order))
            render = partial(self._update, change, status)
            yield Push(self._n, "order", render, order.client_id, venue_id, None, status, venue_id, USER, order.symbol)
            return
        known = {"client_id": order.client_id, "symbol": order.symbol, "order": desk.truth_id(order.order_id)}
        algo = desk.is_algo(order)
        if algo and not (desk.in_market(order) and why != "triggered"):
            yield self._algo(change, "TRIGGERING" if why == "triggered" else shapes.algo_status(order), known)
            return
        if algo and why == "working":
            yield self._algo(change, "TRIGGERED", known)
        forced = "" if order.terms is None else order.terms.forced
        if forced == "liquidation" and why == "accepted":
            yield self._push("other", partial(encode_text, self._margin_call(order, change.time)))
        fill, status = change.fill, desk.status(order)
        fields = known | {"venue_id": str(desk.order_id(order)), "status": status}
        if fill is not None:
            yield self._push("other", partial(self._lite, change), symbol=order.symbol)
            fields["trade_id"] = str(desk.trade_id(fill))
        yield self._push("order" if fill is None else "fill", partial(self._update, change, status), **fields)
        if algo and not order.live:
            yield self._algo(change, "FINISHED", known)

    def _algo(self, change: OrderChange, status: str, known: dict[str, Any]) -> Push:
        kind = "other" if status in ("TRIGGERING", "TRIGGERED", "FINISHED") else "order"
        venue_id = str(self._desk.algo_id(change.order))
        return self._push(kind, partial(self._algo_update, change, status), **known, venue_id=venue_id, status=status)

    def _update(self, change: OrderChange, status: str) -> str:
        desk, order, fill, time = self._desk, change.order, change.fill, change.time // MS
        entry, terms = desk.listings[order.symbol], order.terms
        step, tick = entry.step, entry.tick
        options = shapes.options(order)
        forced = terms is not None and terms.forced in ("liquidation", "adl")
        body: dict[str, Any] = {
            "s": entry.id,
            "c": desk.client_id_of(order),
            "S": order.side.upper(),
            "o": order.type.upper(),
            "f": shapes.time_in_force(order),
            "q": plain(order.lots * step),
            "p": plain(desk.price_e8(order.symbol, order.price)),
            "ap": plain(average_e8(order.quote_filled, order.filled * step)),
            "sp": plain(shapes.stop_price(desk, order)),
            "x": "CALCULATED" if forced and fill is not None else EXECUTIONS[change.why],
            "X": status,
            "i": desk.order_id(order),
            "l": plain(fill.lots * step) if fill else "0",
            "z": plain(order.filled * step),
            "L": plain(fill.price * tick) if fill else "0",
            "n": plain_signed(fill.fee) if fill else "0",
            "N": fill.fee_asset if fill else entry.margin,
            "T": time,
            "t": desk.trade_id(fill) if fill else 0,
            "b": "0",
            "a": "0",
            "m": fill.maker if fill else False,
            "R": terms is not None and terms.reduce_only,
            "wt": options["workingType"],
            "ot": shapes.algo_type(order),
            "ps": SIDES[None if terms is None else terms.position_side],
            "cp": terms is not None and terms.close_position,
        }
        trigger = None if terms is None else terms.trigger
        if trigger is not None and trigger.trail_bps is not None:
            body |= {
                "AP": plain(desk.price_e8(order.symbol, trigger.price)),
                "cr": shapes.rate(trigger.trail_bps),
            }
        body |= {
            "pP": options["priceProtect"],
            "si": 0,
            "ss": 0,
            "rp": plain_signed(fill.realised) if fill else "0",
            "V": options["selfTradePreventionMode"],
            "pm": options["priceMatch"],
            "gtd": options["goodTillDate"],
            "er": EXPIRY_REASONS.get(order.expired_by, "0"),
        }
        return encode_text({"e": "ORDER_TRADE_UPDATE", "E": time, "T": time, "o": body})

    def _lite(self, change: OrderChange) -> str:
        order, fill, time = change.order, change.fill, change.time // MS
        assert fill is not None
        entry = self._desk.listings[order.symbol]
        return encode_text(
            {
                "e": "TRADE_LITE",
                "E": time,
                "T": time,
                "s": entry.id,
                "q": plain(order.lots * entry.step),
                "p": plain(self._desk.price_e8(order.symbol, order.price)),
                "m": fill.maker,
                "c": self._desk.client_id_of(order),
                "S": order.side.upper(),
                "L": plain(fill.price * entry.tick),
                "l": plain(fill.lots * entry.step),
                "t": self._desk.trade_id(fill),
                "i": self._desk.order_id(order),
            }
        )

    def _algo_update(self, change: OrderChange, status: str) -> str:
        desk, order, time = self._desk, change.order, change.time // MS
        entry, terms = desk.listings[order.symbol], order.terms
        assert terms is not None and terms.trigger is not None
        options, filled = shapes.options(order), order.filled * entry.step
        first = desk.account.orders[order.order_id][0]
        body: dict[str, Any] = {
            "caid": order.client_id,
            "aid": desk.algo_id(order),
            "at": "CONDITIONAL",
            "o": shapes.algo_type(order),
            "s": entry.id,
            "S": order.side.upper(),
            "ps": SIDES[terms.position_side],
            "f": shapes.time_in_force(order),
            "q": plain(first.lots * entry.step),
            "X": status,
            "ai": "",
        }
        if status in ("TRIGGERED", "FINISHED"):
            body |= {
                "ai": str(desk.order_id(order)),
                "ap": fixed(average_e8(order.quote_filled, filled), 5),
                "aq": fixed(filled, 5),
                "act": order.type.upper(),
            }
        body |= {
            "tp": plain(shapes.stop_price(desk, order)),
            "p": plain(desk.price_e8(order.symbol, order.price)),
            "V": options["selfTradePreventionMode"],
            "wt": options["workingType"],
            "pm": options["priceMatch"],
            "cp": terms.close_position,
            "pP": options["priceProtect"],
            "R": terms.reduce_only,
            "tt": time if status in ("TRIGGERING", "TRIGGERED", "FINISHED") else 0,
            "gtd": options["goodTillDate"],
            "rm": "Margin is insufficient." if order.expired_by == "funds" else "",
        }
        if terms.trigger.trail_bps is not None:
            body |= {
                "AP": plain(desk.price_e8(order.symbol, terms.trigger.price)),
                "cr": shapes.rate(terms.trigger.trail_bps),
            }
        return encode_text({"e": "ALGO_UPDATE", "T": time, "E": time, "o": body})

    # --------------------------------------------------------------- account
    def _position(self, change: PositionChange) -> Iterator[Push]:
        position = change.position
        if change.why == "leverage":
            return
        self._isolated[position.symbol, position.side] = position.margin
        if change.why == "funding" and position.isolated:  # its wallet does not change
            yield self._account(change.time, "FUNDING_FEE", self._desk.listings[position.symbol].margin, change)
            return
        self._waiting = change

    def _wallet(self, change: BalanceChange) -> Push:
        """The wallet, with the position that changed just before."""
        held, self._waiting = self._waiting, None
        (asset, free, locked), *_ = change.balances
        before, self._cross[asset] = self._cross.get(asset, 0), free + locked
        reason = WALLET_REASONS.get(change.cause, "ORDER") if held is None else REASONS[held.why]
        delta = 0 if reason in ("ORDER", "MARGIN_TRANSFER") else free + locked - before
        shown = None if held is None or held.why == "funding" else held
        return self._account(change.time, reason, asset, shown, delta)

    def _account(self, time: int, reason: str, asset: str, held: PositionChange | None, delta: int = 0) -> Push:
        cross = self._cross.get(asset, 0)
        listings = self._desk.listings
        isolated = sum(atoms for (symbol, _), atoms in self._isolated.items() if listings[symbol].margin == asset)
        wallet = {
            "a": asset,
            "wb": plain_signed(cross + isolated),
            "cw": plain_signed(cross),
            "bc": plain_signed(delta),
        }
        positions = [] if held is None else [self._held(held.position)]
        event = {
            "e": "ACCOUNT_UPDATE",
            "E": time // MS,
            "T": time // MS,
            "a": {"B": [wallet], "P": positions, "m": reason},
        }
        kind, symbol = ("balance", None) if held is None else ("position", held.position.symbol)
        return self._push(kind, partial(encode_text, event), symbol=symbol)

    def _held(self, position: Position) -> dict[str, Any]:
        desk = self._desk
        entry, instrument = desk.listings[position.symbol], desk.exchange.instrument(position.symbol)
        mark = desk.exchange.mark_price(position.symbol)
        profit = unrealised(instrument, position.lots, position.carried, mark) if mark and position.lots else 0
        return {
            "s": entry.id,
            "pa": plain_signed(position.lots * entry.step),
            "ep": ratio(entry_price(instrument, position.lots, position.carried)),
            "bep": ratio(entry_price(instrument, position.lots, position.carried - position.fees)),
            "cr": plain_signed(position.realised),
            "up": plain_signed(profit),
            "mt": "isolated" if position.isolated else "cross",
            "iw": plain_signed(position.margin),
            "ps": SIDES[position.side],
            "ma": entry.margin,
        }

    def _margin_call(self, order: Order, time: int) -> dict[str, Any]:
        desk, entry = self._desk, self._desk.listings[order.symbol]
        side = "net" if order.terms is None or order.terms.position_side is None else order.terms.position_side
        portfolio = desk.account.portfolio
        past = [] if portfolio is None else portfolio.positions.get((order.symbol, side), [])
        position = next((one for one in reversed(past) if one.lots), None)  # by now it may be closed
        called = []
        if position is not None:
            instrument, held = desk.exchange.instrument(order.symbol), self._held(position)
            mark = desk.exchange.mark_price(order.symbol) or 0
            assert instrument.tiers is not None
            called = [
                {
                    "s": entry.id,
                    "ps": held["ps"],
                    "pa": held["pa"],
                    "mt": held["mt"].upper(),
                    "iw": held["iw"],
                    "mp": plain(mark * entry.tick),
                    "up": held["up"],
                    "mm": plain(instrument.tiers.maintenance(instrument.notional(mark, abs(position.lots)))),
                }
            ]
        cross = plain_signed(self._cross.get(entry.margin, 0))
        return {"e": "MARGIN_CALL", "E": time // MS, "cw": cross, "p": called}

    def _settings(self, change: SettingsChange) -> Iterator[Push]:
        """ACCOUNT_CONFIG_UPDATE tells of a new leverage, not of another margin type."""
        if self._leverage.get(change.symbol) == change.leverage:
            return
        self._leverage[change.symbol] = change.leverage
        event = {
            "e": "ACCOUNT_CONFIG_UPDATE",
            "E": change.time // MS,
            "T": change.time // MS,
            "ac": {"s": self._desk.listings[change.symbol].id, "l": change.leverage},
        }
        yield self._push("other", partial(encode_text, event), symbol=change.symbol)


def encode_text(event: object) -> str:
    """An event as a text frame."""
    return encode(event).decode()
