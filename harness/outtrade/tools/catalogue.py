"""The table of tools: name, what it does, its arguments. The same for every venue.

>>> TOOLS["wait"].schema["required"]
['seconds']
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from outtrade.tools import arguments as a


@dataclass(frozen=True)
class Spec:
    """One tool. ``writes``: it may change something on the venue, so that without an answer it is ambiguous."""

    name: str
    description: str
    arguments: type[a.Arguments]
    writes: bool = False

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its arguments."""
        schema: dict[str, Any] = lean(self.arguments.model_json_schema())
        return schema


def lean(schema: Any) -> Any:
    """Without the titles and docstrings that pydantic adds; ``anyOf [X, null]`` is X: leave optional ones out."""
    if isinstance(schema, list):
        return [lean(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    options = schema.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options and len(options) == 2:
        kept = next(option for option in options if option != {"type": "null"})
        schema = {**kept, **{key: value for key, value in schema.items() if key != "anyOf"}}
    found = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = {name: lean(part) for name, part in value.items()}
        elif (
            (key == "title" and isinstance(value, str))
            or (key == "default" and value is None)
            or (key == "description" and "additionalProperties" in schema)
        ):
            continue
        else:
            found[key] = lean(value)
    return found


_ALL = (
    Spec("instruments", "Trading rules as the venue states them now: tick, step, minima, status, fees.", a.AnySymbol),
    Spec("ticker", "Best bid, best ask and last price.", a.OneSymbol),
    Spec("book", "The order book: price levels with quantities, best first.", a.Book),
    Spec(
        "place",
        "Send one new order. An error of kind `ambiguous` means that it may stand on the venue: ask `order` by"
        " client_id before anything is sent for the same purpose.",
        a.Place,
        writes=True,
    ),
    Spec("amend", "Change a working order in place. Not offered on every venue; the answer says so.", a.Amend, True),
    Spec("cancel", "Cancel one working order, by either id.", a.Order, writes=True),
    Spec("cancel_all", "Cancel every working order in a symbol, foreign ones too.", a.OneSymbol, True),
    Spec(
        "order",
        "One order by either id. `not_found` proves absence only `absent_after` seconds after the id was last sent.",
        a.Order,
    ),
    Spec("open_orders", "All working orders of the account in a symbol, own and foreign.", a.OneSymbol),
    Spec("fills", "Executions of the account in a symbol, with fees.", a.Fills),
    Spec("balances", "The whole account: free and locked amount of each asset.", a.Nothing),
    Spec("positions", "Open positions of the account. Spot venues have none; the answer says so.", a.Nothing),
    Spec("status", "Whether the venue says that it is open, the time now (UNIX seconds), `absent_after`.", a.Nothing),
    Spec("wait", "Do nothing for some seconds.", a.Wait),
    Spec("alert", "Tell a person something.", a.Alert),
)

TOOLS: dict[str, Spec] = {spec.name: spec for spec in _ALL}
"""All tools by name, in the order of the contract."""

ERROR_KINDS = {
    "rejected": "the answer is no; nothing was done, and the same again will be refused again",
    "ambiguous": "no answer that decides: it may or may not have been carried out",
    "rate_limited": "turned away at the door, nothing was done; be silent for `retry_after` seconds",
    "not_found": "the venue does not know such an order, or such a working order",
    "unavailable": "nothing was learned and nothing was changed: not sent, or a query without an answer",
    "bad_arguments": "no such tool or argument, or a value that is none; nothing was sent",
}
"""What each kind of error says is known."""


def table() -> str:
    """The tools as a Markdown table; optional arguments in brackets."""
    lines = ["| tool | arguments | what it does |", "|---|---|---|"]
    for spec in TOOLS.values():
        needed = spec.schema.get("required", [])
        names = [f"`{name}`" if name in needed else f"[`{name}`]" for name in spec.schema.get("properties", {})]
        lines.append(f"| `{spec.name}` | {', '.join(names) or '-'} | {spec.description} |")
    return "\n".join(lines) + "\n"


def error_table() -> str:
    """The kinds of error as a Markdown table."""
    rows = [f"| `{kind}` | {meaning} |" for kind, meaning in ERROR_KINDS.items()]
    return "\n".join(["| kind | what is known |", "|---|---|", *rows]) + "\n"
