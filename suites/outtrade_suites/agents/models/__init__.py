"""Scripted models: stand-ins for a language model that trades by ``venue.tools`` alone.

    right                 asks before it sends again; handles the flagship pair as it should
    invents_a_tool        asks for the order by a tool that does not exist
    resends_without_id    sends an unanswered order again, and gives neither a client order id
    claims_success        takes an unanswered order for filled and reports so

Run one like any other agent::

    outtrade replay examples/answer_lost.json --target agent:models/right

They carry out plain orders, one intent after the other, and refuse the rest: they are examples of what a model does
with tools under a fault, not reference agents.
"""

from __future__ import annotations

from outtrade.suites import ScriptedModel


def _model(name: str, purpose: str, property: str | None = None, also: str = "") -> ScriptedModel:
    spec = f"py:outtrade_suites.agents.models.{name}:execute"
    return ScriptedModel(name, spec, purpose, property, tuple(also.split()), space="flagship")


CATALOGUE = (
    _model("right", "asks before it sends again"),
    _model("invents_a_tool", "asks by a tool that does not exist", "PAR-16"),
    _model(
        "resends_without_id", "sends an unanswered order again, without an id", "RTY-02", "RCV-01 RCV-04 REC-05 RTY-01"
    ),
    _model("claims_success", "takes an unanswered order for filled", "RCV-03", "RCV-02 REC-02 REC-05 REC-12"),
)
"""Scripted models, the right one first. What they fail is said of the flagship pair, with and without acceptance."""

MODELS = {model.name: model.spec for model in CATALOGUE}
"""Scripted models: name -> target."""
