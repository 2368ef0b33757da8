"""Bybit says "there is no such order" with a good answer and an empty list; the record calls it what it means."""

from __future__ import annotations

import json
from typing import cast

import pytest

from outtrade.engine.absence import lists_nothing
from outtrade_mocks import venues
from outtrade_mocks.venues.api import Venue

EMPTY = json.dumps({"retCode": 0, "retMsg": "OK", "result": {"list": [], "category": "spot"}}).encode()
FOUND = json.dumps({"retCode": 0, "retMsg": "OK", "result": {"list": [{}]}}).encode()


@pytest.mark.parametrize(
    ("venue", "body", "nothing"),
    [
        ("bybit", EMPTY, True),
        ("bybit", FOUND, False),
        ("bybit", b'{"retCode":0,"result":{}}', False),
        ("bybit", b"{", False),
        ("binance_spot", EMPTY, False),
        ("kraken_spot", EMPTY, False),
    ],
)
def test_an_empty_list_means_not_found_where_the_venue_declares_it(venue: str, body: bytes, nothing: bool) -> None:
    assert lists_nothing(cast(Venue, venues.load(venue)), body) is nothing
