"""PAR-16: what is called exists.

Names of endpoints and tools are guessed by people who wrote an adapter from memory, and by language models, to whom a
plausible name is as good as a real one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index
from outtrade.model.history import ToolResult

INVENTED = {"unknown_tool": "there is no such tool", "unknown_argument": "it has no such argument"}
"""Codes of a tool's refusal that say that something does not exist."""


def check_exists(ix: Index) -> Iterator[Case]:
    """PAR-16."""
    yield from _endpoints(ix)
    yield from _tools(ix)


def _endpoints(ix: Index) -> Iterator[Case]:
    declared = ix.trait("endpoint_unknown")
    code = declared.get("code") if isinstance(declared, Mapping) else None
    for op in ix.ops:
        if op.injected or op.answer is None:
            continue
        if code is not None and op.answer.code == code:
            request = op.request
            yield broke(
                f"{request.method} {request.path} at {request.seconds:.3f} s: the venue has no such endpoint",
                op.seq,
                op.answer.seq,
                subject=request.path,
                key="endpoint",
            )
        elif op.answer.executed:
            yield held(op.seq, subject=op.request.op)


def _tools(ix: Index) -> Iterator[Case]:
    for event in ix.events:
        if not isinstance(event, ToolResult):
            continue
        what = INVENTED.get(str(event.code))
        if what is None:
            yield held(event.seq, subject=event.tool)
        else:
            yield broke(
                f"tool {event.tool!r} was called at {event.seconds:.3f} s: {what}",
                event.seq,
                subject=event.tool,
                key=str(event.code),
            )


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="PAR-16",
        title="No endpoint, tool or field is called that does not exist",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
An interface is a list of names. Whoever calls a name that is not on it has guessed, and learns nothing about the
order in question: a 404 on an invented status endpoint is not "order not found", and a tool that does not exist
has not cancelled anything. Language models invent names that sound right; adapters carry endpoints over from
another venue or from a version that was switched off.

Example: after a lost answer a model calls `get_order_status`; there is `order`. What passes: calling what the
schemas list; where something is missing (`amend` and `positions` on spot), the tool exists and says so.

How it is judged: every request that the venue answered without a fault in between, by the answer that the venue
declares for unknown endpoints (`endpoint_unknown`); every tool call, by whether tool and arguments exist. A value
that does not fit is a matter of the other PAR properties. Unknown parameters on the wire are not judged where the
venue ignores them.""",
        source="Binance spot API documentation, errors.md (-1099); constructed after tool calls invented by language"
        " models",
        check=check_exists,
        venues="each",
    ),
)
