"""The life of each order type, as the mock answers it: what stands in the cassette ``orders``.

PYTHONPATH=mocks python tests/alpaca/alpaca_lives.py        writes cassettes/alpaca/orders.yaml anew
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from alpaca_kit import Answer, Kit

CASSETTE = Path(__file__).resolve().parents[2] / "cassettes" / "alpaca" / "orders.yaml"
HEADER = """\
# provenance: from-mock
# source: outtrade's own Alpaca mock (tests/alpaca/alpaca_lives.py); lives of orders, no traffic of the venue
"""


class Lives(Kit):
    """A kit that writes down what is asked and answered."""

    def __init__(self) -> None:
        super().__init__()
        self.talk: list[dict[str, Any]] = []
        self.name = ""

    def ask(
        self, method: str, path: str, body: Any = None, as_of: int | None = None, *, headers: Any = None, **query: Any
    ) -> Answer:
        answer = super().ask(method, path, body, as_of, headers=headers, **query)
        if self.name:
            asked = "&".join(f"{key}={value}" for key, value in query.items())
            text = "" if answer.data is None else json.dumps(answer.data, separators=(",", ":"))
            self.talk.append(
                {
                    "name": self.name,
                    "request": {
                        "body": None if body is None else json.dumps(body),
                        "headers": {},
                        "method": method,
                        "uri": f"https://api.alpaca.markets{path}" + (f"?{asked}" if asked else ""),
                    },
                    "response": {
                        "body": {"string": text},
                        "headers": {"Content-Type": ["application/json; charset=UTF-8"]},
                        "status": {"code": answer.status, "message": "OK"},
                    },
                }
            )
            self.name = ""
        return answer

    def called(self, name: str) -> Lives:
        """The next request is written down under this name."""
        self.name = name
        self.later(1)
        return self


LEGS: dict[str, Any] = {"take_profit": {"limit_price": "210"}, "stop_loss": {"stop_price": "190"}}
PLACED: dict[str, dict[str, Any]] = {
    "market": {"type": "market", "limit_price": None},
    "notional": {"type": "market", "limit_price": None, "qty": None, "notional": "100"},
    "ioc": {"time_in_force": "ioc"},
    "fok": {"time_in_force": "fok"},
    "stop": {"side": "sell", "type": "stop", "limit_price": None, "stop_price": "195"},
    "stop_limit": {"side": "sell", "type": "stop_limit", "limit_price": "194", "stop_price": "195"},
    "trailing_stop": {"side": "sell", "type": "trailing_stop", "limit_price": None, "trail_percent": "5"},
    "crypto_market": {
        "symbol": "BTC/USD",
        "type": "market",
        "limit_price": None,
        "qty": "0.01",
        "time_in_force": "gtc",
    },
    "crypto_limit": {"symbol": "BTC/USD", "limit_price": "40000", "qty": "0.01", "time_in_force": "gtc"},
    "oco": {"side": "sell", "order_class": "oco", "limit_price": None, **LEGS},
    "oto": {"order_class": "oto", "stop_loss": {"stop_price": "150"}},
    "bracket": {"type": "market", "limit_price": None, "order_class": "bracket", **LEGS},
}


def talk() -> list[dict[str, Any]]:
    """All lives, one after the other, on one account."""
    kit = Lives()
    made = kit.called("limit_placed").place(qty="10", client_order_id="limit-1").ok
    path = f"/v2/orders/{made['id']}"
    kit.called("limit_new").ask("GET", path)
    kit.fill(made["id"], "0.4")
    kit.called("limit_partly_filled").ask("GET", path)
    new = kit.called("limit_replaced").ask("PATCH", path, {"limit_price": "181", "client_order_id": "limit-2"}).ok
    kit.called("limit_over").ask("GET", path)
    kit.called("limit_cancelled").ask("DELETE", f"/v2/orders/{new['id']}")
    kit.called("limit_by_client_order_id").ask("GET", "/v2/orders:by_client_order_id", client_order_id="limit-2")
    for name, changes in PLACED.items():
        placed = kit.called(f"{name}_placed").place(client_order_id=name, **changes).ok
        kit.called(f"{name}_after").ask("GET", f"/v2/orders/{placed['id']}", nested="true")
        kit.ask("DELETE", "/v2/orders")
    kit.called("cancelled_all").ask("DELETE", "/v2/orders")
    kit.called("trades").ask("GET", "/v2/account/activities/FILL")
    kit.called("positions").ask("GET", "/v2/positions")
    kit.called("position_closed").ask("DELETE", "/v2/positions/AAPL")
    kit.called("account").ask("GET", "/v2/account")
    return kit.talk


def written() -> str:
    """The cassette's text."""
    return HEADER + yaml.safe_dump({"interactions": talk(), "version": 1}, width=130, sort_keys=True)


if __name__ == "__main__":
    CASSETTE.write_text(written())
