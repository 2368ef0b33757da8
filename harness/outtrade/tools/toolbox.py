"""``venue.tools``: a mapping of plain functions, and the door for a model's own words.

    tools = venue.tools
    tools["place"](symbol="BTC/USDT", side="buy", type="limit", quantity="0.1", limit_price="50000", client_id="x1")
    tools["place"].schema                       # the JSON Schema of its arguments
    tools.schemas                               # of all: name, description, parameters
    tools.call("get_order", '{"id": 1}')        # whatever a model asks for; refused with a result, never an exception
    await tools.aio["ticker"](symbol="BTC/USDT")

Every call returns plain JSON (decimals as strings), a failure ``{"error": {...}}`` (``outtrade.tools.failures``), and
is put on the record with its result, so that what a model invented can be judged.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from pydantic import BaseModel, ValidationError

from outtrade.dialects.words import PortError
from outtrade.model.history import ToolCall, ToolResult
from outtrade.tools import arguments as a
from outtrade.tools import failures
from outtrade.tools.catalogue import TOOLS, Spec
from outtrade.tools.steps import Dialect, Steps
from outtrade.tools.transport import Asynchronous, Blocking

if TYPE_CHECKING:
    from outtrade.model.history import Event

SHOWN = 16_384
"""Most characters of arguments or of a result on the record."""

Json = dict[str, Any]


class Tool(Protocol):
    """A tool: a function with its JSON Schema."""

    schema: Json

    def __call__(self, **given: Any) -> Any: ...


class Recorder:
    """Numbers the calls of one toolbox and puts them on record."""

    def __init__(self, record: Callable[[Event], Any] | None) -> None:
        self._record = record
        self._count = 0

    def called(self, tool: str, given: Any) -> int:
        """A call begins; returns its number."""
        self._count += 1
        if self._record:
            args = given if isinstance(given, dict) else {"arguments": given}
            self._record(ToolCall(id=self._count, tool=_whole(tool[:200]), args=_shown(args)))
        return self._count

    def returned(self, number: int, tool: str, result: Json) -> Json:
        """A call ended; returns its result."""
        if self._record:
            problem = result.get("error", {})
            self._record(
                ToolResult(
                    id=number,
                    tool=_whole(tool[:200]),
                    kind=problem.get("kind"),
                    code=problem.get("code"),
                    value=_shown(result),
                )
            )
        return result

    def told(self, event: Event) -> None:
        """Put something else on record."""
        if self._record:
            self._record(event)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)[:200]


def _shown(value: Json) -> Json:
    """Plain JSON within bounds, which a History can hold; what a model writes may be anything."""
    try:
        data = msgspec.json.encode(value)
        if len(data) <= SHOWN:
            plain: Json = msgspec.json.decode(data)
            return plain
    except (ValueError, TypeError, RecursionError, OverflowError):
        pass
    try:
        text = _whole(json.dumps(value, default=_plain, allow_nan=False, ensure_ascii=False))
        if len(text) <= SHOWN:
            plain = json.loads(text, parse_int=_bounded)
            msgspec.json.encode(plain)
            return plain
    except (ValueError, TypeError, RecursionError, OverflowError):
        return {"unreadable": repr(type(value))}
    return {"cut": text[:SHOWN]}


def _whole(text: str) -> str:
    """Without lone surrogates, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _bounded(digits: str) -> int | str:
    """An integer; as text where it is too large for a History."""
    return int(digits) if len(digits) < 19 else digits


class Prepared:
    """What blocking and asynchronous tools have in common: everything but waiting."""

    def __init__(self, dialect: Dialect, symbols: Mapping[str, str], recorder: Recorder) -> None:
        self._dialect, self._symbols, self.recorder = dialect, symbols, recorder

    def called(self, name: str, arguments: Any) -> tuple[int, tuple[Spec, a.Arguments] | Json]:
        """Put a call on the record: its number, and the tool with its arguments, or the result that refuses them."""
        given = {} if arguments is None else arguments
        return self.recorder.called(name, given), self.begin(name, given)

    def begin(self, name: str, given: Any) -> tuple[Spec, a.Arguments] | Json:
        """The tool and its arguments, checked; or the result that refuses them."""
        spec = TOOLS.get(name)
        if spec is None:
            there = ", ".join(TOOLS)
            return failures.error(
                "bad_arguments", f"there is no tool {name[:80]!r}; there are {there}", code="unknown_tool"
            )
        if isinstance(given, str):
            try:
                given = json.loads(given or "{}")
            except (ValueError, RecursionError):
                return failures.error("bad_arguments", f"{name}: the arguments are no JSON", code="invalid_argument")
        if not isinstance(given, Mapping):
            return failures.error("bad_arguments", f"{name}: the arguments are no object", code="invalid_argument")
        try:
            arguments = spec.arguments.model_validate(dict(given))
        except ValidationError as problem:
            return failures.of_arguments(name, problem)
        symbol = getattr(arguments, "symbol", None)
        if symbol is not None and symbol not in self._symbols:
            there = ", ".join(self._symbols)
            return failures.error(
                "bad_arguments", f"{name}: no symbol {symbol!r} here; there are {there}", code="invalid_argument"
            )
        return spec, arguments

    def steps(self, spec: Spec, arguments: a.Arguments) -> Steps:
        """The steps of a tool; raises PortError."""
        if isinstance(arguments, a.Alert):
            return self._alert(arguments)
        return self._dialect.run(spec.name, arguments)

    def _alert(self, given: a.Alert) -> Steps:
        from outtrade.model.history import Published

        yield from ()
        self.recorder.told(Published(incarnation=0, view="Alert", data=given.model_dump(mode="json")))
        return {"told": True}


