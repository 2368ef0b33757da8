"""Orders for contracts: what is checked before one is taken in.

An order in one-way mode names no position side; in hedge mode each names one, and a sale on the long side (a purchase
on the short side) can only close it, as if it were reduce-only (Binance USD-M). A reduce-only order needs no margin and
has no minimum value (Binance USD-M -4164: "unless you choose reduce only"); whether one that waits for a trigger still
has something to reduce is looked at when it is triggered.
"""

from __future__ import annotations

from msgspec.structs import replace

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.book import Entry
from outtrade_mocks.core.clockwork import Clockwork
from outtrade_mocks.core.floor import order_of
from outtrade_mocks.core.limits import check_limits
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.orders import NewOrder, Reject, RejectReason, Status, Terms, terms_of
from outtrade_mocks.core.positions import PositionSide
from outtrade_mocks.core.rules import (
    check_contract,
    check_limit,
    check_lots,
    check_market,
    check_price,
    check_terms,
)


class ContractOrders(Clockwork):
    """Checks of orders for contracts."""

    def _terms(self, market: Market, new: NewOrder, list_id: int | None = None, replaces: int | None = None) -> Terms:
        """The terms of an order that is not plain; in hedge mode one that closes is reduce-only."""
        terms = terms_of(new, list_id, replaces)
        if market.margined is not None and new.position_side is not None and not terms.reduce_only:
            return replace(terms, reduce_only=(new.side == "sell") == (new.position_side == "long"))
        return terms

    def _vet_contract(
        self, market: Market, account: Account, new: NewOrder, leaving: Entry | None, *, plain: bool, later: bool
    ) -> tuple[Market, int, int, Balance, Balance, bool, Terms | None, int | None]:
        """As ``Exchange._vet``; ``plain``: what ``check_shape`` said. Raises Reject(MARKET_CLOSED) also on what would
        have to wait for a session."""
        if not plain or new.quote is not None:
            check_contract(new)
        if later:
            raise Reject(RejectReason.MARKET_CLOSED, f"{new.symbol} is not in session, and contracts do not queue")
        instrument, practice, buy, price = market.instrument, self.practice, new.side == "buy", new.price
        terms = None
        if not plain:
            check_terms(new, instrument, practice, self.now)
            terms = self._terms(market, new)
        side, reducing = self._order_side(account, new), terms is not None and terms.reduce_only
        lots = new.lots or 0
        if new.trigger is not None:
            self._size_trigger(market, new, reached_is_fine=practice.immediate_trigger == "trigger")
        elif reducing:
            lots = self._reducible(account, new, side)
            if price is not None:
                check_price(instrument, new.side, price, market.reference)
        elif price is not None:
            check_limit(instrument, new.side, price, lots, market.reference)
        else:
            check_market(instrument, lots, None, market.reference)
        if lots < 1 and not (new.close_position and new.trigger is not None):
            check_lots(instrument, lots, market=False)
        if market.limited:
            check_limits(self, market, account, new, lots, (account.balance(instrument.settle), 0), leaving)
        if new.client_id in account.working and (
            leaving is None or account.working[new.client_id] != order_of(leaving).order_id
        ):
            raise Reject(RejectReason.DUPLICATE_CLIENT_ID, f"{new.client_id!r} is the id of an open order")
        if not reducing and (new.trigger is None or practice.reserve == "placement"):
            self._check_margin(market, account, side, buy, self._cost(market, account, new, lots), lots, leaving)
        crosses = new.trigger is None and (price is None or market.side(buy=not buy).reaches(price))
        if crosses and new.post_only and practice.post_only == "reject":
            raise Reject(RejectReason.WOULD_TAKE, "a post-only order would trade at once")
        if terms == Terms():
            terms = None
        return market, lots, 0, *market.clearing.sides(account, buy), crosses, terms, None

    def _order_side(self, account: Account, new: NewOrder) -> PositionSide:
        """The position that an order is for. Raises Reject(POSITION_SIDE)."""
        hedge = account.portfolio is not None and account.portfolio.hedge
        if hedge != (new.position_side is not None):
            wanted = "names the position side" if hedge else "names no position side"
            raise Reject(RejectReason.POSITION_SIDE, f"in this position mode an order {wanted}")
        if new.position_side is None:
            return "net"
        if (new.reduce_only or new.close_position) and (new.side == "buy") == (new.position_side == "long"):
            raise Reject(RejectReason.REDUCE_ONLY, "the order would add to the position")
        return new.position_side

    def _reducible(self, account: Account, new: NewOrder, side: PositionSide) -> int:
        """Lots of a reduce-only order that comes to the market at once. Raises Reject(REDUCE_ONLY)."""
        most = self._closable(account, new.symbol, side, new.side == "buy")
        if not most:
            raise Reject(RejectReason.REDUCE_ONLY, "there is no position that the order could reduce")
        if new.close_position:
            return most
        lots = new.lots or 0
        if lots > most and self.practice.reduce_only == "reject":
            raise Reject(RejectReason.REDUCE_ONLY, "the order is larger than the position")
        return min(lots, most)

    def _cost(self, market: Market, account: Account, new: NewOrder, lots: int) -> int:
        """The value (atoms) that an order's margin is counted for: at its limit, a sale that trades at once at the best
        bid; a market order at what it meets; one that waits at its trigger price."""
        instrument, price = market.instrument, new.price
        if new.trigger is not None:
            price = self._reserve_price(market, price, new.trigger)
            return 0 if price is None else instrument.cover(price, lots)
        if price is None:
            return self._size(market, account, new.side == "buy", lots, None, new.self_trade)[1]
        best = market.bids.best
        if new.side == "sell" and best is not None and best.price > price:
            price = best.price
        return instrument.cover(price, lots)

    def _check_amended(self, market: Market, entry: Entry, new: NewOrder, left: int) -> None:
        """Whether an order may be amended to ``new``, with ``left`` lots to fill. Raises Reject."""
        account, terms = entry.account, order_of(entry).terms
        assert account is not None
        if order_of(entry).status is Status.HELD:
            return
        side: PositionSide = "net" if terms is None or terms.position_side is None else terms.position_side
        if terms is not None and terms.reduce_only:
            if entry.level is not None and left > self._closable(account, new.symbol, side, entry.buy):
                raise Reject(RejectReason.REDUCE_ONLY, "the order is larger than the position")
        elif entry.level is not None or self.practice.reserve == "placement":
            value = self._cost(market, account, new, left)
            self._check_margin(market, account, side, entry.buy, value, left, entry)
