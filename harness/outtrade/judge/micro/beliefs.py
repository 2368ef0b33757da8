"""What the target says: order views, and the report, which is the truth until words change it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, get_args

from outtrade.judge.micro.exchange import Exchange, Standing
from outtrade.judge.micro.words import ZERO, Names, Word, number, plain
from outtrade.model.task import Intent, OrderStatus, OutcomeStatus

OUTCOMES = frozenset(get_args(OutcomeStatus))
ORDER_STATUSES = frozenset(get_args(OrderStatus))


class Beliefs:
    """Makes views and reports of what stands on the exchange."""

    def __init__(self, exchange: Exchange, names: Names) -> None:
        self.exchange = exchange
        self.names = names
        self.script = exchange.script

    def report(self, word: Word) -> dict[str, Any]:
        """The truthful report, changed by the words of the statement."""
        report = self._truthful()
        for token in word.args:
            self._report_word(word, report, token)
        for key, value in word.options.items():
            self._report_option(word, report, key, value)
        return report

    def _report_word(self, word: Word, report: dict[str, Any], token: str) -> None:
        if token.startswith("no:") and token[3:] in ("fills", "positions", "balances"):
            report[token[3:]] = None
        elif token == "alert":
            self._report_option(word, report, "alert", "look at this")
        elif "*" in token:
            trade, _, times = token.partition("*")
            same = [fill for fill in report["fills"] if fill["trade_id"] == trade]
            if not same:
                raise word.fail(token, "repeats no fill")
            report["fills"] += same * (int(times) - 1)
        else:
            raise word.fail(token, "is not understood in a report")

    def _report_option(self, word: Word, report: dict[str, Any], key: str, value: str) -> None:
        if key.endswith(".record"):
            self._record(word, report, key.removesuffix(".record"), value)
            return
        if key == "alert":
            report["alerts"].append({"level": "error", "text": value, "about": None})
        elif any(intent.id == key for intent in self.script.intents):
            status, _, rest = value.partition(":")
            filled, _, average = rest.partition("@")
            if value == "-":
                report["outcomes"].pop(key, None)
                return
            if status not in OUTCOMES:
                raise word.fail(f"{key}={value}", "is no outcome")
            report["outcomes"][key] = {"status": status, "filled": filled or None, "average_price": average or None}
        elif key in self.exchange.names:
            order = self.exchange.names[key]
            views = [view for view in report["orders"] if order.id not in view["venue_ids"]]
            if value != "-":
                views.append(self.view(order) | self.believed(word, value))
            report["orders"] = views
        elif "/" in key:
            size, *more = value.split(",")
            quantity, _, entry = size.partition("@")
            fields = dict(one.split("=", 1) for one in more if "=" in one)
            report["positions"][key] = {"quantity": quantity, "entry_price": entry or None} | fields
        elif key in self.exchange.balances:
            free, _, locked = value.partition("/")
            report["balances"][key] = {"free": free, "locked": locked or "0"}
        elif re.fullmatch(r"t\w+", key):
            self._report_fill(word, report, key, value)
        elif key in self.names.ids:
            intent = self.names.intent_of(word, key)
            view: dict[str, Any] = {
                "client_id": self.names.ids[key],
                "symbol": "BTC/USDT",
                "side": "buy",
                "venue_ids": [],
            }
            if intent is not None:
                view |= {"symbol": intent.symbol, "side": intent.side, "intent": intent.id}
                view["quantity"] = None if intent.quantity is None else str(intent.quantity)
            report["orders"].append(view | self.believed(word, value))
        else:
            raise word.fail(f"{key}={value}", "names nothing in this history")

    def _report_fill(self, word: Word, report: dict[str, Any], key: str, value: str) -> None:
        old = next((fill for fill in report["fills"] if fill["trade_id"] == key), None)
        report["fills"] = [fill for fill in report["fills"] if fill["trade_id"] != key]
        if value == "-":
            return
        parts = value.split(":")
        fill = dict(old or {"trade_id": key, "order": "?", "fee": None, "fee_asset": None})
        if parts[0] in self.exchange.names:
            fill["order"] = self.exchange.names[parts.pop(0)].created_as
        elif re.fullmatch(r"F\d+", parts[0]):  # an order that the venue made
            fill["order"] = parts.pop(0)
        for part in parts:
            match = re.fullmatch(r"([\d.]+)([A-Z]+)", part)
            if match:
                fill |= {"fee": match[1], "fee_asset": match[2]}
            else:
                quantity, at, price = part.partition("@")
                fill["quantity"] = plain(number(quantity, value, word.text))
                fill["price"] = price if at else fill.get("price", "100")
        report["fills"].append(fill)

    def believed(self, word: Word, value: str) -> dict[str, Any]:
        """``filled:0.4@100`` as the changed fields of an order view."""
        status, colon, rest = value.partition(":")
        if status not in ORDER_STATUSES:
            raise word.fail(value, "is no order status")
        filled, _, average = rest.partition("@")
        changed: dict[str, Any] = {"status": status}
        if colon:
            changed |= {"filled": filled, "average_price": average or None}
        return changed

    def view(self, order: Standing) -> dict[str, Any]:
        """An order view that is true."""
        intent = next((i.id for i in self.script.intents if i.tag in order.created_as), None)
        if intent is None and not order.foreign:
            intent = self.names.owners.get(order.name)
        return {
            "client_id": order.created_as,
            "venue_ids": [order.id],
            "symbol": order.symbol,
            "side": order.side,
            "type": order.type,
            "quantity": plain(order.quantity),
            "filled": plain(order.filled),
            "average_price": str(order.quote / order.filled) if order.filled else None,
            "status": order.status,
            "intent": intent,
        }

    def _record(self, word: Word, report: dict[str, Any], intent: str, value: str) -> None:
        """The execution record of an outcome: INTENDED/SLIPPAGE/PARTIAL/LATENCY, ``-`` for what is not said."""
        said = value.split("/")
        if intent not in report["outcomes"] or len(said) != 4:
            raise word.fail(value, "is no record of an outcome (INTENDED/SLIPPAGE/yes or no/LATENCY)")
        fields = ("intended_price", "slippage_bps", "partial_fill", "latency")
        known: dict[str, Any] = {name: one for name, one in zip(fields, said, strict=True) if one != "-"}
        if "partial_fill" in known:
            known["partial_fill"] = known["partial_fill"] == "yes"
        report["outcomes"][intent]["execution"] = known

    def _truthful(self) -> dict[str, Any]:
        """The report that says what is so."""
        own = [order for order in self.exchange.orders if not order.foreign]
        known = [order for order in self.exchange.orders if not order.foreign or order.status == "open"]
        locked = self.exchange.locked()
        positions: dict[str, list[Decimal]] = {}
        for order in own:
            base = order.symbol.partition("/")[0]
            fees = sum((Decimal(f.fee) for f in order.fills if f.fee_asset == base), ZERO)
            entry = positions.setdefault(order.symbol, [ZERO, ZERO, ZERO])
            sign = 1 if order.side == "buy" else -1
            entry[0] += sign * order.filled - fees
            entry[1] += sign * order.filled
            entry[2] += sign * order.quote
        return {
            "outcomes": {intent.id: self._outcome(intent) for intent in self.script.intents},
            "orders": [self.view(order) for order in known],
            "fills": [
                {
                    "trade_id": fill.trade_id,
                    "order": fill.client_id,
                    "price": fill.price,
                    "quantity": fill.quantity,
                    "fee": fill.fee,
                    "fee_asset": fill.fee_asset,
                }
                for order in own
                for fill in order.fills
            ],
            "positions": {
                symbol: {"quantity": plain(net), "entry_price": str(quote / gross) if gross > 0 else None}
                for symbol, (net, gross, quote) in positions.items()
            },
            "balances": {
                asset: {"free": plain(total - locked.get(asset, ZERO)), "locked": plain(locked.get(asset, ZERO))}
                for asset, total in sorted(self.exchange.balances.items())
            },
            "alerts": [],
        }

    def _outcome(self, intent: Intent) -> dict[str, Any]:
        orders = [o for o in self.exchange.orders if not o.foreign and self.view(o)["intent"] == intent.id]
        filled = sum((order.filled for order in orders), ZERO)
        quote = sum((order.quote for order in orders), ZERO)
        complete = bool(filled) and (
            (intent.quantity is not None and filled > intent.quantity - self.script.step)
            or (
                intent.quote_quantity is not None and quote > intent.quote_quantity - self.script.step * self.script.mid
            )
        )
        if complete or intent.kind in ("flatten", "halt", "watch", "cancel", "amend"):
            status = "done"
        elif any(order.status == "open" for order in orders):
            status = "working"
        elif filled:
            status = "partial"
        else:
            status = "failed" if orders else "refused"
        average = str(quote / filled) if filled else None
        return {"status": status, "filled": plain(filled), "average_price": average}
