"""The matching core as a candidate of ``tracebook-conformance``: a third party judges price-time priority.

``tracebook-conformance`` (PyPI) drives a candidate over its standard input and output, one JSON object a line, compares
trades and the whole resting book with its own reference engine after every event, and reduces a difference to the
smallest trace that shows it::

    tracebook-conformance qualify --profile fifo-full-v1 --output-dir reports/qualification \\
        --candidate-cmd "python -m outtrade_mocks.conformance"

What the core does: matching, priority, market, IOC and FOK orders, cancels, reductions in place (``amend``), separate
books. What this adapter does, because the protocol asks for it and the core has no such operation: it rounds prices to
the tick (the core refuses what lies off the grid), knows orders by the trace's ids, carries out ``replace`` as a cancel
and a new order, and ``clear`` as cancels. The profiles let an owner trade with himself, the core does not: so each
order comes from an account of its own, and the owner is only remembered.

A session::

    > {"type":"hello","protocol":"tracebook.conformance","protocol_version":1,"config":{"tick_size":"0.01"}}
    < {"type":"ready",...}
    > {"type":"event","index":1,"event":{"op":"new","symbol":"A","order_id":1,"side":"BUY","price":100,"quantity":5}}
    < {"type":"observation","index":1,"outcome":{"status":"applied",...},"trades":[],"state_hash":...}
    > {"type":"finish","event_count":1}
    < {"type":"complete","event_count":1}
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal

from outtrade_mocks.core import Account, Change, Exchange, Fill, Instrument, NewOrder, OffGrid, Order, Reject

PROTOCOL = "tracebook.conformance"
VERSION = 1
_MONEY = 10**40
"""Atoms of everything that an order's account holds: money is never what stops an order here."""


