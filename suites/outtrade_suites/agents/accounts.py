"""Reading the account: at the start, after a gap in the stream, and at the end.

A read either succeeds as a whole or is repeated; nothing is ever concluded from a list that did not arrive.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade_suites.agents.resolution import Resolution
from outtrade_suites.agents.state import Order

FULL_PAGE = 50
"""So many fills of one order may be no more than a page of them: the smallest page of any venue."""


class Accounts(Resolution):
    """Orders, fills and balances as the venue lists them."""

    balances: dict[str, tuple[Decimal, Decimal]] | None = None
    """Asset -> (free, locked) at the last reading; None: never read."""

    working: frozenset[tuple[str, str]] = frozenset()
    """(symbol, venue id) of what worked on the account at the last comparison."""

    def patience(self) -> float:
        raise NotImplementedError

    # -------------------------------------------------------------- start
    async def recover(self) -> None:
        """Find out what stands before anything is sent.

        The journal says what an earlier incarnation sent or was about to send. What was on its way when it died is in
        doubt, as sent now; so is what the journal calls unsent, for its last line may be missing. The venue says what
        the journal may have lost.
        """
        for order in self.journal.orders():
            job = self.owner(order.client_id)
            if job is None:
                continue
            if order.phase in ("doubt", "unsent"):
                order.phase, order.last_sent, order.answer_lost = "doubt", self.started, True
            order.poll_at = 0.0
            self.books.add(order)
            job.orders.append(order)
        for job in self.jobs:
            job.orders.sort(key=lambda order: (len(order.client_id), order.client_id))
            if found := self.journal.decided(job.intent.id):
                job.close(found["verdict"], found["reason"])
        link = self.port.link
        subscribed = link.generation if link is not None and link.up else 0
        if await self.patiently(self.survey, self.patience()):
            self.synced = subscribed

    async def survey(self) -> None:
        """The account's orders: what works now and, after a restart, whatever was placed during this run."""
        for symbol in self.symbols:
            for state in await self.ask(lambda symbol=symbol: self.port.open_orders(symbol)):  # type: ignore[misc]
                self.learn(state)
            if self.task.resumed:
                await self.list_orders(symbol)
        if self.task.resumed:
            await self.complete_fills()

    async def list_orders(self, symbol: str) -> None:
        """All orders of this run in ``symbol``."""
        for state in await self.ask(lambda: self.port.all_orders(symbol, self.task.epoch)):
            self.learn(state)

    # -------------------------------------------------------------- fills
    async def complete_fills(self) -> None:
        """Fetch the fills of every order that has more filled than is booked."""
        for order in list(self.books.orders.values()):
            if order.venue_id is not None and self.books.incomplete(order):
                await self.fetch_fills(order)

    async def fetch_fills(self, order: Order) -> None:
        """Book all fills of one order. Where the venue lists no more than the newest page of them (Binance USD-M), they
        are looked for among all of the symbol's."""
        symbol, venue_id = order.terms.symbol, order.venue_id
        for fill in await self.ask(lambda: self.port.fills(symbol, order=venue_id)):
            self.book(order, fill)
        if len(self.books.fills_of(order)) >= FULL_PAGE and self.books.incomplete(order):
            for fill in await self.ask(lambda: self.port.fills(symbol, since=self.task.epoch)):
                if self.books.own_of(fill) is order:
                    self.book(order, fill)

    # ---------------------------------------------------------------- gap
    async def close_gap(self, generation: int) -> None:
        """The stream is back: read what it missed. Only then may anything that adds exposure be sent again."""
        for symbol in self.symbols:
            states = await self.ask(lambda symbol=symbol: self.port.open_orders(symbol))  # type: ignore[misc]
            for state in states:
                self.learn(state)
            listed = {state.venue_id for state in states}
            for order in self.books.standing([symbol]):
                if order.phase == "live" and order.venue_id not in listed:
                    order.poll_at = 0.0
            for fill in await self.ask(lambda symbol=symbol: self.port.fills(symbol, since=self.task.epoch)):  # type: ignore[misc]
                owner = self.books.own_of(fill)
                if owner is not None:
                    self.book(owner, fill)
        for job in self.jobs:
            job.wake = min(job.wake, self.now())
        self.synced = generation

    # ---------------------------------------------------------------- end
    async def reconcile(self) -> None:
        """Compare the books with the venue's before they are reported: orders, fills, then the account."""
        for symbol in self.symbols:
            await self.list_orders(symbol)
        await self.complete_fills()
        working: set[tuple[str, str]] = set()
        for symbol in self.venue.symbols:
            states = await self.ask(lambda symbol=symbol: self.port.open_orders(symbol))  # type: ignore[misc]
            for state in states:
                self.learn(state)
                working.add((symbol, state.venue_id))
        self.working = frozenset(working)
        for order in self.books.standing(self.symbols):
            if order.phase == "live" and (order.terms.symbol, order.venue_id or "") not in working:
                await self.refresh(order)
        await self.complete_fills()
        await self.read_balances()

    async def read_balances(self) -> None:
        """The whole account."""
        self.balances = await self.ask(self.port.balances)

    async def free_funds(self) -> dict[str, Decimal]:
        """What is free of each asset."""
        await self.read_balances()
        assert self.balances is not None
        return {asset: free for asset, (free, _) in self.balances.items()}
