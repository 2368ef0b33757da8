"""Requests: what travels, what the exchange makes of it, and how the call ends for the client."""

from __future__ import annotations

import json
from typing import Any, Literal, cast, get_args

from outtrade.judge.micro.exchange import Standing
from outtrade.judge.micro.stage import Stage
from outtrade.judge.micro.words import Word, number, options_of, plain
from outtrade.model.fault import READS, WRITES
from outtrade.model.history import (
    NS,
    Answer,
    Broken,
    ErrorClass,
    Landed,
    Marked,
    OrderParams,
    Request,
    Response,
    SwitchTruth,
)
from outtrade.model.task import Intent

TRANSIT = 20_000_000
"""One way from the client to the venue, in nanoseconds."""
PATIENCE = 10 * NS
"""When a client that hears nothing gives up."""

OPS = READS | WRITES | {"time", "exchange_info", "depth", "ticker", "ping", "currencies", "status", "other"}
ON_ORDER = frozenset({"place", "query", "cancel", "amend", "cancel_replace"})
BREAKS = {"lost": "gave_up", "reset": "reset", "close": "close", "truncated": "truncated", "unanswered": "unanswered"}
DOUBTFUL = {"502": 502, "503": 503, "504": 504, "1006": 503, "1007": 504, "garbage": 200}
STATUS = {"rate": 429, "ban": 418, "auth": 401, "transient": 409}
METHODS = {"place": "POST", "cancel": "DELETE"}


