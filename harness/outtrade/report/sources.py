"""Addresses of what the source of a property names: issues, and documents of a venue.

>>> list(links("ccxt/ccxt#663; see https://example.com/a"))
[('ccxt/ccxt#663', 'https://github.com/ccxt/ccxt/issues/663'), ('https://example.com/a', 'https://example.com/a')]

Sources are prose for people ("Binance spot API documentation, errors.md (-2010); ccxt/ccxt#663"), so only what cannot
be mistaken becomes a link: a whole address, an issue with owner and repository, and a document of a venue that is
named in words and says where its documents lie (``documentation`` of its package).
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache

_ADDRESS = re.compile(r"https?://[^\s<>\"')\]]{1,300}[^\s<>\"')\].,;:]")
_ISSUE = re.compile(r"(?<![\w./-])([\w.-]{1,60}/[\w.-]{1,80})#(\d{1,7})\b")
_DOCUMENT = re.compile(r"(?<![\w./-])([\w-]{1,60}\.md)\b")


def links(source: str) -> Iterator[tuple[str, str]]:
    """(name, address) of each, documents first."""
    home = next((at for venue, at in _homes().items() if venue in source.lower()), "")
    for name in dict.fromkeys(_DOCUMENT.findall(source)) if home else ():
        yield name, home + name
    for repository, number in dict.fromkeys(_ISSUE.findall(source)):
        yield f"{repository}#{number}", f"https://github.com/{repository}/issues/{number}"
    for address in dict.fromkeys(_ADDRESS.findall(source)):
        yield address, address


@cache
def _homes() -> dict[str, str]:
    """Venue in words -> where its documents lie."""
    root = importlib.import_module("outtrade_mocks.venues")
    modules = {
        info.name: importlib.import_module(f"{root.__name__}.{info.name}")
        for info in pkgutil.iter_modules(root.__path__)
        if info.ispkg
    }
    return {
        name.replace("_", " "): str(module.documentation)
        for name, module in sorted(modules.items())
        if hasattr(module, "documentation")
    }
