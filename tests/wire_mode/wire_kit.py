"""A plain client of a served venue, and the scenario that it trades in."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import time
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx

from outtrade.model.fault import Fault
from outtrade.model.history import Event, History
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Bounds
from outtrade.targets.access import VenueAccess

E = TypeVar("E", bound=Event)


def scenario(*faults: Fault, **changes: Any) -> Scenario:
    """A quiet market; no network delay unless asked for."""
    fields: dict[str, Any] = {"latency": 0.0, "until": 600, "bounds": Bounds(settle=0)}
    return Scenario(
        id="wire",
        seed=1,
        symbols=("BTC/USDT",),
        balances={"USDT": 100_000, "BTC": 1},
        markets={"BTC/USDT": Market(mid=50_000, depth="0.5", taker_size="0.01", taker_rate=0, maker_rate=0)},
        intents=(),
        faults=faults,
        **(fields | changes),
    )


def signed(venue: VenueAccess, params: dict[str, Any]) -> dict[str, Any]:
    """Parameters of the WebSocket API with their signature (over the sorted ones)."""
    params = params | {"apiKey": venue.key, "timestamp": int(time.time() * 1000)}
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return params | {"signature": hmac.new(venue.secret.encode(), text.encode(), hashlib.sha256).hexdigest()}


class Client:
    """Signed requests by httpx, nothing clever; verifies TLS against the CA it was told of."""

    def __init__(self, venue: VenueAccess, timeout: float = 10) -> None:
        self.venue = venue
        verify: Any = ssl.create_default_context(cafile=venue.ca_file) if venue.ca_file else True
        headers = {"X-MBX-APIKEY": venue.key}
        self.http = httpx.Client(
            base_url=venue.rest_url, headers=headers, timeout=timeout, verify=verify, trust_env=False
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.http.close()

    def call(self, method: str, path: str, **params: Any) -> httpx.Response:
        query = urlencode({**params, "timestamp": int(time.time() * 1000), "recvWindow": 10000})
        signature = hmac.new(self.venue.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return self.http.request(method, f"/api/v3/{path}?{query}&signature={signature}")

    def place(self, client_id: str = "A", price: str = "40000", quantity: str = "0.1") -> httpx.Response:
        terms = {"type": "LIMIT", "timeInForce": "GTC", "price": price, "quantity": quantity}
        return self.call("POST", "order", symbol="BTCUSDT", side="BUY", newClientOrderId=client_id, **terms)

    def query(self, client_id: str = "A") -> httpx.Response:
        return self.call("GET", "order", symbol="BTCUSDT", origClientOrderId=client_id)

    def cancel(self, client_id: str = "A") -> httpx.Response:
        return self.call("DELETE", "order", symbol="BTCUSDT", origClientOrderId=client_id)


def of(history: History, kind: type[E]) -> list[E]:
    return [event for event in history.events if isinstance(event, kind)]
