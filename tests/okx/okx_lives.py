"""The life of each order type, as the mock answers it: what stands in the cassette ``orders``.

PYTHONPATH=mocks python tests/okx/okx_lives.py        writes cassettes/okx/orders.yaml anew
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from okx_kit import HOST, SPOT, SWAP, Answer, Kit, spot

CASSETTE = Path(__file__).resolve().parents[2] / "cassettes" / "okx" / "orders.yaml"
HEADER = """\
# provenance: from-mock
# source: outtrade's own OKX mock (tests/okx/okx_lives.py); a life cycle of each order type, no traffic of the venue
"""


class Lives(Kit):
    """A kit that writes down what is asked and answered."""

    def __init__(self) -> None:
        super().__init__()
        self.talk: list[dict[str, Any]] = []
        self.name = ""

    def raw(self, request: Any, *, as_of: int | None = None) -> Answer:
        answer = super().raw(request, as_of=as_of)
        if self.name:
            body = request.body.decode()
            self.talk.append(
                {
                    "name": self.name,
                    "request": {
                        "body": body or None,
                        "headers": {},
                        "method": request.method,
                        "uri": f"https://{HOST}{request.target}",
                    },
                    "response": {
                        "body": {"string": json.dumps(answer.body, separators=(",", ":"))},
                        "headers": {"Content-Type": ["application/json"]},
                        "status": {"code": answer.status, "message": "OK"},
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
    order_id = kit.called("limit_placed").limit("49900", "0.1", clOrdId="limit1", tag="lives").item["ordId"]
    kit.called("limit_live").order(order_id)
    kit.venue.fill(order_id, Decimal("0.4"))
    kit.called("limit_partly_filled").order(order_id)
    kit.called("limit_amended").post("trade/amend-order", instId=SPOT, ordId=order_id, newSz="0.08", reqId="amend1")
    kit.called("limit_cancelled").post("trade/cancel-order", instId=SPOT, ordId=order_id)
    kit.called("limit_over").order(order_id)
    kit.called("limit_fills").get("trade/fills", ordId=order_id)
    for name, word, px, size in (
        ("market", "market", "", "500.1"), ("post_only", "post_only", "50100", "0.1"), ("ioc", "ioc", "50010", "1"),
        ("fok", "fok", "50010", "1.2"),
    ):  # fmt: skip
        fields = spot(side="buy", ordType=word, sz=size, clOrdId=name.replace("_", "")) | ({"px": px} if px else {})
        placed = kit.called(f"{name}_placed").post("trade/order", fields)
        kit.called(f"{name}_over").order(placed.item["ordId"])
    both = [spot(side="buy", ordType="limit", px="40000", sz=size, clOrdId=f"batch{size[0]}") for size in ("1", "9")]
    kit.called("batch_placed").post("trade/batch-orders", both)
    kit.called("batch_cancelled").post("trade/cancel-batch-orders", [{"instId": SPOT, "clOrdId": "batch1"}])
    pair = {"tpTriggerPx": "51000", "tpOrdPx": "-1", "slTriggerPx": "49980", "slOrdPx": "-1"}
    for name, fields in (
        ("conditional", {"ordType": "conditional", "slTriggerPx": "49980", "slOrdPx": "-1"}),
        ("oco", {"ordType": "oco"} | pair),
        ("trigger", {"ordType": "trigger", "triggerPx": "49980", "orderPx": "49900"}),
        ("trailing", {"ordType": "move_order_stop", "callbackRatio": "0.0003"}),
    ):
        algo_id = kit.called(f"{name}_placed").algo(side="sell", sz="0.01", algoClOrdId=name, **fields).item["algoId"]
        kit.called(f"{name}_live").get("trade/order-algo", algoId=algo_id)
    kit.wait(1)
    kit.place(side="sell", ordType="market", sz="1")
    for name in ("conditional", "oco", "trigger", "trailing"):
        done = kit.called(f"{name}_triggered").get("trade/order-algo", algoClOrdId=name).item
        kit.called(f"{name}_order").order(done["ordId"])
    entry = kit.called("attached_placed").limit("45000", "0.1", "buy", attachAlgoOrds=[pair | {"slTriggerPx": "40000"}])
    kit.called("attached_live").order(entry.item["ordId"])
    kit.venue.fill(entry.item["ordId"], Decimal(1))
    kit.called("attached_come_to_life").get("trade/orders-algo-pending", ordType="oco")
    placed = kit.called("swap_opened").swap("buy", "2")
    kit.called("swap_order").order(placed.item["ordId"], SWAP)
    kit.called("swap_position").get("account/positions")
    kit.called("swap_closed").post("trade/close-position", instId=SWAP, mgnMode="cross")
    kit.called("swap_history").get("account/positions-history")
    return kit.talk


def written() -> str:
    """The cassette's text."""
    return HEADER + yaml.safe_dump({"interactions": talk(), "version": 1}, width=130, sort_keys=True)


if __name__ == "__main__":
    CASSETTE.write_text(written())
