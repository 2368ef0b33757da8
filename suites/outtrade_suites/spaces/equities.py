"""US equities at Alpaca: a market that opens and closes.

Every scenario lies around one moment of a trading day of New York: the open, the close, the hours outside of both. The
days are usual ones, those after a clock change and after a holiday, and those that close early. Each has one *plot*
(they come in turn):

``queued``    orders are due minutes before the open: the venue takes them, and no market sees them until then
``opening``   an order for the opening auction, beside one for the day
``closing``   an order for the day ends with the day, without anybody's doing; another one is for the closing auction
``late``      orders fall due after the close: what cannot trade before its time is over is refused
``extended``  before the open, one order may trade already and others may not
``called``    an order that waits for the open is called back before it
``halted``    trading in a share is halted, and goes on again
``amount``    orders for an amount of money: parts of shares, for the day
``patterns``  a small account that may not make another day trade
``replaced``  an order that is filled in part is changed: another order takes its place
``regular``   usual orders in the middle of the day: at once, all or nothing, resting

In most of them an answer gets lost, or something else goes wrong that happens anywhere. What it is about: an order that
waits for its session is not lost, and one that is over may have a successor.

    outtrade run agent:alpaca --space equities --scenarios 40
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from outtrade.model.fault import Crash, Fault, Halt, LostAnswer, PartialFill, RateLimit, Reject, Trigger
from outtrade.model.scenario import Scenario
from outtrade_mocks.core.sessions import NS, Session, calendar_of
from outtrade_suites.spaces import intents
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import Product, Universe
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.told import Plot, Story, told

FULL_DAYS = ("2026-01-06", "2026-01-20", "2026-03-09", "2026-06-15", "2026-11-02")
"""A usual day, the one after a holiday, the first after the clocks went forward, one in summer, one after they went
back."""
SHORT_DAYS = ("2026-11-27", "2026-12-24")
"""They close at 13:00."""
PRICES = {"AAPL": "200", "F": "12", "SPY": "600", "TSLA": "350"}
"""Share -> its usual price, dollars."""
VALUE = Decimal(4000)
"""What a usual order is worth, dollars."""
SMALL = "20000"
"""Dollars of an account that pattern day trading is forbidden to (below 25,000)."""
AUCTION_CUT = 600
"""Seconds before the close from which on orders for its auction are refused (15:50)."""


def _product(share: str) -> Product:
    one = Decimal(1)
    return Product(
        symbol=f"{share}/USD", base=share, quote="USD", tick=Decimal("0.01"), step=one, quantity_min=one,
        notional_min=Decimal(0), mid=Decimal(PRICES[share]), order_value=VALUE, has_band=False, by_quote=False,
        lacks=frozenset({"post_only"}),
    )  # fmt: skip


SHARES = Universe(
    products={f"{share}/USD": _product(share) for share in PRICES},
    balances={"USD": "1000000"} | {share: f"{int(VALUE * 100 / Decimal(price))}" for share, price in PRICES.items()},
    foreign={"MSFT": "40", "BTC": "0.5"},
    homes={},
)
"""What is traded, and an account that can pay for all that is meant to be possible."""


@lru_cache(maxsize=16)
def session_of(day: str) -> Session:
    """The session of a day of New York."""
    return next(session for session in calendar_of("XNYS").sessions if session.day == day)


def equities(d: Draw) -> Scenario:
    """US equities at Alpaca: opens, closes, auctions, early closes, orders queued for the next session."""
    story, plot = Story(d, SHARES), d.spread("plot", tuple(PLOTS))
    story.clock = float(d.integer("begins", 5, 25))
    story.extra |= {"venue": "alpaca", "needs": ("sessions",), "fees": (Decimal(0), Decimal(0))}
    PLOTS[plot](d.sub(plot), story)
    made = told(story, "equities")
    return made.model_copy(update={"id": f"{made.id}-{plot}"})


# ------------------------------------------------------------------ the day
def _before_open(d: Draw, story: Story, low: int, high: int) -> float:
    """The task begins so many seconds before the open; returns the run time of the open."""
    ahead = d.integer("ahead of the open", low, high)
    story.extra["epoch"] = session_of(d.choice("date", FULL_DAYS + SHORT_DAYS)).open // NS - ahead
    return float(ahead)


def _before_close(d: Draw, story: Story, low: int, high: int) -> float:
    """The task begins so many seconds before the close, early or not; returns the run time of the close."""
    ahead = d.integer("ahead of the close", low, high)
    days = SHORT_DAYS if d.boolean("early", 0.4) else FULL_DAYS
    story.extra["epoch"] = session_of(d.choice("date", days)).close // NS - ahead
    return float(ahead)


def _midday(d: Draw, story: Story) -> None:
    """The market is open, and stays so."""
    story.extra["epoch"] = session_of(d.choice("date", FULL_DAYS + SHORT_DAYS)).open // NS + 60 * d.integer(
        "minutes", 5, 90
    )


# ------------------------------------------------------------------ orders
def _order(
    d: Draw, story: Story, at: float, *, kind: str | None = None, tif: str | None = "DAY", rests: bool = False,
    side: str | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """An order in a share that has none on that side; at the market, or a limit ``rests`` below or above it. Never two
    that could trade with each other: the venue refuses those (wash trades)."""
    slot = next(slot for slot in story.slots if side in (None, slot[1]))
    story.slots = [other for other in story.slots if other[0] != slot[0]]
    product, side = story.known.products[slot[0]], slot[1]
    mid = story.markets[product.symbol].mid
    kind = kind or d.choice("kind", ("market", "limit"))
    fields: dict[str, Any] = {
        "kind": "order", "symbol": product.symbol, "side": side, "type": kind, "at": at, "time_in_force": tif,
        "quantity": product.quantity(VALUE * Decimal(str(d.number("value", 0.3, 1.2))) / mid), "tag": d.tag("tag"),
    }  # fmt: skip
    if kind == "limit":
        away = Decimal(str(d.number("away", 0.03, 0.05))) if rests else Decimal("-0.03")
        fields["limit_price"] = product.price(mid * (1 - away if side == "buy" else 1 + away), up=side == "sell")
    return story.intent(**fields, **more)


def _trouble(d: Draw, story: Story, fields: dict[str, Any], chance: float = 0.7) -> None:
    """Something goes wrong when the order is sent."""
    d = d.sub("trouble")
    if not d.boolean("trouble", chance):
        return
    on, trouble = Trigger(op="place", tag=fields["tag"]), d.choice("what", ("lost", "lost", "limit", "busy", "crash"))
    fault: Fault
    if trouble == "lost":
        fault = LostAnswer(on=on, committed=d.boolean("committed"), symptom=d.choice("symptom", SYMPTOMS))
    elif trouble == "limit":
        fault = RateLimit(on=on, duration=float(d.integer("lasts", 10, 30)), retry_after=True)
    elif trouble == "crash":
        fault = Crash(on=on, point=d.choice("point", ("before_send", "after_send", "after_commit", "after_ack")))
    else:
        fault = Reject(on=on.model_copy(update={"times": d.integer("times", 1, 3)}), reason="busy")
    story.fault(fault, ends=fields["at"] + 60)


# ------------------------------------------------------------------ plots
def _queued(d: Draw, story: Story) -> None:
    opens = _before_open(d, story, 180, 420)
    part = d.sub("first")
    _trouble(part, story, _order(part, story, story.clock, kind="market"))
    part = d.sub("second")
    second = _order(
        part, story, story.clock + d.integer("then", 10, 60), kind="limit",
        tif=d.choice("tif", ("DAY", "GTC", None)), rests=d.boolean("rests", 0.4),
    )  # fmt: skip
    _trouble(part, story, second, 0.4)
    story.intent(kind="watch", at=1.0, tag=d.tag("watch"), expires=opens + 60)


def _opening(d: Draw, story: Story) -> None:
    opens = _before_open(d, story, 300, 500)
    part = d.sub("auction")
    _trouble(part, story, _order(part, story, story.clock, tif="OPG", expires=opens + 60))
    _order(d.sub("day"), story, story.clock + d.integer("then", 10, 60), kind="limit", expires=opens + 120)


def _closing(d: Draw, story: Story) -> None:
    closes = _before_close(d, story, AUCTION_CUT + 120, AUCTION_CUT + 240)
    part = d.sub("auction")
    _trouble(part, story, _order(part, story, story.clock, tif="CLS", expires=closes + 60), 0.4)
    _order(d.sub("day"), story, story.clock + d.integer("then", 10, 90), kind="limit", rests=True, expires=closes + 90)


def _late(d: Draw, story: Story) -> None:
    closes = _before_close(d, story, 60, 200)
    _order(d.sub("in time"), story, story.clock, tif=d.choice("tif", ("DAY", "GTC")))
    for number in range(d.integer("how many", 1, 2)):
        at = closes + d.integer(f"after {number}", 10, 60)
        _order(d.sub(f"late {number}"), story, at, tif=d.choice(f"tif {number}", ("DAY", "GTC", "IOC")), kind="limit")


def _extended(d: Draw, story: Story) -> None:
    _before_open(d, story, 3000, 9000)
    part = d.sub("early")
    _trouble(part, story, _order(part, story, story.clock, kind="limit", extended_hours=True))
    _order(d.sub("rests"), story, story.clock + 20, kind="limit", rests=True, extended_hours=True,
           expires=story.clock + d.integer("lasts", 60, 200))  # fmt: skip
    _order(d.sub("regular"), story, story.clock + 30)


def _called(d: Draw, story: Story) -> None:
    opens = _before_open(d, story, 240, 400)
    part = d.sub("order")
    target = _order(part, story, story.clock)
    _trouble(part, story, target, 0.5)
    at = min(story.clock + d.integer("then", 70, 120), opens - 60)
    story.intent(kind="cancel", target=target, at=at, tag=d.tag("cancel"))
    _order(d.sub("other"), story, story.clock + 10, expires=opens + 60)


def _halted(d: Draw, story: Story) -> None:
    _midday(d, story)
    at = story.clock + d.integer("then", 10, 40)
    lasts = d.integer("lasts", 40, 120)
    fields = _order(d.sub("order"), story, at + d.integer("after", 2, 30), kind="limit")
    on = Trigger(after=at, symbol=fields["symbol"])
    story.fault(Halt(on=on, state=d.choice("state", ("halted", "cancel_only")), duration=float(lasts)), ends=at + lasts)
    _order(d.sub("other"), story, at + 5)


def _amount(d: Draw, story: Story) -> None:
    if d.boolean("queued", 0.3):
        _before_open(d, story, 120, 240)
    else:
        _midday(d, story)
    for number in range(d.integer("how many", 1, 2)):
        part = d.sub(f"order {number}")
        fields = _order(part, story, story.clock + part.integer("then", 5, 40), kind="market", side="buy")
        fields["quantity"] = None
        fields["quote_quantity"] = Decimal(part.integer("cents", 30_000, 400_000)) / 100
        _trouble(part, story, fields, 0.5)


def _patterns(d: Draw, story: Story) -> None:
    _midday(d, story)
    story.extra["balances"] = {"USD": Decimal(SMALL)}
    at = story.clock
    shares = d.shuffled("shares", tuple(PRICES))
    for number, share in enumerate(shares[:3]):
        product = story.known.products[f"{share}/USD"]
        quantity = product.quantity(VALUE / 2 / story.markets[product.symbol].mid)
        for side in ("buy", "sell"):
            at += d.integer(f"{side} {number}", 25, 40)
            story.intent(
                kind="order", symbol=product.symbol, side=side, type="market", at=at, time_in_force="DAY",
                quantity=quantity, tag=d.tag(f"tag {number} {side}"),
            )  # fmt: skip
    product = story.known.products[f"{shares[3]}/USD"]
    story.intent(
        kind="order", symbol=product.symbol, side="buy", type="market", at=at + 40, time_in_force="DAY",
        quantity=product.quantity(VALUE / 2 / story.markets[product.symbol].mid), tag=d.tag("one more"),
    )  # fmt: skip


def _replaced(d: Draw, story: Story) -> None:
    _midday(d, story)
    at = story.clock
    target = _order(
        d.sub("order"), story, at, kind="limit", rests=True, tif=d.choice("tif", ("DAY", "GTC")),
        expires=at + d.integer("lasts", 150, 260),
    )  # fmt: skip
    target["quantity"] = max(target["quantity"], Decimal(8))
    if d.boolean("part", 0.6):
        on = Trigger(op="place", tag=target["tag"])
        story.fault(PartialFill(on=on, fraction=round(d.number("fraction", 0.2, 0.4), 2)), ends=at + 60)
    when = at + d.integer("then", 40, 70)
    wanted = (target["quantity"] * Decimal(str(d.number("share", 0.55, 0.85)))).to_integral_value()
    story.intent(kind="amend", target=target, quantity=wanted, at=when, tag=d.tag("amend"))
    if d.boolean("lost", 0.5):
        on = Trigger(op="amend", symbol=target["symbol"])
        lost = LostAnswer(on=on, committed=d.boolean("committed"), symptom=d.choice("symptom", SYMPTOMS))
        story.fault(lost, ends=when + 60)
    _order(d.sub("other"), story, at + 20)


def _regular(d: Draw, story: Story) -> None:
    _midday(d, story)
    for number in range(d.integer("how many", 1, 3)):
        part = d.sub(f"order {number}")
        symbol, side = story.slots[0]
        story.slots = [slot for slot in story.slots if slot[0] != symbol]
        at = story.clock + part.integer("then", 5, 40)
        fields = intents.order(part, story.known.products[symbol], story.markets[symbol], side, at, "any")
        _trouble(part, story, story.intent(**fields, tag=part.tag("tag")), 0.6)


PLOTS: dict[str, Plot] = {
    "queued": _queued,
    "opening": _opening,
    "closing": _closing,
    "late": _late,
    "extended": _extended,
    "called": _called,
    "halted": _halted,
    "amount": _amount,
    "patterns": _patterns,
    "replaced": _replaced,
    "regular": _regular,
}
"""What a scenario is about; over consecutive indices each comes equally often."""
