"""Matching: price-time priority, trades, self-trade prevention, and what a market order will cost.

An arriving order trades level by level, first come first served within a level, at the resting order's price. Whether
orders of one account may meet is decided by the arriving order's mode, else by the venue's (see ``_prevent``).
"""

from __future__ import annotations

from math import lcm

from msgspec.structs import replace

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import BookSide, Entry
from outtrade_mocks.core.borrowing import Borrowing
from outtrade_mocks.core.events import BalanceChange, Cause, Fill, OrderChange, Prevention
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import Event, SelfTrade, step
from outtrade_mocks.core.positions import PositionSide
from outtrade_mocks.core.rules import check_lots

_FILL, _COMPLETE = Event.FILL, Event.COMPLETE


class Matching(Borrowing):
    """Orders meet."""

    def _enter(self, market: Market, entry: Entry, crosses: bool, cause: Cause) -> None:
        """An accepted order comes to the market: it trades, and what is left of it rests or expires."""
        order = entry.order
        assert order is not None
        price, tif = order.price, order.tif
        if crosses and order.post_only:
            self._expire(entry, "post_only", cause)
        elif tif == "FOK" and not self._fillable(market.side(buy=not entry.buy), entry, price):
            self._expire(entry, "fok", cause)
        else:
            if crosses:
                self._match(market, entry, price, cause, "market")
            if entry.remaining:
                if price is None:
                    self._expire(entry, "liquidity", cause)
                elif tif == "IOC" or tif == "FOK":
                    self._expire(entry, "ioc", cause)
                else:
                    self._rest(market, entry)

    def _size(
        self,
        market: Market,
        account: Account,
        buy: bool,
        wanted: int | None,
        budget: int | None,
        mode: SelfTrade | None,
    ) -> tuple[int, int]:
        """Lots of a market order, and what it costs or brings in atoms of quote: a walk through the book.

        For a quote amount: as many lots as it pays for, level by level, rounded down; where the book runs dry, the
        rest of the amount counts at the last price seen, so that the order ends unfilled (*inferred*). The quantity
        must pass the lot filters (*inferred*: Reject(LOT_SIZE) where the amount pays for less than the minimum). The
        account's own orders are passed over where they would expire, end the walk where this order would, and count
        like anybody's where both trade or shrink (an upper bound of the cost).
        """
        instrument, tariffed = market.instrument, market.tariffed
        side = market.asks if buy else market.bids
        if tariffed is not None:
            if budget is not None and buy:
                budget = tariffed.within(budget)
        elif wanted is not None and side.best is not None:
            head = side.best.head
            if head.remaining >= wanted and head.account is not account:  # most orders are that small
                return wanted, instrument.notional(head.price, wanted)
        mode = mode or self.practice.self_trade
        lots = total = 0
        price = None
        dry = False
        for entry in side.entries():
            if entry.account is account and mode != "none" and mode != "decrement":
                if mode == "expire_maker":
                    continue
                dry = True
                break
            price = entry.price
            there = entry.total
            if wanted is not None:
                part = min(there, wanted - lots)
            else:
                assert budget is not None
                part = min(there, instrument.affordable(price, budget - total))
            lots += part
            total += instrument.notional(price, part)
            if part < there or lots == wanted:
                break
        else:
            dry = True
        if dry and budget is not None:
            price = price or market.reference
            lots += instrument.affordable(price, budget - total) if price else 0
        if tariffed is not None:
            total = tariffed.outlay(total)
        if wanted is not None:
            return wanted, total
        grid = lcm(max(1, instrument.market_step_lots), instrument.grid_lots)
        lots -= lots % grid
        check_lots(instrument, lots, market=True)
        return lots, total

    def _fillable(self, other: BookSide, entry: Entry, limit: int | None) -> bool:
        """Whether the book can fill the whole entry at once; its own account's orders count only where they trade, and
        reduce-only ones as far as there is a position to reduce."""
        room: dict[tuple[str, PositionSide], int] = {}
        left = entry.remaining
        mode = self._mode(entry)
        for resting in other.entries(limit):
            if resting.account is entry.account and mode != "none":
                if mode != "expire_maker":
                    return False
                continue
            there, terms = resting.total, None if resting.order is None else resting.order.terms
            if terms is not None and terms.reduce_only:
                assert resting.account is not None
                side: PositionSide = terms.position_side or "net"
                key = resting.account.name, side
                if key not in room:
                    room[key] = self._closable(resting.account, order_of(resting).symbol, side, resting.buy)
                there = min(there, room[key])
                room[key] -= there
            left -= there
            if left <= 0:
                return True
        return False

    def _held(self, market: Market, price: int | None, pays: Balance, need: int) -> int:
        """Of ``need`` atoms, those that an order locks when it comes to the market: all; a market order pays from what
        is free, except where fees might take it away."""
        return need if price is not None or (market.tariffed is not None and market.tariffed.keeps(pays)) else 0

    def _mode(self, taker: Entry) -> SelfTrade:
        """The self-trade mode that decides: the arriving order's, else the venue's."""
        terms = order_of(taker).terms
        return (terms.self_trade if terms is not None else None) or self.practice.self_trade

    def _prevent(self, market: Market, taker: Entry, maker: Entry, mode: SelfTrade, cause: Cause) -> bool:
        """Two orders of one account meet and must not trade; whether the arriving one is over.

        EXPIRE_TAKER, EXPIRE_MAKER, EXPIRE_BOTH and DECREMENT as on Binance spot (STP FAQ): DECREMENT takes the smaller
        quantity from both, and who has nothing left expires. Binance shows what was taken as prevented quantity; here
        the larger order's quantity falls (``why="prevent"``).
        """
        self._note_prevention(taker, maker, mode)
        if mode == "decrement":
            lots = min(taker.remaining, maker.total)
            if lots == maker.total:
                self._leave(market, maker)
                self._expire(maker, "self_trade", cause)
            else:
                self._shrink(market, maker, lots)
                self._change(maker, Event.AMEND, "prevent", cause, lots=order_of(maker).lots - lots)
                assert maker.account is not None
                if maker.special is not None and maker.special.group is not None:
                    maker.special.group.claim(maker)
                    self._touched.append(maker)
                self._tell_balance(maker.account, cause, market.clearing.lock(maker, self.now))
            if lots < taker.remaining:
                taker.remaining -= lots
                self._change(taker, Event.AMEND, "prevent", cause, lots=order_of(taker).lots - lots)
                if taker.special is not None and taker.special.group is not None:
                    self._touched.append(taker)
                if taker.locked:
                    assert taker.account is not None
                    self._tell_balance(taker.account, cause, market.clearing.lock(taker, self.now))
                return False
        elif mode != "expire_taker":
            self._leave(market, maker)
            self._expire(maker, "self_trade", cause)
            if mode == "expire_maker":
                return False
        self._expire(taker, "self_trade", cause)
        taker.remaining = 0
        return True

    def _note_prevention(self, taker: Entry, maker: Entry, mode: SelfTrade) -> None:
        """The account keeps what its orders lose to each other."""
        account, arriving, resting = taker.account, order_of(taker), order_of(maker)
        assert account is not None
        least = min(taker.remaining, maker.total)
        lost = {
            "decrement": (least, least),
            "expire_maker": (0, maker.total),
            "expire_taker": (taker.remaining, 0),
            "expire_both": (taker.remaining, maker.total),
        }[mode]
        earlier = (one.number for one in reversed(account.preventions) if one.symbol == arriving.symbol)
        number = next(earlier, -1) + 1
        account.preventions.append(
            Prevention(
                number, arriving.symbol, arriving.order_id, resting.order_id, mode, resting.price or 0, *lost, self.now
            )
        )

    def _match(self, market: Market, taker: Entry, limit: int | None, taker_cause: Cause, maker_cause: Cause) -> None:
        """Trade an arriving entry against the book until it is filled, its limit is reached, or nothing is left."""
        buy = taker.buy
        side = market.asks if buy else market.bids
        account, own = taker.account, taker.order is not None
        while taker.remaining:
            level = side.best
            if level is None:
                return
            price = level.price
            if limit is not None and (price > limit if buy else price < limit):
                return
            maker = level.head
            maker_own = maker.order is not None
            if own and maker_own and maker.account is account:
                mode = self._mode(taker)
                if mode != "none":
                    if self._prevent(market, taker, maker, mode, taker_cause):
                        return
                    continue
            lots = maker.remaining if maker.remaining < taker.remaining else taker.remaining
            taker.remaining -= lots
            side.fill(maker, lots)
            market.last_price = price
            if market.watches is not None:
                market.watches.saw("last", price)
            if not own and not maker_own:
                if market.prints is not None:
                    market.prints.add(self.now, price, lots, buy=buy)
                continue
            market.trade_id += 1
            if market.prints is not None:
                market.prints.add(self.now, price, lots, buy=buy, trade_id=market.trade_id)
            quote = market.clearing.value(price, lots)
            if maker_own:
                if not maker.remaining:
                    if maker.special is not None and maker.special.hidden:
                        side.replenish(maker)
                    else:
                        self._forget(market, maker)
                self._fill(market, maker, price, lots, quote, True, maker_cause)
            else:
                market.clearing.settle_house(lots, quote, buy=not buy)
            if own:
                self._fill(market, taker, price, lots, quote, False, taker_cause)
            else:
                market.clearing.settle_house(lots, quote, buy=buy)

    def _fill(self, market: Market, entry: Entry, price: int, lots: int, quote: int, maker: bool, cause: Cause) -> None:
        """Book one side of a trade for an account."""
        now, old, account, gets, pays = self.now, entry.order, entry.account, entry.gets, entry.pays
        assert old is not None and account is not None and gets is not None and pays is not None
        special, clearing, margined, charged = entry.special, market.clearing, market.margined, gets
        if special is not None and special.group is not None:
            special.group.claim(entry)
            self._touched.append(entry)
        fee, realised = clearing.settle(entry, lots, quote, maker, now), 0
        if clearing.charged is not None:
            charged = clearing.charged
        if margined is not None:
            realised = margined.realised
        entry.order = order = replace(
            old,
            filled=old.filled + lots,
            quote_filled=old.quote_filled + quote,
            status=step(old.status, _FILL if entry.remaining else _COMPLETE),
            updated=now,
        )
        account.snapshots.append(order)
        fill = Fill(
            market.trade_id, old.order_id, old.client_id, old.created_as, old.account, old.symbol, old.side, price,
            lots, quote, fee, charged.asset, maker, now, old.label, realised,
        )  # fmt: skip
        account.fills.append(fill)
        if self._callbacks:
            self._out += (fill, OrderChange(order, "fill", now, cause, fill))
            if margined is None:
                base, other = (gets, pays) if entry.buy else (pays, gets)
                changed: tuple[tuple[str, int, int], ...] = (
                    (base.asset, base.free, base.locked),
                    (other.asset, other.free, other.locked),
                )
                if charged is not gets and charged is not pays:
                    changed = (*changed, (charged.asset, charged.free, charged.locked))
                self._out.append(BalanceChange(old.account, changed, now, cause))
        if margined is not None:
            self._booked(market, entry, cause)
        elif old.terms is not None and old.terms.side_effect is not None:
            received = lots * market.instrument.lot_atoms if entry.buy else quote
            self._repay_received(entry, received - fee if charged is gets else received)
