"""The bug: an order is an object that was made before the retry loop, and the loop does not look at its age.

It is decided on a price, turned away by a limit, and sent again when the limit is lifted: a minute later, at the price
of a minute ago.
Seen in: shinnytech/tqsdk-python#71 (orders queued before a drop are sent after it, at stale prices).
Violates EXQ-04. Base: httpx.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job


class ExecutesOldDecisions(HttpxAgent):
    def outdated(self, job: Job) -> bool:
        return False


async def execute(task: RunTask, venue: Access) -> Report:
    return await ExecutesOldDecisions(task, venue).run()
