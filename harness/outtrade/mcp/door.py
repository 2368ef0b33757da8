"""The MCP server: the tools of the venue and three of ours, over the official SDK.

The SDK's low-level server is used, not its decorators: a call of a tool that nobody offered must reach the record, and
arguments must be judged by the venue's own tools, not turned away before.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import mcp_types as types
from mcp.server import Server, ServerRequestContext

from outtrade.mcp.session import Session
from outtrade.mcp.words import INSTRUCTIONS, NEXT, REPORT, TASK, report_schema
from outtrade.tools import TOOLS

URI = "outtrade://task"
_NOTHING: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}

Context = ServerRequestContext[Any]


def tools_of(session: Session) -> list[types.Tool]:
    """All tools that a model is offered."""
    own = [
        types.Tool(name="task", description=TASK, input_schema=_NOTHING, annotations=_hints(reads=True)),
        types.Tool(name="report", description=REPORT, input_schema=report_schema(), annotations=_hints(reads=False)),
    ]
    if session.planned > 1:
        own.append(types.Tool(name="next_task", description=NEXT, input_schema=_NOTHING, annotations=_hints(False)))
    venue = [
        types.Tool(
            name=spec.name,
            description=spec.description,
            input_schema=spec.schema,
            annotations=_hints(reads=not spec.writes and spec.name not in ("wait", "alert")),
        )
        for spec in TOOLS.values()
    ]
    return [*own, *venue]


def _hints(reads: bool) -> types.ToolAnnotations:
    """Nothing here reaches beyond the simulated world."""
    return types.ToolAnnotations(read_only_hint=reads, destructive_hint=False, open_world_hint=False)


def make_server(session: Session) -> Server[Any]:
    """The server of one session."""

    async def list_tools(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools_of(session))

    async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        if params.name == "task":
            return _told(await session.task())
        if params.name == "next_task" and session.planned > 1:
            return _told(await session.next_task())
        if params.name == "report":
            return _result(await session.report(params.arguments))
        return _result(await session.call(params.name, params.arguments))

    async def list_resources(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=[types.Resource(uri=URI, name="task", description=TASK, mime_type="text/plain")]
        )

    async def read_resource(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        if params.uri != URI:
            raise ValueError(f"there is no resource but {URI}")
        text = (await session.task())["text"]
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=URI, text=text, mime_type="text/plain")]
        )

    async def list_prompts(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[types.Prompt(name="task", description=TASK)])

    async def get_prompt(ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        if params.name != "task":
            raise ValueError("there is no prompt but task")
        text = INSTRUCTIONS + "\n\n" + (await session.task())["text"]
        message = types.PromptMessage(role="user", content=types.TextContent(text=text))
        return types.GetPromptResult(description=TASK, messages=[message])

    return Server(
        "outtrade",
        version=_version(),
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


def _told(value: dict[str, Any]) -> types.CallToolResult:
    """A task: sentences first, then the data, for clients that show a model the text alone."""
    if "error" in value:
        return _result(value)
    data = {name: part for name, part in value.items() if name != "text"}
    return _result(value, f"{value['text']}\n\n{json.dumps(data, ensure_ascii=False)}")


def _result(value: dict[str, Any], text: str | None = None) -> types.CallToolResult:
    """What a tool returned, as text and as data; an error of the tool is the model's to read."""
    return types.CallToolResult(
        content=[types.TextContent(text=text or json.dumps(value, ensure_ascii=False))],
        structured_content=value,
        is_error="error" in value,
    )


def _version() -> str:
    try:
        return version("outtrade")
    except PackageNotFoundError:
        return "unknown"
