"""The line protocol with agents in other languages: one JSON object a line, in both directions.

::

    harness                                agent
    init        ──────────────────────►
                ◄──────────────────────    ready
    execute     ──────────────────────►    (the task begins)
                ◄──────────────────────    publish, any number
                ◄──────────────────────    store, any number
    stored      ──────────────────────►    one for each store: it is durable now
                ◄──────────────────────    report
    shutdown    ──────────────────────►    (ends itself)

The models below are the protocol; ``docs/protocol.schema.json`` is made of them (``python -m
outtrade.targets.protocol``), ``docs/protocol.md`` explains them. What an agent says is untrusted: it is read strictly,
with limits on the length and the number of lines, and whatever breaks the protocol is a ProtocolError with one line for
the History.

    >>> read_line(b'{"type": "ready", "id": 1}').type
    'ready'
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from outtrade.model.task import API, Instrument, Report, Task
from outtrade.targets.access import VenueAccess

MAX_LINE = 1 << 20
"""Bytes of one line. A report of some thousand orders fits."""
MAX_LINES = 20_000
"""Lines of one process."""
MAX_BYTES = 16 << 20
"""Bytes of one process, all lines together."""


class ProtocolError(Exception):
    """The agent said something that is no message, or too much; the text is one line. ``flood``: too much."""

    def __init__(self, text: str, *, flood: bool = False) -> None:
        super().__init__(text)
        self.flood = flood


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ------------------------------------------------------------------ from the harness
class Venue(Message):
    """``venue`` of ``execute``: addresses, test credentials and trading rules. Addresses are origins without a path;
    ``ca_file`` is a CA certificate to be trusted for them (None: plain connections). ``absent_after``: seconds after
    the last send of an id from which a "not found" proves that no such order exists."""

    name: str
    market: str
    symbols: dict[str, str]
    rest_url: str
    stream_url: str | None = None
    public_stream_url: str | None = None
    ca_file: str | None = None
    key: str
    secret: str = Field(repr=False)
    passphrase: str | None = Field(default=None, repr=False)
    instruments: dict[str, Instrument]
    absent_after: float

    @classmethod
    def of(cls, access: VenueAccess) -> Venue:
        """The plain data of a VenueAccess."""
        return cls(**{name: getattr(access, name) for name in cls.model_fields})


class Environment(Message):
    """Where the agent runs. ``wire``: real sockets on loopback, real time."""

    mode: Literal["wire"] = "wire"
    folder: str = ""
    """The current folder."""


class Init(Message):
    """The first message: what is spoken and which venues there will be. Answer with ``ready``."""

    type: Literal["init"] = "init"
    id: int
    api: int = API
    names: tuple[str, ...] = ()
    """Venues, for example ``binance_spot``."""
    environment: Environment = Environment()


class Execute(Message):
    """Do the task. ``store`` holds what earlier incarnations made durable; after a crash ``task.resumed`` is true."""

    type: Literal["execute"] = "execute"
    id: int
    task: Task
    venue: Venue
    store: dict[str, Any] = {}


class Stored(Message):
    """The ``store`` message with the same ``id`` is durable: it survives a crash from now on."""

    type: Literal["stored"] = "stored"
    id: int | None = None
    key: str


class Shutdown(Message):
    """End yourself; whoever has not after two seconds is killed."""

    type: Literal["shutdown"] = "shutdown"
    id: int


# ------------------------------------------------------------------ from the agent
class Ready(Message):
    """The answer to ``init``: ready for a task."""

    type: Literal["ready"] = "ready"
    id: int | None = None
    api: Literal[1] = 1
    name: str = ""
    version: str = ""


class Publish(Message):
    """What is believed now; shown in the timeline. ``view`` names what ``data`` is: OrderView, FillView, ..."""

    type: Literal["publish"] = "publish"
    id: int | None = None
    view: str = Field(default="dict", max_length=64)
    data: dict[str, Any]


class StoreMessage(Message):
    """Make ``value`` durable under ``key`` (``delete``: forget the key). Answered by ``stored`` with the same id."""

    type: Literal["store"] = "store"
    id: int | None = None
    key: str
    value: Any = None
    delete: bool = False


class ReportMessage(Message):
    """The last word: what the agent believes at the end."""

    type: Literal["report"] = "report"
    id: int | None = None
    report: dict[str, Any]
    """A ``Report``; it is judged as one that a Python function returned, so a wrong one is the agent's finding."""


