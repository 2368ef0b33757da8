"""select and poll for simulated sockets, and ``socket`` functions about names.

Only numbers that the World handed out are watched; a real descriptor (standard input) is never ready.
"""

from __future__ import annotations

import select
import selectors
import socket
from collections.abc import Callable, Iterable
from typing import Any

from outtrade.sim.active import current
from outtrade.sim.world import NS, World

_real_poll = getattr(select, "poll", None)
_real_epoll: Any = getattr(select, "epoll", None)
_real_select = select.select
_real_selector = selectors.DefaultSelector
_real_selector_new: Any = _real_selector.__new__


def _number(fd: Any) -> int:
    return fd if isinstance(fd, int) else int(fd.fileno())


def _until(world: World, ready: Callable[[], Any], seconds: float | None, what: str) -> None:
    """Wait until ``ready`` or for that long; zero only lets things happen that are due."""
    if seconds is not None and seconds <= 0:
        world.run_due()
    else:
        world.wait(ready, None if seconds is None else world.now + round(seconds * NS), lambda: what)


class SimPoll:
    """``select.poll()`` in a World."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._wanted: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = 7) -> None:
        self._wanted[_number(fd)] = eventmask

    def modify(self, fd: Any, eventmask: int) -> None:
        if _number(fd) not in self._wanted:
            raise FileNotFoundError(2, "No such file or directory")
        self._wanted[_number(fd)] = eventmask

    def unregister(self, fd: Any) -> None:
        del self._wanted[_number(fd)]

    def _ready(self) -> list[tuple[int, int]]:
        found = []
        for fd, wanted in self._wanted.items():
            owner = self._world.pollable.get(fd)
            if owner is None:
                found.append((fd, select.POLLNVAL))
                continue
            events = (select.POLLIN if wanted & select.POLLIN and owner.readable() else 0) | (
                select.POLLOUT if wanted & select.POLLOUT and owner.writable() else 0
            )
            if events:
                found.append((fd, events))
        return found

    def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
        """``timeout`` in milliseconds; None or negative: for ever."""
        seconds = None if timeout is None or timeout < 0 else timeout / 1000
        if seconds == 0 and not self._wanted:
            # urllib3 tries once per process whether poll works; that must not show in the run that happens to be first.
            self._world.check()
            return []
        _until(self._world, self._ready, seconds, "poll")
        return self._ready()


def sim_poll() -> Any:
    """Replaces ``select.poll``."""
    world = current()
    return SimPoll(world) if world is not None else _real_poll()  # type: ignore[misc]


class SimEpoll(SimPoll):
    """``select.epoll()`` in a World: as poll, but level-triggered by nature, in seconds, and it can be closed."""

    closed = False

    def register(self, fd: Any, eventmask: int = 7) -> None:
        if _number(fd) in self._wanted:
            raise FileExistsError(17, "File exists")
        super().register(fd, eventmask)

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> list[tuple[int, int]]:
        """``timeout`` in seconds; None or negative: for ever."""
        seconds = None if timeout is None or timeout < 0 else timeout
        _until(self._world, self._ready, seconds, "epoll")
        found = self._ready()
        return found if maxevents < 0 else found[:maxevents]

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        self.closed = True
        self._wanted.clear()

    def __enter__(self) -> SimEpoll:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()


def sim_epoll(sizehint: int = -1, flags: int = 0) -> Any:
    """Replaces ``select.epoll``."""
    world = current()
    return SimEpoll(world) if world is not None else _real_epoll(sizehint, flags)


def sim_select(rlist: Iterable[Any], wlist: Iterable[Any], xlist: Iterable[Any], timeout: float | None = None) -> Any:
    """Replaces ``select.select``."""
    world = current()
    if world is None:
        return _real_select(rlist, wlist, xlist, timeout)
    reading, writing = list(rlist), list(wlist)

    def ready() -> list[list[Any]] | None:
        assert world is not None
        found = world.pollable
        readable = [s for s in reading if (o := found.get(_number(s))) is not None and o.readable()]
        writable = [s for s in writing if (o := found.get(_number(s))) is not None and o.writable()]
        return [readable, writable, []] if readable or writable else None

    _until(world, ready, timeout, "select")
    lists = ready() or [[], [], []]
    return lists[0], lists[1], lists[2]


class SimSelector(_real_selector):
    """``selectors.DefaultSelector()`` in a World."""

    def __init__(self) -> None:
        world = current()
        assert world is not None
        self._world = world
        self._keys: dict[int, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        fd = _number(fileobj)
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} is already registered")
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = self.get_key(fileobj)
        return self._keys.pop(key.fd)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        fd = self.get_key(fileobj).fd
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        for key in self._keys.values():
            if key.fileobj is fileobj or key.fd == fileobj:
                return key
        raise KeyError(f"{fileobj!r} is not registered")

    def get_map(self) -> dict[Any, selectors.SelectorKey]:
        return {key.fileobj: key for key in self._keys.values()}

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        self._keys.clear()

    def _ready(self) -> list[tuple[selectors.SelectorKey, int]]:
        found = []
        for key in self._keys.values():
            owner = self._world.pollable.get(key.fd)
            if owner is None:
                continue
            events = (selectors.EVENT_READ if key.events & selectors.EVENT_READ and owner.readable() else 0) | (
                selectors.EVENT_WRITE if key.events & selectors.EVENT_WRITE and owner.writable() else 0
            )
            if events:
                found.append((key, events))
        return found

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        _until(self._world, self._ready, timeout, "select")
        return self._ready()


def make_selector(cls: type, *args: Any, **kwargs: Any) -> Any:
    """``selectors.DefaultSelector.__new__``: a SimSelector in a World."""
    if cls is _real_selector and current() is not None:
        return object.__new__(SimSelector)
    return object.__new__(cls)


# -------------------------------------------------------------------- names
_real_getaddrinfo = socket.getaddrinfo
_real_gethostbyname = socket.gethostbyname
_real_gethostname = socket.gethostname
_real_getfqdn = socket.getfqdn
_real_getnameinfo = socket.getnameinfo


def sim_getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
    """Replaces ``socket.getaddrinfo``."""
    world = current()
    if world is None:
        return _real_getaddrinfo(host, port, family, type, proto, flags)
    world.check()
    return world.net.getaddrinfo(host, port, family, type, proto, flags)


def sim_gethostbyname(hostname: str) -> str:
    """Replaces ``socket.gethostbyname``."""
    world = current()
    if world is None:
        return _real_gethostbyname(hostname)
    world.check()
    return world.net.resolve(hostname)


def sim_gethostname() -> str:
    """Replaces ``socket.gethostname``: the same everywhere."""
    return "agent" if current() is not None else _real_gethostname()


def sim_getfqdn(name: str = "") -> str:
    """Replaces ``socket.getfqdn``."""
    return (name or "agent") if current() is not None else _real_getfqdn(name)


def sim_getnameinfo(sockaddr: Any, flags: int) -> tuple[str, str]:
    """Replaces ``socket.getnameinfo``: addresses stay numeric."""
    if current() is None:
        return _real_getnameinfo(sockaddr, flags)
    return str(sockaddr[0]), str(sockaddr[1])
