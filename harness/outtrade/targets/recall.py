"""Remembers the compiled code of a target's modules, so that importing them again costs only their execution.

A target is imported afresh for every incarnation, thousands of times in a run. Finding and compiling the sources again
would cost more than the scenario itself (and where Python may not write ``.pyc`` files, every import compiles). One
finder stands first on ``sys.meta_path`` and answers for the modules of targets alone; a file that changed is compiled
again. Dataclasses write and compile the source of their methods each time they are made; that is remembered as well.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

_code: dict[str, tuple[tuple[int, int], CodeType]] = {}
"""Path -> ((modification time in ns, size), code)."""


class RecallingLoader(SourceFileLoader):
    """A source loader with a memory."""

    def get_code(self, fullname: str) -> CodeType | None:
        """The module's code, compiled once for each state of its file."""
        status = Path(self.path).stat()
        state = (status.st_mtime_ns, status.st_size)
        known = _code.get(self.path)
        if known is not None and known[0] == state:
            return known[1]
        code = super().get_code(fullname)
        if code is not None:
            _code[self.path] = (state, code)
        return code


class RecallingFinder(MetaPathFinder):
    """Finds modules below the roots (``package`` or ``package.part``) and those that lie directly in the folders."""

    def __init__(self) -> None:
        self.roots: set[str] = set()
        self.folders: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The usual spec with our loader; None for whatever is no target's module."""
        if not self._concerns(fullname) or of_pytest(fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None or type(spec.loader) is not SourceFileLoader:
            return None
        top = fullname.partition(".")[0]
        if not self._in_roots(fullname) and top == fullname and not self._in_folders(spec):
            return None
        spec.loader = RecallingLoader(fullname, spec.origin)
        return spec

    def _concerns(self, name: str) -> bool:
        if self._in_roots(name):
            return True
        if not self.folders:
            return False
        top = sys.modules.get(name.partition(".")[0])
        if "." not in name or top is None:
            return "." not in name
        return isinstance(getattr(top, "__loader__", None), RecallingLoader)

    def _in_roots(self, name: str) -> bool:
        return any(name == root or name.startswith(root + ".") for root in self.roots)

    def _in_folders(self, spec: ModuleSpec) -> bool:
        home = Path(spec.origin or "").parent
        return str(home.parent if spec.submodule_search_locations else home) in self.folders


_finder = RecallingFinder()


def of_pytest(name: str) -> bool:
    """Whether a module is a test module or conftest in a session of pytest. Such a module may lie beside a target, or
    in its package; it is in use, and pytest has a loader of its own for it."""
    last = name.rpartition(".")[2]
    is_test = last == "conftest" or last.startswith("test_") or last.endswith("_test")
    return is_test and "_pytest.assertion.rewrite" in sys.modules


def remember(*, root: str | None = None, folder: str | None = None) -> Collection[str]:
    """From now on, remember the code below this root, or in this folder (absolute path); gives all such folders."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    if root is not None:
        _finder.roots.add(root)
    if folder is not None:
        _finder.folders.add(folder)
    return _finder.folders


# ------------------------------------------------------------------ dataclasses
_methods: dict[str, CodeType] = {}
"""Source of generated methods -> code. The same source always compiles to the same code."""
_MOST_METHODS = 10_000


def _exec(source: str, scope: dict[str, Any] | None = None, names: dict[str, Any] | None = None) -> None:
    code = _methods.get(source)
    if code is None:
        if len(_methods) >= _MOST_METHODS:
            _methods.clear()
        code = _methods[source] = compile(source, "<string>", "exec")
    exec(code, scope, names)  # noqa: S102 (what dataclasses does with this very source)


@contextmanager
def quick_dataclasses() -> Iterator[None]:
    """Within the block, ``dataclasses`` does not compile the same generated source twice.

    The module looks ``exec`` up among its globals; ours stands there for as long as the block lasts."""
    scope = vars(dataclasses)
    before = scope.get("exec")
    scope["exec"] = _exec
    try:
        yield
    finally:
        if before is None:
            scope.pop("exec", None)
        else:
            scope["exec"] = before
