"""The life of each order type, as the mock answers it: what stands in the cassette ``orders``.

PYTHONPATH=mocks python tests/deribit/deribit_lives.py        writes cassettes/deribit/orders.yaml anew
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from deribit_kit import HOST, LINEAR, PERP, Answer, Kit

from outtrade_mocks.venues.api import HttpRequest

CASSETTE = Path(__file__).resolve().parents[2] / "cassettes" / "deribit" / "orders.yaml"
HEADER = """\
# provenance: from-mock
# source: outtrade's own Deribit mock (tests/deribit/deribit_lives.py): a life of each order type
"""


class Lives(Kit):
    """A kit that writes down what is asked and answered."""

    def __init__(self) -> None:
        super().__init__()
        self.talk: list[dict[str, Any]] = []
        self.name = ""

    def send(self, request: HttpRequest, *, as_of: int | None = None) -> Answer:
        answer = super().send(request, as_of=as_of)
        if self.name:
            self.talk.append(
                {
                    "name": self.name,
                    "request": {
                        "body": request.body.decode() or None,
                        "headers": {},
                        "method": request.method,
                        "uri": f"https://{HOST}{request.target}",
                    },
                    "response": {
                        "body": {"string": json.dumps(answer.body, separators=(",", ":"))},
                        "headers": {"Content-Type": ["application/json"]},
                        "status": {"code": answer.status, "message": "OK" if answer.status == 200 else "Bad Request"},
                    },
                }
            )
            self.name = ""
        return answer

    def called(self, name: str) -> Lives:
        """The next request is written down under this name."""
        self.name = name
        self.wait(1)
        return self


def talk() -> list[dict[str, Any]]:
    """All lives, one after the other, on one account."""
    kit = Lives()
    order_id = kit.called("limit_placed").buy(amount=1000, price=49900, label="limit").result["order"]["order_id"]
    kit.called("limit_open").order(order_id)
    kit.venue.fill(order_id, Decimal("0.4"))
    kit.called("limit_partly_filled").order(order_id)
    kit.called("limit_edited").get("private/edit", order_id=order_id, amount=800, price=49900)
    kit.called("limit_cancelled").get("private/cancel", order_id=order_id)
    kit.called("limit_over").get("private/cancel", order_id=order_id)
    kit.called("limit_trades").get("private/get_user_trades_by_order", order_id=order_id)
    lives: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("market", PERP, {"type": "market", "amount": 100}),
        ("linear_market", LINEAR, {"type": "market", "amount": 0.1}),
        ("post_only_moved", PERP, {"amount": 100, "price": 50100, "post_only": "true"}),
        ("post_only_refused", PERP, {"amount": 100, "price": 50100, "post_only": "true", "reject_post_only": "true"}),
        ("ioc", PERP, {"amount": 100, "price": 49000, "time_in_force": "immediate_or_cancel"}),
        ("fok", PERP, {"amount": 100, "price": 49000, "time_in_force": "fill_or_kill"}),
        ("day", PERP, {"amount": 100, "price": 49000, "time_in_force": "good_til_day"}),
        ("iceberg", PERP, {"amount": 10000, "price": 49000, "display_amount": 1000}),
    )
    for name, instrument, params in lives:
        kit.called(name).buy(instrument, **params)
    waiting: tuple[tuple[str, dict[str, Any]], ...] = (
        ("stop_market", {"trigger_price": 49000}),
        ("stop_limit", {"trigger_price": 49000, "price": 48900}),
        ("take_market", {"trigger_price": 51000}),
        ("take_limit", {"trigger_price": 51000, "price": 51000}),
        ("trailing_stop", {"trigger_offset": 100}),
    )
    for name, params in waiting:
        kit.called(name).sell(LINEAR, type=name, amount=0.1, trigger="last_price", **params)
    kit.called("positions").get("private/get_positions", currency="any")
    kit.called("cancel_detailed").get("private/cancel_all", detailed="true")
    kit.called("by_label").get("private/get_order_state_by_label", currency="BTC", label="limit")
    return kit.talk


def main() -> None:
    text = yaml.safe_dump({"interactions": talk()}, sort_keys=False, width=130)
    CASSETTE.write_text(HEADER + text)


if __name__ == "__main__":
    main()