FromHarness = Annotated[Init | Execute | Stored | Shutdown, Field(discriminator="type")]
FromAgent = Annotated[Ready | Publish | StoreMessage | ReportMessage, Field(discriminator="type")]
_FROM_AGENT: TypeAdapter[Ready | Publish | StoreMessage | ReportMessage] = TypeAdapter(FromAgent)
_KNOWN = ("ready", "publish", "store", "report")


def read_line(line: bytes) -> Ready | Publish | StoreMessage | ReportMessage:
    """One line of an agent as a message. Raises ProtocolError."""
    try:
        data = msgspec.json.decode(line)  # strict: no NaN, no lone surrogates
        msgspec.json.encode(data)  # what cannot be written again (huge integers) can't go on the record
    except (ValueError, RecursionError, OverflowError) as error:
        raise ProtocolError(f"not JSON: {_shown(line)} ({_first_line(error)})") from None
    if not isinstance(data, dict):
        raise ProtocolError(f"not a JSON object: {_shown(line)}")
    if data.get("type") not in _KNOWN:
        raise ProtocolError(f'no message of an agent ("type" is one of {", ".join(_KNOWN)}): {_shown(line)}')
    try:
        return _FROM_AGENT.validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise ProtocolError(f"{data['type']}: {where}: {first['msg']}") from None


def write_line(message: Message) -> bytes:
    """A message of the harness as a line."""
    return json.dumps(message.model_dump(mode="json"), ensure_ascii=False, allow_nan=False).encode() + b"\n"


class Lines:
    """Cuts a stream of bytes into lines, within the limits. Empty lines are skipped."""

    def __init__(self, *, max_line: int = MAX_LINE, max_lines: int = MAX_LINES, max_bytes: int = MAX_BYTES) -> None:
        self._max_line, self._max_lines, self._max_bytes = max_line, max_lines, max_bytes
        self._rest = bytearray()
        self._count = self._bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete now. Raises ProtocolError where there is too much."""
        self._bytes += len(data)
        if self._bytes > self._max_bytes:
            raise ProtocolError(f"more than {self._max_bytes} bytes on stdout", flood=True)
        *whole, rest = data.split(b"\n")
        if whole:
            whole[0] = bytes(self._rest) + whole[0]
            self._rest = bytearray(rest)
        else:
            self._rest += rest
        if len(self._rest) > self._max_line or any(len(line) > self._max_line for line in whole):
            raise ProtocolError(f"a line of more than {self._max_line} bytes on stdout", flood=True)
        lines = [line for line in whole if line.strip()]
        self._count += len(lines)
        if self._count > self._max_lines:
            raise ProtocolError(f"more than {self._max_lines} lines on stdout", flood=True)
        return lines

    @property
    def rest(self) -> bytes:
        """What came without a newline at the end."""
        return bytes(self._rest)


def _shown(line: bytes) -> str:
    text = line[:80].decode("utf-8", "replace")
    return repr(text) + ("..." if len(line) > 80 else "")


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__


def schema() -> str:
    """``docs/protocol.schema.json``: any message of either side."""
    modes: tuple[tuple[str, tuple[type[Message], ...], JsonSchemaMode], ...] = (
        ("FromHarness", (Init, Execute, Stored, Shutdown), "serialization"),
        ("FromAgent", (Ready, Publish, StoreMessage, ReportMessage), "validation"),
    )
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Report, "validation")]
    wanted += [(model, mode) for _, models, mode in modes for model in models]
    refs, top = models_json_schema(wanted, ref_template="#/$defs/{model}")
    defs = top["$defs"]
    for side, models, mode in modes:
        defs[side] = {"oneOf": [refs[model, mode] for model in models]}
        for model in models:
            named = defs[model.__name__]
            named["required"] = ["type", *named.get("required", ())]
    defs["ReportMessage"]["properties"]["report"] = refs[Report, "validation"]
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Outtrade line protocol",
        "description": f"One line of stdin or stdout of a cmd: target (api = {API}).",
        "oneOf": [{"$ref": "#/$defs/FromHarness"}, {"$ref": "#/$defs/FromAgent"}],
        "$defs": {name: defs[name] for name in sorted(defs)},
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(schema())
