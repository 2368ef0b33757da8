"""Answers held against the schemas of an independent OpenAPI document (skipped where the reference material is absent).

The document is of November 2025: the venue has more fields since, and it names one that was spelled otherwise before
(maxSpotInUse). Every field that it lists must be there, of its kind; strings are strings, lists hold the objects.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from okx_kit import SPOT, SWAP, Kit, spot

from outtrade_mocks.venues.okx.endpoints import ENDPOINTS

Maker = Callable[[Kit], Any]


def prepared() -> Kit:
    kit = Kit()
    kit.wait(1)
    kit.place(side="buy", ordType="market", sz="500.1")
    kit.swap("buy", "2")
    kit.limit("40000", "0.01", clOrdId="standing", attachAlgoOrds=[{"slTriggerPx": "30000", "slOrdPx": "-1"}])
    kit.algo(side="sell", ordType="conditional", sz="0.1", slTriggerPx="49000", slOrdPx="-1", algoClOrdId="stop")
    cancelled = kit.algo(side="sell", ordType="trigger", sz="0.1", triggerPx="49000", orderPx="-1").item["algoId"]
    kit.post("trade/cancel-algos", [{"algoId": cancelled, "instId": SPOT}])
    return kit


LIMIT = spot(side="buy", ordType="limit", px="40000", sz="0.01")
ALGO = {"instId": SPOT, "tdMode": "cash", "side": "sell", "ordType": "conditional", "sz": "0.1"}
CASES: dict[tuple[str, str], Maker] = {
    ("get", "public/instruments"): lambda kit: kit.public("public/instruments", instType="SWAP"),
    ("get", "public/time"): lambda kit: kit.public("public/time"),
    ("get", "public/mark-price"): lambda kit: kit.public("public/mark-price", instType="SWAP"),
    ("get", "public/funding-rate"): lambda kit: kit.public("public/funding-rate", instId=SWAP),
    ("get", "public/price-limit"): lambda kit: kit.public("public/price-limit", instId=SPOT),
    ("get", "public/open-interest"): lambda kit: kit.public("public/open-interest", instType="SWAP"),
    ("get", "public/position-tiers"): lambda kit: kit.public(
        "public/position-tiers", instType="SWAP", tdMode="cross", instFamily="BTC-USDT"
    ),
    ("get", "market/tickers"): lambda kit: kit.public("market/tickers", instType="SPOT"),
    ("get", "market/ticker"): lambda kit: kit.public("market/ticker", instId=SPOT),
    ("get", "market/index-tickers"): lambda kit: kit.public("market/index-tickers", instId=SPOT),
    ("get", "market/trades"): lambda kit: kit.public("market/trades", instId=SPOT),
    ("get", "trade/order"): lambda kit: kit.get("trade/order", instId=SPOT, clOrdId="standing"),
    ("get", "trade/orders-pending"): lambda kit: kit.get("trade/orders-pending"),
    ("get", "trade/orders-history"): lambda kit: kit.get("trade/orders-history", instType="SPOT"),
    ("get", "trade/fills"): lambda kit: kit.get("trade/fills"),
    ("get", "trade/fills-history"): lambda kit: kit.get("trade/fills-history", instType="SWAP"),
    ("get", "trade/order-algo"): lambda kit: kit.get("trade/order-algo", algoClOrdId="stop"),
    ("get", "trade/orders-algo-pending"): lambda kit: kit.get("trade/orders-algo-pending", ordType="conditional"),
    ("get", "trade/orders-algo-history"): lambda kit: kit.get(
        "trade/orders-algo-history", ordType="trigger", state="canceled"
    ),
    ("get", "trade/account-rate-limit"): lambda kit: kit.get("trade/account-rate-limit"),
    ("post", "trade/order"): lambda kit: kit.post("trade/order", LIMIT),
    ("post", "trade/batch-orders"): lambda kit: kit.post("trade/batch-orders", [LIMIT]),
    ("post", "trade/cancel-order"): lambda kit: kit.post("trade/cancel-order", instId=SPOT, clOrdId="standing"),
    ("post", "trade/cancel-batch-orders"): lambda kit: kit.post(
        "trade/cancel-batch-orders", [{"instId": SPOT, "clOrdId": "standing"}]
    ),
    ("post", "trade/amend-order"): lambda kit: kit.post(
        "trade/amend-order", instId=SPOT, clOrdId="standing", newPx="41000"
    ),
    ("post", "trade/close-position"): lambda kit: kit.post("trade/close-position", instId=SWAP, mgnMode="cross"),
    ("post", "trade/order-algo"): lambda kit: kit.post(
        "trade/order-algo", ALGO | {"slTriggerPx": "40000", "slOrdPx": "-1"}
    ),
    ("post", "trade/amend-algos"): lambda kit: kit.post(
        "trade/amend-algos", instId=SPOT, algoClOrdId="stop", newSz="0.2"
    ),
    ("post", "trade/cancel-algos"): lambda kit: kit.post(
        "trade/cancel-algos", [{"instId": SPOT, "algoClOrdId": "stop"}]
    ),
    ("post", "trade/cancel-all-after"): lambda kit: kit.post("trade/cancel-all-after", timeOut="10"),
    ("get", "account/balance"): lambda kit: kit.get("account/balance"),
    ("get", "account/positions"): lambda kit: kit.get("account/positions"),
    ("get", "account/positions-history"): lambda kit: (
        kit.post("trade/close-position", instId=SWAP, mgnMode="cross"),
        kit.get("account/positions-history"),
    )[1],
    ("get", "account/account-position-risk"): lambda kit: kit.get("account/account-position-risk"),
    ("get", "account/config"): lambda kit: kit.get("account/config"),
    ("post", "account/set-position-mode"): lambda kit: kit.post("account/set-position-mode", posMode="net_mode"),
    ("post", "account/set-leverage"): lambda kit: kit.post(
        "account/set-leverage", instId=SWAP, lever="2", mgnMode="cross"
    ),
    ("get", "account/leverage-info"): lambda kit: kit.get("account/leverage-info", instId=SWAP, mgnMode="cross"),
    ("get", "account/max-size"): lambda kit: kit.get("account/max-size", instId=SPOT, tdMode="cash"),
    ("get", "account/max-avail-size"): lambda kit: kit.get("account/max-avail-size", instId=SWAP, tdMode="cross"),
    ("get", "account/trade-fee"): lambda kit: kit.get("account/trade-fee", instType="SPOT"),
    ("get", "account/bills"): lambda kit: kit.get("account/bills"),
    ("get", "account/bills-archive"): lambda kit: kit.get("account/bills-archive"),
    ("get", "account/instruments"): lambda kit: kit.get("account/instruments", instType="SPOT"),
    ("get", "account/interest-accrued"): lambda kit: kit.get("account/interest-accrued"),
    ("get", "account/interest-rate"): lambda kit: kit.get("account/interest-rate"),
    ("get", "account/max-withdrawal"): lambda kit: kit.get("account/max-withdrawal"),
    ("post", "account/position/margin-balance"): lambda kit: (
        kit.post("trade/close-position", instId=SWAP, mgnMode="cross"),
        kit.swap("buy", "2", tdMode="isolated"),
        kit.post("account/position/margin-balance", instId=SWAP, posSide="net", type="add", amt="10"),
    )[2],
    ("get", "market/books"): lambda kit: kit.public("market/books", instId=SPOT, sz="5"),
    ("get", "market/candles"): lambda kit: kit.public("market/candles", instId=SPOT),
    ("get", "market/history-candles"): lambda kit: kit.public("market/history-candles", instId=SPOT),
    ("get", "market/history-trades"): lambda kit: kit.public("market/history-trades", instId=SPOT),
    ("get", "public/funding-rate-history"): lambda kit: kit.public("public/funding-rate-history", instId=SWAP),
    ("get", "public/underlying"): lambda kit: kit.public("public/underlying", instType="SWAP"),
    ("get", "trade/orders-history-archive"): lambda kit: kit.get("trade/orders-history-archive", instType="SPOT"),
    ("post", "trade/amend-batch-orders"): lambda kit: kit.post(
        "trade/amend-batch-orders", [{"instId": SPOT, "clOrdId": "standing", "newPx": "41000"}]
    ),
    ("post", "trade/order-precheck"): lambda kit: Kit(knobs={"account_mode": "3"}).post("trade/order-precheck", LIMIT),
    ("get", "asset/currencies"): lambda kit: kit.get("asset/currencies", ccy="BTC"),
    ("get", "asset/balances"): lambda kit: kit.get("asset/balances", ccy="BTC"),
}


EMPTY = {"account/interest-accrued", "account/interest-rate", "public/funding-rate-history"}
"""Nobody owes interest here, and no funding of before the run is kept."""
MISTAKEN = (".asks:", ".bids:")
"""The document calls the sides of market/books strings; the venue's own pages and recordings show lists."""


