"""Statements about contracts: positions, settings, bookings, mark prices, and what the venue closes.

They speak of the contract that the first intent names, or of ``sym=``. A fill of an own order makes no position here:
the statement ``holds`` says what there is.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, cast

from outtrade.judge.micro.stage import Stage
from outtrade.judge.micro.words import Word, number, plain
from outtrade.model.history import Charged, FillTruth, OrderTruth, PositionTruth, SettingsTruth, Valued
from outtrade.model.task import is_contract

FORCED = ("liquidation", "adl", "settlement")


class HoldingVerbs:
    """Verbs of a Player."""

    stage: Stage

    def _contract(self, word: Word) -> str:
        named = (intent.symbol for intent in self.stage.script.intents if intent.symbol and is_contract(intent.symbol))
        found = word.options.get("sym") or next(named, None)
        if found is None:
            raise word.fail(word.verb, "needs a contract (sym=BTC/USDT:USDT, of an intent or of its own)")
        return found

    def _first(self, word: Word, what: str) -> str:
        if not word.args:
            raise word.fail(word.verb, f"needs {what}")
        return word.args[0]

    def do_holds(self, word: Word) -> None:
        quantity, _, entry = self._first(word, "QUANTITY[@ENTRY]").partition("@")
        self.stage.add(
            PositionTruth(
                symbol=self._contract(word),
                side="net",
                quantity=plain(number(quantity, quantity, word.text)),
                entry_price=entry or None,
                margin=word.options.get("margin", "0"),
                isolated="margin" in word.options,
                leverage=int(word.options.get("lev", "10")),
                why="trade",
                cause="request",
            )
        )

    def do_lever(self, word: Word) -> None:
        leverage = int(number(self._first(word, "a leverage"), word.args[0], word.text))
        self.stage.add(SettingsTruth(symbol=self._contract(word), leverage=leverage, isolated=False, hedge=False))

    def do_mark(self, word: Word) -> None:
        price = number(self._first(word, "a price"), word.args[0], word.text)
        self.stage.add(Valued(symbol=self._contract(word), mark=plain(price)))

    def do_charge(self, word: Word) -> None:
        amount = number(self._first(word, "an amount"), word.args[0], word.text)
        symbol, why = self._contract(word), word.options.get("why", "funding")
        if why not in ("funding", "liquidation_fee"):
            raise word.fail(why, "is no reason of a booking")
        self.stage.add(
            Charged(
                symbol=symbol,
                asset=symbol.rpartition(":")[2],
                amount=plain(amount),
                why=cast("Literal['funding', 'liquidation_fee']", why),
            )
        )

    def do_taken(self, word: Word) -> None:
        side, _, rest = self._first(word, "SIDE:QUANTITY@PRICE").partition(":")
        quantity, _, price = rest.partition("@")
        why = word.options.get("why", "liquidation")
        if side not in ("buy", "sell") or why not in FORCED:
            raise word.fail(word.text, "needs buy or sell, and a why of liquidation, adl or settlement")
        size, paid = number(quantity, quantity, word.text), number(price or "100", rest, word.text)
        count = sum(isinstance(event, OrderTruth) for event in self.stage.events)
        common = {
            "order": f"F{count}", "client_id": f"{why}-{count}", "symbol": self._contract(word),
            "side": cast("Literal['buy', 'sell']", side), "foreign": True, "forced": why,
        }  # fmt: skip
        value = Decimal(size * paid)
        fill = FillTruth(
            **common,  # type: ignore[arg-type]
            trade_id=f"tF{count}", price=plain(paid), quantity=plain(size), fee="0", fee_asset="USDT",
            realised=word.options.get("gain", "0"),
        )  # fmt: skip
        self.stage.add(fill)
        self.stage.add(
            OrderTruth(
                **common,  # type: ignore[arg-type]
                created_as=str(common["client_id"]),
                type="limit",
                tif="IOC",
                price=plain(paid),
                quantity=plain(size),
                filled=plain(size),
                quote_filled=plain(value),
                status="filled",
                why="fill",
            )
        )
