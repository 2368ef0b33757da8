"""PAR-06, -07, -15, -18: the order says what the intent says, and only if it can be said at all.

What has to be expressed comes from the intent (agents) or from the arguments of ``submit`` (gateways), see
`outtrade_suites.properties.sent.asked`. An intent of kind ``order`` means "place exactly this"; for ``trade`` and
``scale`` the agent chooses its orders, so that only side, unit and upper bound are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, decimal, ns
from outtrade.judge.records import ZERO, Operation
from outtrade.model.history import OrderParams
from outtrade.model.task import Instrument, Intent, is_contract
from outtrade.model.units import is_inverse
from outtrade_suites.properties.amended import amendments
from outtrade_suites.properties.rules_now import rules_at
from outtrade_suites.properties.sent import (
    EXPOSING,
    MARGIN,
    TRANSIENT,
    Asked,
    asked,
    completing,
    excused,
    floor_to,
    impossible,
    judged_sends,
    rules,
    size,
    start_mid,
)


# ---------------------------------------------------------------- PAR-06
def check_unit(ix: Index) -> Iterator[Case]:
    """PAR-06."""
    for op in judged_sends(ix):
        wanted, instrument = asked(ix, op), rules(ix, op)
        if wanted is None or instrument is None or op.order is None:
            continue
        quantity, quote = size(op.order, instrument), decimal(op.order.quote_quantity)
        if wanted.quantity is not None:
            fault = _base_size(ix, op, wanted, instrument, quantity, quote)
        elif wanted.quote_quantity is not None:
            fault = _quote_size(ix, op, wanted, instrument, quantity, quote)
        else:
            continue
        if fault is None:
            yield held(op.seq, subject=op.client_id or "")
        else:
            yield broke(f"{op.name}: {fault[0]}", op.seq, subject=op.client_id or "", key=fault[1])


def _base_size(
    ix: Index, op: Operation, wanted: Asked, rule: Instrument, base: Decimal | None, quote: Decimal | None
) -> tuple[str, str] | None:
    """What is wrong with a request for an amount of the base asset (of an inverse contract: of its quote units)."""
    assert wanted.quantity is not None
    unit = rule.quote if is_inverse(wanted.symbol or "") else rule.base
    confused = _confused(op, rule, wanted)
    if base is None:
        if quote is None:
            return None
        if not wanted.exact and _about(ix, op, quote, wanted.quantity) is not False:
            return None
        return f"asks for {quote:f} {rule.quote} where {wanted.quantity:f} {unit} is wanted", "quote-for-base"
    most = _part(op.intent, wanted.quantity, rule.step)
    if base > most + rule.step:
        return f"asks for {base:f} {unit} where at most {most:f} is wanted", confused or "too-much"
    now = rules_at(ix, wanted.symbol or "", op.seq) or rule
    step = max(now.step, rule.market_step or ZERO) if op.order is not None and op.order.type == "market" else now.step
    if base <= wanted.quantity - step and _must_be_whole(ix, op, wanted) and not _all_held(ix, op, base, rule):
        return f"asks for {base:f} {unit} where {wanted.quantity:f} is wanted", _confused(
            op, rule, wanted
        ) or "too-little"
    return None


def _confused(op: Operation, rule: Instrument, wanted: Asked) -> str:
    """Whether units travelled as if they were contracts: the number is right, and means something else."""
    sent = decimal(op.order.quantity) if op.order is not None and rule.contract_size != 1 else None
    known = sent is not None and wanted.quantity is not None
    return "units-as-contracts" if known and abs(sent - wanted.quantity) <= rule.step else ""  # type: ignore[operator]


def _quote_size(
    ix: Index, op: Operation, wanted: Asked, rule: Instrument, quantity: Decimal | None, quote: Decimal | None
) -> tuple[str, str] | None:
    """What is wrong with a request for an amount of the quote asset."""
    assert wanted.quote_quantity is not None
    if quote is not None:
        price = decimal(op.order.price if op.order else None) or start_mid(ix, wanted.symbol or "")
        if price is None:
            return None
        if quote > wanted.quote_quantity + rule.step * price:
            return f"asks for {quote:f} {rule.quote} where {wanted.quote_quantity:f} is wanted", "too-much"
        if quote < wanted.quote_quantity - rule.step * price and _must_be_whole(ix, op, wanted):
            return f"asks for {quote:f} {rule.quote} where {wanted.quote_quantity:f} is wanted", "too-little"
        return None
    if quantity is None:
        return None
    worth = _about(ix, op, wanted.quote_quantity, quantity, at_most=not _must_be_whole(ix, op, wanted))
    if worth is False:
        return (
            f"asks for {quantity:f} {rule.base} where {wanted.quote_quantity:f} {rule.quote} is wanted",
            "base-for-quote",
        )
    return None


def _about(ix: Index, op: Operation, quote: Decimal, base: Decimal, *, at_most: bool = False) -> bool | None:
    """Whether an amount of the quote asset is worth about as much as one of the base asset; None if unknown."""
    order = op.order
    price = (decimal(order.price) if order else None) or start_mid(ix, order.symbol if order else "")
    if price is None:
        return None
    value = base * price
    return value <= quote * MARGIN and (at_most or value * MARGIN >= quote)


def _part(intent: Intent | None, quantity: Decimal, step: Decimal) -> Decimal:
    """The most that one order may ask for: all of it, or one part of a scale (the last takes the remainder)."""
    if intent is None or intent.kind != "scale" or not intent.parts:
        return quantity
    each = floor_to(quantity / intent.parts, step)
    return quantity - each * (intent.parts - 1)


def _must_be_whole(ix: Index, op: Operation, wanted: Asked) -> bool:
    """Whether the request has to ask for all of it: the first of an intent that is to be placed exactly."""
    if not wanted.exact:
        return False
    if ix.scope == "G":
        return True
    if op.intent is None or any(ns(one.at) <= op.sent_at for one in amendments(ix, op.intent)):
        return False
    return not any(order.first.seq < op.seq for order in ix.orders_of(op.intent))


def _all_held(ix: Index, op: Operation, base: Decimal, rule: Instrument) -> bool:
    """Whether a sale of less than wanted is a sale of all that is held; contracts need not be held."""
    if op.order is None or op.order.side != "sell" or is_contract(op.order.symbol):
        return False
    return base >= floor_to(_held(ix, rule.base, op.seq), rule.step)


# ---------------------------------------------------------------- PAR-07
def check_terms(ix: Index) -> Iterator[Case]:
    """PAR-07."""
    for op in ix.sends:
        order, wanted = op.order, asked(ix, op)
        if order is None:
            continue
        if wanted is None:
            if fault := _nobody_asked(ix, op, order):
                yield broke(f"{op.name}: {fault}", op.seq, subject=op.client_id or "", key="nobody-asked")
            continue
        faults = list(_wrong_terms(ix, op, order, wanted))
        for key, sent, meant in faults:
            message = f"{op.name}: {key} is {sent} where the {'call' if ix.scope == 'G' else 'intent'} says {meant}"
            yield broke(message, op.seq, subject=op.client_id or "", key=key)
        if not faults:
            yield held(op.seq, subject=op.client_id or "")


def _wrong_terms(ix: Index, op: Operation, order: OrderParams, wanted: Asked) -> Iterator[tuple[str, str, str]]:
    """(term, what was sent, what is meant) for every term that does not express the intent."""
    if wanted.symbol is not None and order.symbol != wanted.symbol:
        yield "symbol", order.symbol, wanted.symbol
    if wanted.side is not None and order.side != wanted.side:
        yield "side", str(order.side), wanted.side
    if order.reduce_only != wanted.reduce_only and wanted.exact:
        yield "reduce-only", str(order.reduce_only), str(wanted.reduce_only)
    if completing(ix, op) or (not wanted.exact and wanted.type is None):
        return
    kind = op.intent.kind if op.intent is not None and ix.scope == "A" else "order"
    if kind == "trade":
        return
    if wanted.type is not None and order.type not in (wanted.type, *wanted.fallback_types):
        yield "type", str(order.type), wanted.type
        return
    if order.type == "market":
        return
    if order.post_only != wanted.post_only:
        yield "post-only", str(order.post_only), str(wanted.post_only)
    if (order.tif or "GTC") != (wanted.tif or "GTC"):
        yield "time in force", order.tif or "GTC", wanted.tif or "GTC"


def _nobody_asked(ix: Index, op: Operation, order: OrderParams) -> str | None:
    """Why an order that belongs to no intent expresses none: nothing in the task asks for that side of the symbol."""
    if ix.scope != "A" or order.side is None or op.intent is not None:
        return None
    for intent in ix.intents.values():
        closing = intent.kind in ("flatten", "protect")
        wanted = intent.kind in EXPOSING and intent.side in (None, order.side)
        if intent.symbol in (None, order.symbol) and (closing or wanted):
            return None
    return f"no intent asks for a {order.side} of {order.symbol}"


# ---------------------------------------------------------------- PAR-15
def check_impossible(ix: Index) -> Iterator[Case]:
    """PAR-15."""
    for intent in ix.intents.values():
        reason = impossible(ix, intent)
        if reason is None:
            continue
        taken = [order for order in ix.orders_of(intent) if order.accepted]
        if taken and not reason.exact:
            continue
        sends = ix.sends_of(intent)
        evidence = [op.seq for op in sends]
        if taken:
            yield broke(
                f"{intent.id} cannot be carried out ({reason.why}), yet the venue took an order of"
                f" {taken[0].first.quantity} for it",
                taken[0].first.seq,
                subject=intent.id,
                key="accepted",
            )
            continue
        counted = [op for op in sends if op.state in ("ok", "open") or _final(op)]
        if len(counted) > 1:
            yield broke(
                f"{intent.id} cannot be carried out ({reason.why}), yet {len(counted)} order requests were sent for it",
                *evidence,
                subject=intent.id,
                key="argued",
            )
            continue
        yield from _reported_refused(ix, intent, reason.why, evidence)


def _final(op: Operation) -> bool:
    return op.state == "definite" and op.error not in TRANSIENT


def _reported_refused(ix: Index, intent: Intent, why: str, evidence: list[int]) -> Iterator[Case]:
    report, reported = ix.report, ix.reported
    if report is None or reported is None:
        return
    if any(doubt.open_at(reported.seq) for doubt in ix.doubts_of(intent)):
        return
    outcome = report.outcomes.get(intent.id)
    status = outcome.status if outcome is not None else "missing"
    if status == "refused":
        yield held(*evidence, reported.seq, subject=intent.id)
    else:
        yield broke(
            f"{intent.id} cannot be carried out ({why}); the report says {status}, not refused",
            *evidence,
            reported.seq,
            subject=intent.id,
            key=f"reported-{status}",
        )


# ---------------------------------------------------------------- PAR-18
def check_held(ix: Index) -> Iterator[Case]:
    """PAR-18."""
    for op in ix.sends:
        order, instrument = op.order, rules(ix, op)
        quantity = size(order, instrument)
        if order is None or instrument is None or quantity is None or order.side != "sell" or excused(ix, op):
            continue
        if is_contract(order.symbol or ""):  # sold without being held: that is what contracts are for
            continue
        if "start" not in ix.snapshots:
            continue
        held_now = _held(ix, instrument.base, op.seq)
        if quantity > held_now:
            yield broke(
                f"{op.name}: sells {quantity:f} {instrument.base} while {held_now:f} is held after fees",
                op.seq,
                subject=op.client_id or "",
                key="oversold",
            )
        else:
            yield held(op.seq, subject=op.client_id or "")


def _held(ix: Index, asset: str, seq: int) -> Decimal:
    """What the account truly holds of an asset just before event ``seq``, locked amounts included."""
    start = ix.snapshots["start"].balances.get(asset, ("0", "0")) if "start" in ix.snapshots else ("0", "0")
    total = sum((Decimal(part) for part in start), ZERO)
    for fill in ix.fills:
        if fill.seq > seq:
            break
        instrument = ix.instruments.get(fill.symbol)
        sign = 1 if fill.side == "buy" else -1
        if instrument is not None and instrument.base == asset:
            total += sign * Decimal(fill.quantity)
        if instrument is not None and instrument.quote == asset:
            total -= sign * Decimal(fill.quantity) * Decimal(fill.price)
        if fill.fee_asset == asset:
            total -= Decimal(fill.fee)
    return total


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="PAR-06",
        title="The quantity is in the venue's unit",
        level="MUST",
        severity="critical",
        scope="AG",
        explain="""\
