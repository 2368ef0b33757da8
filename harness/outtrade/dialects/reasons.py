"""Refusals that have reasons in place of codes, in the forms of a venue that rejects with HTTP 200; no I/O.

    {"success": false, "error_response": {"error": "INSUFFICIENT_FUND", "message": "..."}}      a new order
    {"results": [{"success": false, "failure_reason": "UNKNOWN_CANCEL_ORDER"}]}                 each order of a cancel
    {"success": false, "errors": [{"edit_failure_reason": "ORDER_NOT_FOUND"}]}                  an edit
    {"error": "INVALID_ARGUMENT", "message": "..."}                                             anything, by status

A field of a reason stands there also where nothing failed, and then says that it is unknown::

    >>> list(reasons({"success": True, "failure_reason": "UNKNOWN_FAILURE_REASON", "order_id": "1"}))
    []
    >>> list(reasons({"success": False, "error_response": {"error": "INSUFFICIENT_FUND", "message": "too little"}}))
    ['INSUFFICIENT_FUND: too little']
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

FIELDS = ("error", "new_order_failure_reason", "edit_failure_reason", "failure_reason", "preview_failure_reason")
"""Where reasons stand, the most telling first."""


TELLING = frozenset({"UNKNOWN_CANCEL_ORDER"})
"""Reasons that begin like those that tell nothing."""


def reasons(data: Mapping[str, Any]) -> Iterator[str]:
    """Why an answer refuses: reason and text of each refusal. Of several orders, all must be refused."""
    said = data.get("error_response")
    if isinstance(said, dict):
        yield told(said)
        return
    if isinstance(data.get("error"), str):
        yield told(data)
        return
    results = data.get("results")
    if isinstance(results, list):
        refused = [one for one in results if isinstance(one, dict) and one.get("success") is False]
        if refused and len(refused) == len(results):
            yield from map(told, refused)
        return
    if data.get("success") is False:
        listed = data.get("errors")
        found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        if not found:
            yield told(data)
        yield from map(told, found)


def told(said: Mapping[str, Any]) -> str:
    """One refusal in words: its reason, where it has one that tells anything, and its text."""
    words = [str(said.get(name) or "") for name in FIELDS]
    reason = next((word for word in words if word and (word in TELLING or not word.lower().startswith("unknown"))), "")
    text = str(said.get("message") or "")
    return f"{reason}: {text}" if reason and text else reason or text or "refused"
