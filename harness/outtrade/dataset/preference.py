"""Preference pairs: two agents saw the same messages up to the fault, then one did right and the other wrong.

Both runs are the same scenario in a World of their own, so as long as two agents do the same they see the same bytes.
Where their chats part *after* a fault step, the common messages are the prompt, and what follows is ``chosen``
(violates nothing) and ``rejected`` (violates something, at the fork or later). Agents that differ before the fault give
no pair: what is to be learned is what to do about the fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from outtrade.dataset.labels import REPORT
from outtrade.dataset.messages import Chat
from outtrade.dataset.rows import Decision, FaultLabel, Trajectory


def preferences(runs: Sequence[tuple[Trajectory, Chat]]) -> Iterator[dict[str, Any]]:
    """The fields of every pair among runs of one scenario by different targets."""
    for good, well in runs:
        if not good.labels.passed or good.labels.failed:
            continue
        for bad, badly in runs:
            if not bad.labels.failed:
                continue
            found = _pair(good, well, bad, badly)
            if found is not None:
                yield found


def _pair(good: Trajectory, well: Chat, bad: Trajectory, badly: Chat) -> dict[str, Any] | None:
    common = shared(good, bad)
    fault = _fault_within(good, well, common)
    if fault is None or good.tools != bad.tools or _fault_within(bad, badly, common) is None:
        return None
    fork = next((row.step for row in bad.steps if row.message >= common), REPORT)
    wrong = bad.labels.first_wrong
    if wrong is None or (REPORT if wrong.step is None else wrong.step) < fork:
        return None
    chosen, rejected = good.messages[common:], bad.messages[common:]
    if not chosen or not rejected:
        return None
    return {
        "pair": good.pair,
        "tools": good.tools,
        "prompt": good.messages[:common],
        "chosen": chosen,
        "rejected": rejected,
        "chosen_trajectory": good.id,
        "rejected_trajectory": bad.id,
        "rejected_target": bad.source.target,
        "fork": len(bad.steps) if fork == REPORT else fork,
        "fault": fault,
        "decision": _decision(good, well, common),
        "failed": bad.labels.failed,
        "truncated": good.truncated or bad.truncated,
    }


def shared(one: Trajectory, other: Trajectory) -> int:
    """How many messages two chats have in common, to the last result before an assistant message that differs."""
    common = 0
    for left, right in zip(one.messages, other.messages, strict=False):
        if left != right:
            break
        common += 1
    while common and one.messages[common - 1].role == "assistant":
        common -= 1
    if common < len(one.messages) and one.messages[common].role == "tool":
        while common and one.messages[common].role == "tool":
            common -= 1
    return common


def _fault_within(row: Trajectory, chat: Chat, common: int) -> FaultLabel | None:
    """The last fault whose step lies wholly within the common messages."""
    found = None
    for fault in row.labels.faults:
        if fault.step is not None and chat.end_of[fault.step] <= common:
            found = fault
    return found


def _decision(row: Trajectory, chat: Chat, common: int) -> Decision | None:
    within = [d for d in row.labels.decisions if chat.end_of[d.step] <= common]
    return within[-1] if within else None
