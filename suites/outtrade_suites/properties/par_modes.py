"""PAR-17: the settings by which an account trades contracts are known before the first order.

Leverage, margin mode and position mode are not part of an order; they lie on the account, and whoever used it last left
them there. Which answers tell them is a declared trait of the venue (``account_settings``): setting -> the requests,
``METHOD path``, whose good answer says how it stands, and ``unchanged``: the codes by which the venue refuses a setting
that is in force already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index
from outtrade.judge.records import Operation
from outtrade_suites.properties.holding import contract, contracts

SETTINGS = {"leverage": "leverage", "margin_mode": "margin mode", "position_mode": "position mode"}


# ---------------------------------------------------------------- PAR-17
def check_modes(ix: Index) -> Iterator[Case]:
    """PAR-17. Judged for each contract at the first order request of the whole run: what an earlier incarnation read
    still holds. A setting that the trait does not name goes with each order there."""
    trait = ix.trait("account_settings")
    for symbol in contracts(ix) if ix.scope == "A" and isinstance(trait, Mapping) else ():
        sends = [op for op in ix.sends if op.order is not None and op.order.symbol == symbol]
        if not sends:
            continue
        for name in (name for name in SETTINGS if name in trait):
            known = next((op for op in ix.ops if _before(op, sends[0]) and _tells(op, name, symbol, trait)), None)
            if known is not None:
                yield held(known.seq, sends[0].seq, subject=symbol)
            else:
                yield broke(
                    f"{sends[0].name} was sent before the target knew the {SETTINGS[name]} by which the account trades"
                    f" {symbol}: it had neither read nor set it",
                    sends[0].seq,
                    subject=symbol,
                    key=f"{name}-unknown",
                )
        yield from _within_cap(ix, symbol, sends)


def _before(op: Operation, send: Operation) -> bool:
    return op.ended_seq is not None and op.ended_seq < send.seq


def _tells(op: Operation, name: str, symbol: str, trait: Mapping[str, Any]) -> bool:
    """Whether the end of a request told the target how a setting stands: an answer that shows it, or one that says that
    it was set (or is so already). A set whose answer was lost tells nothing."""
    request = op.request
    if request.symbol not in (None, symbol) and name != "position_mode":
        return False
    if request.op == name:
        return op.state == "ok" or (op.response is not None and op.response.code in tuple(trait.get("unchanged", ())))
    return op.state == "ok" and f"{request.method} {request.path}" in tuple(trait[name])


def _within_cap(ix: Index, symbol: str, sends: list[Operation]) -> Iterator[Case]:
    """Under a cap on leverage no order leaves while the account would trade the symbol with more."""
    cap = ix.scenario.limits.max_leverage
    if cap is None:
        return
    for op in sends:
        leverage = contract(ix, symbol).leverage(op.seq)
        if leverage is not None and leverage > cap:
            yield broke(
                f"{op.name} was sent while the account trades {symbol} with a leverage of {leverage}; the task allows"
                f" {cap:f}",
                op.seq,
                subject=symbol,
                key="over-the-cap",
            )
            return
    yield held(*(op.seq for op in sends[:3]), subject=symbol)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="PAR-17",
        title="Leverage, margin mode and position mode are known before the first order",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
An order for a contract says little by itself. Whether "sell" closes a long position or opens a short one beside it,
whether a loss ends with the margin of one position or takes the whole wallet, how far the price of liquidation is away:
that is said by settings of the account, which somebody else may have changed yesterday, in an app.

Example: an account is left in hedge mode with a leverage of 50. The program was tested in one-way mode with 5. Its
orders are refused, or, where the client adds a position side by itself, each "close" opens a second position.

Real bugs: hedge mode was "set" by a request of the wrong method, so that it never was; a refusal for the wrong position
side sent again four times, as if it would pass; closing orders refused because they named no side.

How to mend: before the first order in a symbol ask for all three, set what does not fit, and look again: a set can be
refused, and its answer can be lost. Refuse the intent where it cannot be made to fit.

Judged: each contract of an agent's run, at its first order request. For each setting that the venue's trait
`account_settings` names, an answer that shows it, or one that says that it was set, has reached the target before. And
where the task has a `max_leverage`, no order is sent while the account would trade that symbol with more.""",
        source="nautechsystems/nautilus_trader#3745 (a mode that was never set); freqtrade/freqtrade#7932;"
        " ccxt/ccxt#8304; developers.binance.com derivatives/usds-margined-futures/error-code -4061, -4046, -4059; the"
        " contract with agents (max_leverage)",
        check=check_modes,
    ),
)
