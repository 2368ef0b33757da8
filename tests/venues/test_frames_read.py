"""A frame of Binance's WebSocket APIs is read whatever is in it."""

from __future__ import annotations

import pytest

from outtrade_mocks.venues import load
from outtrade_mocks.venues.config import VenueConfig

PLACES = {"binance_spot": "/ws-api/v3", "binance_usdm": "/ws-fapi/v1"}
BODIES = {
    b'{"id":1,"status":200,"result":{}}': "ok",
    b'{"id":1,"status":400,"error":{"code":-1121,"msg":"Invalid symbol."}}': "definite",
    b"<html>": "ambiguous",
    b"[" * 100_000: "ambiguous",
    b'{"id":"\xff"}': "ambiguous",
}


@pytest.mark.parametrize("venue", PLACES)
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:12]))
def test_a_frame_is_read(venue: str, body: bytes) -> None:
    module = load(venue)
    symbols = sorted(module.symbols)[:1]
    made = module.build(VenueConfig(symbols=symbols, balances={}, epoch_ns=1_767_225_600_000_000_000))
    session = made.open_session("", PLACES[venue], 1_767_225_600_000_000_000)
    status = 400 if b'"error"' in body else 200
    assert session.interpret(status, {}, body, 1_767_225_600_000_000_000).outcome == BODIES[body]