A number without its unit is the most expensive kind. Some venues take market buys in the quote currency, others
in the base currency, others in contracts. Mixed up, "buy 10 DOGE" buys for 10 USDT, and "buy for 1,000,000"
buys a million coins. Nothing is refused, nothing looks wrong on the wire; the position is off by the price.

Example: the intent is to buy 0.5 BTC; the request says quote amount 0.5, or quantity 25000. Or the intent is to
spend 500 USDT and the request says quantity=500. A request for 0.5 BTC floored to the step passes.

Judged: every order request against its intent (for gateways: against the arguments of the call). The first
order of an intent of kind `order` asks for all of it, within one step (or for all that is held, if that is
less); no request asks for more than the intent, or than its part of a scale. Where base and quote are converted
into one another, the price is only an estimate and a quarter of tolerance is given. Sums over several orders
are the business of RTY-01.""",
        source="Binance spot API documentation, rest-api.md (quantity, quoteOrderQty); ccxt/ccxt#17164;"
        " ccxt/ccxt#17932; ccxt/ccxt#14667",
        check=check_unit,
        venues="each",
    ),
    Property(
        id="PAR-07",
        title="Side, type and conditions express the intent",
        level="MUST",
        severity="critical",
        scope="AG",
        explain="""\
Buy instead of sell doubles a position that was to be closed. A limit order that travels as a market order pays
whatever the book asks. Good-till-cancelled instead of immediate-or-cancel leaves an order behind that nobody
watches. A dropped post-only flag pays taker fees on every trade.

