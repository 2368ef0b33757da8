"""A venue's polite way to say that there is no such order: a good answer with an empty list in it.

Most venues refuse a by-id query for an order that never was; some (trait ``query_unknown`` with ``list: []``) answer
"carried out", and show nothing. For a reader that is "not found" all the same.
"""

from __future__ import annotations

import json

from outtrade_mocks.venues.api import Venue


def lists_nothing(venue: Venue, body: bytes) -> bool:
    """Whether ``body``, the answer to a by-id query, is this venue's "not found" in the form of an empty list."""
    trait = venue.traits.get("query_unknown")
    declared = trait.value if trait is not None else None
    if not isinstance(declared, dict) or declared.get("list") != []:
        return False
    try:
        data = json.loads(body)
    except ValueError:
        return False
    result = data.get("result") if isinstance(data, dict) else None
    return (result.get("list") if isinstance(result, dict) else result) == []