@lru_cache(maxsize=1)
def document(path: Path) -> Any:
    return yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def resolved(root: Any, schema: Any) -> Any:
    while "$ref" in schema:
        node = root
        for part in schema["$ref"][2:].split("/"):
            node = node[part]
        schema = node
    return schema


def wrong(root: Any, schema: Any, value: Any, where: str) -> list[str]:
    """Where a value lacks fields of a schema, or has them of another kind."""
    schema = resolved(root, schema)
    if "properties" in schema:
        if not isinstance(value, dict):
            return [f"{where}: no object"]
        missing = [f"{where}.{name}: missing" for name in schema["properties"] if name not in value]
        inner = [
            complaint
            for name, below in schema["properties"].items()
            if name in value
            for complaint in wrong(root, below, value[name], f"{where}.{name}")
        ]
        return missing + inner
    kind = schema.get("type")
    if kind == "array":
        if not isinstance(value, list):
            return [f"{where}: no list"]
        return [one for item in value for one in wrong(root, schema.get("items", {}), item, f"{where}[]")]
    kinds: dict[str | None, Any] = {"string": str, "boolean": bool, "integer": int}
    expected = kinds.get(kind)
    return [] if expected is None or isinstance(value, expected) else [f"{where}: {value!r} is no {kind}"]


