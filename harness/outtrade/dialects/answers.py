"""How an answer of any venue is read, by what the venue is declared to do (its traits); no I/O.

Venues word a refusal in one of a few ways, which are told by their looks and not by the venue's name::

    {"code": -2013, "msg": "..."}                            one object, HTTP status 4xx
    {"code": 40410000, "message": "order not found"}         the same, where several errors share a code
    {"code": "1", "msg": "", "data": [{"sCode": "51008"}]}   an envelope, and items with codes of their own
    {"retCode": 170131, "retMsg": "...", "result": {}}       an envelope with a number
    {"error": ["EOrder:Insufficient funds"], "result": {}}   an envelope with texts
    {"success": false, "error_response": {"error": "..."}}   reasons in place of codes (``reasons``)

What a code means stands in the traits ``error_classes``, ``ambiguous_codes``, ``duplicate_answer``, ``query_unknown``,
``cancel_unknown`` and ``ban``. In doubt an answer is doubtful: every 5xx (but for a code that ``ambiguous_statuses``
excepts), every body that is not in the venue's form, and an "invalid nonce" where nonces only ever rise, because there
it may be the echo of a request that was carried out.

    >>> okx = Reader.of("okx")
    >>> okx.check(200, {}, '{"code":"1","data":[{"sCode":"51008","sMsg":"Insufficient balance"}],"msg":""}', now=0.0)
    Traceback (most recent call last):
    outtrade.dialects.words.Refused: funds: Insufficient balance
    >>> Reader.of("kraken_spot").check(502, {}, "<html>", now=0.0)
    Traceback (most recent call last):
    outtrade.dialects.words.Doubtful: HTTP 502
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from outtrade.dialects.reasons import reasons
from outtrade.dialects.words import Doubtful, Kind, Refused
from outtrade_mocks import venues

UNTIL = re.compile(r"until (\d{12,14})|Throttled: ?(\d{9,11})")
"""The end of a silence in a refusal's text: UNIX milliseconds (Binance), or seconds (Kraken)."""

CLOCKS = ("timestamp", "recv_window", "recvwindow", "nonce", "request expired")
"""Words by which a refusal about the time of the request is told among those about keys and signatures. *Inferred* from
the venues' texts."""

NEW_ORDERS = ("new orders", "eorder:rate limit", "eorder:domain rate limit")
"""Words of a limit on new orders. *Inferred* in the same way."""

WOULD_TAKE = ("immediately match", "post only", "post_only", "maker")
WOULD_TRIGGER = ("trigger immediately", "immediately trigger", "relationship of the prices", "trigger_price_too")
"""Words about orders that the market has overtaken, in refusals of no declared class. *Inferred* in the same way."""
KINDS: dict[str, Kind] = {
    "transient": "busy", "rate": "rate", "funds": "funds", "maintenance": "closed", "auth": "auth",
    "parameter": "rules",
}  # fmt: skip
"""Class of the trait ``error_classes`` -> why the venue refused; the first that lists the code counts."""


