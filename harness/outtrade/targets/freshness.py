"""Importing a target afresh, so that a module's globals cannot fake recovery.

A crashed process loses its memory; only what it stored survives. The World restarts an agent inside one Python
process, so its modules must be forgotten by hand: before every incarnation the target's own modules are dropped from
``sys.modules`` and imported again. Libraries (ccxt, httpx, ...) stay: reloading them costs seconds, and they
belong to the machine, not to the agent.

What is "own"?

* ``py:package.module:object``: everything under the top-level package, or the one module.
* ``py:path/file.py:object``: every top-level module that was imported from the file's folder, or from the folder of
  another such target: two of them may each have a ``helper.py``, and neither must get the other's.
* A suite of ours holds agents beside scenario spaces and properties: there only the sub-packages ``agents`` and ``zoo``
  are the target's; the rest is the judge's.
* Never: the standard library, Outtrade itself, and what pytest collected (a test module or conftest that lies beside
  the target, or in its package, is in use).
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from outtrade.targets.recall import of_pytest, remember

SUITE = "outtrade_suites"
SUITE_AGENTS = (f"{SUITE}.agents", f"{SUITE}.zoo")
KEPT = frozenset({"outtrade", "outtrade_mocks", SUITE}) | frozenset(sys.stdlib_module_names)


@contextmanager
def importable(folder: str | None) -> Iterator[None]:
    """The folder stands first on ``sys.path`` within the block (None: nothing changes)."""
    if folder is None:
        yield
        return
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def forget_package(module: str) -> None:
    """Drop the modules that belong to the target ``module`` (a dotted name)."""
    for root in roots(module):
        remember(root=root)
        _forget(root)


def roots(module: str) -> tuple[str, ...]:
    """The packages (or the one module) that a target's module belongs to; none where it is nobody's to reload."""
    if module.startswith(SUITE_AGENTS):
        return SUITE_AGENTS
    top = module.partition(".")[0]
    return () if top in KEPT else (top,)


def forget_folder(folder: str) -> None:
    """Drop all top-level modules (and what is below them) that were imported from ``folder``, or from the folder of
    any target before.

    Where targets of two folders run in one World (a fleet with one copy on old code), what a copy imports at its top
    is its own; what it imports first within a function is found by name among what was loaded last."""
    folders = remember(folder=folder)
    for top in sorted(name for name in sys.modules if "." not in name and name not in KEPT):
        module = sys.modules.get(top)
        if module is not None and comes_from(module, folders):
            _forget(top)


def comes_from(module: ModuleType, folders: Collection[str]) -> bool:
    """Whether a top-level module or package lies directly in one of the folders (absolute paths)."""
    paths = getattr(module, "__path__", None)
    try:
        places = [str(path) for path in paths] if paths is not None else [getattr(module, "__file__", None) or ""]
    except Exception:  # a lazy module of somebody else may raise anything here; it is not the target's
        return False
    return any(place and _parent(place) in folders for place in places)


@lru_cache(maxsize=4096)
def _parent(place: str) -> str:
    return str(Path(place).parent)


def _forget(root: str) -> None:
    """Remove ``root`` and its submodules, also as an attribute of its parent (``from parent import root`` sees it)."""
    after = ("", ".")
    for name in [name for name in sys.modules if name.startswith(root) and name[len(root) : len(root) + 1] in after]:
        if not of_pytest(name):
            del sys.modules[name]
    parent, _, child = root.rpartition(".")
    if parent in sys.modules:
        vars(sys.modules[parent]).pop(child, None)
