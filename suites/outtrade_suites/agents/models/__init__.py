"""Scripted models: stand-ins for a language model that trades by ``venue.tools`` alone.

    right                 asks before it sends again; handles the flagship pair as it should
    invents_a_tool        asks for the order by a tool that does not exist
    resends_without_id    sends an unanswered order again, and gives neither a client order id
    claims_success        takes an unanswered order for filled and reports so

Run one like any other agent::

    outtrade replay examples/answer_lost.json --target py:outtrade_suites.agents.models.right:execute

They carry out plain orders, one intent after the other, and refuse the rest: they are examples of what a model does
with tools under a fault, not reference agents.
"""

from __future__ import annotations

MODELS = {
    name: f"py:outtrade_suites.agents.models.{name}:execute"
    for name in ("right", "invents_a_tool", "resends_without_id", "claims_success")
}
"""Scripted models: name -> target."""
