"""A client of ``outtrade mcp``, in the place of a program around a language model: starts the server, lists its tools,
lets a (scripted) model call them, and hands in its report.

    pip install "outtrade[mcp]"
    python examples/mcp_client.py examples/answer_lost.json

Put a real model where ``model`` is: give it the tools' schemas, hand on what it calls, hand back what comes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Generator
from decimal import Decimal
from typing import Any

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

Json = dict[str, Any]


def model(task: Json) -> Generator[tuple[str, Json], Json, Json]:
    """Buys what the first intent wants, and asks before it believes; returns its report."""
    intent = task["task"]["intents"][0]
    named = {"symbol": intent["symbol"], "client_id": intent["tag"] + "-1"}
    yield "wait", {"seconds": intent["at"]}
    terms = {name: intent[name] for name in ("side", "type", "quantity", "limit_price")}
    order = yield "place", named | terms
    while order.get("error", {}).get("kind") in ("ambiguous", "not_found", "unavailable"):
        yield "wait", {"seconds": 5}
        order = yield "order", named
    fills = yield "fills", {"symbol": intent["symbol"], "venue_id": order["venue_id"]}
    balances = yield "balances", {}
    fees = sum(Decimal(fill["fee"]) for fill in fills["fills"] if intent["symbol"].startswith(fill["fee_asset"] + "/"))
    kept = ("trade_id", "order", "price", "quantity", "fee", "fee_asset")
    outcome = {"status": "done", "filled": order["filled"], "average_price": order["average_price"]}
    known = ("client_id", "symbol", "side", "type", "quantity", "filled", "average_price", "status")
    return {
        "outcomes": {intent["id"]: outcome},
        "orders": [{k: order[k] for k in known} | {"venue_ids": [order["venue_id"]], "intent": intent["id"]}],
        "fills": [{name: fill[name] for name in kept} for fill in fills["fills"]],
        "positions": {intent["symbol"]: {"quantity": str(Decimal(order["filled"]) - fees)}},
        "balances": balances,
    }


async def call(client: Client, tool: str, arguments: Json) -> Json:
    """Calls a tool and shows both sides."""
    print("model: ", tool, shown(arguments))
    result = await client.call_tool(tool, arguments)
    value: Json = result.structured_content
    print("server:", shown(value))
    return value


def shown(value: Json, limit: int = 300) -> str:
    """JSON, cut to be read."""
    text = json.dumps(value)
    return text if len(text) <= limit else text[:limit] + " ..."


async def main(scenario: str, reports: str = "reports/mcp-example") -> None:
    """One session. What the server tells its operator goes to a file, so that only the model's side is shown."""
    words = ["-m", "outtrade", "mcp", scenario, "--tell-verdict", "--out", reports]
    server = StdioServerParameters(command=sys.executable, args=words, env=dict(os.environ))
    with tempfile.TemporaryFile("w+") as operator:
        try:
            async with Client(stdio_client(server, errlog=operator)) as client:
                await play(client)
        except Exception:  # the server has gone: it told its operator why
            operator.seek(0)
            if not (said := operator.read().strip()):
                raise
            sys.exit(said)


async def play(client: Client) -> None:
    """The model's calls and its report."""
    listed = await client.list_tools()
    print("tools: ", ", ".join(tool.name for tool in listed.tools))
    steps = model(await call(client, "task", {}))
    try:
        step = next(steps)
        while True:
            step = steps.send(await call(client, *step))
    except StopIteration as end:
        await call(client, "report", end.value)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:] or ["examples/answer_lost.json"]))
