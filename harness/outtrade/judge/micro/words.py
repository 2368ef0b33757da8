"""Reading: from a text in the micro-language to declarations and statements."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple, cast

from pydantic import ValidationError

from outtrade.model.fault import FAULT, Fault
from outtrade.model.fleet import Fleet
from outtrade.model.history import NS, Header
from outtrade.model.scenario import Scenario
from outtrade.model.task import Bounds, Intent, Limits

ALIASES = {"open": "open_orders", "all": "all_orders", "info": "exchange_info", "arm": "dead_man"}
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


def plain(value: Decimal) -> str:
    """A decimal in plain notation without trailing zeros."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def number(text: str, word: str, statement: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise MicroError(f"{word!r} is not a number, in: {statement}") from None
    if not value.is_finite():
        raise MicroError(f"{word!r} is not a finite number, in: {statement}")
    return value


def scalar(text: str) -> Any:
    """An option's value as plain data: number, true/false, or text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def options_of(words: list[str]) -> tuple[list[str], dict[str, str]]:
    bare, options = [], {}
    for word in words:
        key, eq, value = word.partition("=")
        if eq and key:
            options[key] = value
        else:
            bare.append(word)
    return bare, options


class Script:
    """A text, read: what is declared, and the statements in order of appearance."""

    SETTINGS = frozenset(
        {
            "until",
            "absent",
            "tick",
            "step",
            "size",
            "min",
            "max",
            "mmin",
            "mmax",
            "notional",
            "nmax",
            "fee",
            "mid",
            "scope",
        }
        | {"streams", "leave", "reuse", "window", "pattern", "band", "modes", "instances", "old", "ack"}
        | {"dead", "switch"}
    )

    def __init__(self, text: str) -> None:
        self.intents: list[Intent] = []
        self.faults: list[Fault] = []
        self.bounds: dict[str, float] = {}
        self.limits: dict[str, Decimal] = {}
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
        args, options = options_of(words)
        return Word(statement, at, ALIASES.get(verb, verb), args, options, end)

    def _settings(self, statement: str, words: list[str]) -> None:
        bare, options = options_of(words)
        if bare:
            raise MicroError(f"{bare[0]!r} is not KEY=VALUE, in: {statement}")
        for key, value in options.items():
            if key in self.SETTINGS:
                self.set[key] = value
            elif key in Bounds.model_fields:
                self.bounds[key] = float(number(value, f"{key}={value}", statement))
            elif key in Limits.model_fields:
                self.limits[key] = number(value, f"{key}={value}", statement)
            elif key.isupper():
                self.balances[key] = number(value, f"{key}={value}", statement)
            else:
                raise MicroError(f"{key!r} is no setting, in: {statement}")

    def _fault(self, statement: str, words: list[str]) -> None:
        bare, options = options_of(words)
        if len(bare) != 1:
            raise MicroError(f"a fault needs one kind, in: {statement}")
        data: dict[str, Any] = {"kind": bare[0]}
        for key, value in options.items():
            if key.startswith("on."):
                data.setdefault("on", {})[key[3:]] = scalar(value)
            else:
                data[key] = scalar(value)
        try:
            self.faults.append(FAULT.validate_python(data))
        except ValidationError as error:
            raise MicroError(f"{error.errors()[0]['msg']}, in: {statement}") from None

    def _intent(self, statement: str, head: str, words: list[str]) -> None:
        name, _, side = head.partition(":")
        bare, options = options_of(words)
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
                data[key] = number(amount.rstrip("q"), word, statement)
                if price:
                    data["limit_price"] = number(price, word, statement)
                    data["type"] = "limit"
        data |= {renamed.get(key, key): value for key, value in options.items()}
        try:
            self.intents.append(Intent.model_validate(data))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise MicroError(f"{where!r}: {first['msg']}, in: {statement}") from None

    @property
    def until(self) -> int:
        """When the report is due, in nanoseconds of run time."""
        return round(Decimal(self.set.get("until", "600")) * NS)

    def header(self) -> Header:
        """The header of the history."""
        symbols = tuple(dict.fromkeys(["BTC/USDT", *(i.symbol for i in self.intents if i.symbol)]))
        scenario = Scenario(
            id="micro",
            seed=0,
            symbols=symbols,
            balances=self.balances,
            intents=tuple(self.intents),
            until=float(self.set.get("until", "600")),
            limits=Limits(**self.limits),
            bounds=Bounds(**self.bounds),
            leave_resting=self.set.get("leave") == "1",
            faults=tuple(self.faults),
            fleet=self._fleet(),
            dead_man=float(self.set["dead"]) if "dead" in self.set else None,
            needs=("dead_man",) if "dead" in self.set else (),
        )
        traits: dict[str, Any] = {"id_reuse": self.set.get("reuse", "open_only")}
        names = ("symbol", "clientOrderId", "side", "type", "tif", "price", "quantity", "quote_quantity")
        traits["order_parameters"] = {"names": {"/place": names}, "refusals": (-1102, -1106)}
        traits["id_pattern"] = self.set.get("pattern", "^[a-zA-Z0-9-_]{1,36}$")
        if "ack" in self.set:
            traits["ack"] = self.set["ack"]
        if "dead" in self.set:
            own = {"timer": {"unit": "seconds"}, "stream": {"unit": "seconds", "acts": "when no stream is left"}}
            traits["dead_man_switch"] = own.get(self.set.get("switch", "timer"))
        if "window" in self.set:
            traits["id_window"] = float(self.set["window"])
        if self.set.get("modes") == "1":
            traits["account_settings"] = {
                "leverage": ["GET /positions"], "margin_mode": ["GET /positions"], "position_mode": ["GET /account"],
            }  # fmt: skip
        return Header(
            target="micro",
            scope=cast("Literal['A', 'G']", self.set.get("scope", "A")),
            scenario=json.loads(scenario.to_json()),
            instruments={symbol: self._instrument(symbol) for symbol in symbols},
            traits=traits,
            absent_after=float(self.set.get("absent", "30")),
            streams=self.set.get("streams", "1") == "1",
        )

    def _fleet(self) -> Fleet | None:
        if "instances" not in self.set:
            return None
        old = self.set.get("old")
        return Fleet(instances=int(self.set["instances"]), old=None if old is None else int(old))

    def _instrument(self, symbol: str) -> dict[str, Any]:
        base, _, quote = symbol.partition(":")[0].partition("/")
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
            "contract_size": self.set.get("size", "1"),
            "band": self.set["band"].split(",") if "band" in self.set else None,
            "maker_fee": fee,
            "taker_fee": fee,
        }

    @property
    def size(self) -> Decimal:
        """What one of a request's quantities is, in units: the size of a contract."""
        return Decimal(self.set.get("size", "1"))

    @property
    def mid(self) -> Decimal:
        """The mid price, which never moves here."""
        return Decimal(self.set.get("mid", "100"))

    @property
    def step(self) -> Decimal:
        """The quantity step of all symbols."""
        return Decimal(self.set.get("step", "0.001"))


class Names:
    """Which client order id and which intent the short names of orders stand for."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.ids: dict[str, str] = {}
        """Name -> client order id (``-``: none)."""
        self.owners: dict[str, str] = {}
        """Name -> id of the intent."""

    def intent_of(self, word: Word, name: str | None) -> Intent | None:
        """The intent of an order, chosen by ``i=``, else that of the name, else the first."""
        wanted = word.options.get("i", self.owners.get(name or ""))
        if wanted is None:
            found = self.script.intents[0] if self.script.intents else None
        else:
            found = next((intent for intent in self.script.intents if intent.id == wanted), None)
            if found is None:
                raise word.fail(wanted, "is no intent")
        if name is not None and found is not None:
            self.owners[name] = found.id
        return found

    def client_id(self, word: Word, name: str | None, intent: Intent | None) -> str | None:
        """The client order id of an order, chosen by ``id=``, else tag, dash, name; None where it has none."""
        if name is None:
            raise word.fail(word.verb, "needs the name of an order")
        if "id" in word.options:
            self.ids[name] = word.options["id"]
        if name not in self.ids:
            self.ids[name] = f"{intent.tag}-{name}" if intent else name
        return None if self.ids[name] == "-" else self.ids[name]
