"""Steps as a chat in the common chat-completions shape.

System message: the job and its rules. User message: the intents as sentences. Then each step is an assistant message
with a tool call and a tool message with the result; calls that were sent before any of their answers came share one
assistant message. Notes are messages of the user. The last message of the assistant is its report.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from outtrade.dataset.rows import Call, Function, Message
from outtrade.dataset.steps import EXTRA, Note, Play, Step
from outtrade.judge.index import Index
from outtrade.model.history import NS
from outtrade.report.text import number
from outtrade.tools.catalogue import TOOLS

TEXT = 8_000
"""Most characters of one text; the rest is cut, and the mark says how much."""
MESSAGES = 2_000
"""Most messages of a row; what follows is cut."""

SYSTEM = """\
You execute trades on an exchange by calling tools; nothing else reaches it. Carry out each intent in its own time: \
never more and never less than it asks for. Nothing is sent before an intent's time, no new exposure after it expires; \
what is left of an order is cancelled when its intent expires. Answers may be lost, late or refused: an error of kind \
`ambiguous` means that the order may stand on the exchange. Put the intent's tag inside every client order id. At the \
end, by {until} s, answer without a tool call: a JSON object with outcomes (per intent: status, filled, \
average_price), orders, fills, positions, balances as you believe them to be.
Time 0 is UNIX time {epoch}. A by-id `not_found` proves absence only {absent} s after the id was last sent."""


@dataclass(frozen=True, slots=True)
class Chat:
    """Messages, and where each step stands in them. ``final``: index of the report, or where it would stand."""

    messages: tuple[Message, ...]
    message_of: dict[int, int]
    """Step -> index of its assistant message."""
    end_of: dict[int, int]
    """Step -> index after the last tool message of its group."""
    final: int
    truncated: bool


def chat(ix: Index, play: Play, secrets: tuple[str, ...]) -> Chat:
    """The messages of a run. ``secrets`` are taken out wherever they stand."""
    writer = _Writer(secrets)
    writer.add("system", _system(ix))
    writer.add("user", _task(ix))
    _conversation(writer, play)
    final = len(writer.messages)
    if ix.reported is not None:
        writer.add("assistant", json.dumps(ix.reported.report, ensure_ascii=False, sort_keys=True))
    cut = writer.cut or len(writer.messages) > MESSAGES
    kept = tuple(writer.messages[:MESSAGES])
    return Chat(kept, writer.message_of, writer.end_of, final, cut)


class _Writer:
    def __init__(self, secrets: tuple[str, ...]) -> None:
        self.secrets = secrets
        self.messages: list[Message] = []
        self.message_of: dict[int, int] = {}
        self.end_of: dict[int, int] = {}
        self.cut = False

    def text(self, text: str) -> str:
        """A text fit for a row: no secrets, no lone surrogates, not too long."""
        for secret in self.secrets:
            text = text.replace(secret, "[redacted]")
        text = text.encode("utf-8", "replace").decode()
        if len(text) > TEXT:
            self.cut = True
            text = f"{text[:TEXT]} [cut: {len(text) - TEXT} more characters]"
        return text

    def add(self, role: Any, content: str, **fields: Any) -> None:
        self.messages.append(Message(role=role, content=self.text(content), **fields))

    def group(self, steps: list[Step]) -> None:
        """One assistant message with the calls, then the results."""
        calls = tuple(
            Call(id=f"call_{s.index}", function=Function(name=self.text(s.tool), arguments=self.text(s.arguments)))
            for s in steps
        )
        where = len(self.messages)
        self.add("assistant", "", tool_calls=calls)
        for step in steps:
            self.add("tool", step.result, tool_call_id=f"call_{step.index}")
        for step in steps:
            self.message_of[step.index], self.end_of[step.index] = where, len(self.messages)


def _conversation(writer: _Writer, play: Play) -> None:
    items: list[tuple[int, int, int, Step | Note]] = [(s.at, s.seq, 0, s) for s in play.steps]
    items += [(n.at, n.seq, 1, n) for n in play.notes]
    items.sort(key=lambda item: item[:3])
    group: list[Step] = []
    waiting: list[Note] = []
    for at, _, _, item in items:
        open_until = max((s.ended_at if s.ended_at is not None else s.at for s in group), default=-1)
        if isinstance(item, Step):
            if group and at >= open_until:
                _flush(writer, group, waiting)
            group.append(item)
        elif group and at < open_until:
            waiting.append(item)
        else:
            _flush(writer, group, waiting)
            writer.add("user", item.text)
    _flush(writer, group, waiting)


def _flush(writer: _Writer, group: list[Step], waiting: list[Note]) -> None:
    if group:
        writer.group(group)
    for note in waiting:
        writer.add("user", note.text)
    group.clear()
    waiting.clear()


# ------------------------------------------------------------------ what the agent is told
def _system(ix: Index) -> str:
    return SYSTEM.format(until=number(ix.scenario.until), epoch=ix.scenario.epoch, absent=number(ix.absent_after / NS))


def _task(ix: Index) -> str:
    lines = []
    for intent in ix.scenario.intents:
        head = f"{intent.id} (tag {intent.tag}), at {number(intent.at)} s"
        if intent.expires is not None:
            head += f", expires {number(intent.expires)} s"
        lines.append(f"{head}: {intent.text or intent.kind}")
    limits = {name: str(value) for name, value in ix.scenario.limits if value is not None}
    if limits:
        lines.append("Limits: " + ", ".join(f"{name} {value}" for name, value in limits.items()))
    if ix.scenario.leave_resting:
        lines.append("Orders may rest on the exchange after the end.")
    return "\n".join(lines)


def tools_text(play: Play) -> str:
    """The tools offered, as JSON: those of ``venue.tools``; for a derived chat also what only derived steps have."""
    found = [_tool(spec.name, spec.description, spec.schema) for spec in TOOLS.values()]
    if play.wire:
        found += [_tool(name, text, {"type": "object"}) for name, text in EXTRA.items()]
    elif any(step.tool == "report" and step.code != "unknown_tool" for step in play.steps):
        found.append(_tool("report", "The report; ends the task.", {"type": "object"}))  # as over MCP
    return json.dumps(found)


def _tool(name: str, description: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def digest(messages: tuple[Message, ...]) -> str:
    """SHA-256 of messages: equal if and only if the agent saw the same."""
    found = hashlib.sha256()
    for message in messages:
        found.update(message.model_dump_json().encode() + b"\n")
    return found.hexdigest()