class Refused(Exception):
    """An event that changes nothing; ``code`` is the protocol's reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class _Source:
    """An order of the trace."""

    order_id: int
    """As the trace calls it."""
    symbol: str
    owner: int
    account: Account
    order: Order


class Candidate:
    """The core behind the protocol's operations; ``apply`` one event after the other."""

    def __init__(self, config: dict[str, Any]) -> None:
        if config.get("matching_algorithm", "fifo") != "fifo" or config.get("self_trade_policy", "NONE") != "NONE":
            raise ValueError("the core matches first in, first out; profiles: fifo-limit-v1, fifo-full-v1")
        self.tick = Decimal(str(config.get("tick_size", "0.01")))
        self.places = int(config.get("quantity_decimal_places", 12))
        self._exchange = Exchange([], now=0, seed=0)
        self._exchange.on_change(self._seen)
        self._active: dict[str, dict[int, _Source]] = {}
        """Symbol -> the trace's id -> the order, working ones only."""
        self._by_core_id: dict[int, _Source] = {}
        self._fills: list[Fill] = []
        self._accounts = 0
        self._ids: dict[str, int] = {}
        """Account -> the trace's id of its order."""

    def _seen(self, change: Change) -> None:
        if isinstance(change, Fill):
            self._fills.append(change)

    # ---------------------------------------------------------------- events
    def apply(self, event: dict[str, Any], index: int) -> dict[str, Any]:
        """Carry out one event; returns the observation."""
        outcome: dict[str, Any] = {"status": "applied", "reason": None, "message": None}
        self._fills.clear()
        self._exchange.advance(index)
        try:
            self._apply(event)
        except Refused as refused:
            outcome = {"status": "rejected", "reason": refused.code, "message": str(refused)}
        self._drop_ended()
        state = self.state()
        count = sum(len(book["bids"]) + len(book["asks"]) for book in state["books"])
        return {
            "type": "observation", "index": index, "outcome": outcome, "trades": list(self._trades()),
            "state_hash": _digest(state), "resting_order_count": count,
        }  # fmt: skip

    def _apply(self, event: dict[str, Any]) -> None:
        op, symbol = event["op"], event["symbol"]
        if op in ("new", "clear") and symbol not in self._active:
            self._active[symbol] = {}
            self._exchange.add_instrument(self._instrument(symbol))
        active = self._active.get(symbol, {})
        if op == "clear":
            for source in list(active.values()):
                self._cancel(source)
            return
        order_id = event["order_id"]
        if op == "new":
            if order_id in active:
                raise Refused("DUPLICATE_ORDER_ID", f"order {order_id} is already active")
            self._place(order_id, symbol, event)
            return
        found = active.get(order_id)
        if found is None:
            raise Refused("ORDER_NOT_ACTIVE", f"order {order_id} is not active")
        if op == "cancel":
            self._cancel(found)
        elif op == "reduce":
            self._reduce(found, self._lots(symbol, event["quantity"]))
        elif op == "replace":
            self._replace(found, event)
        else:
            raise ValueError(f"unknown operation {op!r}")

    def _place(self, order_id: int, symbol: str, event: dict[str, Any]) -> None:
        kind = event.get("order_type") or "LIMIT"
        side: Literal["buy", "sell"] = "buy" if event["side"] == "BUY" else "sell"
        lots = self._lots(symbol, event["quantity"])
        if kind == "MARKET":
            new = NewOrder(symbol=symbol, side=side, type="market", lots=lots)
        else:
            tif: Literal["GTC", "IOC", "FOK"] = "IOC" if kind == "IOC" else "FOK" if kind == "FOK" else "GTC"
            new = NewOrder(symbol=symbol, side=side, tif=tif, price=self._ticks(event["price"]), lots=lots)
        self._accounts += 1
        name = str(self._accounts)
        self._ids[name] = order_id
        account = self._exchange.open_account(name, {symbol: _MONEY, "MONEY": _MONEY})
        try:
            order = self._exchange.place(account, new)
        except Reject as refused:
            raise Refused("INVALID_ORDER", str(refused)) from None
        if order.working:
            source = _Source(order_id, symbol, int(event.get("owner") or 0), account, order)
            self._active[symbol][order_id] = self._by_core_id[order.order_id] = source

    def _cancel(self, source: _Source) -> None:
        self._exchange.cancel(source.account, source.symbol, order_id=source.order.order_id)
        self._forget(source)

    def _reduce(self, source: _Source, lots: int) -> None:
        now = self._now(source)
        if lots == now.remaining:
            self._cancel(source)
            return
        try:
            self._exchange.amend(source.account, source.symbol, order_id=now.order_id, lots=now.lots - lots)
        except Reject as refused:
            raise Refused("INVALID_ORDER", str(refused)) from None

    def _replace(self, source: _Source, event: dict[str, Any]) -> None:
        """Cancel and place anew; what cannot be placed is refused before anything has changed."""
        now = self._now(source)
        instrument = self._exchange.instruments[source.symbol]
        price, quantity = event.get("price"), event.get("quantity")
        new = {
            "side": "BUY" if now.side == "buy" else "SELL",
            "price": instrument.price(now.price or 0) if price is None else price,
            "quantity": instrument.quantity(now.remaining) if quantity is None else quantity,
            "owner": source.owner,
        }
        try:
            if self._ticks(new["price"]) < 1 or self._lots(source.symbol, new["quantity"]) < 1:
                raise Refused("INVALID_REPLACEMENT", "price and quantity must be positive")
        except Refused as refused:
            raise Refused("INVALID_REPLACEMENT", str(refused)) from None
        self._cancel(source)
        self._place(source.order_id, source.symbol, new)

    # ----------------------------------------------------------------- state
    def state(self) -> dict[str, Any]:
        """The resting book, each side in order of priority, as the protocol writes it."""
        return {"books": [self._book(symbol) for symbol in sorted(self._active)]}

    def _book(self, symbol: str) -> dict[str, Any]:
        instrument = self._exchange.instruments[symbol]
        book: dict[str, Any] = {"symbol": symbol}
        for side, orders in zip(("bids", "asks"), self._exchange.resting(symbol), strict=True):
            book[side] = [
                {
                    "order_id": self._by_core_id[order.order_id].order_id,
                    "price": _plain(instrument.price(order.price or 0)),
                    "remaining_quantity": _plain(instrument.quantity(order.remaining)),
                    "owner": self._by_core_id[order.order_id].owner,
                    "order_type": "LIMIT",
                }
                for order in orders
            ]
        return book

    def _trades(self) -> Iterator[dict[str, Any]]:
        """Trades of the last event: two fills of one trade id each, the maker's first."""
        for maker, taker in zip(self._fills[::2], self._fills[1::2], strict=True):
            instrument = self._exchange.instruments[maker.symbol]
            buy, sell = (maker, taker) if maker.side == "buy" else (taker, maker)
            yield {
                "symbol": maker.symbol,
                "buy_order_id": self._ids[buy.account], "sell_order_id": self._ids[sell.account],
                "price": _plain(instrument.price(maker.price)), "quantity": _plain(instrument.quantity(maker.lots)),
            }  # fmt: skip

    def _drop_ended(self) -> None:
        for fill in self._fills:
            source = self._by_core_id.get(fill.order_id)
            if source is not None and not self._now(source).working:
                self._forget(source)

    def _forget(self, source: _Source) -> None:
        del self._by_core_id[source.order.order_id]
        del self._active[source.symbol][source.order_id]

    def _now(self, source: _Source) -> Order:
        return self._exchange.view(source.account).order(source.symbol, order_id=source.order.order_id)

    # --------------------------------------------------------------- numbers
    def _instrument(self, symbol: str) -> Instrument:
        return Instrument(
            symbol=symbol, base=symbol, quote="MONEY", tick=self.tick, step=Decimal(1).scaleb(-self.places),
            base_precision=self.places, quote_precision=self.places,
        )  # fmt: skip

    def _ticks(self, price: Any) -> int:
        return int((Decimal(str(price)) / self.tick).to_integral_value(ROUND_HALF_EVEN))

    def _lots(self, symbol: str, quantity: Any) -> int:
        try:
            return self._exchange.instruments[symbol].lots(Decimal(str(quantity)))
        except OffGrid as off:
            raise Refused("INVALID_ORDER", str(off)) from None


