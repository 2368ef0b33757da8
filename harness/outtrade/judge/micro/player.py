"""Playing: statements become events, in order of time.

Statements schedule what follows from them: a request sent at 1 s is decided by the exchange at 1.02 s and answered at
1.04 s, unless its end says otherwise. Each verb that is not a request is a method ``do_VERB``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, cast

from outtrade.judge.micro.holding import HoldingVerbs
from outtrade.judge.micro.requests import OPS, Requests
from outtrade.judge.micro.stage import Stage
from outtrade.judge.micro.words import Script, Word, number, plain, scalar
from outtrade.model.history import (
    NS,
    Answer,
    Broken,
    Connect,
    Crashed,
    Deadlocked,
    Ended,
    GatewayCall,
    GatewayResult,
    Healed,
    History,
    Landed,
    Ledger,
    Marked,
    NoReport,
    OrderParams,
    Planned,
    Published,
    Reported,
    Request,
    Resolve,
    Response,
    Slept,
    Started,
    StoreSet,
    StreamDown,
    StreamEvent,
    StreamLost,
    StreamUp,
    SwitchTruth,
    ToolCall,
    ToolResult,
    Wait,
)


class Player(HoldingVerbs):
    """Plays a script and writes the history."""

    def __init__(self, script: Script) -> None:
        self.stage = Stage(script)
        self.requests = Requests(self.stage)
        self.pushes = 0

    def play(self) -> History:
        """The history of the script; raises MicroError."""
        stage = self.stage
        history = History(stage.script.header())
        for index, fault in enumerate(stage.script.faults):
            stage.add(Planned(fault=index, kind=fault.kind, variant=fault.variant))
        stage.exchange.snapshot("start")
        stage.add(Started(incarnation=0))
        for intent in stage.script.intents:
            if intent.kind == "trade":
                mark = Marked(intent=intent.id, symbol=intent.symbol or "", mid=plain(stage.script.mid))
                stage.later(round(intent.at * NS), partial(stage.add, mark))
        for word in stage.script.words:
            stage.later(word.at, self._runner(word))
        stage.run()
        stage.now = max(stage.now, stage.script.until)
        stage.exchange.snapshot("end")
        stage.add(Ended())
        for event in stage.events:
            history.add(event)
        return history

    def _runner(self, word: Word) -> Callable[[], None]:
        if word.verb in OPS:
            return lambda: self.requests.send(word)
        handler = getattr(self, f"do_{word.verb}", None)
        if handler is None:
            raise word.fail(word.verb, "is no verb")
        return lambda: cast("Callable[[Word], None]", handler)(word)

    def do_fill(self, word: Word) -> None:
        if len(word.args) < 2:
            raise word.fail(word.verb, "needs an order and QUANTITY[@PRICE]")
        order = self.stage.exchange.order(word, word.args[0])
        amount, _, price = word.args[1].partition("@")
        self.stage.exchange.fill(
            order,
            number(amount, word.args[1], word.text),
            price=number(price, word.args[1], word.text) if price else None,
            fee=word.options.get("fee"),
            trade=word.options.get("t"),
            maker="maker" in word.args,
        )

    def do_xcancel(self, word: Word) -> None:
        self.stage.exchange.end(
            self.stage.exchange.order(word, word.args[0] if word.args else None), "cancelled", "cancel", None
        )

    def do_expire(self, word: Word) -> None:
        self.stage.exchange.end(
            self.stage.exchange.order(word, word.args[0] if word.args else None), "expired", "expire", None
        )

    def do_triggered(self, word: Word) -> None:
        self.stage.exchange.trigger(self.stage.exchange.order(word, word.args[0] if word.args else None))

    def do_fired(self, word: Word) -> None:
        """The dead-man switch goes off."""
        symbol = word.options.get("sym")
        self.stage.add(SwitchTruth(state="fired", symbol=symbol))
        for order in self.stage.exchange.orders:
            if order.status == "open" and symbol in (None, order.symbol):
                self.stage.exchange.end(order, "cancelled", "cancel", None)

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
        self.stage.exchange.accept(
            word, params, name=name, client_id=word.options.get("id", f"foreign-{name}"), foreign=True
        )

    def do_balance(self, word: Word) -> None:
        for asset, value in word.options.items():
            self.stage.exchange.balances[asset] = number(value, f"{asset}={value}", word.text)

    # ------------------------------------------------------------------ stream
    def do_up(self, word: Word) -> None:
        conn = int(word.options.get("c", "9"))
        call = self.stage.next_call()
        request = Request(call=call, conn=conn, op="subscribe", method="WS", host="stream", path="/", signed=True)
        request.incarnation, request.digest = self.stage.incarnation, "subscribe"
        self.stage.add(request)
        self.stage.add(Answer(call=call, status=200))
        self.stage.reach(call, Response(call=call, conn=conn, status=200))
        self.stage.add(StreamUp(conn=conn, call=call))

    def do_down(self, word: Word) -> None:
        by: Literal["client", "venue"] = "client" if "client" in word.args else "venue"
        self.stage.add(StreamDown(conn=int(word.options.get("c", "9")), by=by))

    def _push(self, word: Word) -> dict[str, Any]:
        order = self.stage.exchange.order(word, word.args[0] if word.args else None)
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
        self.stage.add(StreamEvent(**self._push(word)))

    def do_lose(self, word: Word) -> None:
        push = self._push(word)
        if "f" in word.options:
            self.stage.add(Landed(fault=int(word.options["f"]), n=push["n"]))
        self.stage.add(StreamLost(**{k: v for k, v in push.items() if k not in ("venue_id", "status")}))

    # ------------------------------------------------------------------ the target
    def do_crash(self, word: Word) -> None:
        point = word.args[0] if word.args else "after_send"
        self.stage.add(Crashed(incarnation=self.stage.incarnation, point=point, fault=int(word.options.get("f", "0"))))
        for event in list(self.stage.events):
            if isinstance(event, Request) and event.call not in self.stage.ended | self.stage.dead:
                self.stage.dead.add(event.call)
                self.stage.add(Broken(call=event.call, conn=event.conn, how="crashed"))

    def do_start(self, word: Word) -> None:
        self.stage.incarnation += 1
        self.stage.add(Started(incarnation=self.stage.incarnation, resumed=True))

    def do_as(self, word: Word) -> None:
        self.stage.instance = instance = int(number(word.args[0], word.args[0], word.text)) if word.args else 0
        if instance not in self.stage.lives:
            self.stage.incarnation = 0
            self.stage.add(Started(incarnation=0))

    def do_back(self, word: Word) -> None:
        """The life before this one acts: it was never ended."""
        self.stage.incarnation -= 1

    def do_alert(self, word: Word) -> None:
        data = {"level": "error", "text": "look at this", "about": word.args[0] if word.args else None}
        self.stage.add(Published(incarnation=self.stage.incarnation, view="Alert", data=data))

    def do_store(self, word: Word) -> None:
        for key, value in word.options.items():
            self.stage.add(StoreSet(incarnation=self.stage.incarnation, key=key, value=scalar(value)))

    def do_sleep(self, word: Word) -> None:
        seconds = number(word.args[0], word.args[0], word.text) if word.args else 1
        self.stage.add(Slept(duration=float(seconds)))

    def do_resolve(self, word: Word) -> None:
        self.stage.add(Resolve(host="venue", ok="fail" not in word.args))

    def do_connect(self, word: Word) -> None:
        outcome = word.args[0] if word.args else "ok"
        if outcome not in ("ok", "refused", "lost"):
            raise word.fail(outcome, "is no outcome of a connect")
        self.stage.add(
            Connect(
                conn=int(word.options.get("c", "1")),
                host="venue",
                port=443,
                outcome=cast("Literal['ok', 'refused', 'lost']", outcome),
                incarnation=self.stage.incarnation,
            )
        )

    def do_noreport(self, word: Word) -> None:
        why = cast("Literal['raised']", word.args[0] if word.args else "raised")
        self.stage.add(NoReport(incarnation=self.stage.incarnation, why=why, detail=why))

    def do_deadlocked(self, word: Word) -> None:
        waits = tuple(Wait(thread=name, call="lock.acquire", where="") for name in word.args)
        self.stage.add(Deadlocked(incarnation=self.stage.incarnation, waits=waits))

    def do_publish(self, word: Word) -> None:
        for name, value in word.options.items():
            view = self.stage.beliefs.view(self.stage.exchange.order(word, name)) | self.stage.beliefs.believed(
                word, value
            )
            self.stage.add(Published(incarnation=self.stage.incarnation, view="OrderView", data=view))

    def do_report(self, word: Word) -> None:
        report = self.stage.beliefs.report(word)
        self.stage.exchange.snapshot("report")
        self.stage.add(Reported(incarnation=self.stage.incarnation, report=report))

    # ------------------------------------------------------------------ gateway and faults
    def do_call(self, word: Word) -> None:
        if len(word.args) < 2:
            raise word.fail(word.verb, "needs a number and a method")
        number, method, *names = word.args
        args: dict[str, Any] = dict(word.options)
        intent = None
        if names:
            found = self.stage.names.intent_of(word, names[0])
            intent = found.id if found else None
            args.pop("i", None)
            args["client_id"] = self.stage.names.client_id(word, names[0], found)
        self.stage.add(GatewayCall(id=int(number), method=method, args=args, intent=intent))

    def do_result(self, word: Word) -> None:
        if len(word.args) < 2:
            raise word.fail(word.verb, "needs a number and what was said")
        number, said = int(word.args[0]), word.args[1]
        call = next((e for e in self.stage.events if isinstance(e, GatewayCall) and e.id == number), None)
        if call is None:
            raise word.fail(word.args[0], "is no call")
        if said.startswith("!"):
            self.stage.add(GatewayResult(id=number, ok=False, meaning=said[1:], error=said[1:]))
            return
        value: Any = None
        client_id = call.args.get("client_id")
        if client_id is not None and said != "ok":
            order = next((o for o in reversed(self.stage.exchange.orders) if o.created_as == client_id), None)
            value = (
                self.stage.beliefs.view(order)
                if order
                else {"client_id": client_id, "symbol": "BTC/USDT", "side": "buy"}
            )
            value |= self.stage.beliefs.believed(word, said)
        self.stage.add(GatewayResult(id=number, ok=True, value=value))

    def do_tool(self, word: Word) -> None:
        if not word.args:
            raise word.fail(word.verb, "needs the name of a tool")
        name, code = word.args[0], word.options.get("code")
        number = 1 + sum(isinstance(event, ToolCall) for event in self.stage.events)
        life = self.stage.incarnation
        self.stage.add(ToolCall(id=number, incarnation=life, tool=name))
        kind = None if code is None else "bad_arguments"
        self.stage.add(ToolResult(id=number, incarnation=life, tool=name, kind=kind, code=code))

    def _fault_number(self, word: Word) -> int:
        number = int(word.args[0]) if word.args and word.args[0].isdigit() else -1
        if not 0 <= number < len(self.stage.script.faults):
            raise word.fail(" ".join(word.args) or word.verb, "is no declared fault")
        return number

    def do_landed(self, word: Word) -> None:
        call = word.options.get("call")
        self.stage.add(Landed(fault=self._fault_number(word), call=int(call) if call else None))

    def do_healed(self, word: Word) -> None:
        self.stage.add(Healed(fault=self._fault_number(word)))

    def do_ledger(self, word: Word) -> None:
        status = word.args[1] if len(word.args) > 1 else "landed"
        if status not in ("landed", "not-exercised", "incomplete"):
            raise word.fail(status, "is no status of a fault")
        self.stage.add(
            Ledger(
                fault=self._fault_number(word),
                status=cast("Literal['landed', 'not-exercised', 'incomplete']", status),
                times=1,
            )
        )
