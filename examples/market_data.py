"""Asks Binance spot for its rules, prices and books: something to record (docs/cassettes.md).

python examples/market_data.py [ADDRESS] [SYMBOL ...]
"""

from __future__ import annotations

import json
import sys

import httpx

address = sys.argv[1] if len(sys.argv) > 1 else "https://api.binance.com"
symbols = sys.argv[2:] or ["BTCUSDT", "ETHUSDT"]
with httpx.Client(base_url=address, timeout=10) as venue:
    wanted = json.dumps(symbols, separators=(",", ":"))
    for path in (f"/api/v3/exchangeInfo?symbols={wanted}", f"/api/v3/ticker/24hr?symbols={wanted}"):
        venue.get(path).raise_for_status()
    for symbol in symbols:
        book = venue.get("/api/v3/depth", params={"symbol": symbol, "limit": 100}).raise_for_status().json()
        print(f"{symbol}: {book['bids'][0][0]} / {book['asks'][0][0]}")
