"""A micro-language for histories, so that a case fits on one line.

    >>> h = history("i1:buy 1@100 | 1 place a -> lost | 12 query a -> none | 45 place b -> ok")
    >>> [type(e).__name__ for e in h.events][:5]
    ['Snapshot', 'Started', 'Request', 'Broken', 'Request']

Statements are separated by ``|`` or line ends. First come declarations, then statements that begin with a time in
seconds of run time (``+2`` = two seconds after the statement before). A tiny exchange plays along: it keeps orders,
fills and balances, so that snapshots, listings and the truthful report need not be spelled out.

**Declarations**

``i1:buy 1@100 exp=60``
    An intent: id, side, quantity, limit price (``buy 1`` alone: a market order; ``buy 500q``: 500 of quote). Options:
    ``sym=ETH/USDT at=5 exp=60 tif=IOC kind=trade part=complete target=i0 post ro type=stop fallback=market``
    (``part`` = on_partial), and any other field of Intent by its name.
    Its tag is its id filled up with ``x`` to 8 characters: ``i1xxxxxx``.
``set until=600 reuse=never``
    Settings: ``until absent tick step min max mmin mmax notional nmax fee mid scope streams leave reuse window
    pattern``, any bound (``answer attempts recovery resolve ...``) and the starting balance of an asset
    (``USDT=100000 BTC=10``).
``fault rate_limit duration=20 on.op=place``
    The next fault of the plan (index 0, 1, ...), fields as in `outtrade.model.fault`.

**Requests**: ``TIME op [NAME] [options] -> END``

Operations: ``place query cancel amend`` with an order's name, ``open`` (open_orders) ``all`` (all_orders) ``trades
account time info`` (exchange_info) ``depth``, and any other operation by its own name. A name ``a`` stands for the
client order id ``i1xxxxxx-a``: tag of the intent (``i=i2`` chooses; default the first), dash, name; ``id=RAW`` gives
the id literally, ``id=-`` sends none; ``v`` (on query and cancel) asks by the venue's id. A place takes side, price and
quantity from its intent; ``q= p= qq= side= type= tif= sym= stop= post ro`` change them (``p=-`` leaves one out).

END is one of these; ``@T`` after it sets when the client sees it (default 0.04 s after sending, 10 s for ``lost``):

``ok``                  done and answered. On a place ``ok:fill`` fills it at once, ``ok:0.4`` fills 0.4 of it,
                        ``ok:expire`` ends it unfilled, ``ok:0.4,expire`` ends it after 0.4. On a listing ``ok:a,b``
                        says what is in it (default: what truly is).
``lost reset close``    the client gave up waiting, saw a reset, saw the end of the connection, a cut answer; with
``truncated``           ``:ok``, ``:fill``, ``:0.4`` the exchange carried it out, without it did not.
``502 503 504 1006``    an answer that leaves the outcome open (and ``1007 garbage``); ``:ok`` and so on as above.
``no:CLASS``            a definite refusal of this error class: ``no:rate no:ban no:funds no:parameter no:transient
                        no:permanent no:clock no:auth no:duplicate no:closed``; ``none`` = not_found, ``unknown`` =
                        unknown_order.
``flight``              no end on record.

After END: ``ra=20`` (the answer's Retry-After), ``f=0`` (made by fault 0, which thereby lands).

**What the exchange does by itself**: ``TIME fill a 0.4@100 fee=0.1USDT t=t7 maker``, ``TIME xcancel a`` (somebody else
cancels), ``TIME expire a``, ``TIME foreign f buy 1@90`` (an order that is not ours), ``TIME balance USDT=500``.

**Stream**: ``TIME up``, ``TIME down`` (``down client``), ``TIME event a`` (an order update), ``TIME event a fill`` (its
last fill; ``t=t7`` chooses), ``TIME lose a fill`` (kept from the client). ``n=3`` gives the venue's number, ``c=2`` the
connection.

**Target**: ``TIME crash [point]``, ``TIME start`` (the next incarnation), ``TIME store key=value``, ``TIME publish
a=filled:1@100``, ``TIME sleep 5``, ``TIME noreport raised``, ``TIME report ...``. A bare ``report`` is the truth; words
change it: ``i1=failed`` ``i1=done:1@100`` (outcome), ``a=cancelled:0.4`` (order) ``a=-`` (left out), ``t1=0.5@100``
``t1=a:0.5@100:0.01USDT`` (fill) ``t1=-``, ``t1*2`` (twice), ``USDT=900/100`` (free/locked), ``BTC/USDT=1@100``
(position), ``no:fills no:positions no:balances`` (not tracked), ``alert``.

**Gateway**: ``TIME call 1 submit a`` and ``TIME result 1 open:0.4`` (an order view) or ``TIME result 1 !ambiguous`` (an
exception with that meaning); other methods: ``call 2 order a``, ``call 3 fills``; ``result 3 ok``.

**Faults**: ``TIME landed 0``, ``TIME healed 0``, ``TIME ledger 0 landed``.

A start, a last Ended and the snapshots are added by themselves. Errors are `MicroError` and name the word.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple, cast, get_args

from pydantic import ValidationError

from outtrade.model.fault import FAULT, READS, WRITES, Fault
from outtrade.model.history import (
    NS,
    Answer,
    Broken,
    Connect,
    Crashed,
    Ended,
    ErrorClass,
    EventType,
    FillTruth,
    GatewayCall,
    GatewayResult,
    Header,
    Healed,
    History,
    Landed,
    Ledger,
    NoReport,
    OrderParams,
    OrderTruth,
    Planned,
    Published,
    Reported,
    Request,
    Resolve,
    Response,
    Slept,
    Snapshot,
    Started,
    StoreSet,
    StreamDown,
    StreamEvent,
    StreamLost,
    StreamUp,
)
from outtrade.model.scenario import Scenario
from outtrade.model.task import Bounds, Intent, OrderStatus, OutcomeStatus

TRANSIT = 20_000_000
"""One way from the client to the venue, in nanoseconds."""
PATIENCE = 10 * NS
"""When a client that hears nothing gives up."""

ALIASES = {"open": "open_orders", "all": "all_orders", "info": "exchange_info"}
OPS = READS | WRITES | {"time", "exchange_info", "depth", "ticker", "ping", "currencies", "status", "other"}
ON_ORDER = frozenset({"place", "query", "cancel", "amend", "cancel_replace"})
BREAKS = {"lost": "gave_up", "reset": "reset", "close": "close", "truncated": "truncated", "unanswered": "unanswered"}
DOUBTFUL = {"502": 502, "503": 503, "504": 504, "1006": 503, "1007": 504, "garbage": 200}
STATUS = {"rate": 429, "ban": 418, "auth": 401, "transient": 409}
OUTCOMES = frozenset(get_args(OutcomeStatus))
ORDER_STATUSES = frozenset(get_args(OrderStatus))
METHODS = {"place": "POST", "cancel": "DELETE"}
ZERO = Decimal(0)


class MicroError(ValueError):
    """A line that cannot be read; the message names the word and the statement."""


class Word(NamedTuple):
    """A parsed statement: its time, verb, bare words, options, and the words after ``->``."""

    text: str
    at: int
    verb: str
    args: list[str]
    options: dict[str, str]
    end: list[str]

    def fail(self, token: str, why: str) -> MicroError:
        return MicroError(f"{token!r} {why}, in: {self.text}")


@dataclass(slots=True)
class _Order:
    """An order of the tiny exchange."""

    id: str
    name: str
    client_id: str
    symbol: str
    side: Literal["buy", "sell"]
    type: str
    tif: str
    price: Decimal | None
    quantity: Decimal
    foreign: bool
    created_as: str
    incarnation: int
    filled: Decimal = ZERO
    quote: Decimal = ZERO
    status: Literal["open", "filled", "cancelled", "expired", "rejected"] = "open"
    fills: list[FillTruth] = field(default_factory=list)


def history(text: str) -> History:
    """The history that the text describes; raises MicroError, naming the word that is wrong."""
    return _Builder(text).build()


def plain(value: Decimal) -> str:
    """A decimal in plain notation without trailing zeros."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def _number(text: str, word: str, statement: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise MicroError(f"{word!r} is not a number, in: {statement}") from None
    if not value.is_finite():
        raise MicroError(f"{word!r} is not a finite number, in: {statement}")
    return value


