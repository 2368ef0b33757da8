"""Adjustments to single libraries, for speed, determinism and memory; they change no meaning on the wire. aiohttp:

* Its connector wakes every two seconds to close TLS transports that Python versions before 3.12.7 leaked. Null TLS
  leaks nothing, and in 45 virtual minutes these wake-ups were more than half of all the work.
* Where aiodns is installed it resolves names in C, on real sockets: it is told to ask the event loop.
* It keeps busy connections in a set, and closes them in that order: they get a hash by number, as tasks do.

cryptography: ECDSA signatures (the JWTs of some venues) draw their nonce inside OpenSSL, out of reach. In a World they
are made the deterministic way of RFC 6979, which every verifier accepts. RSA-PSS has no such way and stays random.

anyio keeps the state of tasks in a weak dictionary whose values name their keys. A task that ends has its entry
removed; one that dies with its process has not, and here the process goes on: it is forgotten with its loop, or else
every crashed scenario would stay in memory with all that its agent held.

They are applied when the library is imported, before or after the World's installation.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from outtrade.sim import imports
from outtrade.sim.active import current


def numbered_hash(cls: Any) -> None:
    """Give instances made in a World a hash by number instead of by address."""
    real, by_address = cls.__init__, cls.__hash__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        world = current()
        if world is not None:
            self._world_number = world.number()
        real(self, *args, **kwargs)

    def by_number(self: Any) -> int:
        number: int | None = getattr(self, "_world_number", None)
        return by_address(self) if number is None else number

    cls.__init__, cls.__hash__ = init, by_number


def _connector(module: Any) -> None:
    cls = module.BaseConnector
    _simulated_names(module)
    real = getattr(cls, "_cleanup_closed", None)
    if real is None:
        return

    def cleanup_closed(self: Any) -> None:
        if current() is not None:
            self._cleanup_closed_disabled = True
        real(self)

    cls._cleanup_closed = cleanup_closed


def _simulated_names(module: Any) -> None:
    real = module.DefaultResolver

    def resolver(*args: Any, **kwargs: Any) -> Any:
        threaded = sys.modules["aiohttp.resolver"].ThreadedResolver
        return (real if current() is None else threaded)(*args, **kwargs)

    module.DefaultResolver = resolver


def _protocol(module: Any) -> None:
    numbered_hash(module.ResponseHandler)


def _ecdsa(module: Any) -> None:
    cls = module.ECDSA
    real = cls.__init__

    def init(self: Any, algorithm: Any, deterministic_signing: bool = False) -> None:
        try:
            real(self, algorithm, deterministic_signing or current() is not None)
        except module.UnsupportedAlgorithm:  # an OpenSSL before 3.2
            real(self, algorithm, deterministic_signing)

    cls.__init__ = init


def forget_tasks(tasks: Iterable[Any]) -> None:
    """These tasks were thrown away in the middle: nothing must keep them."""
    anyio = sys.modules.get("anyio._backends._asyncio")
    states = getattr(anyio, "_task_states", None)
    if states is not None:
        for task in tasks:
            states.pop(task, None)


def adjust() -> None:
    """Adjust what is imported, and what will be."""
    imports.when_imported("cryptography.hazmat.primitives.asymmetric.ec", _ecdsa)
    imports.when_imported("aiohttp.connector", _connector)
    imports.when_imported("aiohttp.client_proto", _protocol)
