"""The matching engine (skeleton of the public API)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from outtrade_mocks.core.account import Account
from outtrade_mocks.core.events import Change
from outtrade_mocks.core.flow import FlowConfig
from outtrade_mocks.core.instruments import Instrument
from outtrade_mocks.core.orders import NewOrder, Order, Side
from outtrade_mocks.core.view import View


class Exchange:
    """A spot exchange. Call ``advance(now)`` before anything else that should happen at ``now``."""

    def __init__(
        self,
        instruments: Iterable[Instrument],
        *,
        now: int,
        seed: int,
        flows: Mapping[str, FlowConfig] | None = None,
        find_by_original: bool = True,
    ) -> None:
        self.instruments: dict[str, Instrument] = {instrument.symbol: instrument for instrument in instruments}
        self.precisions: dict[str, int] = {}
        """Asset -> number of decimals of an atom."""
        self.now = now
        raise NotImplementedError

    def on_change(self, callback: Callable[[Change], None]) -> None:
        """Call ``callback`` with every event, in exact order, after the operation that caused it is complete."""
        raise NotImplementedError

    def open_account(self, name: str, balances: Mapping[str, int]) -> Account:
        """A new account holding ``balances`` (asset -> atoms, see ``atoms``)."""
        raise NotImplementedError

    def atoms(self, asset: str, amount: Decimal) -> int:
        """Atoms of a decimal amount; raises OffGrid where it has more digits than the asset."""
        raise NotImplementedError

    def amount(self, asset: str, atoms: int) -> Decimal:
        """The decimal amount of ``atoms``."""
        raise NotImplementedError

    def advance(self, now: int) -> None:
        """Let time pass: the market acts at its own times up to and including ``now`` (ns)."""
        raise NotImplementedError

    def next_time(self) -> int | None:
        """When the market next does something that an account may notice by itself (ns); None while no account has
        an order on a book that moves. Ask again after every call."""
        raise NotImplementedError

    def place(self, account: Account, new: NewOrder) -> Order:
        """Carry out a new order at ``now``; returns its last snapshot (fills included). Raises Reject."""
        raise NotImplementedError

    def cancel(
        self,
        account: Account,
        symbol: str,
        *,
        order_id: int | None = None,
        client_id: str | None = None,
        new_client_id: str | None = None,
    ) -> Order:
        """Cancel a working order (both ids given: both must fit). ``new_client_id`` renames it. Raises
        Reject(UNKNOWN_ORDER)."""
        raise NotImplementedError

    def cancel_all(self, account: Account, symbol: str) -> list[Order]:
        """Cancel all working orders in ``symbol``, oldest first. Raises Reject(UNKNOWN_ORDER) where there are none."""
        raise NotImplementedError

    def amend(
        self, account: Account, symbol: str, *, order_id: int, lots: int, new_client_id: str | None = None
    ) -> Order:
        """Reduce an order's whole quantity to ``lots``; it keeps its place in the queue. Raises Reject."""
        raise NotImplementedError

    def view(self, account: Account, as_of: int | None = None) -> View:
        """What a query sees now, or saw at ``as_of``."""
        raise NotImplementedError

    def depth(self, symbol: str, limit: int = 100) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Bids and asks, best first, as (ticks, lots)."""
        raise NotImplementedError

    def last_price(self, symbol: str) -> int | None:
        """Price of the last trade in ticks."""
        raise NotImplementedError

    def reference_price(self, symbol: str) -> int | None:
        """The price in ticks that bands and market-order notionals are measured against: the flow's mid, else the
        last trade."""
        raise NotImplementedError

    def mid(self, symbol: str) -> Decimal | None:
        """Half-way between best bid and best ask (quote per base), else the reference price."""
        raise NotImplementedError

    def set_open(self, symbol: str, is_open: bool) -> None:
        """Halt or resume trading: while halted, orders are refused (MARKET_CLOSED) and the market rests; cancels
        work."""
        raise NotImplementedError

    def set_instrument(self, instrument: Instrument) -> None:
        """Change the rules of a symbol (grid and precisions stay); resting orders stay as they are."""
        raise NotImplementedError

    def sweep(self, order_id: int, lots: int) -> int:
        """Somebody's market order fills ``lots`` of that working order, after everything with better priority.
        Returns the lots of it that were filled (0: not working)."""
        raise NotImplementedError

    def thin(self, symbol: str, side: Side, lots: int, limit_price: int | None = None) -> int:
        """House makers cancel so that a taker on ``side`` finds only ``lots`` within ``limit_price`` (ticks; None: any
        price). Orders of accounts stay. Returns the lots that are left."""
        raise NotImplementedError
