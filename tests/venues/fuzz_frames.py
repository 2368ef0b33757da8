"""Frames that a venue's sessions understand, for the fuzzer to damage.

One function for each venue: it gets the wire (for keys, time and requests) and says which connections there are, and
what a client would send on each; ``damage`` is called with parameters before they are signed. A venue without one is
fuzzed with random text on its private stream alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from direct import MS, Wire

from outtrade_mocks.venues.binance_auth import sign

Connections = list[tuple[str, str, list[str]]]
"""Host, path, frames."""
Damage = Callable[[dict[str, Any]], dict[str, Any]]


def _binance_spot(wire: Wire, damage: Damage) -> Connections:
    keys = wire.module.credentials
    stamp = {"apiKey": keys.key, "timestamp": wire.now // MS}
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": "1",
    }

    def signed(method: str, **params: Any) -> dict[str, Any]:
        sent = {str(name): value for name, value in sorted(damage(params | stamp).items())}
        return {"method": method, "params": sent | {"signature": sign(keys.secret, urlencode(sent))}}

    frames: list[dict[str, Any]] = [
        {"method": "ping"},
        {"method": "time", "params": {}},
        signed("userDataStream.subscribe.signature"),
        {"method": "userDataStream.unsubscribe"},
        signed("session.logon"),
        {"method": "session.status"},
        {"method": "session.subscriptions"},
        signed("order.place", **order),
        signed("order.status", symbol="BTCUSDT", orderId=48300000001),
        signed("order.cancel", symbol="BTCUSDT", orderId=48300000001),
        signed("openOrders.status"),
        signed("account.status"),
        {"method": "depth", "params": {"symbol": "BTCUSDT"}},
    ]
    host = wire.venue.stream_hosts[0][0]
    texts = [json.dumps({"id": n} | frame) for n, frame in enumerate(frames)]
    return [(host, wire.venue.stream_path, texts)]


FRAMES: dict[str, Callable[[Wire, Damage], Connections]] = {"binance_spot": _binance_spot}


def frames_of(wire: Wire, damage: Damage = dict) -> Connections:
    """The connections of a wire's venue, as they are now."""
    made = FRAMES.get(wire.venue.name)
    return made(wire, damage) if made else [(wire.venue.stream_hosts[0][0], wire.venue.stream_path, [])]
