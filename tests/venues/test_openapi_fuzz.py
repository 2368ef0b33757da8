"""The venues' OpenAPI documents, from which schemathesis makes requests: valid by the document, and damaged.

    pip install ".[fuzz]"
    python -m pytest -m slow tests/venues/test_openapi_fuzz.py -s

Each operation that the mock has gets examples of its own, others some together, without a socket: as schemathesis sends
them (no valid signature), and with the same parameters signed by ccxt. Every answer is held to what the fuzzer of all
venues holds it to: no exception, the venue's envelope, an answer that ``interpret`` reads, and nothing changed by a
refusal. OUTTRADE_FUZZ_EXAMPLES is the number of examples of an operation.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from direct import Failed, core_of
from fuzz_kit import Fuzz, Wrong
from hypothesis import HealthCheck, given, seed, settings

from outtrade_mocks.core.invariants import check
from outtrade_mocks.venues import NAMES
from outtrade_mocks.venues.api import HttpRequest

DOCUMENTS = {
    "alpaca": "alpaca_trading",
    "binance_spot": "binance_spot",
    "binance_usdm": "binance_usdm",
    "okx": "okx_rest",
}
EXAMPLES = int(os.environ.get("OUTTRADE_FUZZ_EXAMPLES", "25"))
OTHERS = 15
"""Operations that the mock has not got, of each document."""


def request_of(case: Any) -> HttpRequest:
    """What schemathesis would send through requests."""
    import requests

    made = requests.Request(**case.as_transport_kwargs(base_url="https://venue.test")).prepare()
    parts = urlsplit(made.url or "")
    body = made.body.encode() if isinstance(made.body, str) else made.body or b""
    headers = {str(name).lower(): str(value) for name, value in made.headers.items()}
    return HttpRequest(made.method or "GET", parts.path + (f"?{parts.query}" if parts.query else ""), "", headers, body)


def params_of(case: Any) -> dict[str, Any]:
    """The parameters of a case, wherever they stand."""
    body = case.body if isinstance(case.body, dict) else {}
    return {str(name): value for name, value in {**(case.query or {}), **body}.items()}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("venue", [name for name in NAMES if name in DOCUMENTS])
def test_requests_made_from_the_venues_own_document(venue: str, shared: Path) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="pip install 'outtrade[fuzz]'")
    document = shared / "fixtures" / "openapi" / f"{DOCUMENTS[venue]}.yaml"
    if not document.exists():
        pytest.skip(f"no {document.name}")
    fuzz = Fuzz(venue, seed=1)
    fuzz.begin(0)
    signable = dict(zip(_paths(fuzz), fuzz.signable, strict=True))
    known = {(row.method, row.path) for row in fuzz.about.endpoints}
    operations = [made.ok() for made in schemathesis.openapi.from_path(str(document)).get_all_operations()]
    ours = [one for one in operations if (one.method.upper(), one.path) in known]
    assert len(ours) > 10, "the document and about() name nothing alike"
    foreign = [one for one in operations if one not in ours][:OTHERS]
    failed: list[str] = []
    for operation in ours + foreign:
        place = signable.get((operation.method.upper(), operation.path))
        try:
            _tried(fuzz, operation.as_strategy(), place)
        except AssertionError as error:
            failed.append(str(error)[:600])
    print(f"{venue}: {len(ours)} operations of its own, {len(foreign)} others; answers {dict(fuzz.seen)}")
    check(core_of(fuzz.wire.venue), "the last request")
    assert failed == []


def _tried(fuzz: Fuzz, cases: Any, place: Any) -> None:
    """Send EXAMPLES cases as they are, and signed where ``place`` says how."""

    @seed(1)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(cases)
    def one(case: Any) -> None:
        try:
            fuzz.send(request_of(case))
            if place is not None:
                fuzz.send_signed(*place, params_of(case))
        except (Failed, Wrong) as error:
            raise AssertionError(f"{fuzz.last}: {error}") from error

    one()


def _paths(fuzz: Fuzz) -> list[tuple[str, str]]:
    """Method and path of each of ``fuzz.signable``."""
    sign = fuzz.wire.ccxt.sign
    return [(method, urlsplit(sign(path, api, method, {})["url"]).path) for path, api, method in fuzz.signable]
