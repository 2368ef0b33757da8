"""Shapes held against recordings of the real exchange (2019 and 2020; skipped where the material is absent).

What recordings hold of trades on margin, which are not modelled, is left out by name. Ids are keys: the comparison maps
them onto each other. Maps of all pairs and assets are compared for one of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

from kraken_kit import Kit

FOLDER = "vcr_aiokraken/kraken_spot"
MARGIN = r"\.(posstatus|cprice|ccost|cfee|cvol|cmargin|net|trades|leverage_buy\[\]|leverage_sell\[\])(\[\])?$"


def prepared() -> Kit:
    kit = Kit(symbols=("BTC/EUR", "BTC/USD", "ETH/USD"), balances={"EUR": Decimal(100_000), "BTC": Decimal(2)},
              markets={"BTC/EUR": {"mid": "45000", "depth": "0.5", "taker_size": "0.05", "levels": 5}})  # fmt: skip
    kit.place(pair="XBTEUR", volume="0.02")
    kit.place("40000", pair="XBTEUR", expiretm="+900")
    stop = {"pair": "XBTEUR", "type": "sell", "ordertype": "stop-loss", "volume": "0.1", "price": "46000"}
    kit.ask("AddOrder", **stop).result["txid"]
    kit.ask("CancelOrder", txid=kit.place("40000", pair="XBTEUR"))
    return kit


ORDER = {"pair": "XBTEUR", "type": "buy", "volume": "0.01", "price": "40000"}
CASES: dict[str, Callable[[Kit], Any]] = {
    "/0/public/Time": lambda kit: kit.public("Time").data,
    "/0/public/Assets": lambda kit: kit.public("Assets").data,
    "/0/public/AssetPairs": lambda kit: Kit(knobs={"fee_tiers": True}).public("AssetPairs").data,
    "/0/public/Ticker": lambda kit: kit.public("Ticker", pair="XBTEUR").data,
    "/0/public/OHLC": lambda kit: kit.public("OHLC", pair="XBTEUR").data,
    "/0/private/Balance": lambda kit: kit.ask("Balance").data,
    "/0/private/TradeBalance": lambda kit: kit.ask("TradeBalance").data,
    "/0/private/OpenOrders": lambda kit: kit.ask("OpenOrders").data,
    "/0/private/ClosedOrders": lambda kit: kit.ask("ClosedOrders", trades="true").data,
    "/0/private/TradesHistory": lambda kit: kit.ask("TradesHistory").data,
    "/0/private/Ledgers": lambda kit: kit.ask("Ledgers").data,
    "/0/private/GetWebSocketsToken": lambda kit: kit.ask("GetWebSocketsToken").data,
}


def one_of(data: Any) -> Any:
    """The same with one entry of a ledger, and one member of a map of names, under a key of its own."""
    data = json.loads(json.dumps(data))
    result = data.get("result")
    if isinstance(result, dict):
        if result.get("ledger"):
            result["ledger"] = {"LAAAAA-BBBBB-CCCCCC": next(iter(result["ledger"].values()))}
        if result and all(isinstance(value, dict | list) for name, value in result.items() if name != "last"):
            names = [name for name in result if name not in ("open", "closed", "trades", "ledger", "last")]
            if names and not set(names) & {"descr", "txid", "count"}:
                first = result[names[0]]
                for name in names:
                    del result[name]
                result["NAME"] = first
        if all(isinstance(value, str) for value in result.values()) and "ZEUR" in result:
            data["result"] = {"CODE": result["ZEUR"]}
    return data


def samples(shared: Path) -> list[dict[str, Any]]:
    rows = (json.loads(line) for line in (shared / "fixtures" / "index.jsonl").read_text().splitlines())
    return [row for row in rows if row["venue"] == "kraken_spot" and row["usable"] and row["trust"] in "AC"]


def new_order(row: dict[str, Any], kit: Kit) -> Any:
    body = str(row["request"]["body"])
    kind = next(name for name in ("stop-loss", "market", "limit") if f"'{name}'" in body)
    more = {"validate": "true"} if "validate" in row["name"] or "txid" not in row["text"] else {}
    return kit.ask("AddOrder", ordertype=kind, **ORDER, **more).data


def test_every_recording(
    shared: Path, wire_compare: ModuleType, record_property: Callable[[str, object], None]
) -> None:
    kit, low, hard = prepared(), [], []
    coverages = []
    for row in samples(shared):
        text = (shared / "fixtures" / row["file"]).read_text()
        sample = json.loads(text)
        if sample.get("error"):
            continue  # tested by text
        if row["endpoint"] == "/0/private/AddOrder":
            mine = new_order(
                row | {"text": text}, Kit(symbols=("BTC/EUR",), balances={"EUR": Decimal(9999)}, markets={})
            )
        else:
            mine = CASES[row["endpoint"]](kit)
            kit.later(10)
        result = wire_compare.compare(one_of(sample), one_of(mine), venue="kraken_spot", ignore=(MARGIN,))
        coverages.append(result["coverage"])
        found = [finding for finding in result["findings"] if finding["hard"]]
        hard += [(row["name"], finding) for finding in found]
        low += [(row["name"], result["coverage"], result["findings"])] if result["coverage"] < 95 else []
    assert len(coverages) > 40
    record_property("coverage", min(coverages))
    assert hard == [] and low == [], (hard, low)


def test_recorded_errors(shared: Path, kit: Kit) -> None:
    texts = set()
    for row in samples(shared):
        texts |= set(json.loads((shared / "fixtures" / row["file"]).read_text())["error"])
    assert texts == {"EGeneral:Invalid arguments", "EAPI:Invalid key"}
    assert kit.raw(kit.request("Balance", {}, **{"api-key": "x"})).error in texts
    assert kit.ask("AmendOrder", txid=kit.place("40000")).error in texts
