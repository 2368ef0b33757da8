"""Puts the World's functions into the standard library, once per process.

Every replacement does the real thing while no World is active in the calling thread. Modules that were imported before
and hold a function by name (``from time import monotonic``), or as a default argument, get the replacement too; still,
install early. ``socket.socket`` and ``selectors.DefaultSelector`` stay the classes they are: only what calling them
makes differs, so that ``isinstance`` and subclasses work as ever.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import random
import select
import selectors
import socket
import ssl
import sys
import time
import uuid
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from outtrade.sim import clients, entropy, guard, imports, native, poll, realtls, sockets, threads, timewrap
from outtrade.sim.active import current
from outtrade.sim.loop import SimLoop
from outtrade.sim.tls import NullObject

_installed = False


def install() -> None:
    """Idempotent; about 50 ms in a process with many modules."""
    global _installed
    if _installed:
        return
    _installed = True
    swaps: list[tuple[Any, str, Any]] = [(time, name, fn) for name, fn in timewrap.replacements().items()]
    swaps += [
        (os, "urandom", entropy.sim_urandom),
        (random, "_urandom", entropy.sim_urandom),
        (ssl, "RAND_bytes", entropy.sim_urandom),
        (uuid, "uuid1", entropy.sim_uuid1),
        (socket, "getaddrinfo", poll.sim_getaddrinfo),
        (socket, "gethostbyname", poll.sim_gethostbyname),
        (socket, "gethostname", poll.sim_gethostname),
        (socket, "getfqdn", poll.sim_getfqdn),
        (socket, "getnameinfo", poll.sim_getnameinfo),
        (socket, "socketpair", _socketpair(socket.socketpair)),
        (select, "select", poll.sim_select),
        *threads.swaps(),
        *guard.swaps(),
    ]
    if hasattr(os, "getrandom"):
        swaps.append((os, "getrandom", entropy.sim_getrandom))
    if hasattr(select, "poll"):
        swaps.append((select, "poll", poll.sim_poll))
    if hasattr(select, "epoll"):
        swaps.append((select, "epoll", poll.sim_epoll))
    swaps += _uvloop()
    random.Random.seed = entropy.sim_seed  # type: ignore[method-assign]
    swaps.append((random, "seed", random._inst.seed))
    by_identity: dict[int, Any] = {}
    originals = []
    for owner, name, replacement in swaps:
        original = getattr(owner, name)
        originals.append(original)
        if isinstance(owner, ModuleType):
            by_identity[id(original)] = replacement
        setattr(owner, name, replacement)
    _rebind(by_identity)
    timewrap.patch_datetime()
    _patch_classes()
    threads.install()
    clients.adjust()
    imports.install()
    native.install()
    guard.install_audit()


def _patch_classes() -> None:
    for cls, make in ((socket.socket, sockets.make_socket), (selectors.DefaultSelector, poll.make_selector)):
        setattr(cls, "__new__", staticmethod(make))  # noqa: B010
    context: Any = ssl.SSLContext
    context.wrap_socket = _wrap_socket(context.wrap_socket)
    context.wrap_bio = _wrap_bio(context.wrap_bio)
    for name in ("load_verify_locations", "load_default_certs", "set_default_verify_paths"):
        setattr(context, name, _loading(getattr(context, name)))
    clients.numbered_hash(asyncio.tasks._GatheringFuture)  # type: ignore[attr-defined]


def _uvloop() -> list[tuple[Any, str, Any]]:
    """uvloop blocks and dials in C, out of reach: where it is installed, its loops become the World's."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return []
    real, real_run = uvloop.new_event_loop, uvloop.run

    def new_event_loop() -> Any:
        world = current()
        return real() if world is None else SimLoop(world)

    def run(main: Any, **options: Any) -> Any:
        if current() is None:
            return real_run(main, **options)
        return asyncio.run(main, debug=options.get("debug"))

    return [(uvloop, "new_event_loop", new_event_loop), (uvloop, "run", run)]


def _socketpair(real: Callable[..., Any]) -> Callable[..., Any]:
    def socketpair(*args: Any, **kwargs: Any) -> Any:
        world = current()
        return real(*args, **kwargs) if world is None else sockets.make_pair(world)

    return socketpair


def _wrap_socket(real: Callable[..., Any]) -> Callable[..., Any]:
    def wrap_socket(self: Any, sock: Any, *args: Any, server_hostname: str | None = None, **options: Any) -> Any:
        if not isinstance(sock, sockets.SimSocket):
            return real(self, sock, *args, server_hostname=server_hostname, **options)
        if sock.world.tls is not None:
            eager, ragged = options.get("do_handshake_on_connect", True), options.get("suppress_ragged_eofs", True)
            return realtls.TlsSocket.over(sock, sock.world.tls.usable(self), server_hostname, eager, ragged)
        sock.context = self
        sock.server_hostname = server_hostname
        return sock

    return wrap_socket


def _wrap_bio(real: Callable[..., Any]) -> Callable[..., Any]:
    def wrap_bio(
        self: Any,
        incoming: Any,
        outgoing: Any,
        server_side: bool = False,
        server_hostname: Any = None,
        session: Any = None,
    ) -> Any:
        world = current()
        if world is None:
            return real(self, incoming, outgoing, server_side, server_hostname, session)
        if world.tls is not None:
            context = self if server_side else world.tls.usable(self)
            return real(context, incoming, outgoing, server_side, server_hostname, session)
        return NullObject(self, incoming, outgoing, server_hostname)

    return wrap_bio


def _loading(real: Callable[..., Any]) -> Callable[..., Any]:
    """Loading CA certificates: skipped where TLS is null, the World's own where it is real."""

    def load(self: Any, *args: Any, **kwargs: Any) -> Any:
        world = current()
        if world is None:
            realtls.loaded(self)
            return real(self, *args, **kwargs)
        return None if world.tls is None else world.tls.trust(self)

    return load


def _rebind(by_identity: dict[int, Any]) -> None:
    """Replace copies that modules hold by name or as default arguments; find generators that seeded themselves."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(("outtrade.sim", "hypothesis", "_pytest")) or module_name in ("time", "random"):
            continue
        namespace = getattr(module, "__dict__", None)
        if not isinstance(namespace, dict):
            continue
        for name, value in list(namespace.items()):
            replacement = by_identity.get(id(value))
            if replacement is not None:
                namespace[name] = replacement
            elif type(value) is random.Random:
                entropy.remember(value, module_name)
            elif type(value) is FunctionType and value.__module__ == module_name:
                _rebind_defaults(value, by_identity)
            elif isinstance(value, type) and value.__module__ == module_name:
                _rebind_class(value, by_identity)


def _rebind_class(cls: type, by_identity: dict[int, Any]) -> None:
    for name, value in list(cls.__dict__.items()):
        if type(value) is FunctionType:
            _rebind_defaults(value, by_identity)
        elif id(value) in by_identity:
            setattr(cls, name, staticmethod(by_identity[id(value)]))


def _rebind_defaults(function: FunctionType, by_identity: dict[int, Any]) -> None:
    values = function.__defaults__
    if values:
        if any(id(v) in by_identity for v in values):
            function.__defaults__ = tuple(by_identity.get(id(v), v) for v in values)
        for value in values:
            if type(value) is random.Random:
                entropy.remember(value, function.__module__)
    keywords = function.__kwdefaults__ or {}
    for name, value in keywords.items():
        if id(value) in by_identity:
            keywords[name] = by_identity[id(value)]
        elif type(value) is random.Random:
            entropy.remember(value, function.__module__)
