"""Imports, which happen in the first run of a process and never again.

A module that is imported while agent code runs may read the clock or ask for entropy as it is executed. A later run in
the same process finds it imported, and would go otherwise than the first. So the clock stands still during an import,
and entropy comes from a stream of its own. A module can also be adjusted as soon as it is imported (see ``clients``).

It is done by a finder at the head of ``sys.meta_path``, which is asked only about modules that are not imported yet.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from outtrade.sim.active import current

if TYPE_CHECKING:
    from outtrade.sim.world import World

_adjust: dict[str, Callable[[Any], None]] = {}


def when_imported(name: str, change: Callable[[Any], None]) -> None:
    """Call ``change(module)`` now if the module is imported, and whenever it will be."""
    _adjust[name] = change
    module = sys.modules.get(name)
    if module is not None:
        change(module)


class _StandingStill(Loader):
    """Executes a module with its own loader while the clock stands still, then adjusts it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        spec.loader = self._loader
        try:
            module: ModuleType | None = self._loader.create_module(spec)
        finally:
            spec.loader = self
        return module

    def exec_module(self, module: ModuleType) -> None:
        loader = module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = loader
        world = current()
        if world is not None:
            world.importing += 1
        try:
            loader.exec_module(module)
        finally:
            if world is not None:
                world.importing -= 1
        change = _adjust.get(module.__name__)
        if change is not None:
            change(module)


class _Finder(MetaPathFinder):
    """Finds what the other finders find, and puts its loader around theirs.

    What is not there is looked for once in a World: clients try the import of an optional library on every call
    (httpcore: sniffio), and a search through ``sys.path`` costs more than the call.
    """

    def __init__(self) -> None:
        self._world: weakref.ref[World] | None = None
        self._path: list[str] = []
        self._missing: set[str] = set()

    def _absent(self, world: World, fullname: str) -> bool:
        """Whether it was looked for in vain in this World, with the present ``sys.path``."""
        if self._world is None or self._world() is not world or self._path != sys.path:
            self._world, self._path = weakref.ref(world), list(sys.path)
            self._missing.clear()
        return fullname in self._missing

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        world = current()
        if world is None and fullname not in _adjust:
            return None
        if world is not None and path is None and self._absent(world, fullname):
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module") and hasattr(spec.loader, "create_module"):
                    spec.loader = _StandingStill(spec.loader)
                return spec
        if world is not None and path is None:
            self._missing.add(fullname)
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def install() -> None:
    """Put the finder first."""
    sys.meta_path.insert(0, _Finder())