@pytest.mark.parametrize(("method", "path"), CASES, ids=[f"{method} {path}" for method, path in CASES])
def test_against_the_openapi_document(method: str, path: str, shared: Path) -> None:
    root = document(shared / "fixtures" / "openapi" / "okx_rest.yaml")
    answers = root["paths"][f"/api/v5/{path}"][method]["responses"]
    content = resolved(root, answers.get("200") or answers[200])["content"]
    schema = next(iter(content.values()))["schema"]
    kit = prepared()
    answer = CASES[method, path](kit)
    assert answer.code == "0", answer.body
    assert bool(answer.data) != (path in EMPTY)
    assert [one for one in wrong(root, schema, answer.body, "$") if not any(word in one for word in MISTAKEN)] == []


def test_every_answer_that_the_document_has_is_compared(shared: Path) -> None:
    root = document(shared / "fixtures" / "openapi" / "okx_rest.yaml")
    ours = {(method.lower(), path.removeprefix("/api/v5/")) for method, path in ENDPOINTS}
    theirs = {(method, path.removeprefix("/api/v5/")) for path, made in root["paths"].items() for method in made}
    assert ours & theirs == set(CASES) & theirs
    assert ours - theirs == {("get", "system/status")}, "compared with the documentation by hand: test_okx_rest.py"


def test_the_comparison_can_fail() -> None:
    schema = {"properties": {"a": {"type": "array", "items": {"properties": {"b": {"type": "string"}}}}}}
    assert wrong({}, schema, {"a": [{"b": "x"}]}, "$") == []
    assert wrong({}, schema, {"a": [{"b": 1}, {}]}, "$") == ["$.a[].b: 1 is no string", "$.a[].b: missing"]


def plain(value: Any, where: str = "$") -> list[str]:
    """Strings of numbers that are not written as the venue writes them."""
    if isinstance(value, dict):
        return [one for name, inner in value.items() for one in plain(inner, f"{where}.{name}")]
    if isinstance(value, list):
        return [one for inner in value for one in plain(inner, where)]
    if isinstance(value, str) and value[:1].isdigit():
        try:
            number = Decimal(value)
        except ArithmeticError:
            return []
        odd = "E" in value.upper() or ("." in value and value.endswith("0")) or not number.is_finite()
        return [f"{where}: {value}"] if odd else []
    return [f"{where}: null"] if value is None else []


PADDED = ("public/instruments", "account/instruments", "public/position-tiers")


def test_numbers_are_plain_and_nothing_is_null() -> None:
    kit = prepared()
    for (method, path), make in CASES.items():
        if method == "get" and path not in PADDED:
            assert plain(make(kit).data) == [], path
