"""A suite of one's own: everything that Outtrade judges, and a house rule (docs/properties.md walks through it).

outtrade run agent:ccxt --suite py:examples/my_suite.py:suite --scenarios 20
"""

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index
from outtrade.model.history import NS
from outtrade_suites import suite as core

LONGEST = 900 * NS
"""What the house calls a long time for an order to stand on a venue, in nanoseconds."""


def check_forgotten(ix: Index) -> Iterator[Case]:
    """Every order of our own that came to stand on the venue, and how long it did."""
    for order in ix.own_orders:
        stood = order.last.at - order.first.at
        if stood <= LONGEST:
            yield held(order.first.seq, subject=order.created_as)
        else:
            yield broke(
                f"{order.created_as} stood on the venue for {stood / NS:.0f} s",
                order.first.seq,
                order.last.seq,
                subject=order.created_as,
                key="stood-too-long",
            )


def properties() -> tuple[Property, ...]:
    """The house rules."""
    return (
        Property(
            id="HOUSE-01",
            title="No order stands longer than fifteen minutes",
            level="SHOULD",
            severity="minor",
            scope="A",
            explain="An order that nobody has looked at for a quarter of an hour was priced in another market.",
            source="house rule of the desk",
            check=check_forgotten,
        ),
    )


suite = core.extended("house", properties=properties)
