"""PAR-10: the parameters of an order request are those that there are: none missing, none unknown, none contradictory.

Which names a request may carry is declared by the venue (trait ``order_parameters``: path -> names, and the codes of
refusals for what is missing or too many). What contradicts itself is seen in the unified reading of the request: two
quantities, a market order with a limit, a limit order without one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index
from outtrade.judge.records import Operation
from outtrade.model.history import OrderParams


def check_parameters(ix: Index) -> Iterator[Case]:
    """PAR-10. Not judged on paths of which the venue declares no names."""
    declared = ix.trait("order_parameters")
    if not isinstance(declared, Mapping):
        return
    names, refusals = declared.get("names", {}), declared.get("refusals", ())
    for op in ix.sends:
        known = names.get(op.request.path)
        if op.order is None or known is None:
            continue
        wrong = _unknown(op, known) or _refused(op, refusals) or _contradiction(op.order)
        if wrong:
            yield broke(f"{op.name}: {wrong[0]}", op.seq, subject=op.client_id or "", key=wrong[1])
        else:
            yield held(op.seq, subject=op.client_id or "")


def _unknown(op: Operation, known: Any) -> tuple[str, str] | None:
    odd = sorted(set(op.request.params) - set(known))
    if not odd:
        return None
    return f"the venue knows no parameter {', '.join(odd)} of {op.request.path}", "unknown"


def _refused(op: Operation, refusals: Any) -> tuple[str, str] | None:
    answer = op.answer
    if answer is None or op.injected or answer.code not in refusals:
        return None
    return f"refused with {answer.code}: a parameter is missing, or there is one too many", "refused"


def _contradiction(order: OrderParams) -> tuple[str, str] | None:
    if order.quantity is not None and order.quote_quantity is not None:
        return "it has a quantity in base and one in quote", "two-quantities"
    if order.type == "market" and order.price is not None:
        return f"it is a market order and has a limit of {order.price}", "market-with-price"
    if order.type == "limit" and order.price is None:
        return "it is a limit order and has no limit", "limit-without-price"
    if order.type is None or order.side is None:
        return "it has no type or no side", "incomplete"
    if order.post_only and order.tif in ("IOC", "FOK"):
        return f"it is to rest (post-only) and not to rest ({order.tif})", "post-only-at-once"
    return None


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="PAR-10",
        title="Required parameters are there; none is unknown, none contradicts another",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
Most venues read what they know and drop the rest without a word. A flag under a name that another venue has, a
parameter of last year's version, a typing error: the order is placed, and not the way it was meant. What contradicts
itself is refused, or one half of it wins, and the documentation does not say which.

Example: `postOnly=true` on a venue that calls it LIMIT_MAKER: ignored, and the order takes. A market order with a
price, which some read as an amount in quote. A limit order without one.

How to mend: build requests from the venue's own list of names, not from a common dictionary that is passed through;
treat a name that is not on the list as an error before anything is sent.

Judged, on the order endpoints whose names the venue declares: the names of all parameters sent; refusals (that no
fault made up) by codes for what is missing or too many; two quantities, a market order with a limit, a limit order
without one, no type or side, post-only together with IOC or FOK. What the venue ignores without harm counts as well:
nobody knows that it is without harm.""",
        source="Binance spot API documentation, errors.md (-1102 to -1106); ccxt/ccxt#17932; ccxt/ccxt#6396",
        check=check_parameters,
        venues="each",
    ),
)
