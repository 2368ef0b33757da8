"""Faults of HTTP: the venue, or what stands before it, refuses by status and code."""

from __future__ import annotations

from typing import Literal

from outtrade.model.fault.trigger import FaultBase


class RateLimit(FaultBase):
    """HTTP 429 for every request from the triggering one on, for ``duration`` seconds.

    With ``retry_after`` the header carries the remaining whole seconds; without, only the code tells. ``page``: the
    answer is not the venue's but an HTML page of what stands before it.
    """

    LATER = ("page",)

    kind: Literal["rate_limit"] = "rate_limit"
    duration: float = 20.0
    retry_after: bool = True
    page: bool = False

    @property
    def variant(self) -> str:
        if self.page:
            return f"rate_limit.page{'' if self.retry_after else '_bare'}"
        return f"rate_limit.{'retry_after' if self.retry_after else 'bare'}"


class Ban(FaultBase):
    """HTTP 418 for every request from the triggering one on, for ``duration`` seconds; nothing executes."""

    kind: Literal["ban"] = "ban"
    duration: float = 120.0
    retry_after: bool = True

    @property
    def variant(self) -> str:
        return f"ban.{'retry_after' if self.retry_after else 'bare'}"


class Forbidden(FaultBase):
    """HTTP 403 with an HTML page for every request from the triggering one on, for ``duration`` seconds: a web
    application firewall in front of the venue. Nothing executes, but the page does not say so.

    ``truth``: where the triggering request is a write, ``committed`` says that the venue carried it out (the firewall
    looked at the answer), ``absent`` that it never came there; of both the client sees the same, on the stream too,
    until the venue answers its first question. ``told``: nothing executes, and the stream goes on.
    """

    LATER = ("truth",)

    kind: Literal["forbidden"] = "forbidden"
    duration: float = 30.0
    truth: Literal["told", "committed", "absent"] = "told"

    @property
    def variant(self) -> str:
        return "forbidden" if self.truth == "told" else f"forbidden.{self.truth}"


class Reject(FaultBase):
    """The venue refuses the matching request for a definite reason; nothing executes.

    ``reason`` names one of the venue's rejections: ``funds`` (insufficient balance), ``closed`` (market closed),
    ``permission`` (key not allowed), ``filter`` (a price or lot filter that the venue just tightened), ``busy``
    (definite transient: order count limit).
    """

    kind: Literal["reject"] = "reject"
    reason: Literal["funds", "closed", "permission", "filter", "busy"]

    @property
    def variant(self) -> str:
        return f"reject.{self.reason}"
