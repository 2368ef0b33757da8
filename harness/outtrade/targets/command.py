"""``cmd:`` targets: an agent in any language as a process of its own, spoken to in lines of JSON.

``command_of`` reads a target's words; ``AgentProcess`` is one running incarnation: it starts the program, hands on what
it says message by message, notices its death, and leaves nothing behind. What the messages mean is
``targets.protocol``, what a run does with them is ``outtrade.wire.run``.

The process is the leader of its own process group (and session): a crash is SIGKILL to the whole group, and so is every
end of a run, whatever the agent started. Should the harness itself be killed, a *guard* does it: a shell that waits on
a pipe of ours and kills the group when the pipe closes. (A child that leaves the group by ``setsid`` is out of reach.)

Everything runs on the current asyncio loop, in its thread, without blocking. The leader is not reaped before its group
was killed, so that the number of the group cannot belong to somebody else by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from outtrade.targets.protocol import (
    MAX_BYTES,
    FromAgent,
    Lines,
    Message,
    ProtocolError,
    read_line,
    write_line,
)

POLL = 0.05
"""Seconds between looks at whether the process is still there."""
SHUTDOWN = 2.0
"""Seconds that an agent has to end itself after ``shutdown``."""
MAX_UNREAD = 8 << 20
"""Most bytes that wait for an agent which does not read its stdin."""
_CHUNK = 1 << 16
_GUARD = 'read -r _; kill -KILL "-$1"'


def command_of(text: str) -> tuple[str, ...]:
    """The words of a command line (quoted as in a shell; no shell is started), the program as an absolute path.

    Raises ValueError with one line where there is no such program, or where processes cannot be grouped."""
    if os.name != "posix":
        raise ValueError("cmd: targets need a POSIX system (process groups)")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"cannot be read as a command: {error}") from None
    if not words:
        raise ValueError("no command is given")
    program = os.path.expanduser(words[0])  # noqa: PTH111 - Path would drop a leading "./"
    found = shutil.which(program)
    if found is None:
        if Path(program).is_file():
            raise ValueError(f"{words[0]!r} is not executable (chmod +x, or name its interpreter)")
        raise ValueError(f"there is no program {words[0]!r}")
    return (str(Path(found).absolute()), *words[1:])


class AgentProcess:
    """One incarnation. ``received`` gets each message, ``logged`` each piece of stderr, ``ended`` is called once with
    why nothing more will come: a ProtocolError, or None for the end of the process (see ``epitaph``).

    ``start`` raises OSError where the program cannot be started. After ``end`` (or ``kill``) nobody is called any more.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        received: Callable[[FromAgent], None],
        logged: Callable[[str], None],
        ended: Callable[[ProtocolError | None], None],
        lines: Lines | None = None,
    ) -> None:
        self.command = tuple(command)
        self._received = received
        self._logged = logged
        self._ended = ended
        self._lines = lines or Lines()
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._unsent = bytearray()
        self._log_bytes = 0
        self._over = False
        self._poll: asyncio.TimerHandle | None = None
        self._readers: dict[int, IO[bytes]] = {}

    # ------------------------------------------------------------------ life
    def start(self) -> None:
        """Start the program, and its guard."""
        self._loop = asyncio.get_running_loop()
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(  # noqa: S603
            self.command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True
        )
        try:
            self._guard = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", _GUARD, "guard", str(self._process.pid)],
                stdin=pipe,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            self.kill()
            raise
        assert self._process.stdin and self._process.stdout and self._process.stderr
        os.set_blocking(self._process.stdin.fileno(), False)
        for stream, act in ((self._process.stdout, self._on_stdout), (self._process.stderr, self._on_stderr)):
            os.set_blocking(stream.fileno(), False)
            self._readers[stream.fileno()] = stream
            self._loop.add_reader(stream.fileno(), act, stream)
        self._look()

    @property
    def pid(self) -> int:
        """Of the process, which is also the number of its group."""
        assert self._process is not None, "not started"
        return self._process.pid

    def send(self, message: Message) -> None:
        """Hand a message to the agent; what a dead or deaf one does not take is forgotten."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.closed:
            return
        line = write_line(message)
        if len(self._unsent) + len(line) > MAX_UNREAD:
            return
        if not self._unsent:
            self._loop.add_writer(process.stdin.fileno(), self._on_writable)
        self._unsent += line

    def kill(self) -> None:
        """SIGKILL to the whole group, now. Does not raise, may be called again."""
        self._over = True
        if self._poll is not None:
            self._poll.cancel()
        process, guard = self._process, self._guard
        self._process = self._guard = None
        if guard is not None:
            guard.kill()
            guard.wait()
            if guard.stdin is not None:
                guard.stdin.close()
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._forget_pipes(process)

    def signal(self, number: int) -> bool:
        """Send a signal to the whole group; whether there is a process to get it."""
        process = self._process
        if process is None or process.poll() is not None:
            return False
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
            return True
        return False

    async def end(self, message: Message, *, patience: float = SHUTDOWN) -> None:
        """Ask the agent to end itself, wait a little, then kill whatever is left of it."""
        if self._process is not None:
            self._over = True
            self.send(message)
            last = self._loop.time() + patience
            while self._alive() and self._loop.time() < last:
                await asyncio.sleep(POLL / 2)
        self.kill()

    def epitaph(self) -> str:
        """How the process ended, in words."""
        code = self._code
        if code is None:
            return "the process closed its stdout"
        if code < 0:
            try:
                return f"the process was ended by {signal.Signals(-code).name}"
            except ValueError:
                return f"the process was ended by signal {-code}"
        return f"the process ended with exit status {code}"

    _code: int | None = None

    # ------------------------------------------------------------------ the pipes
    def _on_stdout(self, stream: IO[bytes]) -> bool:
        """Take what can be read now; whether there was anything."""
        data = _read(stream)
        if data is None:
            return False
        if not data:
            self._hang_up(stream)
            if self._lines.rest.strip():  # the last line may lack its newline
                self._take(lambda: [self._lines.rest])
            self._finish(None)
            return False
        self._take(lambda: self._lines.feed(data))
        return True

    def _take(self, lines: Callable[[], list[bytes]]) -> None:
        try:
            for line in lines():
                if self._over:
                    return
                self._received(read_line(line))
        except ProtocolError as error:
            self._finish(error)

    def _on_stderr(self, stream: IO[bytes]) -> None:
        data = _read(stream)
        if data is None:
            return
        if not data:
            self._hang_up(stream)
            return
        self._log_bytes += len(data)
        if self._log_bytes > MAX_BYTES:
            self._hang_up(stream)
            self._finish(ProtocolError(f"more than {MAX_BYTES} bytes on stderr", flood=True))
        elif not self._over:
            self._logged(data.decode("utf-8", "replace"))

    def _on_writable(self) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        try:
            sent = os.write(process.stdin.fileno(), self._unsent)
        except BlockingIOError:
            return
        except OSError:  # it does not read any more; its end will be noticed
            self._unsent.clear()
        else:
            del self._unsent[:sent]
        if not self._unsent:
            self._loop.remove_writer(process.stdin.fileno())

    def _hang_up(self, stream: IO[bytes]) -> None:
        if self._readers.pop(stream.fileno(), None) is not None:
            self._loop.remove_reader(stream.fileno())

    def _forget_pipes(self, process: subprocess.Popen[bytes]) -> None:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                self._hang_up(stream)
                stream.close()
        if process.stdin is not None:
            self._loop.remove_writer(process.stdin.fileno())
            with contextlib.suppress(OSError):
                process.stdin.close()

    # ------------------------------------------------------------------ its end
    def _look(self) -> None:
        """A process can end while a child of its own keeps the pipes open."""
        if self._over:
            return
        if self._alive():
            self._poll = self._loop.call_later(POLL, self._look)
        elif self._process is not None and self._process.stdout is not None:
            while not self._over and self._on_stdout(self._process.stdout):
                pass  # what it said before
            self._finish(None)

    def _alive(self) -> bool:
        """Whether the process runs; remembers how it ended, without reaping it."""
        if self._process is None:
            return False
        try:
            found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except (AttributeError, ChildProcessError):  # not offered here
            self._code = self._process.poll()
            return self._code is None
        if found is None:
            return True
        self._code = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
        return False

    def _finish(self, error: ProtocolError | None) -> None:
        if self._over:
            return
        self._over = True
        if error is None and self._alive():
            self._loop.call_later(POLL, self._told, error)  # between its last word and its end lies a moment
        else:
            self._told(error)

    def _told(self, error: ProtocolError | None) -> None:
        self._alive()
        self._ended(error)


def _read(stream: IO[bytes]) -> bytes | None:
    """What can be read now; None: nothing, empty: the end."""
    if stream.closed:
        return None
    try:
        return os.read(stream.fileno(), _CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b""