@dataclass(frozen=True, slots=True)
class Said:
    """One error of an answer: its code (None where the venue has texts alone) and its text."""

    code: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the answers of one venue."""

    traits: Mapping[str, Any]

    @classmethod
    def of(cls, venue: str) -> Reader:
        """By the traits of a mock venue; raises VenueError where there is none of that name."""
        return cls({name: trait.value for name, trait in venues.load(venue).traits.items()})

    def check(self, status: int, headers: Mapping[str, str], body: str, *, now: float) -> Any:
        """The JSON of a good answer; raises Refused or Doubtful. ``now``: UNIX seconds, for the end of a silence."""
        ban = self.traits.get("ban") or {}
        if status == 429 or (status == ban.get("status") and status >= 400):
            said = next(iter(errors(parse(body)) or ()), Said(None, f"HTTP {status}"))
            kind: Kind = "ban" if status != 429 else "busy" if too_many_orders(said) else "rate"
            raise Refused(kind, said.text, code=said.code, retry_after=self.silence(headers, said.text, now))
        if status == 204 and not body.strip():
            return None
        data = parse(body)
        found = errors(data)
        auth = (self.traits.get("error_classes") or {}).get("auth")
        if found is None and status in (401, 403) and lists(auth, Said(None, body.strip())):
            raise Refused("auth", body.strip())  # in plain text
        if found is None:
            raise Doubtful(f"HTTP {status}" if status >= 400 else f"HTTP {status} with a body that is no answer")
        for said in found:
            self.refuse(said, status, headers, now)
        if status >= 400:
            raise Doubtful(f"HTTP {status}")
        return data

    def refuse(self, said: Said, status: int, headers: Mapping[str, str], now: float) -> None:
        """Raise what ``said`` means."""
        kind = self.kind(said)
        excepted = said.code is not None and str(said.code) in str(self.traits.get("ambiguous_statuses"))
        rising = "nonce" in (self.traits.get("receive_window") or {})
        if (status >= 500 and not excepted) or lists(self.traits.get("ambiguous_codes"), said):
            raise Doubtful(said.text or f"HTTP {status}")
        if kind == "clock" and rising and "nonce" in said.text.lower():
            raise Doubtful(said.text)
        wait = self.silence(headers, said.text, now) if kind in ("rate", "ban") else None
        raise Refused(kind, said.text, code=said.code, retry_after=wait)

    def kind(self, said: Said) -> Kind:
        """Why the venue refused."""
        for trait, kind in (
            ("duplicate_answer", "duplicate"), ("query_unknown", "not_found"), ("cancel_unknown", "unknown_order"),
        ):  # fmt: skip
            if declared(self.traits.get(trait), said):
                return kind  # type: ignore[return-value]
        ban = (self.traits.get("ban") or {}).get("text")
        if ban and said.text.startswith(ban):
            return "ban"
        classes = self.traits.get("error_classes") or {}
        for name, kind in KINDS.items():
            if lists(classes.get(name), said):
                if kind == "rate" and too_many_orders(said):
                    return "busy"
                clock = kind == "auth" and any(word in said.text.lower() for word in CLOCKS)
                return "clock" if clock else kind
        text = said.text.lower()
        if any(word in text for word in WOULD_TRIGGER):
            return "would_trigger"
        return "would_take" if any(word in text for word in WOULD_TAKE) else "other"

    def silence(self, headers: Mapping[str, str], text: str, now: float) -> float | None:
        """Seconds of silence asked for: by Retry-After, by the header that the venue declares, by the text; the
        longest."""
        plain = {name.lower(): value.strip() for name, value in headers.items()}
        waits = []
        if plain.get("retry-after", "").isdigit():
            waits.append(float(plain["retry-after"]))
        own = self.traits.get("retry_after")
        how = own if isinstance(own, dict) else {}
        reset = plain.get(str(how.get("header", "")).lower(), "")
        if reset.isdigit():
            waits.append(max(0.0, int(reset) / (1 if how.get("unit") == "s" else 1000) - now))
        if until := UNTIL.search(text):
            waits.append(max(0.0, (int(until[1]) / 1000 if until[1] else int(until[2])) - now))
        return max(waits, default=None)


def parse(body: str) -> Any:
    """The JSON of a body; None where it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def errors(data: Any) -> list[Said] | None:
    """The errors of an answer in any venue's form, none where it is good; None where it has no venue's form."""
    if isinstance(data, list):
        return []
    if not isinstance(data, dict) or not data:
        return None
    if isinstance(data.get("error"), list):
        texts = [str(text) for text in data["error"] if not str(text).startswith("W")]  # warnings stand beside results
        return [Said(None, text) for text in texts] if texts or "result" in data else None
    if isinstance(data.get("error"), dict) and isinstance(data["error"].get("code"), int):  # JSON-RPC 2.0
        more = data["error"].get("data")
        why = f": {more['reason']}" if isinstance(more, dict) and more.get("reason") else ""
        return [Said(data["error"]["code"], f"{data['error'].get('message', '')}{why}")]
    if isinstance(data.get("retCode"), int):
        return [Said(data["retCode"], str(data.get("retMsg", "")))] if data["retCode"] else []
    code = data.get("code")
    if isinstance(code, str) and code.isdecimal() and "data" in data:
        return list(items(data)) or ([Said(int(code), str(data.get("msg", "")))] if code not in ("0", "2") else [])
    if isinstance(code, int) and "msg" in data:
        return [Said(code, str(data["msg"]))]
    if isinstance(data.get("message"), str) and (isinstance(code, int) or len(data) == 1):
        return [Said(code, data["message"])]
    return [Said(None, text) for text in reasons(data)]


def items(envelope: Mapping[str, Any]) -> Iterator[Said]:
    """The errors of the items of an envelope."""
    rows = envelope["data"] if isinstance(envelope["data"], list) else []
    for row in rows:
        code = str(row.get("sCode", "")) if isinstance(row, dict) else ""
        if code.isdecimal() and code != "0":
            yield Said(int(code), str(row.get("sMsg", "")))


def too_many_orders(said: Said) -> bool:
    """Whether a limit was met that concerns new orders alone: questions may be asked all the same."""
    return any(word in said.text.lower() for word in NEW_ORDERS)


def lists(entries: Any, said: Said) -> bool:
    """Whether a list of codes and beginnings of texts has the error in it."""
    return any(said.text.startswith(entry) if isinstance(entry, str) else entry == said.code for entry in entries or ())


def declared(answer: Any, said: Said) -> bool:
    """Whether the error is the answer that a trait declares: ``{"code": ..., "text": ...}`` and other keys with texts.

    A code may differ by market; where several errors share a code, the text decides.
    """
    if not isinstance(answer, dict):
        return False
    codes = answer.get("code")
    if codes is not None:
        known = tuple(codes.values()) if isinstance(codes, dict) else (codes,)
        shared = said.code == -2010 or answer.get("shared")  # Binance's matching engine has one code for every "no"
        return said.code is not None and said.code != 0 and said.code in known and (
            not shared or said.text.startswith(answer.get("text", ""))
        )  # fmt: skip
    texts = [text for key, text in answer.items() if key != "status" and isinstance(text, str)]
    return said.code is None and any(said.text.startswith(text) for text in texts)
