"""Shares that are protected, and parts of shares: what equities' orders can be beyond plain ones.

Every scenario lies in the regular session of a day of New York, so that nothing waits for its time. Each has one *plot*
(they come in turn):

``falls``     a position with a stop, or a stop and a take-profit of which one cancels the other; the price falls
``rises``     the same with both; the price reaches the take-profit
``gaps``      the price jumps over the stop, with nothing traded in between
``passed``    the price is beyond the stop before the protection is due
``moved``     stop and take-profit are moved while they stand, then the price reaches one of them
``sold``      the position is closed by another intent; later the price falls through the stop
``parts``     orders for parts of shares, to nine decimals: for the day; one that asks for more is impossible
``guarded``   a position that is no whole number of shares is protected, all of it

In most of them an answer gets lost or the venue is busy, most often for the protection. Venues of shares differ from
those of coins in what one request for both protective orders says of them: one is the other's leg, and is named by the
venue; and shares that one order to sell holds are not there for a second one.

    outtrade run agent:alpaca --space shares --scenarios 40
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade.model.fault import Crash, Fault, LostAnswer, RateLimit, Reject, Trigger
from outtrade.model.scenario import Market, Scenario
from outtrade_mocks.core.sessions import NS
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.equities import FULL_DAYS, SHARES, SHORT_DAYS, VALUE, session_of
from outtrade_suites.spaces.markets import Product
from outtrade_suites.spaces.orders import lively
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.told import Plot, Story, told

FINEST = 9
"""Decimals of a part of a share (docs.alpaca.markets, fractional trading)."""
TROUBLES = ("lost", "lost", "lost", "limit", "busy", "crash")
WIDE = Decimal("0.006")
"""How far beyond a trigger the price goes, at least, as a part of it."""


def shares(d: Draw) -> Scenario:
    """Shares at Alpaca: protected by stops and pairs, and traded in fractions."""
    story, plot = Story(d, SHARES), d.spread("plot", tuple(PLOTS))
    opens = session_of(d.choice("date", FULL_DAYS + SHORT_DAYS)).open // NS
    story.clock = float(d.integer("begins", 5, 25))
    story.extra |= {
        "venue": "alpaca",
        "fees": (Decimal(0), Decimal(0)),
        "epoch": opens + 60 * d.integer("minutes", 5, 90),
    }
    part = d.sub(plot)
    PLOTS[plot](part, story)
    protects = any(fields["kind"] == "protect" for fields in story.intents)
    moves = any(fields["kind"] == "amend" for fields in story.intents)
    needs = ["sessions", *(["protect", "stop_orders"] if protects else []), *(["amend"] if moves else [])]
    story.extra["needs"] = tuple(sorted(needs))
    made = told(story, "shares")
    knobs = made.knobs | ({"parts_told": True} if plot in IN_PARTS else {})
    return made.model_copy(update={"id": f"{made.id}-{plot}", "knobs": knobs})


# ------------------------------------------------------------------ pieces
def _product(story: Story) -> Product:
    """A share that nothing is asked for yet."""
    symbol, _ = story.slots[0]
    story.slots = [slot for slot in story.slots if slot[0] != symbol]
    return story.known.products[symbol]


def _bare(d: Draw, story: Story) -> Product:
    """A share of which the account holds none in half of the scenarios: what one order to sell holds is then not there
    for a second one. In the others it holds what belongs to somebody else."""
    product = _product(story)
    if d.boolean("others hold some", 0.5):
        return product
    held = {asset: Decimal(amount) for asset, amount in (SHARES.balances | SHARES.foreign).items()}
    story.extra["balances"] = {asset: amount for asset, amount in held.items() if asset != product.base}
    return product


def _entry(d: Draw, story: Story, product: Product, *, parts: bool = False) -> dict[str, Any]:
    """A purchase at the market, which trades at once."""
    size = VALUE * Decimal(str(d.number("value", 0.3, 1.2))) / story.markets[product.symbol].mid
    return story.intent(
        kind="order", symbol=product.symbol, side="buy", type="market", at=story.clock, time_in_force="DAY",
        quantity=_in_parts(d, size) if parts else product.quantity(size), tag=d.tag("entry"),
    )  # fmt: skip


def _in_parts(d: Draw, size: Decimal) -> Decimal:
    """``size`` with a few decimals or all of them, the last one not 0."""
    unit = Decimal(1).scaleb(-d.choice("decimals", (1, 3, 6, FINEST)))
    units = int(size / unit)
    return (units + (units % 10 == 0)) * unit


def _guard(d: Draw, story: Story, entry: dict[str, Any], *, pair: bool, after: int = 0) -> dict[str, Any]:
    """The protection of an entry: a stop, or a stop and a take-profit."""
    product, mid = story.known.products[entry["symbol"]], story.markets[entry["symbol"]].mid
    fields: dict[str, Any] = {
        "kind": "protect", "symbol": product.symbol, "side": "sell", "tag": d.tag("guard"),
        "at": entry["at"] + after + d.integer("guarded", 0, 8), "stop_price": _beside(d, product, mid, "stop", -1),
    }  # fmt: skip
    if pair:
        fields["take_profit_price"] = _beside(d, product, mid, "target", 1)
    return story.intent(**fields)


def _beside(d: Draw, product: Product, mid: Decimal, name: str, way: int) -> Decimal:
    return product.price(mid * (1 + way * Decimal(str(d.number(name, 0.012, 0.03, digits=4)))), up=True)


def _moves(d: Draw, story: Story, symbol: str, at: float, to: Decimal, *, jump: bool = False) -> None:
    """The price of a share goes somewhere, walking or at once, on a market that is busy enough to see it."""
    flat = story.markets[symbol]
    more = lively(d, flat)
    if jump:
        more["events"] = [{"kind": "gap", "at": at, "percent": float(round((to / flat.mid - 1) * 100, 3))}]
    else:
        more["path"] = {"points": [(at, flat.mid), (at + d.integer("walk", 15, 50), to)]}
    story.markets[symbol] = Market.model_validate(flat.model_dump() | more)


def _through(d: Draw, price: Decimal, way: int) -> Decimal:
    """A price beyond ``price``."""
    return price * (1 + way * (WIDE + Decimal(str(d.number("beyond", 0, 0.014, digits=4)))))


def _trouble(d: Draw, story: Story, fields: dict[str, Any], chance: float = 0.7) -> None:
    """Something goes wrong when the first order of an intent is sent."""
    d = d.sub("trouble")
    if not d.boolean("trouble", chance):
        return
    on, what = (
        Trigger(op="place", tag=fields["tag"]),
        d.choice("what", ("lost", "lost", "lost", "limit", "busy", "crash")),
    )
    fault: Fault
    if what == "lost":
        fault = LostAnswer(on=on, committed=d.boolean("committed", 0.6), symptom=d.choice("symptom", SYMPTOMS))
    elif what == "limit":
        fault = RateLimit(on=on, duration=float(d.integer("lasts", 10, 30)), retry_after=True)
    elif what == "crash":
        fault = Crash(on=on, point=d.choice("point", ("before_send", "after_send", "after_commit", "after_ack")))
    else:
        fault = Reject(on=on.model_copy(update={"times": d.integer("times", 1, 2)}), reason="busy")
    story.fault(fault, ends=fields["at"] + 60)


def _protected(d: Draw, story: Story, *, pair: bool, parts: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """A position and its protection; something goes wrong with the one or the other."""
    entry = _entry(d, story, _bare(d, story), parts=parts)
    guard = _guard(d, story, entry, pair=pair)
    _trouble(d, story, guard if d.boolean("with the guard", 0.75) else entry)
    return entry, guard


# ------------------------------------------------------------------ plots
def _falls(d: Draw, story: Story) -> None:
    entry, guard = _protected(d, story, pair=d.boolean("pair", 0.6))
    _moves(d, story, entry["symbol"], entry["at"] + d.integer("then", 110, 160), _through(d, guard["stop_price"], -1))
    story.clock += 160


def _rises(d: Draw, story: Story) -> None:
    entry, guard = _protected(d, story, pair=True)
    _moves(
        d, story, entry["symbol"], entry["at"] + d.integer("then", 110, 160), _through(d, guard["take_profit_price"], 1)
    )
    story.clock += 160


def _gaps(d: Draw, story: Story) -> None:
    entry, guard = _protected(d, story, pair=d.boolean("pair", 0.6))
    at, to = entry["at"] + d.integer("then", 110, 160), _through(d, guard["stop_price"], -1)
    _moves(d, story, entry["symbol"], at, to, jump=True)


def _passed(d: Draw, story: Story) -> None:
    entry = _entry(d, story, _bare(d, story))
    guard = _guard(d, story, entry, pair=d.boolean("pair", 0.4), after=20)
    _moves(d, story, entry["symbol"], entry["at"] + 8, _through(d, guard["stop_price"], -1), jump=True)


def _moved(d: Draw, story: Story) -> None:
    entry, guard = _protected(d, story, pair=True)
    product, mid = story.known.products[entry["symbol"]], story.markets[entry["symbol"]].mid
    at = guard["at"] + d.integer("moved after", 70, 110)
    nearer = {
        "stop_price": product.price((guard["stop_price"] + mid) / 2, up=True),
        "take_profit_price": product.price((guard["take_profit_price"] + mid) / 2, up=True),
    }
    story.intent(kind="amend", target=guard, at=at, tag=d.tag("move"), **nearer)
    way, reached = d.choice("way", ((-1, "stop_price"), (1, "take_profit_price")))
    _moves(d, story, entry["symbol"], at + d.integer("then", 60, 90), _through(d, nearer[reached], way))
    story.clock = at + 100


def _sold(d: Draw, story: Story) -> None:
    entry, guard = _protected(d, story, pair=d.boolean("pair", 0.6))
    at = guard["at"] + d.integer("sold after", 80, 120)
    story.intent(kind="flatten", symbol=entry["symbol"], at=at, tag=d.tag("flatten"))
    _moves(d, story, entry["symbol"], at + d.integer("then", 40, 70), _through(d, guard["stop_price"], -1))


def _parts(d: Draw, story: Story) -> None:
    begin = story.clock
    for number in range(d.integer("how many", 2, 3)):
        part, product = d.sub(f"order {number}"), _product(story)
        side, mid = part.choice("side", ("buy", "sell")), story.markets[product.symbol].mid
        size = _in_parts(part, VALUE * Decimal(str(part.number("value", 0.2, 1.2))) / mid)
        fields: dict[str, Any] = {
            "kind": "order", "symbol": product.symbol, "side": side, "type": part.choice("type", ("market", "limit")),
            "at": begin + part.integer("then", 0, 60), "quantity": size, "tag": part.tag("tag"),
            "time_in_force": "DAY" if number else part.choice("tif", ("DAY", "DAY", "GTC", "IOC")),
        }  # fmt: skip
        if fields["type"] == "limit":
            away = Decimal(str(part.number("away", 0.01, 0.03))) * (1 if part.boolean("crosses", 0.7) else -1)
            price = mid * (1 + away if side == "buy" else 1 - away)
            fields["limit_price"] = product.price(price, up=side == "sell")
            fields["expires"] = fields["at"] + part.integer("lasts", 60, 120)
        _trouble(part, story, story.intent(**fields), 0.5)


def _guarded(d: Draw, story: Story) -> None:
    entry, guard = _protected(d, story, pair=d.boolean("pair", 0.6), parts=True)
    _moves(d, story, entry["symbol"], entry["at"] + d.integer("then", 110, 160), _through(d, guard["stop_price"], -1))
    story.clock += 160


PLOTS: dict[str, Plot] = {
    "falls": _falls,
    "parts": _parts,
    "rises": _rises,
    "guarded": _guarded,
    "gaps": _gaps,
    "passed": _passed,
    "moved": _moved,
    "sold": _sold,
}
"""What a scenario is about; over consecutive indices each comes equally often."""
IN_PARTS = frozenset({"parts", "guarded"})
"""Plots in which quantities are told to nine decimals."""
