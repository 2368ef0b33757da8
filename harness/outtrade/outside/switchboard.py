"""The parent's part: it starts the broker, passes workers' questions on to it and its answers back.

The parent of a run waits for its workers anyway (``outtrade.engine.pool``); it waits for the broker in the same
place, and never for one question: as many are under way as there are workers that ask.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext

import msgspec

from outtrade.outside import broker
from outtrade.outside.broker import Asked, Told
from outtrade_mocks.cassettes import Interaction

_TOLD = msgspec.msgpack.Decoder(Told)
_GONE = "the process that talks to real hosts has ended"


class Kept(msgspec.Struct, frozen=True, tag="kept"):
    """From a worker: a redacted request and its answer, for the tape."""

    scenario: str
    item: Interaction


class Switchboard:
    """The parent's end of the broker. To be made before the first worker is started; workers close ``conn``."""

    def __init__(
        self,
        context: BaseContext,
        hosts: tuple[str, ...],
        kept: Callable[[str, Interaction], None],
    ) -> None:
        self._kept = kept
        self._waiting: dict[int, Connection] = {}
        self._numbers = 0
        self._dead = False
        self.conn, theirs = context.Pipe()
        self._process = context.Process(  # type: ignore[attr-defined]
            target=broker.serve,
            args=(theirs, frozenset(hosts), broker.open_client),
            daemon=True,
            name="outtrade-outside",
        )
        self._process.start()
        theirs.close()

    @property
    def listening(self) -> list[Connection]:
        """What to wait for, besides workers."""
        return [] if self._dead else [self.conn]

    def close(self) -> None:
        """End the broker, whatever it is doing."""
        self.conn.close()
        self._process.kill()
        self._process.join()

    # ---------------------------------------------------------------- for workers in other processes
    def asked(self, worker: Connection, asked: Asked) -> None:
        """A worker asks; the answer goes to it when it comes."""
        self._numbers += 1
        self._waiting[self._numbers] = worker
        if not self._send(msgspec.structs.replace(asked, number=self._numbers)):
            self._hang_up()

    def kept(self, kept: Kept) -> None:
        """A worker has something for the tape."""
        self._kept(kept.scenario, kept.item)

    def told(self) -> list[Connection]:
        """The broker has something: pass it on. Returns the workers that may go on."""
        try:
            told = _TOLD.decode(self.conn.recv_bytes())
        except (EOFError, OSError):
            return self._hang_up()
        worker = self._waiting.pop(told.number, None)
        if worker is None:
            return []
        _reply(worker, told)
        return [worker]

    def forget(self, worker: Connection) -> None:
        """This worker is gone; what it asked concerns nobody."""
        self._waiting = {number: conn for number, conn in self._waiting.items() if conn is not worker}

    def _send(self, asked: Asked) -> bool:
        if self._dead:
            return False
        try:
            self.conn.send_bytes(msgspec.msgpack.encode(asked))
        except OSError:
            self._dead = True
        return not self._dead

    def _hang_up(self) -> list[Connection]:
        """The broker is gone: whoever waits for it is told."""
        self._dead = True
        waiting, self._waiting = self._waiting, {}
        for number, worker in waiting.items():
            _reply(worker, Told(number, refused=_GONE))
        return list(waiting.values())

    # ---------------------------------------------------------------- for a run in this process (outside.talk.Line)
    def fetch(self, asked: Asked) -> Told:
        """Ask, and wait."""
        if not self._send(asked):
            return Told(asked.number, refused=_GONE)
        try:
            return _TOLD.decode(self.conn.recv_bytes())
        except (EOFError, OSError):
            self._dead = True
            return Told(asked.number, refused=_GONE)

    def keep(self, scenario: str, item: Interaction) -> None:
        """Put it on the tape."""
        self._kept(scenario, item)


class WorkerLine:
    """A worker's end (``outside.talk.Line``): questions go to the parent over the pipe on which jobs come."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def fetch(self, asked: Asked) -> Told:
        """Ask, and wait."""
        self._conn.send_bytes(msgspec.msgpack.encode(asked))
        return _TOLD.decode(self._conn.recv_bytes())

    def keep(self, scenario: str, item: Interaction) -> None:
        """Hand it to the parent: from now on it is safe, whatever becomes of this process."""
        self._conn.send_bytes(msgspec.msgpack.encode(Kept(scenario, item)))


def _reply(worker: Connection, told: Told) -> None:
    with suppress(OSError):  # it is gone, which its own pipe tells
        worker.send_bytes(msgspec.msgpack.encode(told))
