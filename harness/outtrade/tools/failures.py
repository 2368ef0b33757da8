"""What went wrong with a tool, told in the terms of what is known afterwards.

A failed tool returns ``{"error": {"kind", "message", "code", "retry_after"}}``; ``code`` is the venue's number, or a
word of ours (``unknown_tool``, ``unknown_argument``, ``invalid_argument``, ``not_sent``, ``not_offered``).

A request without a deciding answer is ``ambiguous`` where it could have changed something. Where it could not, it is
``unavailable``: nothing was learned.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from outtrade.dialects.words import TRANSIENT, Doubtful, NotSent, PortError, Refused

MESSAGE = 500
"""Most characters of a message: it comes from outside."""


def error(
    kind: str, message: str, *, code: int | str | None = None, retry_after: float | None = None
) -> dict[str, Any]:
    """A failed result."""
    text = " ".join(message.split())[:MESSAGE]
    return {"error": {"kind": kind, "message": text, "code": code, "retry_after": retry_after}}


def of_port(problem: PortError, *, writes: bool) -> dict[str, Any]:
    """The result of a tool whose request did not get the answer it asked for."""
    if isinstance(problem, NotSent):
        return error("unavailable", f"not sent, nothing was done: {problem}", code="not_sent")
    if isinstance(problem, Doubtful):
        if writes:
            return error("ambiguous", f"no answer that decides; it may or may not have been done: {problem}")
        return error("unavailable", f"the query got no answer; nothing was learned: {problem}")
    if isinstance(problem, Refused):
        message = problem.message or problem.kind
        if problem.kind in TRANSIENT - {"clock"}:
            return error("rate_limited", message, code=problem.code, retry_after=problem.retry_after)
        kind = "not_found" if problem.kind in ("not_found", "unknown_order") else "rejected"
        return error(kind, message, code=problem.code, retry_after=problem.retry_after)
    raise TypeError(f"not a way to fail: {problem!r}")


def of_arguments(tool: str, problem: ValidationError) -> dict[str, Any]:
    """The result of a tool that was called with arguments that do not fit."""
    parts, code = [], "invalid_argument"
    for found in problem.errors(include_url=False, include_context=False, include_input=False)[:5]:
        where = ".".join(str(part) for part in found["loc"])[:80]
        if found["type"] == "extra_forbidden":
            code = "unknown_argument"
            parts.append(f"there is no argument {where!r}")
        else:
            text = found["msg"].removeprefix("Value error, ")
            parts.append(f"{where}: {text}" if where else text)
    return error("bad_arguments", f"{tool}: {'; '.join(parts)}", code=code)