Example: the intent says sell, limit, IOC; the request says limit without a time in force (GTC on most venues).
Or the side is inverted for maker orders. The rest of a partly filled order may be taken by another type where
the intent says `complete`, and a fallback type that the intent lists passes.

Judged: symbol, side, reduce-only, type, time in force (none = GTC) and post-only of every order request,
against the intent for kind `order` and `scale`, against symbol and side for kind `trade`, and against the
arguments of the call for gateways. Market orders have no time in force. A request that belongs to no intent is
a violation where no intent of the whole task asks for that side of the symbol.""",
        source="Binance spot API documentation, rest-api.md (New order) and enums.md;"
        " nautechsystems/nautilus_trader#3077; nautechsystems/nautilus_trader#3944",
        check=check_terms,
        venues="each",
    ),
    Property(
        id="PAR-15",
        title="What cannot be done is refused, once",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
Some orders can't be placed: too small for the venue, unaffordable, in a market that is closed or does not
exist. The right answer is to say so. The wrong ones are to shrink or enlarge the order until it fits (nobody
asked for that position), to argue with the venue in a loop (a rate limit, then a ban, while real orders wait),
and to report something else.

Example: buy 0.03 at 100 where the minimum notional is 5. Reporting `refused` without sending anything passes;
so does one request, rejected, then `refused`. A second request, or an order of 0.05, or the outcome `failed`,
does not.

Judged: intents that are impossible by the rules that the target could read and the balances at the start, even
if every other intent brought in all it can (what is unaffordable only until another intent has filled may be
waited for or refused). Requests that were lost or refused for a passing reason do not count towards the one.
Nothing may be accepted. Where the price of a market order has to be estimated, acceptance by the venue proves
the estimate wrong and nothing is judged. The outcome is judged if there is a report and nothing is in doubt.""",
        source="Binance spot API documentation, errors.md (-1013, -2010) and filters.md; freqtrade/freqtrade#3622; "
        "freqtrade/freqtrade#528",
        check=check_impossible,
    ),
    Property(
        id="PAR-18",
        title="A sale never exceeds what is held after fees",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
Many spot venues take the fee of a buy out of what was bought: of 0.79 coins ordered, 0.78921 arrive. Code that
sells what it ordered is refused for lack of funds, again and again, and cannot leave the position. On accounts
with cross margin it is worse: the sale is accepted and leaves a short position that nobody knows of.

Example: buy 1, fee 0.001 in the base asset, sell 1. Selling 0.999 passes; so does reading the balance first and
refusing.

Judged: the quantity of every sell request against the truth at the moment of sending: balance at the start,
plus and minus all fills of the account, minus fees in that asset, amounts locked in other orders included.
Exempt: the one rejected request of an intent that cannot be carried out (PAR-15).""",
        source="Binance spot API documentation, rest-api.md (commission in the received asset);"
        " freqtrade/freqtrade#528; freqtrade/freqtrade#1371; yubing744/trading-gpt#95",
        check=check_held,
        venues="each",
    ),
)