def _plain(value: Decimal) -> str:
    """A decimal without exponent and without zeros at its end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _digest(state: dict[str, Any]) -> str:
    text = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def serve(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The protocol without I/O: an answer for each line. Raises ValueError on what the protocol does not allow."""
    candidate: Candidate | None = None
    last = 0
    for line in lines:
        message = json.loads(line)
        kind = message.get("type")
        if candidate is None:
            if kind != "hello" or (message.get("protocol"), message.get("protocol_version")) != (PROTOCOL, VERSION):
                raise ValueError(f"the first line is a hello of {PROTOCOL} version {VERSION}")
            candidate = Candidate(message.get("config") or {})
            engine = {"name": "outtrade-core", "version": "1", "language": "Python"}
            yield {"type": "ready", "protocol": PROTOCOL, "protocol_version": VERSION, "engine": engine}
        elif kind == "event" and message["index"] == last + 1:
            last += 1
            yield candidate.apply(message["event"], last)
        elif kind == "snapshot" and message["index"] == last:
            yield {"type": "snapshot", "index": last, "state": candidate.state()}
        elif kind == "finish" and message["event_count"] == last:
            yield {"type": "complete", "event_count": last}
            return
        else:
            raise ValueError(f"unexpected message {kind!r} after event {last}")
    raise ValueError("the input ended before a finish message")


def main() -> int:
    """Answer on standard output what is asked on standard input; 0 after a finish message, else 2."""
    try:
        for answer in serve(sys.stdin):
            sys.stdout.write(json.dumps(answer, separators=(",", ":")) + "\n")
            sys.stdout.flush()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        failure = {"type": "error", "code": "PROTOCOL_ERROR", "message": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(failure) + "\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
