"""What can be tested: agents (one function) and gateways (an object with methods), named by one string.

    py:package.module:object      an importable callable ``(task, venue) -> Report``, sync or async
    py:path/to/file.py:object     the same from a file; its folder is importable while the target runs
    ccxt:binance                  the ccxt library as a gateway; ``ccxt.async:binance`` for its asyncio twin
    cmd:"./agent --flag"          a program in any language that speaks lines of JSON (docs/protocol.md)
    agent:NAME, zoo:NAME          an agent shipped with a suite (``outtrade list agents``), a broken one of its zoo

``resolve(spec)`` turns such a string into a ``Target`` or raises ``TargetError``, whose message is one line.
"""

from __future__ import annotations

from outtrade.targets.naming import Target, TargetError, resolve

__all__ = ["Target", "TargetError", "resolve"]