class _Functions(Mapping[str, Tool]):
    """The tools by name, in the order of the contract."""

    def __init__(self, call: Callable[[str, Any], Any], *, asynchronous: bool) -> None:
        self._functions: dict[str, Tool] = {name: _function(spec, call, asynchronous) for name, spec in TOOLS.items()}

    def __getitem__(self, name: str) -> Tool:
        try:
            return self._functions[name]
        except KeyError:
            raise KeyError(f"there is no tool {name!r}; there are {', '.join(TOOLS)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    @property
    def schemas(self) -> list[Json]:
        """What a language model is shown: name, description and parameters (JSON Schema) of every tool."""
        return [
            {"name": name, "description": spec.description, "parameters": spec.schema} for name, spec in TOOLS.items()
        ]


def _function(spec: Spec, call: Callable[[str, Any], Any], asynchronous: bool) -> Any:
    """A plain function that takes the tool's arguments by name."""
    function: Any
    if asynchronous:

        async def awaitable(**given: Any) -> Json:
            result: Json = await call(spec.name, given)
            return result

        function = awaitable
    else:

        def blocking(**given: Any) -> Json:
            result: Json = call(spec.name, given)
            return result

        function = blocking
    function.__name__ = function.__qualname__ = spec.name
    function.__doc__ = spec.description
    function.__signature__ = inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.is_required() else field.default,
                annotation=field.annotation,
            )
            for name, field in spec.arguments.model_fields.items()
        ],
        return_annotation=dict[str, Any],
    )
    function.schema = spec.schema
    return function


class AsyncToolbox(_Functions):
    """The same tools, awaitable."""

    def __init__(self, prepared: Prepared, origin: str, ca_file: str | None, dialect: Dialect) -> None:
        super().__init__(self.call, asynchronous=True)
        self._prepared = prepared
        self._where = (dialect, origin, ca_file)
        self._transport: Asynchronous | None = None

    async def call(self, name: str, arguments: Any = None) -> Json:
        """Call a tool by name with an object of arguments, or its JSON text. Never raises for what was asked."""
        recorder = self._prepared.recorder
        number, begun = self._prepared.called(name, arguments)
        if isinstance(begun, dict):
            return recorder.returned(number, name, begun)
        if self._transport is None:
            self._transport = Asynchronous(*self._where)
        try:
            result = await self._transport.run(self._prepared.steps(*begun))
        except PortError as problem:
            result = failures.of_port(problem, writes=begun[0].writes)
        return recorder.returned(number, name, result)

    async def close(self) -> None:
        """Close all connections; the next call opens new ones."""
        if self._transport is not None:
            await self._transport.close()
            self._transport = None


class Toolbox(_Functions):
    """The tools of one account on one venue; ``aio`` holds the same, awaitable."""

    def __init__(
        self,
        dialect: Dialect,
        symbols: Mapping[str, str],
        origin: str,
        *,
        ca_file: str | None = None,
        record: Callable[[Event], Any] | None = None,
    ) -> None:
        super().__init__(self.call, asynchronous=False)
        self._prepared = Prepared(dialect, symbols, Recorder(record))
        self._where = (dialect, origin, ca_file)
        self._transport: Blocking | None = None
        self.recorder = self._prepared.recorder
        """Puts calls on the record; for tools that are not the venue's."""
        self.aio = AsyncToolbox(self._prepared, origin, ca_file, dialect)

    def call(self, name: str, arguments: Any = None) -> Json:
        """Call a tool by name with an object of arguments, or its JSON text. Never raises for what was asked."""
        recorder = self._prepared.recorder
        number, begun = self._prepared.called(name, arguments)
        if isinstance(begun, dict):
            return recorder.returned(number, name, begun)
        if self._transport is None:
            self._transport = Blocking(*self._where)
        try:
            result = self._transport.run(self._prepared.steps(*begun))
        except PortError as problem:
            result = failures.of_port(problem, writes=begun[0].writes)
        return recorder.returned(number, name, result)

    def close(self) -> None:
        """Close the blocking tools' connections; the next call opens new ones."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
