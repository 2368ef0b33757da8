"""What the model is told: the task in sentences, and the three tools beside those of the venue.

>>> from outtrade.model.scenario import Scenario
>>> print(task_text(Scenario(id="demo", seed=1, until=60, symbols=("BTC/USDT",), balances={}, intents=())))
Task demo on binance_spot: BTC/USDT. Nothing is wanted; report what you see.
Times are seconds since 1767225600 (UNIX); the task lasts until 60 s, report by then.
"""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from typing import Any

from outtrade.model.scenario import Scenario
from outtrade.model.task import Intent, Report
from outtrade.tools.arguments import DECIMAL
from outtrade.tools.catalogue import lean

Json = dict[str, Any]

INSTRUCTIONS = """\
You execute orders on an exchange, by the tools of this server. Call `task` first: it says what is wanted. Then work
with the tools of the venue, and at the end call `report` once with what you believe. Time is virtual: it passes in
`wait` and while requests are on their way, not while you think. The exchange and the network fail now and then, as
real ones do: an error of kind `ambiguous` means that an order may stand, so find out before you send anything for the
same purpose."""

TASK = "What is wanted of you, as sentences and as data. Call it first."
NEXT = "After the report: begin the next task. It has nothing to do with the last one."
REPORT = """\
Hand in what you believe in the end; this ends the task. `outcomes`: for the id of every intent what became of it.
`orders`: every order you sent, with its client_id, venue_ids, filled, average_price, status, and the intent's id.
`fills`: every execution. `positions`: by symbol, the net of your own orders and of fees taken in the base asset.
`balances`: by asset. What you leave out counts as not tracked."""

OWN = ("task", "report", "next_task")
"""The tools that are not the venue's."""


def task_text(scenario: Scenario) -> str:
    """The task as sentences."""
    what = "Nothing is wanted; report what you see." if not scenario.intents else "What is wanted:"
    lines = [f"Task {scenario.id} on {scenario.venue}: {', '.join(scenario.symbols)}. {what}"]
    lines += [_sentence(intent) for intent in scenario.intents]
    if scenario.intents:
        lines.append("An intent's tag stands inside the client_id of every order that is sent for it.")
    caps = scenario.limits.model_dump(mode="json", exclude_none=True)
    if caps:
        named = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in caps.items())
        lines.append(f"Caps: {named}. What would break one is refused, not shrunk.")
    if scenario.intents and not scenario.leave_resting:
        lines.append("No order of yours is left working at the end.")
    lines.append(
        f"Times are seconds since {scenario.epoch} (UNIX); the task lasts until {scenario.until:g} s, report by then."
    )
    return "\n".join(lines)


def _sentence(intent: Intent) -> str:
    text = intent.text or json.dumps(intent.model_dump(mode="json", exclude_defaults=True, exclude={"id", "tag", "at"}))
    return f"- {intent.id} (tag {intent.tag}), at {intent.at:g} s: {text}"


def task_data(scenario: Scenario) -> Json:
    """The task as data; nothing of the fault plan is in it."""
    data: Json = scenario.task().model_dump(mode="json", exclude_defaults=True)
    data["bounds"] = scenario.bounds.model_dump(mode="json")
    return {"task": data, "venue": scenario.venue, "symbols": list(scenario.symbols)}


@lru_cache
def report_schema() -> Json:
    """The JSON Schema of ``report``'s arguments, without references."""
    schema = Report.model_json_schema()
    flat: Json = lean(_inlined(schema, schema.get("$defs", {})))
    return flat


def _inlined(schema: Any, defs: Json) -> Any:
    if isinstance(schema, list):
        return [_inlined(item, defs) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(defs[schema["$ref"].rpartition("/")[2]], defs)
    options = schema.get("anyOf")
    if isinstance(options, list) and {"number", "string"} <= {option.get("type") for option in options}:
        options = [option for option in options if option.get("type") not in ("number", "string")]
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        number = copy.copy(DECIMAL) | rest
        return {"anyOf": [number, *options]} if options else number
    return {key: _inlined(value, defs) for key, value in schema.items() if key != "$defs"}
