"""The life of each order type, as the mock answers it: what stands in the cassette ``orders``.

PYTHONPATH=mocks python tests/coinbase/coinbase_lives.py        writes cassettes/coinbase/orders.yaml anew
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from coinbase_kit import EPOCH, HOST, SECOND, Answer, Kit

from outtrade_mocks.venues.api import HttpRequest
from outtrade_mocks.venues.coinbase.codec import moment

CASSETTE = Path(__file__).resolve().parents[2] / "cassettes" / "coinbase" / "orders.yaml"
HEADER = """\
# provenance: from-mock
# source: outtrade's own Coinbase mock (tests/coinbase/coinbase_lives.py): a life of each order type, and what is
#   refused with HTTP 200; no traffic of the venue
"""
END = moment(EPOCH + 3600 * SECOND)
PLACED: dict[str, tuple[str, dict[str, Any]]] = {
    "market_for_quote": ("market_market_ioc", {"quote_size": "100"}),
    "market_for_base": ("market_market_ioc", {"base_size": "0.02", "side": "SELL"}),
    "post_only": ("limit_limit_gtc", {"post_only": True}),
    "gtd": ("limit_limit_gtd", {"end_time": END}),
    "fok": ("limit_limit_fok", {"limit_price": "50010"}),
    "ioc": ("sor_limit_ioc", {"limit_price": "40000"}),
    "stop_limit": (
        "stop_limit_stop_limit_gtc",
        {"side": "SELL", "limit_price": "44000", "stop_price": "45000", "stop_direction": "STOP_DIRECTION_STOP_DOWN"},
    ),
    "take_profit": (
        "stop_limit_stop_limit_gtd",
        {"side": "SELL", "limit_price": "54000", "stop_price": "55000", "stop_direction": "STOP_DIRECTION_STOP_UP",
         "end_time": END},
    ),
    "bracket": ("trigger_bracket_gtc", {"side": "SELL", "limit_price": "55000", "stop_trigger_price": "45000"}),
}  # fmt: skip
"""Name -> configuration, and what differs from a usual buy."""
REFUSED: dict[str, dict[str, Any]] = {
    "no_funds": {"base_size": "100"},
    "beside_the_grid": {"limit_price": "45000.001"},
    "would_take": {"limit_price": "50100", "post_only": True},
}
"""Name -> what is wrong with it; the answer has status 200."""


class Lives(Kit):
    """A kit that writes down what is asked and answered, but for the token."""

    def __init__(self) -> None:
        super().__init__()
        self.talk: list[dict[str, Any]] = []
        self.name = ""

    def raw(self, request: HttpRequest, *, as_of: int | None = None) -> Answer:
        answer = super().raw(request, as_of=as_of)
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
                        "body": {"string": answer.body.decode()},
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
        self.later(1)
        return self

    def cancelled(self, order: str) -> None:
        """A batch of one."""
        self.post("/orders/batch_cancel", order_ids=[order])


def talk() -> list[dict[str, Any]]:
    """All lives, one after the other, on one account."""
    kit = Lives()
    limit = kit.called("limit_placed").place(CLIENT_ORDER_ID="limit")
    kit.called("limit_open").seen(limit)
    kit.venue.fill(limit, Decimal("0.4"))
    kit.called("limit_partly_filled").seen(limit)
    kit.called("limit_placed_again").order(CLIENT_ORDER_ID="limit")
    kit.called("limit_edited").post("/orders/edit", order_id=limit, price="45100", size="0.008")
    kit.called("limit_after_the_edit").seen(limit)
    kit.called("limit_cancelled").post("/orders/batch_cancel", order_ids=[limit, "never-was"])
    kit.called("limit_over").seen(limit)
    for name, (kind, fields) in PLACED.items():
        sizes = {} if "market" in kind else {"base_size": "0.01"}
        order = kit.called(f"{name}_placed").place(kind, CLIENT_ORDER_ID=name, **sizes, **fields)
        kit.called(f"{name}_after").seen(order)
        kit.cancelled(order)
    for name, fields in REFUSED.items():
        kit.called(f"refused_{name}").order(CLIENT_ORDER_ID=name, **fields)
    kit.called("preview").post(
        "/orders/preview", product_id="BTC-USD", side="BUY",
        order_configuration={"limit_limit_gtc": {"base_size": "0.01", "limit_price": "45000"}},
    )  # fmt: skip
    kit.called("all_orders").get("/orders/historical/batch", product_ids="BTC-USD")
    kit.called("trades").get("/orders/historical/fills", product_ids="BTC-USD")
    kit.called("accounts").get("/accounts")
    return kit.talk


def written() -> str:
    """The cassette's text."""
    return HEADER + yaml.safe_dump({"interactions": talk(), "version": 1}, width=130, sort_keys=True)


if __name__ == "__main__":
    CASSETTE.write_text(written())
