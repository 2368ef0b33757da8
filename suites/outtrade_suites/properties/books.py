"""The books that are compared with the truth: an agent's report, or each statement of a gateway.

An agent speaks once, at the end, of everything. A gateway speaks all the time, each time of one thing: the open orders
of a symbol, one order, the fills since a date, the balances. Both are the same to a check: a set of views with the
window of truth in which they had to be right::

    report             -> Books(orders=..., fills=..., positions=..., balances=..., lists_open=True)
    open_orders(sym)   -> Books(orders=..., lists_open=True, symbol=sym)
    order(ref)         -> Books(orders=(view,))

Values that do not parse as the contract's views are no statement and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from outtrade.judge.index import Index, ns
from outtrade.judge.records import GatewayOp
from outtrade.model.history import NS
from outtrade.model.task import BalanceView, FillView, OrderView, PositionView
from outtrade_suites.properties.truth import Window, report_window, visible_since

V = TypeVar("V", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Books:
    """What was stated at one moment. A part that is None was not stated."""

    what: str
    """For a sentence: ``the report``, ``open_orders at 12.0 s``."""
    seq: int
    window: Window
    agent: bool
    """An agent's report (a part that is None is not tracked), or a gateway's statement."""
    orders: tuple[OrderView, ...] | None = None
    lists_open: bool = False
    """Whether ``orders`` holds every open order (of ``symbol``)."""
    fills: tuple[FillView, ...] | None = None
    positions: Mapping[str, PositionView] | None = None
    balances: Mapping[str, BalanceView] | None = None
    symbol: str | None = None
    since: int = 0
    """Fills before this run time (nanoseconds) were not asked for."""

    def named(self, ix: Index) -> dict[str, list[OrderView]]:
        """The views of each order of the venue that is stated, by the venue's id (see `compare.names_order`)."""
        found: dict[str, list[OrderView]] = {}
        for view in self.orders or ():
            ids: Iterable[str] = view.venue_ids
            if not view.venue_ids and view.client_id is not None:
                ids = ix.memo("ids by client id", _ids_by_name).get(view.client_id, ())
            for name in ids:
                if name in ix.orders:
                    found.setdefault(name, []).append(view)
        return found


def _ids_by_name(ix: Index) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for order in ix.orders.values():
        for name in order.names:
            found.setdefault(name, []).append(order.id)
    return found


def books(ix: Index) -> list[Books]:
    """All books of a run: the report of an agent, or the statements of a gateway in order of time."""
    return ix.memo("books", lambda index: list(_stated(index) if index.scope == "G" else _reported(index)))


def _reported(ix: Index) -> Iterator[Books]:
    reported, report, window = ix.reported, ix.report, report_window(ix)
    if reported is None or report is None or window is None:
        return
    yield Books(
        "the report",
        reported.seq,
        window,
        agent=True,
        orders=report.orders,
        lists_open=True,
        fills=report.fills,
        positions=report.positions,
        balances=report.balances,
    )


def _stated(ix: Index) -> Iterator[Books]:
    for said in ix.gateway:
        result = said.result
        if result is None or not result.ok or result.value is None:
            continue
        what = f"{said.call.method} at {said.call.at / NS:.3f} s"
        window = Window(visible_since(ix, said.call.at - 1, result.seq), result.at, result.seq)
        args, value = said.call.args, result.value
        symbol = args.get("symbol")
        match said.call.method:
            case "submit" | "order" | "cancel" | "amend":
                view = parsed(OrderView, value)
                if view is not None:
                    yield Books(what, result.seq, window, agent=False, orders=(view,), symbol=view.symbol)
            case "open_orders" if isinstance(value, list):
                views = tuple(view for item in value if (view := parsed(OrderView, item)) is not None)
                yield Books(what, result.seq, window, agent=False, orders=views, lists_open=True, symbol=symbol)
            case "fills" if isinstance(value, list):
                fills = tuple(fill for item in value if (fill := parsed(FillView, item)) is not None)
                since = ns(float(args.get("since") or 0) - ix.scenario.epoch) if args.get("since") else 0
                yield Books(what, result.seq, window, agent=False, fills=fills, symbol=symbol, since=since)
            case "balances" if isinstance(value, dict):
                held = {asset: b for asset, item in value.items() if (b := parsed(BalanceView, item)) is not None}
                yield Books(what, result.seq, window, agent=False, balances=held)
            case "positions" if isinstance(value, dict):
                own = {name: p for name, item in value.items() if (p := parsed(PositionView, item)) is not None}
                yield Books(what, result.seq, window, agent=False, positions=own)
            case _:
                pass


def parsed(model: type[V], value: Any) -> V | None:
    """A view as plain data in the contract's form; None where it is none."""
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


def view_of(said: GatewayOp) -> OrderView | None:
    """The order view that a gateway's method returned; None where it raised or returned something else."""
    result = said.result
    return parsed(OrderView, result.value) if result is not None and result.ok else None
