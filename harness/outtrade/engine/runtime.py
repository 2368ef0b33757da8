"""What an agent holds in its hands at run time: the Task with a durable store and a way to say what it believes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, PrivateAttr

from outtrade.model.fault import Crash
from outtrade.model.history import Log, Published, StoreSet
from outtrade.model.task import Task
from outtrade.targets.access import VenueAccess

MAX_LOG_LINES = 2_000
MAX_LOG_LINE = 2_000


class Recorder:
    """What the runtime needs of the engine: appending events, and the current incarnation."""

    @property
    def incarnation(self) -> int:
        """The number of the life that runs now."""
        return 0

    def add(self, event: Any) -> int:
        raise NotImplementedError

    def touch(self) -> None:
        """Raise if the incarnation is dead (every call into the World by a killed agent raises)."""

    def stored(self) -> None:
        """Called after every durable write (crash points count them)."""


class Durable(dict[str, str]):
    """What a store holds on disk: JSON texts by key, with the way back."""

    def __init__(self) -> None:
        super().__init__()
        self._before: list[tuple[str, str | None]] = []

    def put(self, key: str, text: str) -> None:
        """Set a value."""
        self._before.append((key, self.get(key)))
        self[key] = text

    def drop(self, key: str) -> None:
        """Delete a value; raises KeyError where there is none."""
        self._before.append((key, self[key]))
        del self[key]

    def age(self, changes: int) -> None:
        """Forget the latest changes: an old copy takes the place of what was durable."""
        for _ in range(min(changes, len(self._before))):
            key, text = self._before.pop()
            if text is None:
                del self[key]
            else:
                self[key] = text

    def after(self, crash: Crash) -> None:
        """What the next process finds after this crash."""
        if crash.store == "lost":
            self.clear()
            self._before.clear()
        elif crash.store == "stale":
            self.age(crash.behind)


class Store(MutableMapping[str, Any]):
    """JSON values by string key; a set item is durable at once and survives a crash.

    Values are copied in and out. Raises TypeError for what is not plain JSON (Decimals included): what a store gives
    back must be what a file would have given back.
    """

    def __init__(self, recorder: Recorder, data: Durable) -> None:
        self._recorder = recorder
        self._data = data

    def __getitem__(self, key: str) -> Any:
        self._recorder.touch()
        return json.loads(self._data[key])

    def __setitem__(self, key: str, value: Any) -> None:
        self._recorder.touch()
        if not isinstance(key, str):
            raise TypeError("store keys are strings")
        text = json.dumps(value, allow_nan=False)
        self._data.put(key, text)
        self._recorder.add(StoreSet(incarnation=self._recorder.incarnation, key=key, value=json.loads(text)))
        self._recorder.stored()

    def __delitem__(self, key: str) -> None:
        self._recorder.touch()
        self._data.drop(key)
        self._recorder.add(StoreSet(incarnation=self._recorder.incarnation, key=key))
        self._recorder.stored()

    def restore(self, values: Mapping[str, Any]) -> None:
        """Hold these values, silently: what an earlier incarnation left."""
        self._data.clear()
        self._data.update({key: json.dumps(value, allow_nan=False) for key, value in values.items()})

    def __iter__(self) -> Iterator[str]:
        self._recorder.touch()
        return iter(sorted(self._data))

    def __len__(self) -> int:
        return len(self._data)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return repr(value)[:200]


class RunTask(Task):
    """The Task as handed to the agent: with ``store`` and ``publish``."""

    _store: Store = PrivateAttr()
    _recorder: Recorder = PrivateAttr()
    _fallbacks: tuple[VenueAccess, ...] = PrivateAttr(default=())

    @property
    def fallbacks(self) -> tuple[VenueAccess, ...]:
        """Other venues that may be used when the main one is down."""
        return self._fallbacks

    @property
    def store(self) -> Store:
        """Durable key-value store of this instance."""
        return self._store

    def publish(self, view: Any) -> None:
        """Say what is believed now (an OrderView, FillView, ... or a dict); never raises, shown in the timeline."""
        self._recorder.touch()
        data = _plain(view)
        if not isinstance(data, dict):
            data = {"value": data}
        name = type(view).__name__ if isinstance(view, BaseModel) else "dict"
        self._recorder.add(Published(incarnation=self._recorder.incarnation, view=name, data=data))

    @classmethod
    def bind(cls, task: Task, store: Store, recorder: Recorder, fallbacks: tuple[VenueAccess, ...] = ()) -> RunTask:
        """The run-time task over a plain one."""
        bound = cls.model_construct(**{name: getattr(task, name) for name in Task.model_fields})
        bound._store = store
        bound._recorder = recorder
        bound._fallbacks = fallbacks
        return bound


class LogStream(io.TextIOBase):
    """Stands in for stdout or stderr while the agent runs: whole lines become Log events, within bounds."""

    def __init__(self, name: str, recorder: Recorder, lines: list[int]) -> None:
        self._name, self._recorder, self._lines = name, recorder, lines
        self._partial = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *whole, self._partial = (self._partial + text).split("\n")
        self._partial = self._partial[:MAX_LOG_LINE]
        for line in whole:
            self._emit(line)
        return len(text)

    def finish(self) -> None:
        """Emit what was printed without a newline."""
        if self._partial:
            self._emit(self._partial)
            self._partial = ""

    def _emit(self, line: str) -> None:
        self._lines[0] += 1
        if self._lines[0] < MAX_LOG_LINES:
            line = line[:MAX_LOG_LINE].replace("\r", "")
            self._recorder.add(Log(incarnation=self._recorder.incarnation, stream=self._name, text=line))
        elif self._lines[0] == MAX_LOG_LINES:
            text = f"(more than {MAX_LOG_LINES} lines: the rest is not kept)"
            self._recorder.add(Log(incarnation=self._recorder.incarnation, stream=self._name, text=text))


Clock = Callable[[], int]
