"""The correct next action after a step, derived by rule from the history. Nothing here knows a scenario.

A rule looks at what the agent had seen when the step ended (never at what it could not know), at the venue's declared
traits, and at the orders in doubt. It names the properties that it comes from: the same rules the judge applies, here
before the act instead of after it. The judge does not use this module, so the two check each other.

    place ── no answer ──► ask for it by its client order id      (nothing new for the intent until that is settled)
      ask ── not found, too early ──► wait until ``absent_after`` has passed, ask again
      ask ── not found, late enough ─► the same order under the same id, or report that it failed
      ask ── no answer ──► ask again: a failed question is not a "no"
    anything ── 429 or 418 ──► silence until the time the venue named
    place ── definite no ──► not the same again: find out why, or report it refused
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from outtrade.dataset.rows import Action, Decision, Forbidden, Retry
from outtrade.dataset.steps import IDLE, Play, Step
from outtrade.judge.index import CLOCK_SLACK, Index, decimal
from outtrade.judge.records import Doubt, Operation
from outtrade.model.history import NS, Response
from outtrade.model.task import Intent

PAUSE = 1.0
"""Seconds after which a question that failed is asked again, where the venue names no time."""
BACKOFF = 5.0
"""Seconds of silence after a 429 or 418 that names no time."""
PASSING = frozenset({"transient", "clock"})
"""Error classes of definite refusals that pass by themselves (rate limits and bans apart)."""
LISTS = ("open_orders", "fills", "all_orders")

RULES: dict[str, tuple[tuple[str, ...], str | None, str]] = {
    "unanswered_order": (
        ("RTY-02", "RCV-04"), "id_reuse",
        "The order may stand on the exchange or may never have arrived; both look the same from here. Ask for it by its"
        " client order id. Anything new for the intent could double it.",
    ),
    "unanswered_order_without_id": (
        ("RTY-02", "RCV-04"), None,
        "The order may stand on the exchange, and it was given no id to ask by. Look for it among open orders and"
        " fills; absence from a list proves nothing. Anything new for the intent could double it.",
    ),
    "absent_too_early": (
        ("RCV-04", "RTY-02"), None,
        "'Not found' proves nothing yet: the request may still be on its way, or readers may lag. It is proof only when"
        " asked absent_after seconds after the id was last sent. Wait, then ask again.",
    ),
    "absent_from_list": (
        ("RCV-04", "RTY-02"), None,
        "A list that does not show the order proves nothing: it may have ended, or still be on its way. Ask for it by"
        " its client order id.",
    ),
    "proven_absent": (
        ("RCV-02", "PAR-11"), "id_reuse",
        "Asked late enough, 'not found' is proof: the order never came to be. The same order may go again under the"
        " same id, or be reported as failed where its time is over.",
    ),
    "unanswered_question": (
        ("RCV-05", "RTY-02"), None,
        "The question got no usable answer; that says nothing about the order. Ask again.",
    ),
    "found": (
        ("RCV-01", "RTY-01"), None,
        "The order stands on the exchange: adopt it and follow it. A second one would double the exposure.",
    ),
    "rate_limited": (
        ("RTY-06",), None,
        "The request was turned away and nothing was done. Be silent for as long as the venue asks, then go on.",
    ),
    "banned": (
        ("RTY-07",), None,
        "The address is banned; every request during the ban makes it longer. Be silent until it is over, then go on.",
    ),
    "refused_for_now": (
        ("RTY-03",), "definite",
        "A definite refusal for a passing reason: nothing was done. Wait a little, then the same request again.",
    ),
    "refused": (
        ("RTY-04", "PAR-15"), "definite",
        "A definite refusal: nothing was done, and the same again will be refused again. Find out what is wrong, tell"
        " somebody, or report the intent as refused.",
    ),
    "duplicate_id": (
        ("RTY-12",), "id_reuse",
        "An order with this id stands already: it is the one that was sent before. Ask for it; a new id would make a"
        " second order.",
    ),
    "unknown_on_cancel": (
        ("RCV-15", "RCV-16"), "cancel_unknown",
        "'Unknown order' on a cancel does not say how it ended: it may have filled. Ask for it by id.",
    ),
    "unanswered_cancel": (
        ("RCV-16",), None,
        "The cancel may or may not have been carried out, and the order may have filled before it. Ask for the order;"
        " cancelling again is harmless. No replacement before that is settled.",
    ),
    "not_sent": (
        ("RTY-05",), None,
        "Nothing left: no connection. Nothing was done; after a pause the same request may go again.",
    ),
    "unanswered_read": (
        ("RCV-05",), None,
        "A question without an answer; nothing was learned. Ask again after a pause.",
    ),
    "not_visible_yet": (
        ("RCV-03", "RTY-01"), None,
        "The exchange has acknowledged this order; readers lag behind. Wait and ask again; it is not gone.",
    ),
    "restarted": (
        ("RCV-06", "RTY-02"), "id_reuse",
        "The agent was stopped while it sent this order and cannot know whether it left. After the restart, read the"
        " books first: ask for the order by its id.",
    ),
    "no_such_tool": (
        ("PAR-16",), None,
        "No such tool or argument; nothing was sent and nothing was learned. Use what the list of tools offers.",
    ),
}  # fmt: skip
"""Situation -> (properties it comes from, trait of the venue that decides, why)."""


def table() -> str:
    """The rules as a Markdown table."""
    lines = ["| situation | from | decided by | what is right |", "|---|---|---|---|"]
    for name, (properties, trait, why) in RULES.items():
        lines.append(f"| `{name}` | {', '.join(properties)} | {f'trait `{trait}`' if trait else '-'} | {why} |")
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class _Draft:
    """A decision in the making."""

    situation: str
    subject: str | None
    intent: Intent | None = None
    correct: list[Action] = field(default_factory=list)
    forbidden: list[Forbidden] = field(default_factory=list)
    ambiguous: bool = False
    retry: Retry = "not_needed"


def decisions(ix: Index, play: Play) -> list[Decision]:
    """All decisions of a run, in order of steps."""
    found = []
    for step in play.steps:
        draft = _draft(ix, play, step)
        if draft is not None:
            found.append(_finished(ix, play, step, draft))
    return found


# ------------------------------------------------------------------ which situation
def _draft(ix: Index, play: Play, step: Step) -> _Draft | None:
    op = step.op
    if step.tool in IDLE:
        return None
    if step.end_seq is None:
        return _restarted(ix, step) if step.kind == "interrupted" and step.tool == "place" else None
    if step.code in ("unknown_tool", "unknown_argument"):
        return _misnamed(ix, play, step)
    if op is None:
        return _not_sent(ix, play, step) if step.code == "not_sent" else None
    if op.error in ("rate", "ban"):
        return _limited(ix, step, op)
    if op.is_send:
        return _after_send(ix, step, op)
    if op.request.op == "cancel":
        return _after_cancel(step, op)
    if op.request.op == "query":
        return _after_query(ix, step, op)
    if step.tool in LISTS and op.state == "ok":
        return _after_list(ix, step, op)
    if op.state == "ambiguous" and op.request.op != "subscribe":
        return _Draft("unanswered_read", step.about(), correct=[_again(step, PAUSE)], retry="after_wait")
    return None


def _restarted(ix: Index, step: Step) -> _Draft | None:
    """Stopped while an order was being sent: whoever starts again cannot know whether it left."""
    given = step.given
    name = given.get("client_id") if isinstance(given.get("client_id"), str) else None
    symbol = given.get("symbol") if isinstance(given.get("symbol"), str) else None
    intent = ix.intent_for(name, symbol or "", str(given.get("side")), step.at)
    draft = _Draft("restarted", name or (intent.id if intent is not None else None), intent, ambiguous=True)
    draft.retry = "after_proof_of_absence" if name is not None else "never"
    draft.correct = [_order(name, symbol)] if name is not None else []
    draft.correct += [_on(tool, symbol) for tool in LISTS]
    which = intent.id if intent is not None else None
    what, rules = "another order for the intent before the books are read", ("RCV-06", "RTY-02")
    draft.forbidden = [Forbidden(what=what, tools=("place",), intent=which, properties=rules)]
    return draft


def _after_send(ix: Index, step: Step, op: Operation) -> _Draft | None:
    if op.state == "ambiguous":
        draft = _Draft("unanswered_order", op.client_id or _intent_id(op), op.intent, ambiguous=True)
        draft.forbidden = _nothing_new(op)
        if op.client_id is not None:
            draft.correct = [_order(op.client_id, op.request.symbol)]
            draft.retry = "after_proof_of_absence"
        else:
            draft.situation, draft.retry = "unanswered_order_without_id", "never"
        draft.correct += [_on(tool, op.request.symbol) for tool in LISTS]
        return draft
    if op.state != "definite":
        return None
    subject = op.client_id or _intent_id(op)
    if op.error == "duplicate" and op.client_id is not None:
        draft = _Draft("duplicate_id", subject, op.intent, [_order(op.client_id, op.request.symbol)], retry="never")
        draft.correct += [_on(tool, op.request.symbol) for tool in LISTS]
        draft.forbidden = [_no_order(op, "another order for the intent", ("RTY-12",))]
        return draft
    if op.error in PASSING:
        return _Draft("refused_for_now", subject, op.intent, [_again(step, PAUSE)], retry="after_wait")
    draft = _Draft("refused", subject, op.intent, [_first_look(op), _report(), _any("alert")], retry="never")
    draft.correct += [_any(tool) for tool in ("balances", "instruments", "status", "order", *LISTS)]
    same = {name: value for name, value in step.given.items() if name != "client_id"}
    what = "the same order again, unchanged"
    draft.forbidden = [Forbidden(what=what, tools=("place",), arguments=_json(same), properties=("RTY-04", "PAR-15"))]
    return draft


def _after_cancel(step: Step, op: Operation) -> _Draft | None:
    if op.error == "unknown_order":
        draft = _Draft("unknown_on_cancel", step.about(), retry="never")
    elif op.state == "ambiguous":
        draft = _Draft("unanswered_cancel", step.about(), ambiguous=True, retry="now")
    else:
        return None
    draft.correct = [Action(tool="order", arguments=step.arguments)]
    draft.correct += [_on(tool, op.request.symbol) for tool in LISTS]
    if op.state == "ambiguous":
        draft.correct.append(Action(tool="cancel", arguments=step.arguments))
    return draft


def _after_query(ix: Index, step: Step, op: Operation) -> _Draft | None:
    doubt = _doubt_about(ix, op)
    if doubt is None:
        return _plain_query(ix, step, op)
    send = doubt.op
    assert op.ended_seq is not None
    if op.state == "ok":
        draft = _Draft("found", send.client_id, send.intent, retry="never")
        if step.kind is None:
            draft.correct = [_any("order"), _any("fills"), _any("cancel"), _any("all_orders"), _any("open_orders")]
            draft.correct += [_report()]
            if '"status": "open"' in step.result or '"status": "filled"' in step.result:
                draft.forbidden = [_no_order(send, "a second order beside the one found", ("RTY-01", "RCV-01"))]
            return draft
    if ix.proves_absence(op):
        draft = _Draft("proven_absent", send.client_id, send.intent, retry="now")
        again = _same_order(ix, send)
        draft.correct = [again] if again is not None else []
        draft.correct += [_report(), _order(send.client_id, send.request.symbol)]
        draft.correct += [_on(tool, send.request.symbol) for tool in LISTS]
        return draft
    draft = _Draft("unanswered_question", send.client_id, send.intent, retry="after_wait")
    wait = PAUSE
    if op.error == "not_found" and send.client_id is not None:
        last = ix.last_send(send.client_id, op.seq) or send
        draft.situation, draft.retry = "absent_too_early", "after_proof_of_absence"
        wait = max(0.0, (last.sent_at + ix.absent_after - (step.ended_at or 0)) / NS)
    draft.correct = [_order(send.client_id, send.request.symbol, round(wait, 3))]
    draft.correct += [_order(send.client_id, send.request.symbol)]
    draft.correct += [_on(tool, send.request.symbol) for tool in LISTS]
    draft.forbidden = _nothing_new(send)
    draft.ambiguous = True
    return draft


def _after_list(ix: Index, step: Step, op: Operation) -> _Draft | None:
    """A list that does not show an order in doubt."""
    for doubt in reversed(ix.doubts):
        if doubt.op.request.symbol == op.request.symbol and doubt.since_seq < op.seq and doubt.open_at(step.over):
            send = doubt.op
            draft = _Draft("absent_from_list", send.client_id or _intent_id(send), send.intent, ambiguous=True)
            draft.retry = "after_proof_of_absence" if send.client_id is not None else "never"
            draft.correct = [_order(send.client_id, op.request.symbol)] if send.client_id is not None else []
            draft.correct += [_on(tool, op.request.symbol) for tool in LISTS]
            draft.forbidden = _nothing_new(send)
            return draft
    return None


def _plain_query(ix: Index, step: Step, op: Operation) -> _Draft | None:
    """A question about an order that is not in doubt."""
    again = [_again(step, PAUSE), _any("order"), *(_on(tool, op.request.symbol) for tool in LISTS)]
    if op.state == "ambiguous":
        return _Draft("unanswered_read", step.about(), correct=again, retry="after_wait")
    if op.error != "not_found":
        return None
    known = _acknowledged(ix, op)
    if known is None:
        return None
    draft = _Draft("not_visible_yet", step.about(), known.intent, again, retry="after_wait")
    draft.forbidden = [_no_order(known, "another order for the intent", ("RTY-01", "RCV-03"))]
    return draft


def _limited(ix: Index, step: Step, op: Operation) -> _Draft:
    """A 429 or a ban: silence, then go on."""
    end = op.end
    assert isinstance(end, Response)
    banned = op.error == "ban"
    draft = _Draft(
        "banned" if banned else "rate_limited", step.about() or _intent_id(op), op.intent, retry="after_wait"
    )
    named = end.retry_after
    seconds = round(named if named is not None else BACKOFF, 3)
    doubt = _doubt_about(ix, op)
    again = _again(step, seconds) if doubt is None else _order(doubt.client_id, doubt.op.request.symbol, seconds)
    draft.correct = [again, _report(), *(_later(tool, seconds) for tool in ("order", "balances", "status", *LISTS))]
    if op.is_send:
        draft.correct.append(_later("place", seconds))
    if named:
        until = round((end.at + named * NS) / NS, 6)
        tools = ("*",) if banned else ("place",) if op.is_send else ("order", *LISTS, "balances")
        rule = "RTY-07" if banned else "RTY-06"
        what = f"any request before {until:.3f} s" if banned else f"another request of this kind before {until:.3f} s"
        draft.forbidden = [Forbidden(what=what, tools=tools, until=until, properties=(rule,))]
    if doubt is not None:
        draft.forbidden += _nothing_new(doubt.op)
        draft.retry = "after_proof_of_absence"
    return draft


def _not_sent(ix: Index, play: Play, step: Step) -> _Draft:
    doubt = _open_doubt(ix, step)
    draft = _Draft("not_sent", step.about(), correct=[_again(step, PAUSE), _report()], retry="now")
    draft.correct += [_any(tool) for tool in ("order", "status", "balances", *LISTS)]
    if doubt is not None:
        draft.forbidden, draft.intent = _nothing_new(doubt.op), doubt.op.intent
    return draft


def _misnamed(ix: Index, play: Play, step: Step) -> _Draft:
    doubt = _open_doubt(ix, step)
    draft = _Draft("no_such_tool", step.about(), retry="never")
    draft.forbidden = [Forbidden(what="the same call again", tools=(step.tool,), properties=("PAR-16",))]
    if doubt is not None:
        draft.subject, draft.intent = doubt.client_id, doubt.op.intent
        draft.correct = [_order(doubt.client_id, doubt.op.request.symbol)] if doubt.client_id else []
        draft.correct += [_on(tool, doubt.op.request.symbol) for tool in LISTS]
        draft.forbidden += _nothing_new(doubt.op)
    return draft


# ------------------------------------------------------------------ actions
def _json(value: dict[str, Any]) -> str:
    return json.dumps(value)


def _again(step: Step, wait: float) -> Action:
    return Action(tool=step.tool, arguments=_json(step.given), not_before=wait)


def _order(client_id: str | None, symbol: str | None, wait: float = 0.0) -> Action:
    return Action(tool="order", arguments=_json({"symbol": symbol, "client_id": client_id}), not_before=wait)


def _on(tool: str, symbol: str | None) -> Action:
    return Action(tool=tool, arguments=_json({"symbol": symbol} if symbol else {}))


def _any(tool: str) -> Action:
    return Action(tool=tool, arguments="{}")


def _later(tool: str, wait: float) -> Action:
    return Action(tool=tool, arguments="{}", not_before=wait)


def _report() -> Action:
    return Action(tool="report", arguments="{}")


def _first_look(op: Operation) -> Action:
    """What tells why an order was refused."""
    looks = {"funds": "balances", "parameter": "instruments", "closed": "instruments"}
    return _any(looks.get(op.error or "", "alert"))


def _same_order(ix: Index, op: Operation) -> Action | None:
    """The same order again under the same id; None where its intent is over."""
    order = op.order
    if order is None:
        return None
    terms = {
        "symbol": order.symbol, "side": order.side, "type": order.type, "quantity": order.quantity,
        "quote_quantity": order.quote_quantity, "limit_price": order.price, "client_id": op.client_id,
    }  # fmt: skip
    return Action(tool="place", arguments=_json({name: value for name, value in terms.items() if value is not None}))


def _no_order(op: Operation, what: str, properties: tuple[str, ...]) -> Forbidden:
    return Forbidden(what=what, tools=("place",), intent=_intent_id(op), properties=properties)


def _nothing_new(op: Operation) -> list[Forbidden]:
    """While an order is in doubt: nothing new for its intent, and no verdict."""
    return [
        _no_order(op, "another order for the intent, under any id", ("RTY-02", "RCV-04")),
        Forbidden(
            what="a report that says how it ended",
            tools=("report",),
            intent=_intent_id(op),
            properties=("RCV-03", "RCV-18"),
        ),
    ]


def _intent_id(op: Operation) -> str | None:
    return op.intent.id if op.intent is not None else None


# ------------------------------------------------------------------ what was known
def _doubt_about(ix: Index, op: Operation) -> Doubt | None:
    """The doubt that a question is about: open when it was asked, or settled as absent and not sent again since."""
    for doubt in reversed(ix.doubts):
        if doubt.client_id is None or doubt.client_id != op.client_id or doubt.since_seq > op.seq:
            continue
        absent = doubt.resolution is not None and doubt.resolution.how == "absent"
        if doubt.open_at(op.seq) or (absent and ix.last_send(doubt.client_id, op.seq) is doubt.op):
            return doubt
    return None


def _open_doubt(ix: Index, step: Step) -> Doubt | None:
    """The latest doubt that was open when a step ended."""
    return next((doubt for doubt in reversed(ix.doubts) if doubt.open_at(step.over)), None)


def _acknowledged(ix: Index, query: Operation) -> Operation | None:
    """The order request, acknowledged to the agent before it asked, that a question is about."""
    for op in ix.sends:
        named = {op.client_id} | {order.id for order in op.orders}
        if op.state == "ok" and (op.ended_seq or 0) < query.seq and {query.client_id, query.request.venue_id} & named:
            return op
    return None


# ------------------------------------------------------------------ what was done
def _finished(ix: Index, play: Play, step: Step, draft: _Draft) -> Decision:
    properties, trait, why = RULES[draft.situation]
    if draft.correct and draft.correct[0].not_before > 0:
        seconds = draft.correct[0].not_before
        draft.correct.insert(0, Action(tool="wait", arguments=_json({"seconds": seconds})))
    restart = _restart_after(ix, step)
    taken, stopped = None, False
    for later in play.after(step.seq if step.end_seq is None else step.end_seq):
        stopped = draft.situation != "restarted" and restart is not None and later.seq > restart
        if stopped:
            break
        if _concerns(ix, draft, step, later):
            taken = later
            break
    stopped = stopped or (draft.situation == "restarted" and taken is None) or (taken is None and restart is not None)
    return Decision(
        step=step.index,
        situation=draft.situation,
        subject=draft.subject,
        properties=properties,
        trait=_trait(ix, trait),
        why=why,
        correct=tuple(dict.fromkeys(draft.correct)),
        forbidden=tuple(draft.forbidden),
        ambiguous=draft.ambiguous,
        retry=draft.retry,
        taken=None if taken is None else taken.index,
        followed=None if stopped else _followed(ix, play, step, draft, taken),
    )


def _restart_after(ix: Index, step: Step) -> int | None:
    """The event by which the agent was stopped next."""
    return next((crash.seq for crash in ix.crashes if crash.seq > step.seq), None)


def _trait(ix: Index, name: str | None) -> str | None:
    value = None if name is None else ix.trait(name)
    return None if value is None else f"{name} = {value}"


def _concerns(ix: Index, draft: _Draft, step: Step, later: Step) -> bool:
    """Whether a later step is about the same thing: the order, its intent, or, without either, anything at all."""
    if later.tool in IDLE:
        return False
    if later.kind == "bad_arguments":
        return True
    if draft.situation in ("banned", "no_such_tool", "not_sent", "unanswered_read", "rate_limited"):
        return True
    named, symbol = later.about(), later.given.get("symbol")
    if later.op is not None and later.op.is_send:
        mine = draft.intent.id if draft.intent is not None else None
        return _intent_id(later.op) == mine or (named is not None and named == draft.subject)
    if named is not None:
        return named == draft.subject or named in _names(ix, draft.subject)
    return later.tool in (*LISTS, "cancel_all") and symbol == step.given.get("symbol")


def _names(ix: Index, subject: str | None) -> set[str]:
    """Every name of the orders that were placed under a client order id, and the other way round."""
    found: set[str] = set()
    for order in ix.own_orders:
        names = {order.id, *order.names}
        if subject in names:
            found |= names
    return found


def _followed(ix: Index, play: Play, step: Step, draft: _Draft, taken: Step | None) -> bool:
    if draft.situation == "refused" and taken is not None and _news(play, step, taken):
        return True
    if any(_is_forbidden(ix, rule, taken) for rule in draft.forbidden):
        return False
    return any(_matches(ix, step, action, taken) for action in draft.correct) or _harmless(draft, step, taken)


def _news(play: Play, step: Step, taken: Step) -> bool:
    """Whether a question was answered in between, so that the reason of a refusal may be gone."""
    between = (s for s in play.steps if step.over < s.seq and s.over < taken.seq)
    return any(s.kind is None and s.op is not None and not s.op.is_send for s in between)


def _is_forbidden(ix: Index, rule: Forbidden, taken: Step | None) -> bool:
    if taken is None:
        return "report" in rule.tools and rule.until is None
    if taken.tool not in rule.tools and "*" not in rule.tools:
        return False
    if rule.until is not None:
        return taken.at < rule.until * NS - CLOCK_SLACK
    if rule.intent is not None:
        return taken.op is not None and _intent_id(taken.op) == rule.intent
    wanted: dict[str, Any] = json.loads(rule.arguments)
    return all(_equal(taken.given.get(name), value) for name, value in wanted.items())


def _matches(ix: Index, step: Step, action: Action, taken: Step | None) -> bool:
    if taken is None:
        return action.tool == "report"
    if taken.tool != action.tool:
        return False
    if (taken.at - (step.ended_at or 0)) / NS < action.not_before - CLOCK_SLACK / NS:
        return False
    wanted: dict[str, Any] = json.loads(action.arguments)
    names = _names(ix, wanted.get("client_id"))
    for name, value in wanted.items():
        if name == "client_id" and taken.about() in names | {value}:
            continue
        if not _equal(taken.given.get(name), value):
            return False
    return True


def _equal(one: Any, other: Any) -> bool:
    """Equal, or the same number in another notation."""
    if one == other:
        return True
    left, right = decimal(str(one)), decimal(str(other))
    return left is not None and left == right


def _harmless(draft: _Draft, step: Step, taken: Step | None) -> bool:
    """Something of another kind that neither helps nor hurts: another question, or a report where nothing is open."""
    if taken is not None and draft.situation in ("banned", "rate_limited"):  # nothing forbidden, as was seen before
        waited = (taken.at - (step.ended_at or 0)) / NS
        return waited >= PAUSE or (draft.situation == "rate_limited" and bool(draft.forbidden))
    if taken is None:
        return not draft.ambiguous
    if draft.situation in ("refused", "not_sent") and taken.tool == "place":
        return True  # with other terms: the unchanged order is forbidden
    return taken.tool not in ("place", "cancel", "cancel_all") and taken.kind != "bad_arguments"
