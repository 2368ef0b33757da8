"""The bug: one dictionary of parameters for all venues, passed through as it is.

A flag that contracts have goes out with every spot order as well. This venue drops it without a word, so nobody
notices, until a name means something else somewhere.
Seen in: ccxt/ccxt#17932, #6396 (parameters that travel to where they mean something else).
Violates PAR-10. Base: httpx.
"""

from __future__ import annotations

from typing import Any

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent, HttpxPort
from outtrade_suites.agents.port import Access, RunTask


class Port(HttpxPort):
    async def call(self, method: str, path: str, params: dict[str, str], *, signed: bool = True) -> Any:
        if (method, path) == ("POST", "/api/v3/order"):
            params = params | {"positionSide": "BOTH"}
        return await super().call(method, path, params, signed=signed)


class SendsWhatOthersTake(HttpxAgent):
    port_class = Port


async def execute(task: RunTask, venue: Access) -> Report:
    return await SendsWhatOthersTake(task, venue).run()
