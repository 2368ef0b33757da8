"""Scenarios that fit on one line: the declarations of the micro-language for histories (``outtrade.judge.micro``),
played instead of told.

    >>> s = scenario("i1:buy 0.4@50100 at=5 exp=200 | fault lost_answer committed=true on.op=place", id="demo")
    >>> s.intents[0].limit_price, s.faults[0].variant
    (Decimal('50100'), 'lost_answer.hang.committed')

``i1:buy 0.4@50100 at=5 exp=200`` is an intent, ``fault KIND field=value on.op=place`` a fault, and ``set`` holds the
rest: ``until=420``, bounds (``answer=30``), limits (``max_notional=5000``), balances (``USDT=100000 BTC=1``),
``mid=50000`` (the price at the start), ``needs=stream,restart``, ``seed=3``. The market is deep and calm, so that
nothing happens but what stands on the line. Statements with a time belong to histories and are refused.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from outtrade.judge.micro.words import MicroError, Script, number
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Bounds, Limits

SETTINGS = frozenset({"until", "mid", "leave", "needs", "seed"})
"""Words of ``set`` beside bounds, limits and balances."""


class OneLine(Script):
    """A line, read."""

    SETTINGS = SETTINGS


def scenario(line: str, *, id: str, space: str = "custom", venue: str = "binance_spot") -> Scenario:
    """The scenario of a line. Raises MicroError, which names the word that is wrong."""
    read = OneLine(line)
    if read.words:
        raise MicroError(f"a time begins a statement of a history, not of a scenario: {read.words[0].text}")
    try:
        mid = number(read.set.get("mid", "50000"), "mid", line)
        if mid <= 0:
            raise MicroError(f"'mid' is not a price, in: {line}")
        symbols = tuple(dict.fromkeys(intent.symbol for intent in read.intents if intent.symbol)) or ("BTC/USDT",)
        unit = Decimal(20000) / mid
        market = Market(
            mid=mid, depth=unit, taker_size=unit / 10, taker_rate=0.0, maker_rate=0.0, volatility_bps=0.0
        )  # fmt: skip
        fields: dict[str, Any] = {
            "id": id,
            "seed": int(read.set.get("seed", "1")),
            "space": space,
            "venue": venue,
            "symbols": symbols,
            "balances": {"BNB": Decimal("12.5"), **read.balances},
            "markets": dict.fromkeys(symbols, market),
            "intents": tuple(read.intents),
            "until": float(read.set.get("until", "420")),
            "limits": Limits(**read.limits),
            "bounds": Bounds(**read.bounds),
            "leave_resting": read.set.get("leave") == "1",
            "faults": tuple(read.faults),
            "needs": tuple(word for word in read.set.get("needs", "").split(",") if word),
        }
        return Scenario.model_validate(fields)
    except ValueError as error:
        if isinstance(error, MicroError):
            raise
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            raise MicroError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}, in: {line}") from None
        raise MicroError(f"{error}, in: {line}") from None
