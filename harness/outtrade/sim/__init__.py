"""The World: virtual time and a network in memory, in which real client libraries run unmodified.

Start with ``world``; then ``network``, ``conn`` and ``paths`` (bytes), ``sockets`` and ``loop`` (how blocking and
asyncio clients reach it), ``install`` (what is replaced in the standard library), ``guard`` (what is refused).
"""

from outtrade.sim.errors import Budget, Deadlock, HarnessError, Killed, Late, Waiting, Watchdog, WorldStop
from outtrade.sim.network import Conn, ConnectPlan
from outtrade.sim.observer import Observer
from outtrade.sim.paths import Fixed, Lognormal, Path, Spikes, Uniform
from outtrade.sim.realtls import Tls
from outtrade.sim.world import NS, Timer, World

__all__ = [
    "NS",
    "Budget",
    "Conn",
    "ConnectPlan",
    "Deadlock",
    "Fixed",
    "HarnessError",
    "Killed",
    "Late",
    "Lognormal",
    "Observer",
    "Path",
    "Spikes",
    "Timer",
    "Tls",
    "Uniform",
    "Waiting",
    "Watchdog",
    "World",
    "WorldStop",
]
