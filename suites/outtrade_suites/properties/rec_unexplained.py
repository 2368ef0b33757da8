"""REC-11: differences that nothing explains.

Reconciliation has two halves: finding the difference, and saying so. The second is easily forgotten, because the code
that finds it also knows how to make it go away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held, waived
from outtrade.judge.index import Index, ns
from outtrade.model.fault import Transfer
from outtrade.model.history import NS
from outtrade.model.task import is_contract
from outtrade.model.units import settled_in
from outtrade_suites.properties.lim_stray import alerts_since

LAST_LOOK = ns(30)
"""What happens later before the report need not be found any more: the final clean-up has begun."""


# ---------------------------------------------------------------- REC-11
def check_explained(ix: Index) -> Iterator[Case]:
    """REC-11. What margins contracts is moved by profit and funding as well: it is not judged. Nor is a target that was
    started again: what it knew of the account may be lost."""
    reported, report = ix.reported, ix.report
    if ix.scope == "G" or reported is None or report is None or len(ix.incarnations) > 1:
        return
    margin = {settled_in(name) for name in ix.instruments if is_contract(name)}
    for record in ix.faults:
        fault = record.fault
        if not isinstance(fault, Transfer) or fault.asset in margin:
            continue
        for landed in record.landed:
            if landed.at >= min(ix.until, reported.at) - LAST_LOOK:
                continue
            if report.balances is None:
                yield waived("the report has no balances")
                continue
            word = re.compile(rf"(?<![\w/]){re.escape(fault.asset)}(?![\w/])")
            said = next(
                (
                    alert
                    for alert in alerts_since(ix, landed.seq)
                    if alert.level != "info" and (alert.about == fault.asset or word.search(alert.text))
                ),
                None,
            )
            if said is not None:
                yield held(landed.seq, reported.seq, subject=fault.asset)
                continue
            way = "came into" if fault.way == "in" else "left"
            yield broke(
                f"{fault.amount:g} {fault.asset} {way} the account at {landed.at / NS:.0f} s, without a trade;"
                f" no warning or error of the target names {fault.asset}",
                landed.seq,
                reported.seq,
                subject=fault.asset,
                key="smoothed-over",
            )


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="REC-11",
        title="a difference that cannot be explained is reported, not smoothed over",
        level="MUST",
        severity="major",
        scope="A",
        source="DeviaVir/zenbot#397 (balances taken as they come); 17 CFR 240.17a-13 (unresolved differences of a count"
        " are recorded)",
        explain="""\
Books that are set to the venue's numbers whenever they differ are always right and prove nothing. The difference was
the message: somebody moved money, a fee was charged that nobody knows, a trade is missing, or the account is not ours
alone. Next time it will be the position.

Example: at second 100 a transfer takes 25 USDT out of the account. At second 300 the agent reads its balances, finds 25
less than its trades explain, and takes the new number. Its report is right to the cent, and nobody looks.

What passes: a warning or error that names the asset, at any time until the report; the balances of the report are those
of the venue (REC-03). What the trades of others explain is no such difference.

How to mend: keep what the account held at the start, add every trade (fees in whatever asset they were taken), compare
with what the venue says; look closer before you shout, and tell before you adjust.

How it is judged: where money came or went without a trade (the fault `transfer`), more than 30 s before the report.
Assets that margin contracts, and targets that were started again, are not judged; a report without balances waives
this property.""",
        check=check_explained,
    ),
)
