"""A venue behind one port: HTTP and WebSocket, in the clear or through TLS, under a fault plan, on the record.

    server = WireServer(scenario)
    await server.start()             # server.rest_url, server.stream_url, server.ca_file
    ...
    history = await server.stop()

The scenario's ``epoch`` becomes the present second, since real clients sign with the real time; everything else holds
as in the World, and one virtual second is one real second. Two faults act on what a socket cannot: while names do not
resolve or connections are refused, nothing listens on the port, so that a client's connect fails (``ECONNREFUSED``).
Nobody sees such an attempt; the ledger therefore says that the fault landed only where it also cut an open connection.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from outtrade.engine.setting import Setting
from outtrade.model.history import NS, History, Started
from outtrade.model.scenario import Scenario, ScenarioError
from outtrade.targets.access import VenueAccess
from outtrade.wire.doors import Door
from outtrade.wire.records import Unrecorded, WireRecorder
from outtrade.wire.tls import Authority
from outtrade.wire.world import RealWorld
from outtrade_mocks import venues
from outtrade_mocks.venues.config import Credentials

if TYPE_CHECKING:
    from outtrade.wire.toxiproxy.carrier import Carrier

LOOPBACK = "127.0.0.1"
NO_LISTENER = ("dns_failure", "refuse")
"""Faults during which the port is closed."""
AGAIN = 0.05
"""Seconds until the port is tried again, should somebody have taken it while it was closed."""
MOST_CONNECTIONS = 500
"""Open at once; many systems allow a process 1,024 files."""
LAST_ROUNDS = 100
"""Turns of the loop that reset connections get to be gone."""


class PortTaken(OSError):
    """The port cannot be had; the message is one line."""


class WireServer:
    """One venue on one port of this machine. Use it inside one asyncio loop.

    ``port`` 0 takes a free one. ``keep``: whether the record is kept in memory (``stop`` returns it); a server that
    runs for days without being asked for a record should not. ``most``: connections at once. ``failed`` is told of
    errors of the harness. ``carrier`` stands between clients and the venue and does the network faults
    (``outtrade.wire.toxiproxy``); streams then have a port of their own. Raises TlsMissing (start) and PortTaken
    (start).
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        port: int = 0,
        tls: bool = False,
        keep: bool = True,
        most: int = MOST_CONNECTIONS,
        name: str = "wire",
        failed: Callable[[Exception], None] | None = None,
        carrier: Carrier | None = None,
    ) -> None:
        self._asked = scenario
        self.credentials: Credentials = venues.load(scenario.venue).credentials
        self._port = port
        self._tls = tls
        self._keep = keep
        self._most = most
        self._name = name
        self.failures: list[Exception] = []
        self._failed = failed or self.failures.append
        self._carrier = carrier
        self._stream_port = 0
        """Where streams are, if not with everything else."""
        self._authority: Authority | None = None
        self._listener: asyncio.Server | None = None
        self._stream_listener: asyncio.Server | None = None
        self._kept: socket.socket | None = None
        """The port while nobody listens there: bound, so that nobody else takes it meanwhile."""
        self._doors: dict[int, Door] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count()
        self._stopped = False
        self._away = False
        self.setting: Setting
        self.world: RealWorld

    # ------------------------------------------------------------------ addresses
    @property
    def port(self) -> int:
        """The port, once started."""
        return self._port

    @property
    def rest_url(self) -> str:
        """Origin of the REST API."""
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self._port}"

    @property
    def stream_url(self) -> str:
        """Origin of the WebSocket API, without a path."""
        return f"{'wss' if self._tls else 'ws'}://{LOOPBACK}:{self._stream_port or self._port}"

    @property
    def stream_path(self) -> str:
        """Path of the WebSocket API."""
        return self.setting.venue.stream_path

    @property
    def ca_file(self) -> str | None:
        """The certificate that clients have to trust; None without TLS."""
        return None if self._authority is None else self._authority.ca_file

    def access(self) -> VenueAccess:
        """What an agent is told about this venue."""
        return self.setting.access(rest_url=self.rest_url, stream_url=self.stream_url, ca_file=self.ca_file)

    # ------------------------------------------------------------------ life
    async def start(self) -> None:
        """Listen. Raises PortTaken, TlsMissing, and ValueError where the venue cannot serve the scenario."""
        if self._asked.fallbacks:
            raise ScenarioError("fallback venues are played in the World only: a server plays one venue")
        self.world = RealWorld(self._failed)
        scenario = self._asked.model_copy(update={"epoch": self.world.epoch_ns // NS})
        recorder = WireRecorder if self._keep else Unrecorded
        self.setting = setting = Setting(self.world, scenario, name=self._name, recorder=recorder)
        venue = setting.venue
        if isinstance(setting.recorder, WireRecorder):
            setting.recorder.ours = (self.credentials.key, self.credentials.passphrase)
        try:
            if self._tls:
                hosts = (host for host, _ in (*venue.rest_hosts, *venue.stream_hosts))
                self._authority = Authority(hosts)
            await (self._listen() if self._carrier is None else self._listen_behind(self._carrier))
        except BaseException:
            self._shut()
            if self._carrier is not None:
                await self._carrier.close()
            self._remove_authority()
            raise
        setting.open()
        setting.recorder.add(Started(incarnation=0))
        if self._carrier is not None:
            setting.server.carrier = self._carrier
            self._carrier.opened()
        for window in setting.plan.windows(*NO_LISTENER):
            setting.server.at(window.start, self._refuse if self._carrier is None else self._carrier.refuse)
            setting.server.at(window.end, self._reopen if self._carrier is None else self._carrier.accept)

    async def stop(self) -> History:
        """Close the port and every connection; the record ends with the truth. Leaves nothing behind."""
        if not self._stopped:
            self._stopped = True
            self._shut()
            for task in self._tasks:
                task.cancel()
            self.world.enter(self.setting.server.settle)
            self.world.enter(self._seal)
            if self._carrier is not None:
                await self._carrier.close()
            for door in list(self._doors.values()):
                door.reset()
            for _ in range(LAST_ROUNDS):
                await asyncio.sleep(0)
                if not self._doors:
                    break
            self._remove_authority()
        return self.setting.history

    def cut(self) -> None:
        """The agent is dead: nothing of it may arrive any more. Closes the port and resets every connection."""
        self._away = True
        self._shut()
        for door in list(self._doors.values()):
            asyncio.get_running_loop().call_soon(door.abandon)

    async def move(self) -> None:
        """Listen again, on another port (unless a fault keeps the venue away for now)."""
        self._away = False
        old = self._port
        while self._port == old:
            self._shut()
            self._port = 0
            await self._listen()
        if any(self.setting.plan.window(kind, self.world.run_ns) for kind in NO_LISTENER):
            self._refuse()

    def _seal(self) -> None:
        self.setting.close(events=self.world.events)

    def _remove_authority(self) -> None:
        if self._authority is not None:
            self._authority.close()
            self._authority = None

    # ------------------------------------------------------------------ the port
    def _accept(self) -> Door:
        number = next(self._numbers)
        if self._carrier is not None:
            return self._carrier.door(number, self._doors, self.setting.server)
        return Door(self.world, self.setting.server, number, self._doors, self._most)

    async def _listen(self) -> None:
        self._listener = await self._open_port(self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def _listen_behind(self, carrier: Carrier) -> None:
        """Listen on two ports that nobody is told of; clients connect to the carrier's."""
        self._listener = await self._open_port(0)
        self._stream_listener = await self._open_port(0)
        rest, stream = (one.sockets[0].getsockname()[1] for one in (self._listener, self._stream_listener))
        await carrier.open(self, rest=rest, stream=stream, port=self._port)
        self._port, self._stream_port = carrier.rest_port, carrier.stream_port

    async def _open_port(self, port: int) -> asyncio.Server:
        context = None if self._authority is None else self._authority.context
        loop = asyncio.get_running_loop()
        if self._kept is not None:
            kept, self._kept = self._kept, None
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # old connections may still be there
            return await loop.create_server(self._accept, sock=kept, ssl=context, backlog=1024)
        try:
            return await loop.create_server(self._accept, LOOPBACK, port, ssl=context, backlog=1024)
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            why = "it is taken" if taken else getattr(error, "strerror", None) or str(error)
            raise PortTaken(f"cannot listen on {LOOPBACK}:{port}: {why}") from None

    def trouble(self, error: Exception) -> None:
        """Something outside of the engine failed."""
        self._failed(error)

    def _refuse(self) -> None:
        """Nobody listens from now on, and the port stays ours: connecting is refused (a bound socket that does not
        listen refuses)."""
        self._shut()
        kept = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind((LOOPBACK, self._port))
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)  # else others may be given it as a free port
        except OSError as error:  # taken in this instant; it is tried again when the fault is over
            kept.close()
            self._failed(PortTaken(f"cannot keep {LOOPBACK}:{self._port}: {error.strerror}"))
        else:
            self._kept = kept

    def _shut(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        if self._stream_listener is not None:
            self._stream_listener.close()
            self._stream_listener = None
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _reopen(self) -> None:
        run, plan = self.world.run_ns, self.setting.plan
        if self._away:
            return
        if self._listener is None and not self._stopped and not any(plan.window(kind, run) for kind in NO_LISTENER):
            task = asyncio.get_running_loop().create_task(self._open_again())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open_again(self) -> None:
        while self._listener is None:
            try:
                await self._listen()
            except PortTaken as error:
                self._failed(error)
                await asyncio.sleep(AGAIN)
