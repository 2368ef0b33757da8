"""Two adjustments to aiohttp, for speed and determinism; nothing on the wire depends on them.

* Its connector wakes every two seconds to close TLS transports that Python versions before 3.12.7 leaked. Null TLS
  leaks nothing, and in 45 virtual minutes these wake-ups were more than half of all the work.
* It keeps busy connections in a set, and closes them in that order: they get a hash by number, as tasks do.

They are applied when aiohttp is imported, before or after the World's installation.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from outtrade.sim.active import current


def numbered_hash(cls: Any) -> None:
    """Give instances made in a World a hash by number instead of by address."""
    real = cls.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        world = current()
        self._world_number = id(self) if world is None else world.number()
        real(self, *args, **kwargs)

    def by_number(self: Any) -> int:
        number: int = self._world_number
        return number

    cls.__init__, cls.__hash__ = init, by_number


def _connector(module: Any) -> None:
    cls = module.BaseConnector
    real = getattr(cls, "_cleanup_closed", None)
    if real is None:
        return

    def cleanup_closed(self: Any) -> None:
        if current() is not None:
            self._cleanup_closed_disabled = True
        real(self)

    cls._cleanup_closed = cleanup_closed


def _protocol(module: Any) -> None:
    numbered_hash(module.ResponseHandler)


_ADJUST: dict[str, Callable[[Any], None]] = {"aiohttp.connector": _connector, "aiohttp.client_proto": _protocol}


class _Adjusting(Loader):
    """Loads a module with its own loader, then adjusts it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _ADJUST[module.__name__](module)


class _Finder(MetaPathFinder):
    """Finds what the others find, and wraps the loader of the modules to adjust."""

    def __init__(self) -> None:
        self._busy = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _ADJUST or self._busy:
            return None
        self._busy = True
        try:
            spec = find_spec(fullname)
        finally:
            self._busy = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Adjusting(spec.loader)
        return spec


def adjust() -> None:
    """Adjust what is imported, and what will be."""
    for name, change in _ADJUST.items():
        module = sys.modules.get(name)
        if module is not None:
            change(module)
    sys.meta_path.insert(0, _Finder())
