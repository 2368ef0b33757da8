"""Libraries that dial in C: told by name, and refused with a line that says what to do.

What goes around Python's sockets can't be simulated: the World neither sees nor answers it. To import such a library is
harmless (clients import optional ones and never use them); to open a connection with it is not. So the calls that do
are wrapped as soon as the library is imported. In a World they put one line on the record and raise ``Unsimulated``;
elsewhere they do what they always did.

The list holds what execution agents use. A library that is not on it is stopped all the same where workers run in an
empty network (``outtrade.engine.isolation``): its connections fail, as on a machine without network.

    >>> line("curl_cffi")
    "curl_cffi dials in C, outside the World: its calls would not be simulated; use wire mode: outtrade serve"
"""

from __future__ import annotations

import errno
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from outtrade.sim import imports
from outtrade.sim.active import current

DIALLING: dict[str, dict[str, tuple[str, ...]]] = {
    "curl_cffi": {
        "curl_cffi.curl": ("Curl.perform",),
        "curl_cffi.aio": ("AsyncCurl.add_handle",),
    },
    "pycurl": {"pycurl": ("Curl.perform", "CurlMulti.add_handle")},
    "grpc": {"grpc._channel": ("Channel.__init__",), "grpc.aio._channel": ("Channel.__init__",)},
    "psycopg": {"psycopg": ("Connection.connect", "AsyncConnection.connect", "connect")},
    "psycopg2": {"psycopg2": ("connect", "_connect")},
    "pyodbc": {"pyodbc": ("connect",)},
    "zmq": {"zmq.sugar.context": ("Context.socket",)},
    "confluent_kafka": {
        "confluent_kafka": ("Producer.__init__", "Consumer.__init__"),
    },
    "quickfix": {
        "quickfix": ("SocketInitiator.__init__", "SSLSocketInitiator.__init__", "SocketAcceptor.__init__"),
    },
}
"""Library -> module -> the calls that open a connection: functions, or methods of classes."""


class Unsimulated(OSError):
    """Agent code tried to open a connection that the World can't simulate."""

    def __init__(self, library: str) -> None:
        super().__init__(errno.ENETUNREACH, line(library))


def line(library: str) -> str:
    """What is told about a library."""
    return f"{library} dials in C, outside the World: its calls would not be simulated; use wire mode: outtrade serve"


def refuse(library: str) -> None:
    """In a World: put it on the record and raise ``Unsimulated``. Elsewhere: nothing."""
    world = current()
    if world is not None:
        world.escape(line(library))
        raise Unsimulated(library)


def install() -> None:
    """Wrap what is imported, and what will be."""
    for library, modules in DIALLING.items():
        for module, calls in modules.items():
            imports.when_imported(module, _wrapper(library, calls))


def _wrapper(library: str, calls: tuple[str, ...]) -> Callable[[Any], None]:
    def change(module: Any) -> None:
        for call in calls:
            owner, _, name = call.rpartition(".")
            holder = getattr(module, owner, None) if owner else module
            if holder is not None and hasattr(holder, name):
                _guard(module, owner, holder, name, library)

    return change


def _guard(module: Any, owner: str, holder: Any, name: str, library: str) -> None:
    """Put the refusal before one call: in its place, or in a subclass where a C type lets nobody change it."""
    if not owner:
        setattr(module, name, _before(getattr(module, name), library))
        return
    kept = inspect.getattr_static(holder, name)
    bound = isinstance(kept, classmethod | staticmethod)
    guarded = type(kept)(_before(kept.__func__, library)) if bound else _before(kept, library)
    try:
        setattr(holder, name, guarded)
    except TypeError:
        setattr(module, owner, _subclass(holder, name, guarded, library))


def _subclass(holder: Any, name: str, guarded: Any, library: str) -> Any:
    """A C type's stand-in; where even a subclass is impossible, making an instance is what is refused."""
    try:
        return type(holder.__name__, (holder,), {name: guarded, "__module__": holder.__module__})
    except TypeError:
        return _before(holder, library)


def _before(real: Any, library: str) -> Any:
    @wraps(real, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        refuse(library)
        return real(*args, **kwargs)

    return call
