"""Odd values for the fuzzer: what no parser expects, and ways to damage what was sound."""

from __future__ import annotations

import random
from typing import Any

JUNK: tuple[Any, ...] = (
    "", "0", "-1", "1e9", "1e-9", "NaN", "Infinity", "-0", "0x10", "1_000", " 1", "9" * 25, "9" * 400,
    "0." + "0" * 30 + "1", "18446744073709551616", "true", "false", "null", "[]", "{}", "%", "%00", "%ff", "\x00",
    "\u00e9", "\U0001f600", "\u0661", "a" * 37, "A" * 3000, "BUY", "buy", "Sell", "LIMIT", "market", "GTC", "IOC",
    "FOK", "PostOnly", "BTCUSDT", "BTC-USDT", "XBTUSDT", "BTC/USD", "../..", "'", '"', "<b>", ";", "&", "=", ",", "1,2",
    "1700000000000", "-9223372036854775809", 0, -1, 1, 10**30, 1.5, 1e300, True, False, None, [], {}, [[]], ["a"],
    {"a": 1}, [None], [{}], [{"a": []}],
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "", "G\u00c9T")
TEXTS = (
    "", "ping", "pong", "{", "[]", "null", "0", '""', "{}", '{"op":null}', '{"method":[]}', '{"id":{}}', "[" * 5000,
    '{"a":' * 2000, "\x00", '"\\ud800"', '{"op":"subscribe","args":[]}', '{"op":"subscribe","args":[{}]}', "NaN",
    '{"op":"subscribe","args":{}}', '{"op":"login","args":[[]]}', '{"method":"subscribe","params":{}}', "1" * 5000,
    '{"method":"subscribe","params":[]}', '{"event":"subscribe"}', '{"op":"auth","args":[1,2,3]}',
    '{"op":"x","op":"y"}', '{"\\ud800":"\\udfff"}', '{"method":"\\ud800","op":"\\ud800","id":"\\ud800"}',
)  # fmt: skip
BODIES = (b"", b"a=1&a=2", b'{"symbol":"\\ud800"}', b"[" * 3000, b'{"a":1,"a":2}', b"\xff\xfe", b"null", b"%ff=%00&==&")


class Odd:
    """Damages things by the random numbers it is given."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def damage(self, params: Any) -> Any:
        """Parameters with one to three things wrong."""
        rng = self.rng
        if isinstance(params, list):
            made: list[Any] = list(params)
            if made and rng.random() < 0.8:
                n = rng.randrange(len(made))
                made[n] = self.damage(made[n]) if isinstance(made[n], dict | list) else rng.choice(JUNK)
            else:
                made = rng.choice(([], made * 30, [rng.choice(JUNK)], [made]))
            return made
        if not isinstance(params, dict):
            return rng.choice(JUNK)
        known = dict(params)
        for _ in range(rng.randrange(1, 4)):
            what = rng.randrange(4)
            if what == 0 and known:
                del known[rng.choice(list(known))]
            elif what == 1 and known:
                known[rng.choice(list(known))] = rng.choice(JUNK)
            elif what == 2 and known:
                name = rng.choice(list(known))
                value = known[name]
                known[name] = self.damage(value) if isinstance(value, dict | list) else self._bent(value)
            else:
                known[rng.choice(("limit", "symbol", "orderId", "type", "side", "category", "x", "", "price"))] = (
                    rng.choice(JUNK)
                )
        return known

    def _bent(self, value: Any) -> Any:
        text, rng = str(value), self.rng
        return rng.choice(
            (text + "0", "-" + text, text[:-1], text.lower(), text.upper(), text * 2, " " + text, [value], {text: 1})
        )

    def scratched(self, raw: bytes) -> bytes:
        """Some bytes lost, changed, doubled."""
        rng, made = self.rng, bytearray(raw)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(made) + 1)
            what = rng.randrange(4)
            if what == 0:
                del made[at : at + rng.randrange(1, 9)]
            elif what == 1:
                made[at:at] = rng.randbytes(rng.randrange(1, 5))
            elif what == 2 and at < len(made):
                made[at] ^= 1 << rng.randrange(8)
            else:
                made[at:at] = made[: rng.randrange(20)]
        return bytes(made)