def _scalar(text: str) -> Any:
    """An option's value as plain data: number, true/false, or text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _options(words: list[str]) -> tuple[list[str], dict[str, str]]:
    bare, options = [], {}
    for word in words:
        key, eq, value = word.partition("=")
        if eq and key:
            options[key] = value
        else:
            bare.append(word)
    return bare, options


class _Builder:
    """Reads the declarations, then plays the statements in order of time."""

    SETTINGS = frozenset(
        {"until", "absent", "tick", "step", "min", "max", "mmin", "mmax", "notional", "nmax", "fee", "mid", "scope"}
        | {"streams", "leave", "reuse", "window", "pattern"}
    )

    def __init__(self, text: str) -> None:
        self.intents: list[Intent] = []
        self.faults: list[Fault] = []
        self.bounds: dict[str, float] = {}
        self.set: dict[str, str] = {}
        self.balances: dict[str, Decimal] = {"USDT": Decimal(100000), "BTC": Decimal(10), "ETH": Decimal(100)}
        self.words: list[Word] = []
        last = 0
        for raw in re.split(r"[|\n]", text):
            statement = " ".join(raw.split())
            if not statement:
                continue
            head, *rest = statement.split()
            if re.fullmatch(r"\+?\d+(\.\d+)?", head):
                last = (last if head.startswith("+") else 0) + round(Decimal(head) * NS)
                self.words.append(self._word(statement, last, rest))
            elif head == "set":
                self._settings(statement, rest)
            elif head == "fault":
                self._fault(statement, rest)
            elif ":" in head:
                self._intent(statement, head, rest)
            else:
                raise MicroError(f"{head!r} is neither a time nor a declaration, in: {statement}")
        self.events: list[EventType] = []
        self.heap: list[tuple[int, int, Callable[[], None]]] = []
        self.count = 0
        self.now = 0
        self.calls = 0
        self.trades = 0
        self.pushes = 0
        self.incarnation = 0
        self.orders: list[_Order] = []
        self.names: dict[str, _Order] = {}
        self.ids: dict[str, str] = {}
        self.ended: set[int] = set()
        self.dead: set[int] = set()

    # ------------------------------------------------------------------ declarations
    @staticmethod
    def _word(statement: str, at: int, rest: list[str]) -> Word:
        if not rest:
            raise MicroError(f"{statement!r} has a time but says nothing")
        verb, *words = rest
        end: list[str] = []
        if "->" in words:
            cut = words.index("->")
            words, end = words[:cut], words[cut + 1 :]
            if not end:
                raise MicroError(f"'->' has no end behind it, in: {statement}")
        args, options = _options(words)
        return Word(statement, at, ALIASES.get(verb, verb), args, options, end)

    def _settings(self, statement: str, words: list[str]) -> None:
        bare, options = _options(words)
        if bare:
            raise MicroError(f"{bare[0]!r} is not KEY=VALUE, in: {statement}")
        for key, value in options.items():
            if key in self.SETTINGS:
                self.set[key] = value
            elif key in Bounds.model_fields:
                self.bounds[key] = float(_number(value, f"{key}={value}", statement))
            elif key.isupper():
                self.balances[key] = _number(value, f"{key}={value}", statement)
            else:
                raise MicroError(f"{key!r} is no setting, in: {statement}")

    def _fault(self, statement: str, words: list[str]) -> None:
        bare, options = _options(words)
        if len(bare) != 1:
            raise MicroError(f"a fault needs one kind, in: {statement}")
        data: dict[str, Any] = {"kind": bare[0]}
        for key, value in options.items():
            if key.startswith("on."):
                data.setdefault("on", {})[key[3:]] = _scalar(value)
            else:
                data[key] = _scalar(value)
        try:
            self.faults.append(FAULT.validate_python(data))
        except ValidationError as error:
            raise MicroError(f"{error.errors()[0]['msg']}, in: {statement}") from None

    def _intent(self, statement: str, head: str, words: list[str]) -> None:
        name, _, side = head.partition(":")
        bare, options = _options(words)
        data: dict[str, Any] = {
            "id": name,
            "tag": (re.sub(r"[^A-Za-z0-9]", "", name) + "xxxxxxxx")[:8],
            "at": options.pop("at", "0"),
            "kind": options.pop("kind", side if side in ("cancel", "amend", "watch", "flatten", "halt") else "order"),
            "symbol": options.pop("sym", "BTC/USDT"),
            "type": "market",
        }
        if side in ("buy", "sell"):
            data["side"] = side
        elif data["kind"] != side:
            raise MicroError(f"{head!r} has neither a side nor a kind, in: {statement}")
        renamed = {"exp": "expires", "tif": "time_in_force", "part": "on_partial", "stop": "stop_price"}
        if "fallback" in options:
            data["fallback_types"] = tuple(options.pop("fallback").split(","))
        for word in bare:
            if word == "post":
                data["post_only"] = True
            elif word == "ro":
                data["reduce_only"] = True
            else:
                amount, _, price = word.partition("@")
                key = "quote_quantity" if amount.endswith("q") else "quantity"
                data[key] = _number(amount.rstrip("q"), word, statement)
                if price:
                    data["limit_price"] = _number(price, word, statement)
                    data["type"] = "limit"
        data |= {renamed.get(key, key): value for key, value in options.items()}
        try:
            self.intents.append(Intent.model_validate(data))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise MicroError(f"{where!r}: {first['msg']}, in: {statement}") from None

    # ------------------------------------------------------------------ playing
    def build(self) -> History:
        history = History(self._header())
        for index, fault in enumerate(self.faults):
            self._planned(index, fault)
        self._snapshot("start")
        self._add(Started(incarnation=0))
        for word in self.words:
            self._later(word.at, self._runner(word))
        while self.heap:
            self.now, _, action = heapq.heappop(self.heap)
            action()
        self.now = max(self.now, self._until())
        self._snapshot("end")
        self._add(Ended())
        for event in self.events:
            history.add(event)
        return history

    def _runner(self, word: Word) -> Callable[[], None]:
        if word.verb in OPS:
            return lambda: self._request(word)
        handler = getattr(self, f"do_{word.verb}", None)
        if handler is None:
            raise word.fail(word.verb, "is no verb")
        return lambda: cast("Callable[[Word], None]", handler)(word)

    def _later(self, at: int, action: Callable[[], None]) -> None:
        self.count += 1
        heapq.heappush(self.heap, (at, self.count, action))

    def _add(self, event: EventType) -> None:
        event.at = self.now
        self.events.append(event)

    def _until(self) -> int:
        return round(Decimal(self.set.get("until", "600")) * NS)

    def _planned(self, index: int, fault: Fault) -> None:
        self._add(Planned(fault=index, kind=fault.kind, variant=fault.variant))

    def _header(self) -> Header:
        symbols = tuple(dict.fromkeys(["BTC/USDT", *(i.symbol for i in self.intents if i.symbol)]))
        scenario = Scenario(
            id="micro",
            seed=0,
            symbols=symbols,
            balances=self.balances,
            intents=tuple(self.intents),
            until=float(self.set.get("until", "600")),
            bounds=Bounds(**self.bounds),
            leave_resting=self.set.get("leave") == "1",
            faults=tuple(self.faults),
        )
        traits: dict[str, Any] = {"id_reuse": self.set.get("reuse", "open_only")}
        traits["id_pattern"] = self.set.get("pattern", "^[a-zA-Z0-9-_]{1,36}$")
        if "window" in self.set:
            traits["id_window"] = float(self.set["window"])
        return Header(
            target="micro",
            scope=cast("Literal['A', 'G']", self.set.get("scope", "A")),
            scenario=json.loads(scenario.to_json()),
            instruments={symbol: self._instrument(symbol) for symbol in symbols},
            traits=traits,
            absent_after=float(self.set.get("absent", "30")),
            streams=self.set.get("streams", "1") == "1",
        )

    def _instrument(self, symbol: str) -> dict[str, Any]:
        base, _, quote = symbol.partition("/")
        fee = self.set.get("fee", "0.001")
        return {
            "venue_symbol": base + quote,
            "base": base,
            "quote": quote,
            "tick": self.set.get("tick", "0.01"),
            "price_min": "0.01",
            "price_max": "1000000",
            "step": self.set.get("step", "0.001"),
            "quantity_min": self.set.get("min", "0.001"),
            "quantity_max": self.set.get("max", "9000"),
            "market_min": self.set.get("mmin"),
            "market_max": self.set.get("mmax", "100"),
            "notional_min": self.set.get("notional", "5"),
            "notional_max": self.set.get("nmax", "9000000"),
            "maker_fee": fee,
            "taker_fee": fee,
        }

    # ------------------------------------------------------------------ requests
    def _request(self, word: Word) -> None:
        name = word.args[0] if word.args else None
        intent = self._intent_of(word, name)
        client_id = self._client_id(word, name, intent) if word.verb in ON_ORDER else None
        params = self._order_params(word, intent) if word.verb in ("place", "cancel_replace") else None
        venue_id = None
        if "v" in word.args[1:] and name is not None:
            client_id, venue_id = None, self._order(word, name).id
        symbol = params.symbol if params else word.options.get("sym", intent.symbol if intent else "BTC/USDT")
        for extra in word.args[1:]:
            if extra not in ("v", "post", "ro"):
                raise word.fail(extra, "is not understood")
        call = self.calls = self.calls + 1
        sent = {"symbol": (symbol or "").replace("/", "")}
        if client_id is not None:
            sent["clientOrderId"] = client_id
        if params is not None:
            sent |= {
                key: str(getattr(params, key))
                for key in ("side", "type", "tif", "price", "quantity", "quote_quantity")
                if getattr(params, key) is not None
            }
        self._add(
            Request(
                call=call,
                conn=int(word.options.get("c", "1")),
                incarnation=self.incarnation,
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
        self._finish(word, call, name, client_id, params)

    def _finish(
        self, word: Word, call: int, name: str | None, client_id: str | None, params: OrderParams | None
    ) -> None:
        """Schedule what the exchange does with the request and how it ends for the client."""
        if not word.end:
            raise word.fail(word.verb, "has no '-> END'")
        head, when, *rest = (*word.end[0].partition("@")[::2], *word.end[1:])
        kind, _, detail = head.partition(":")
        bare, options = _options(rest)
        if bare:
            raise word.fail(bare[0], "is not understood after the end")
        fault = int(options["f"]) if "f" in options else None
        if fault is not None:
            self._add(Landed(fault=fault, call=call))
        sent_at = self.now
        wait = PATIENCE if kind == "lost" else 2 * TRANSIT
        ended_at = round(_number(when, word.end[0], word.text) * NS) if when else sent_at + wait
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
            self._add(
                Answer(
                    call=call,
                    status=code if committed or error else 0,
                    executed=executed,
                    outcome="definite" if error else ("ok" if committed else "ambiguous"),
                    error=cast("ErrorClass | None", error),
                    fault=fault,
                )
            )
            if committed:
                body = self._commit(word, call, name, client_id, params, detail)

        if committed or error:
            self._later(min(sent_at + TRANSIT, ended_at), at_venue)
        conn = int(word.options.get("c", "1"))
        if kind in BREAKS:
            how = cast("Literal['reset', 'close', 'truncated', 'gave_up', 'unanswered']", BREAKS[kind])
            self._later(ended_at, lambda: self._reach(call, Broken(call=call, conn=conn, how=how)))
        elif kind != "flight":
            doubtful = kind in DOUBTFUL
            self._later(
                ended_at,
                lambda: self._reach(
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

    def _reach(self, call: int, event: Response | Broken) -> None:
        """The client sees the end of its call, unless it died meanwhile."""
        if call not in self.dead:
            self.ended.add(call)
            self._add(event)

    def _commit(
        self, word: Word, call: int, name: str | None, client_id: str | None, params: OrderParams | None, detail: str
    ) -> str:
        """Carry the request out; returns the body of the answer."""
        if word.verb in ("place", "cancel_replace"):
            assert params is not None
            order = self._accept(word, call, name or "", client_id, params)
            for part in filter(None, detail.split(",")):
                if part == "expire":
                    self._end(order, "expired", "expire", call)
                elif part == "fill":
                    self._fill(order, order.quantity - order.filled, call=call)
                elif part != "ok":
                    self._fill(order, _number(part, word.end[0], word.text), call=call)
            return json.dumps(self._shown(order))
        if word.verb == "cancel":
            order = self._order(word, name)
            if order.status == "open":
                self._end(order, "cancelled", "cancel", call)
            return json.dumps(self._shown(order))
        if word.verb in ("query", "amend"):
            return json.dumps(self._shown(self._order(word, name)))
        if word.verb in ("open_orders", "all_orders", "cancel_all"):
            if detail and detail != "ok":
                listed = [self._order(word, item) for item in detail.split(",") if item != "-"]
            else:
                listed = [o for o in self.orders if word.verb == "all_orders" or o.status == "open"]
            if word.verb == "cancel_all":
                for order in listed:
                    self._end(order, "cancelled", "cancel", call)
            return json.dumps([self._shown(order) for order in listed])
        if word.verb == "trades":
            fills = [fill for order in self.orders if not order.foreign for fill in order.fills]
            return json.dumps(
                [{"trade": fill.trade_id, "order": fill.order, "quantity": fill.quantity} for fill in fills]
            )
        return "{}"

    @staticmethod
    def _shown(order: _Order) -> dict[str, str]:
        return {"id": order.id, "client_id": order.client_id, "status": order.status, "filled": plain(order.filled)}

    def _intent_of(self, word: Word, name: str | None) -> Intent | None:
        wanted = word.options.get("i", self.ids.get(f"intent of {name}"))
        if wanted is None:
            found = self.intents[0] if self.intents else None
        else:
            found = next((intent for intent in self.intents if intent.id == wanted), None)
            if found is None:
                raise word.fail(wanted, "is no intent")
        if name is not None and found is not None:
            self.ids[f"intent of {name}"] = found.id
        return found

    def _client_id(self, word: Word, name: str | None, intent: Intent | None) -> str | None:
        if name is None:
            raise word.fail(word.verb, "needs the name of an order")
        if "id" in word.options:
            self.ids[name] = word.options["id"]
        if name not in self.ids:
            self.ids[name] = f"{intent.tag}-{name}" if intent else name
        return None if self.ids[name] == "-" else self.ids[name]

    def _order_params(self, word: Word, intent: Intent | None) -> OrderParams:
        options = word.options
        known = {"q", "p", "qq", "side", "type", "tif", "sym", "stop", "i", "id", "c", "digest"}
        for key in options:
            if key not in known:
                raise word.fail(key, "is no option of a place")

        def pick(key: str, default: Any) -> str | None:
            value = options.get(key, None if default is None else str(default))
            return None if value == "-" else value

        price = pick("p", intent.limit_price if intent else None)
        quote = pick("qq", intent.quote_quantity if intent else None)
        return OrderParams(
            symbol=pick("sym", intent.symbol if intent else "BTC/USDT") or "BTC/USDT",
            side=pick("side", intent.side if intent else "buy"),
            type=pick("type", ("limit" if price else "market") if "p" in options or not intent else intent.type),
            tif=pick("tif", (intent.time_in_force if intent else None) or ("GTC" if price else None)),
            price=price,
            quantity=pick("q", intent.quantity if intent else "1"),
            quote_quantity=None if options.get("q", "-") != "-" and "qq" not in options else quote,
            stop_price=pick("stop", intent.stop_price if intent else None),
            post_only="post" in word.args or (intent is not None and intent.post_only and "post=0" not in word.text),
            reduce_only="ro" in word.args or (intent is not None and intent.reduce_only),
        )

    # ------------------------------------------------------------------ the tiny exchange
    def _order(self, word: Word, name: str | None) -> _Order:
        if name is None or name not in self.names:
            raise word.fail(str(name), "does not stand on the exchange")
        return self.names[name]

    def _mid(self) -> Decimal:
        return Decimal(self.set.get("mid", "100"))

    def _accept(self, word: Word, call: int | None, name: str, client_id: str | None, params: OrderParams) -> _Order:
        price = _number(params.price, params.price, word.text) if params.price else None
        if params.quantity is not None:
            quantity = _number(params.quantity, params.quantity, word.text)
        else:
            step = Decimal(self.set.get("step", "0.001"))
            quantity = Decimal(params.quote_quantity or "0") / self._mid() // step * step
        number = len(self.orders) + 1
        created = client_id or f"venue-made-{number}"
        order = _Order(
            id=f"V{number}",
            name=name,
            client_id=created,
            symbol=params.symbol,
            side=cast("Literal['buy', 'sell']", params.side or "buy"),
            type=params.type or "limit",
            tif=params.tif or "GTC",
            price=price,
            quantity=quantity,
            foreign=word.verb == "foreign",
            created_as=created,
            incarnation=self.incarnation,
        )
        self.orders.append(order)
        self.names[name] = order
        self._truth(order, "accepted", call)
        return order

    def _truth(self, order: _Order, why: str, call: int | None) -> None:
        self._add(
            OrderTruth(
                order=order.id,
                client_id=order.client_id,
                created_as=order.created_as,
                symbol=order.symbol,
                side=order.side,
                type=order.type,
                tif=order.tif,
                price=None if order.price is None else plain(order.price),
                quantity=plain(order.quantity),
                filled=plain(order.filled),
                quote_filled=plain(order.quote),
                status=order.status,
                why=why,
                call=call,
                incarnation=order.incarnation,
                foreign=order.foreign,
            )
        )

    def _end(self, order: _Order, status: Literal["cancelled", "expired"], why: str, call: int | None) -> None:
        order.status = status
        self._truth(order, why, call)

    def _fill(
        self,
        order: _Order,
        quantity: Decimal,
        *,
        price: Decimal | None = None,
        fee: str | None = None,
        trade: str | None = None,
        maker: bool = False,
        call: int | None = None,
    ) -> None:
        price = price or order.price or self._mid()
        self.trades += 1
        base, _, quote = order.symbol.partition("/")
        received, asset = (quantity, base) if order.side == "buy" else (quantity * price, quote)
        match = re.fullmatch(r"([\d.]+)([A-Z]+)", fee) if fee else None
        if fee and match is None:
            raise MicroError(f"{fee!r} is no fee (0.1USDT)")
        amount, asset = (
            (Decimal(match[1]), match[2]) if match else (received * Decimal(self.set.get("fee", "0.001")), asset)
        )
        order.filled += quantity
        order.quote += quantity * price
        if order.filled >= order.quantity:
            order.status = "filled"
        sign = 1 if order.side == "buy" else -1
        self.balances[base] = self.balances.get(base, ZERO) + sign * quantity
        self.balances[quote] = self.balances.get(quote, ZERO) - sign * quantity * price
        self.balances[asset] = self.balances.get(asset, ZERO) - amount
        fill = FillTruth(
            trade_id=trade or f"t{self.trades}",
            order=order.id,
            client_id=order.created_as,
            symbol=order.symbol,
            side=order.side,
            price=plain(price),
            quantity=plain(quantity),
            fee=plain(amount),
            fee_asset=asset,
            maker=maker,
            foreign=order.foreign,
        )
        order.fills.append(fill)
        self._add(fill)
        self._truth(order, "fill", call)

    def _locked(self) -> dict[str, Decimal]:
        locked: dict[str, Decimal] = {}
        for order in self.orders:
            if order.status == "open":
                base, _, quote = order.symbol.partition("/")
                rest = order.quantity - order.filled
                asset, amount = (quote, rest * (order.price or self._mid())) if order.side == "buy" else (base, rest)
                locked[asset] = locked.get(asset, ZERO) + amount
        return locked

    def _snapshot(self, why: Literal["start", "report", "end"]) -> None:
        locked = self._locked() if why != "start" else {}
        self._add(
            Snapshot(
                why=why,
                balances={
                    asset: (plain(total - locked.get(asset, ZERO)), plain(locked.get(asset, ZERO)))
                    for asset, total in sorted(self.balances.items())
                },
                working=tuple(o.id for o in self.orders if o.status == "open") if why != "start" else (),
                mids={"BTC/USDT": plain(self._mid())},
            )
        )

    def do_fill(self, word: Word) -> None:
        if len(word.args) < 2:
            raise word.fail(word.verb, "needs an order and QUANTITY[@PRICE]")
        order = self._order(word, word.args[0])
        amount, _, price = word.args[1].partition("@")
        self._fill(
            order,
            _number(amount, word.args[1], word.text),
            price=_number(price, word.args[1], word.text) if price else None,
            fee=word.options.get("fee"),
            trade=word.options.get("t"),
            maker="maker" in word.args,
        )

    def do_xcancel(self, word: Word) -> None:
        self._end(self._order(word, word.args[0] if word.args else None), "cancelled", "cancel", None)

    def do_expire(self, word: Word) -> None:
        self._end(self._order(word, word.args[0] if word.args else None), "expired", "expire", None)

    def do_foreign(self, word: Word) -> None:
        if len(word.args) != 3:
            raise word.fail(word.verb, "needs NAME SIDE QUANTITY@PRICE")
        name, side, size = word.args
        quantity, _, price = size.partition("@")
        params = OrderParams(
            symbol=word.options.get("sym", "BTC/USDT"),
            side=side,
            type="limit",
            tif="GTC",
            price=price or None,
            quantity=quantity,
        )
        self._accept(word, None, name, word.options.get("id", f"foreign-{name}"), params)

    def do_balance(self, word: Word) -> None:
        for asset, value in word.options.items():
            self.balances[asset] = _number(value, f"{asset}={value}", word.text)

    # ------------------------------------------------------------------ stream
    def do_up(self, word: Word) -> None:
        conn = int(word.options.get("c", "9"))
        call = self.calls = self.calls + 1
        request = Request(call=call, conn=conn, op="subscribe", method="WS", host="stream", path="/", signed=True)
        request.incarnation, request.digest = self.incarnation, "subscribe"
        self._add(request)
        self._add(Answer(call=call, status=200))
        self._reach(call, Response(call=call, conn=conn, status=200))
        self._add(StreamUp(conn=conn, call=call))

    def do_down(self, word: Word) -> None:
        by: Literal["client", "venue"] = "client" if "client" in word.args else "venue"
        self._add(StreamDown(conn=int(word.options.get("c", "9")), by=by))

    def _push(self, word: Word) -> dict[str, Any]:
        order = self._order(word, word.args[0] if word.args else None)
        kind = word.args[1] if len(word.args) > 1 else "order"
        if kind not in ("order", "fill", "balance", "other"):
            raise word.fail(kind, "is no kind of event")
        if "n" not in word.options:
            self.pushes += 1
        trade = None
        if kind == "fill":
            if not order.fills:
                raise word.fail(order.name, "has no fill")
            trade = word.options.get("t", order.fills[-1].trade_id)
        return {
            "conn": int(word.options.get("c", "9")),
            "n": int(word.options.get("n", self.pushes)),
            "kind": kind,
            "client_id": order.client_id,
            "trade_id": trade,
            "venue_id": order.id,
            "status": order.status,
        }

    def do_event(self, word: Word) -> None:
        self._add(StreamEvent(**self._push(word)))

    def do_lose(self, word: Word) -> None:
        push = self._push(word)
        self._add(StreamLost(**{k: v for k, v in push.items() if k not in ("venue_id", "status")}))

    # ------------------------------------------------------------------ the target
    def do_crash(self, word: Word) -> None:
        point = word.args[0] if word.args else "after_send"
        self._add(Crashed(incarnation=self.incarnation, point=point, fault=int(word.options.get("f", "0"))))
        for event in list(self.events):
            if isinstance(event, Request) and event.call not in self.ended | self.dead:
                self.dead.add(event.call)
                self._add(Broken(call=event.call, conn=event.conn, how="crashed"))

    def do_start(self, word: Word) -> None:
        self.incarnation += 1
        self._add(Started(incarnation=self.incarnation, resumed=True))

    def do_store(self, word: Word) -> None:
        for key, value in word.options.items():
            self._add(StoreSet(incarnation=self.incarnation, key=key, value=_scalar(value)))

    def do_sleep(self, word: Word) -> None:
        seconds = _number(word.args[0], word.args[0], word.text) if word.args else Decimal(1)
        self._add(Slept(duration=float(seconds)))

    def do_resolve(self, word: Word) -> None:
        self._add(Resolve(host="venue", ok="fail" not in word.args))

    def do_connect(self, word: Word) -> None:
        outcome = word.args[0] if word.args else "ok"
        if outcome not in ("ok", "refused", "lost"):
            raise word.fail(outcome, "is no outcome of a connect")
        self._add(
            Connect(
                conn=int(word.options.get("c", "1")),
                host="venue",
                port=443,
                outcome=cast("Literal['ok', 'refused', 'lost']", outcome),
                incarnation=self.incarnation,
            )
        )

    def do_noreport(self, word: Word) -> None:
        why = cast("Literal['raised']", word.args[0] if word.args else "raised")
        self._add(NoReport(incarnation=self.incarnation, why=why, detail=why))

    def do_publish(self, word: Word) -> None:
        for name, value in word.options.items():
            view = self._view(self._order(word, name)) | self._believed(word, value)
            self._add(Published(incarnation=self.incarnation, view="OrderView", data=view))

    def do_report(self, word: Word) -> None:
        report = self._truthful()
        for token in word.args:
            self._report_word(word, report, token)
        for key, value in word.options.items():
            self._report_option(word, report, key, value)
        self._snapshot("report")
        report["fills"] = None if report["fills"] is None else list(report["fills"])
        self._add(Reported(incarnation=self.incarnation, report=report))

    def _report_word(self, word: Word, report: dict[str, Any], token: str) -> None:
        if token.startswith("no:") and token[3:] in ("fills", "positions", "balances"):
            report[token[3:]] = None
        elif token == "alert":
            report["alerts"].append({"level": "error", "text": "look at this", "about": None})
        elif "*" in token:
            trade, _, times = token.partition("*")
            same = [fill for fill in report["fills"] if fill["trade_id"] == trade]
            if not same:
                raise word.fail(token, "repeats no fill")
            report["fills"] += same * (int(times) - 1)
        else:
            raise word.fail(token, "is not understood in a report")

    def _report_option(self, word: Word, report: dict[str, Any], key: str, value: str) -> None:
        if any(intent.id == key for intent in self.intents):
            status, _, rest = value.partition(":")
            filled, _, average = rest.partition("@")
            if value == "-":
                report["outcomes"].pop(key, None)
                return
            if status not in OUTCOMES:
                raise word.fail(f"{key}={value}", "is no outcome")
            report["outcomes"][key] = {"status": status, "filled": filled or None, "average_price": average or None}
        elif key in self.names:
            order = self.names[key]
            views = [view for view in report["orders"] if order.id not in view["venue_ids"]]
            if value != "-":
                views.append(self._view(order) | self._believed(word, value))
            report["orders"] = views
        elif "/" in key:
            quantity, _, entry = value.partition("@")
            report["positions"][key] = {"quantity": quantity, "entry_price": entry or None}
        elif key in self.balances:
            free, _, locked = value.partition("/")
            report["balances"][key] = {"free": free, "locked": locked or "0"}
        elif re.fullmatch(r"t\w+", key):
            self._report_fill(word, report, key, value)
        elif key in self.ids:
            intent = self._intent_of(word, key)
            view: dict[str, Any] = {"client_id": self.ids[key], "symbol": "BTC/USDT", "side": "buy", "venue_ids": []}
            if intent is not None:
                view |= {"symbol": intent.symbol, "side": intent.side, "intent": intent.id}
                view["quantity"] = None if intent.quantity is None else str(intent.quantity)
            report["orders"].append(view | self._believed(word, value))
        else:
            raise word.fail(f"{key}={value}", "names nothing in this history")

    def _report_fill(self, word: Word, report: dict[str, Any], key: str, value: str) -> None:
        old = next((fill for fill in report["fills"] if fill["trade_id"] == key), None)
        report["fills"] = [fill for fill in report["fills"] if fill["trade_id"] != key]
        if value == "-":
            return
        parts = value.split(":")
        fill = dict(old or {"trade_id": key, "order": "?", "fee": None, "fee_asset": None})
        if parts[0] in self.names:
            fill["order"] = self.names[parts.pop(0)].created_as
        for part in parts:
            match = re.fullmatch(r"([\d.]+)([A-Z]+)", part)
            if match:
                fill |= {"fee": match[1], "fee_asset": match[2]}
            else:
                quantity, at, price = part.partition("@")
                fill["quantity"] = plain(_number(quantity, value, word.text))
                fill["price"] = price if at else fill.get("price", "100")
        report["fills"].append(fill)

    def _believed(self, word: Word, value: str) -> dict[str, Any]:
        """``filled:0.4@100`` as the changed fields of an order view."""
        status, colon, rest = value.partition(":")
        if status not in ORDER_STATUSES:
            raise word.fail(value, "is no order status")
        filled, _, average = rest.partition("@")
        changed: dict[str, Any] = {"status": status}
        if colon:
            changed |= {"filled": filled, "average_price": average or None}
        return changed

    def _view(self, order: _Order) -> dict[str, Any]:
        intent = next((i.id for i in self.intents if i.tag in order.created_as), None)
        if intent is None and not order.foreign:
            intent = self.ids.get(f"intent of {order.name}")
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

    def _truthful(self) -> dict[str, Any]:
        """The report that says what is so."""
        own = [order for order in self.orders if not order.foreign]
        locked = self._locked()
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
            "outcomes": {intent.id: self._outcome(intent) for intent in self.intents},
            "orders": [self._view(order) for order in self.orders if not order.foreign or order.status == "open"],
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
                for asset, total in sorted(self.balances.items())
            },
            "alerts": [],
        }

    def _outcome(self, intent: Intent) -> dict[str, Any]:
        orders = [o for o in self.orders if not o.foreign and self._view(o)["intent"] == intent.id]
        filled = sum((order.filled for order in orders), ZERO)
        quote = sum((order.quote for order in orders), ZERO)
        step = Decimal(self.set.get("step", "0.001"))
        complete = bool(filled) and (
            (intent.quantity is not None and filled > intent.quantity - step)
            or (intent.quote_quantity is not None and quote > intent.quote_quantity - step * self._mid())
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

    # ------------------------------------------------------------------ gateway and faults
    def do_call(self, word: Word) -> None:
        if len(word.args) < 2:
            raise word.fail(word.verb, "needs a number and a method")
        number, method, *names = word.args
        args: dict[str, Any] = dict(word.options)
        intent = None
        if names:
            found = self._intent_of(word, names[0])
            intent = found.id if found else None
            args.pop("i", None)
            args["client_id"] = self._client_id(word, names[0], found)
        self._add(GatewayCall(id=int(number), method=method, args=args, intent=intent))

    def do_result(self, word: Word) -> None:
        if len(word.args) < 2:
            raise word.fail(word.verb, "needs a number and what was said")
        number, said = int(word.args[0]), word.args[1]
        call = next((e for e in self.events if isinstance(e, GatewayCall) and e.id == number), None)
        if call is None:
            raise word.fail(word.args[0], "is no call")
        if said.startswith("!"):
            self._add(GatewayResult(id=number, ok=False, meaning=said[1:], error=said[1:]))
            return
        value: Any = None
        client_id = call.args.get("client_id")
        if client_id is not None and said != "ok":
            order = next((o for o in reversed(self.orders) if o.created_as == client_id), None)
            value = self._view(order) if order else {"client_id": client_id, "symbol": "BTC/USDT", "side": "buy"}
            value |= self._believed(word, said)
        self._add(GatewayResult(id=number, ok=True, value=value))

    def _fault_number(self, word: Word) -> int:
        number = int(word.args[0]) if word.args and word.args[0].isdigit() else -1
        if not 0 <= number < len(self.faults):
            raise word.fail(" ".join(word.args) or word.verb, "is no declared fault")
        return number

    def do_landed(self, word: Word) -> None:
        call = word.options.get("call")
        self._add(Landed(fault=self._fault_number(word), call=int(call) if call else None))

    def do_healed(self, word: Word) -> None:
        self._add(Healed(fault=self._fault_number(word)))

    def do_ledger(self, word: Word) -> None:
        status = word.args[1] if len(word.args) > 1 else "landed"
        if status not in ("landed", "not-exercised", "incomplete"):
            raise word.fail(status, "is no status of a fault")
        self._add(
            Ledger(
                fault=self._fault_number(word),
                status=cast("Literal['landed', 'not-exercised', 'incomplete']", status),
                times=1,
            )
        )


def lines(text: str) -> Iterator[str]:
    """The history of ``text`` as readable lines (for failing tests): number, seconds, event."""
    for event in history(text).events:
        yield f"{event.seq:3} {event.at / NS:9.3f} {event!r}"
