"""The table of clients: what is tried, with which library, against what, and in which environment.

A case is a function that gets a fresh World, not yet entered, and a place to note what it saw; it enters the World,
uses the library exactly as its users do, and asserts on what came back. ``run.py`` runs one case in this interpreter
and prints what happened; ``python dev.py clients`` builds the environments, runs every case twice under different hash
seeds, and writes ``docs/clients.md``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

EPOCH_NS = 1_767_225_600 * 10**9
CASES = Path(__file__).parent / "cases"


@dataclass
class Try:
    """One run of a case: what the client did, in words, and what was seen on the wire."""

    saw: list[str] = field(default_factory=list)
    wire: list[str] = field(default_factory=list)

    def note(self, text: object) -> None:
        self.saw.append(str(text))


@dataclass(frozen=True)
class Case:
    """``package``: the distribution on PyPI whose version is shown. ``door``: what of the library is used.
    ``server``: "mock" (the venue's stateful mock) or "canned" (scripted answers). ``env``: which environment."""

    name: str
    package: str
    door: str
    server: str
    env: str
    run: Callable[[Try], Any]
    about: str

    @property
    def version(self) -> str:
        """Of the library, in this interpreter."""
        return "" if self.package == "python" else metadata.version(self.package)


ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "plain": ("httpx[http2]>=0.27", "requests", "urllib3>=2", "aiohttp", "websockets", "websocket-client"),
    "venues": (
        "ccxt", "python-binance", "binance-sdk-spot", "pybit", "python-okx", "krakenex", "python-kraken-sdk",
         "alpaca-py", "hyperliquid-python-sdk", "websocket-client",
    ),
    "connector": ("binance-connector",),  # its package is called binance, as python-binance's is
    "coinbase": ("coinbase-advanced-py", "websockets<14"),
}  # fmt: skip
"""What each environment installs beside the project's core. A pin conflict between libraries makes a new line."""

_cases: dict[str, Case] = {}


def case(*, package: str, door: str, server: str, env: str) -> Callable[[Callable[[Try], Any]], Callable[[Try], Any]]:
    """Register a case under the function's name; its docstring says what the client is asked to do."""

    def register(fn: Callable[[Try], Any]) -> Callable[[Try], Any]:
        assert env in ENVIRONMENTS and fn.__doc__ and fn.__name__ not in _cases
        _cases[fn.__name__] = Case(fn.__name__, package, door, server, env, fn, " ".join(fn.__doc__.split()))
        return fn

    return register


def load() -> dict[str, Case]:
    """All cases, in the order of modules and definitions. The modules import libraries only inside the cases."""
    for module in sorted(info.name for info in pkgutil.iter_modules([str(CASES)])):
        importlib.import_module(f"cases.{module}")
    return _cases
