"""The answer is lost or useless, and the truth behind it is one of two: the flagship fault."""

from __future__ import annotations

from typing import Literal

from outtrade.model.fault.trigger import READS, FaultBase

Symptom = Literal[
    "hang",
    "reset",
    "close",
    "truncate",
    "html_502",
    "html_503",
    "html_504",
    "code_1006",
    "code_1007",
    "malformed",
    "html_500",
    "html_200",
    "empty",
    "empty_500",
    "error_200",
]


class LostAnswer(FaultBase):
    """The answer is lost or useless; ``committed`` says whether the exchange executed the request.

    ``hang``: nothing ever comes. ``reset``/``close``: RST/FIN after ``delay`` seconds without an answer.
    ``truncate``: status line, headers and half of an (error-free looking) body, then FIN. ``html_5xx``: a proxy's
    HTML page (``html_200``: with a status that says all is well). ``code_1006/1007``: the venue's own "status
    unknown". ``malformed``: 200 with a body that is no JSON. ``empty``/``empty_500``: a status and no body at all.
    ``error_200``: a body that says "status unknown" under a status that says all is well.
    The symptom's bytes never depend on ``committed``. Stream events about the order, and its visible effects, are
    withheld until the first read after it, or until the venue heals.
    On a read, ``committed`` means nothing.
    """

    kind: Literal["lost_answer"] = "lost_answer"
    committed: bool = True
    symptom: Symptom = "hang"
    delay: float = 0.5

    @property
    def variant(self) -> str:
        if self.on.op in READS or self.on.op == "read":
            return f"lost_answer.{self.symptom}.read"
        return f"lost_answer.{self.symptom}.{'committed' if self.committed else 'absent'}"