class Requests:
    """Plays the statements ``TIME op ... -> END``."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def send(self, word: Word) -> None:
        """Send the request and schedule the rest of its life."""
        name = word.args[0] if word.args else None
        intent = self.stage.names.intent_of(word, name)
        client_id = self.stage.names.client_id(word, name, intent) if word.verb in ON_ORDER else None
        params = self._order_params(word, intent) if word.verb in ("place", "cancel_replace") else None
        venue_id = None
        if "v" in word.args[1:] and name is not None:
            client_id, venue_id = None, self.stage.exchange.order(word, name).id
        symbol = params.symbol if params else word.options.get("sym", intent.symbol if intent else "BTC/USDT")
        legs = self._legs(word, intent) if word.verb == "place_list" else []
        for extra in word.args[1 + len(legs[1:]) :]:
            if extra not in ("v", "post", "ro"):
                raise word.fail(extra, "is not understood")
        call = self.stage.next_call()
        sent = {"symbol": (symbol or "").replace("/", "")}
        if client_id is not None:
            sent["clientOrderId"] = client_id
        if "param" in word.options:
            sent[word.options["param"]] = "1"
        for leg, id, _ in legs:
            sent[f"{leg}ClientOrderId"] = id
        if params is not None:
            sent |= {
                key: str(getattr(params, key))
                for key in ("side", "type", "tif", "price", "quantity", "quote_quantity")
                if getattr(params, key) is not None
            }
        self.stage.add(
            Request(
                call=call,
                conn=int(word.options.get("c", "1")),
                incarnation=self.stage.incarnation,
                op=word.verb,
                method=METHODS.get(word.verb, "GET"),
                host="venue",
                path="/" + word.verb,
                params=sent,
                signed=word.verb not in ("time", "exchange_info", "depth", "ticker", "ping"),
                symbol=symbol,
                client_id=client_id,
                venue_id=venue_id,
                order=params,
                digest=word.options.get("digest", f"{word.verb} {venue_id} {sorted(sent.items())}"),
            )
        )
        if params is not None and (params.stop_price is not None or params.trail is not None):
            self.stage.add(Marked(intent="", symbol=params.symbol, mid=plain(self.stage.script.mid)))
        self._finish(word, call, name, client_id, params)

    def _legs(self, word: Word, intent: Intent | None) -> list[tuple[str, str, OrderParams]]:
        """The orders of ``place_list STOP TARGET``, one cancels the other: name, client id, parameters."""
        if len(word.args) != 2 or intent is None:
            raise word.fail(word.verb, "needs the names of two orders, and an intent")
        stop, price = word.options.get("stop", intent.stop_price), word.options.get("p", intent.take_profit_price)
        common: dict[str, Any] = {
            "symbol": intent.symbol or "",
            "side": intent.side,
            "quantity": word.options.get("q", "1"),
            "tif": "GTC",
        }
        pair = (
            OrderParams(**common, type="market", stop_price=str(stop)),
            OrderParams(**common, type="limit", price=str(price)),
        )
        for name in word.args:
            self.stage.names.owners[name] = intent.id
        ids = [self.stage.names.client_id(word, name, intent) or name for name in word.args]
        return list(zip(word.args, ids, pair, strict=True))

    def _finish(
        self, word: Word, call: int, name: str | None, client_id: str | None, params: OrderParams | None
    ) -> None:
        """Schedule what the exchange does with the request and how it ends for the client."""
        if not word.end:
            raise word.fail(word.verb, "has no '-> END'")
        head, when, *rest = (*word.end[0].partition("@")[::2], *word.end[1:])
        kind, _, detail = head.partition(":")
        bare, options = options_of(rest)
        if bare:
            raise word.fail(bare[0], "is not understood after the end")
        fault = int(options["f"]) if "f" in options else None
        if fault is not None:
            self.stage.add(Landed(fault=fault, call=call))
        sent_at = self.stage.now
        wait = PATIENCE if kind == "lost" else 2 * TRANSIT
        ended_at = round(number(when, word.end[0], word.text) * NS) if when else sent_at + wait
        committed = kind == "ok" or (bool(detail) and kind != "no")
        error = {"none": "not_found", "unknown": "unknown_order", "no": detail}.get(kind)
        if kind == "no" and error not in get_args(ErrorClass):
            raise word.fail(word.end[0], "is no error class")
        if kind not in ("ok", "flight", "no", "none", "unknown", *BREAKS, *DOUBTFUL):
            raise word.fail(word.end[0], "is no end")
        body = ""

        def at_venue() -> None:
            nonlocal body
            code = STATUS.get(error or "", 400) if error else 200
            executed = committed or (fault is None and bool(error) and error not in ("rate", "ban", "clock", "auth"))
            self.stage.add(
                Answer(
                    call=call,
                    status=code if committed or error else 0,
                    executed=executed,
                    outcome="definite" if error else ("ok" if committed else "ambiguous"),
                    error=cast("ErrorClass | None", error),
                    code=int(options["code"]) if "code" in options else None,
                    fault=fault,
                )
            )
            if committed:
                body = self._commit(word, call, name, client_id, params, detail)

        if committed or error:
            self.stage.later(min(sent_at + TRANSIT, ended_at), at_venue)
        conn = int(word.options.get("c", "1"))
        if kind in BREAKS:
            how = cast("Literal['reset', 'close', 'truncated', 'gave_up', 'unanswered']", BREAKS[kind])
            self.stage.later(ended_at, lambda: self.stage.reach(call, Broken(call=call, conn=conn, how=how)))
        elif kind != "flight":
            doubtful = kind in DOUBTFUL
            self.stage.later(
                ended_at,
                lambda: self.stage.reach(
                    call,
                    Response(
                        call=call,
                        conn=conn,
                        status=DOUBTFUL[kind] if doubtful else (STATUS.get(error, 400) if error else 200),
                        body="" if doubtful else body,
                        outcome="ambiguous" if doubtful else ("definite" if error else "ok"),
                        error=cast("ErrorClass | None", "unknown" if doubtful else error),
                        retry_after=float(options["ra"]) if "ra" in options else None,
                        fault=fault,
                    ),
                ),
            )

    def _commit(
        self, word: Word, call: int, name: str | None, client_id: str | None, params: OrderParams | None, detail: str
    ) -> str:
        """Carry the request out; returns the body of the answer."""
        if word.verb in ("place", "cancel_replace"):
            assert params is not None
            order = self.stage.exchange.accept(
                word, params, name=name or "", client_id=client_id, call=call, incarnation=self.stage.incarnation
            )
            for part in filter(None, detail.split(",")):
                if part == "expire":
                    self.stage.exchange.end(order, "expired", "expire", call)
                elif part == "fill":
                    self.stage.exchange.fill(order, order.quantity - order.filled, call=call)
                elif part != "ok":
                    self.stage.exchange.fill(order, number(part, word.end[0], word.text), call=call)
            return json.dumps(self._shown(order))
        if word.verb == "place_list":
            shown = [
                self._shown(self.stage.exchange.accept(
                    word, leg, name=one, client_id=id, call=call, incarnation=self.stage.incarnation, group=f"L{call}"
                ))
                for one, id, leg in self._legs(word, self.stage.names.intent_of(word, name))
            ]  # fmt: skip
            return json.dumps(shown)
        if word.verb == "cancel":
            order = self.stage.exchange.order(word, name)
            if order.status == "open":
                self.stage.exchange.end(order, "cancelled", "cancel", call)
            return json.dumps(self._shown(order))
        if word.verb == "amend":
            changed = self.stage.exchange.order(word, name)
            if "q" in word.options:
                self.stage.exchange.resize(changed, number(word.options["q"], word.text, word.text), call)
            return json.dumps(self._shown(changed))
        if word.verb == "query":
            return json.dumps(self._shown(self.stage.exchange.order(word, name)))
        if word.verb in ("open_orders", "all_orders", "cancel_all"):
            if detail and detail != "ok":
                listed = [self.stage.exchange.order(word, item) for item in detail.split(",") if item != "-"]
            else:
                listed = [o for o in self.stage.exchange.orders if word.verb == "all_orders" or o.status == "open"]
            if word.verb == "cancel_all":
                for order in listed:
                    self.stage.exchange.end(order, "cancelled", "cancel", call)
            return json.dumps([self._shown(order) for order in listed])
        if word.verb == "trades":
            fills = [fill for order in self.stage.exchange.orders if not order.foreign for fill in order.fills]
            return json.dumps(
                [{"trade": fill.trade_id, "order": fill.order, "quantity": fill.quantity} for fill in fills]
            )
        if word.verb == "dead_man":
            timeout = float(number(word.options.get("t", "0"), word.text, word.text))
            self.stage.add(
                SwitchTruth(
                    state="set" if timeout else "off", timeout=timeout, symbol=word.options.get("sym"), call=call
                )
            )
        return "{}"

    @staticmethod
    def _shown(order: Standing) -> dict[str, str]:
        return {"id": order.id, "client_id": order.client_id, "status": order.status, "filled": plain(order.filled)}

    def _order_params(self, word: Word, intent: Intent | None) -> OrderParams:
        options = word.options
        known = {"q", "p", "qq", "side", "type", "tif", "sym", "stop", "trail", "i", "id", "c", "digest", "param"}
        for key in options:
            if key not in known:
                raise word.fail(key, "is no option of a place")

        def pick(key: str, default: Any) -> str | None:
            value = options.get(key, None if default is None else str(default))
            return None if value == "-" else value

        price = pick("p", intent.limit_price if intent else None)
        quote = pick("qq", intent.quote_quantity if intent else None)
        trail = pick("trail", intent.trail if intent else None)
        kind = ("limit" if price else "market") if "p" in options or not intent else intent.type
        return OrderParams(
            symbol=pick("sym", intent.symbol if intent else "BTC/USDT") or "BTC/USDT",
            side=pick("side", intent.side if intent else "buy"),
            type=pick("type", kind if trail is None else "trailing_stop"),
            tif=pick("tif", (intent.time_in_force if intent else None) or ("GTC" if price else None)),
            price=price,
            quantity=pick("q", intent.quantity if intent else "1"),
            quote_quantity=None if options.get("q", "-") != "-" and "qq" not in options else quote,
            stop_price=pick("stop", intent.stop_price if intent else None),
            trail=trail,
            post_only="post" in word.args or (intent is not None and intent.post_only and "post=0" not in word.text),
            reduce_only="ro" in word.args or (intent is not None and intent.reduce_only),
        )
