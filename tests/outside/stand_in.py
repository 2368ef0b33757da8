"""A stand-in for a language model behind an OpenAI-compatible endpoint: ``examples/llm_talk.yaml`` was recorded of it.

It keeps nothing: from the conversation it is sent, it plays the scripted model ``right`` anew up to where that stands,
and answers with the next tool call, or with the report.
"""

from __future__ import annotations

import json
from typing import Any

from outtrade.model.task import Intent, Task
from outtrade_suites.agents.models.right import Looks, Model
from outtrade_suites.agents.models.script import Json, Use

ABSENT_AFTER = 30.0


class Brief(Model):
    """Says less than ``right``: it does not ask for the time, and for an order only once "not found" is a proof."""

    clock = 0.0

    def now(self) -> Looks:
        yield from ()
        return self.clock

    def sleep_until(self, when: float) -> Looks:
        told = yield Use("wait", {"seconds": when - self.clock})
        self.clock = told["time"] - self.task.epoch

    def on_doubt(self, intent: Intent, terms: Json) -> Looks:
        yield from self.sleep_until(self.clock + self.absent_after + 20)
        state = yield Use("order", {"symbol": intent.symbol, "client_id": terms["client_id"]})
        return None if "error" in state else state


def reply(asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """The completion of a conversation."""
    messages = json.loads(asked["body"])["messages"]
    results = [json.loads(message["content"]) for message in messages if message["role"] == "tool"]
    said = _next(Task.model_validate_json(messages[1]["content"]), results)
    answer = {
        "id": f"chatcmpl-{len(results)}",
        "object": "chat.completion",
        "model": "scripted-stand-in",
        "choices": [{"index": 0, "message": said, "finish_reason": "tool_calls" if "tool_calls" in said else "stop"}],
    }
    return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()


def _next(task: Task, results: list[Json]) -> Json:
    script = Brief(task, ABSENT_AFTER).script()
    try:
        use = next(script)
        for result in results:
            use = script.send(result)
    except StopIteration as end:
        return {"role": "assistant", "content": json.dumps(end.value)}
    function = {"name": use.tool, "arguments": json.dumps(use.arguments)}
    call = {"id": f"call_{len(results)}", "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}
