"""A scenario in a few sentences: what was wanted and what was broken.

>>> from outtrade.model.fault import LostAnswer, Trigger
>>> describe_fault(LostAnswer(on=Trigger(op="place", nth=2), committed=False, symptom="reset").model_dump())
'lost_answer.reset.absent on the 2nd place'
>>> describe_intent({"id": "i1", "at": 5, "kind": "order", "on_partial": "cancel", "expires": 60})
'i1 at 5 s: order, partly filled: cancel the rest, expires 60 s'
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from outtrade.model.fault import FAULT
from outtrade.report.text import clean, number, ordinal

MAX_INTENTS = 4
_NOT_SHOWN = {"kind", "on", "committed", "symptom", "delay", "point", "store", "reason", "retry_after"}


def describe_scenario(text: str) -> Iterator[str]:
    """Lines about a scenario (JSON): its intents, then its faults."""
    data = json.loads(text)
    intents = data.get("intents", ())
    for intent in intents[:MAX_INTENTS]:
        yield describe_intent(intent)
    if len(intents) > MAX_INTENTS:
        yield f"and {len(intents) - MAX_INTENTS} more intents"
    for fault in data.get("faults", ()):
        yield "fault: " + describe_fault(fault)
    if not data.get("faults"):
        yield "no fault"


def describe_intent(intent: Mapping[str, Any]) -> str:
    """``at 5 s: order buy 0.4 BTC/USDT limit 50000, until 600 s``."""
    words = [str(intent["kind"]), str(intent.get("side") or "")]
    if intent.get("quantity") is not None:
        words.append(number(intent["quantity"]))
    elif intent.get("quote_quantity") is not None:
        words.append(f"for {number(intent['quote_quantity'])} quote")
    words += [str(intent.get("symbol") or ""), str(intent.get("type") or "")]
    if intent.get("limit_price") is not None:
        words.append(number(intent["limit_price"]))
    words.append(str(intent.get("time_in_force") or ""))
    words.append("post-only" if intent.get("post_only") else "")
    words.append(f"of {intent['target']}" if intent.get("target") else "")
    line = f"{intent['id']} at {number(intent['at'])} s: " + " ".join(word for word in words if word)
    if intent.get("on_partial", "keep") != "keep":
        line += f", partly filled: {intent['on_partial']} the rest"
    if intent.get("expires") is not None:
        line += f", expires {number(intent['expires'])} s"
    return clean(line)


def describe_fault(data: Mapping[str, Any]) -> str:
    """``lost_answer.hang.committed on the 2nd place``."""
    fault = FAULT.validate_python(dict(data))
    on = fault.on
    line = fault.variant
    if on.op != "any":
        line += f" on the {ordinal(on.nth)} {on.op}"
    elif on.nth > 1:
        line += f" on the {ordinal(on.nth)} request"
    if on.times > 1:
        line += f" and the next {on.times - 1}"
    if on.tag or on.symbol:
        line += f" for {on.tag or on.symbol}"
    if on.after:
        line += f" after {number(on.after)} s"
    shown = {key: value for key, value in fault.model_dump().items() if key not in _NOT_SHOWN}
    if shown:
        line += ", " + ", ".join(f"{key} {number(value)}" for key, value in shown.items())
    return clean(line)
