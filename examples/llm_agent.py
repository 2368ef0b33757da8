"""A language model as an execution agent: the loop around an OpenAI-compatible endpoint, with the venue's tools.

Replayed, without a network and without a key; what is on the tape was said by a scripted stand-in, not by a model:

    outtrade replay examples/answer_lost.json --target py:examples/llm_agent.py:execute \\
        --allow-replay examples/llm_talk.yaml

A real model (OPENAI_API_KEY must be set, tokens are paid), recorded; from then on, with --allow-replay, for nothing:

    outtrade run py:examples/llm_agent.py:execute --space flagship --scenarios 5 \\
        --allow-host api.openai.com --allow-latency 0.8 --allow-record talk.yaml
"""

import json
import os

import httpx

from outtrade import Report, Task, VenueAccess

ENDPOINT = "https://api.openai.com/v1/chat/completions"
MODEL = "gpt-4.1-mini"
TOOLS = ("place", "cancel", "order", "fills", "balances", "wait")
TURNS = 60
"""Most questions to the model."""
RULES = """You execute orders on an exchange by the tools you are given. Carry out every intent of the task, each at
its time ("at": seconds after "epoch"; the result of wait tells the time). Send each order under a client_id that begins
with the intent's tag. An error of kind "ambiguous" means that the order may stand: ask by its client_id before you
send anything; "not_found" proves absence only {absent_after:g} seconds after the order was sent. When nothing is left
to do, answer with JSON alone, the report: {{"outcomes": {{INTENT: {{"status", "filled", "average_price"}}}}, "orders":
[...], "fills": [...], "positions": {{SYMBOL: {{"quantity"}}}}, "balances": {{...}}}}."""


def execute(task: Task, venue: VenueAccess) -> Report:
    """Hand the task to the model, carry out what it asks for, and read its report."""
    tools = [{"type": "function", "function": schema} for schema in venue.tools.schemas if schema["name"] in TOOLS]
    messages = [
        {"role": "system", "content": RULES.format(absent_after=venue.absent_after)},
        {"role": "user", "content": task.model_dump_json(exclude_defaults=True)},
    ]
    with httpx.Client(
        timeout=120, headers={"Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', 'none')}"}
    ) as model:
        for _ in range(TURNS):
            answer = model.post(ENDPOINT, json={"model": MODEL, "messages": messages, "tools": tools})
            answer.raise_for_status()
            said = answer.json()["choices"][0]["message"]
            messages.append(said)
            if not said.get("tool_calls"):
                return Report.model_validate_json(said["content"])
            for call in said["tool_calls"]:
                result = venue.tools.call(call["function"]["name"], call["function"]["arguments"])
                if "time" in result:  # whole seconds: a prompt that differs by a microsecond is not on a recording
                    result["time"] = round(result["time"])
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)})
    raise RuntimeError(f"no report after {TURNS} turns")
