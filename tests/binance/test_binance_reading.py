"""How answers are to be read, and the refusals that faults inject."""

from __future__ import annotations

import pytest
from binance_kit import EPOCH, SECOND, Kit

CASES = [
    (200, b'{"orderId":1}', "ok", None),
    (200, b"[]", "ok", None),
    (200, b'{"orderId":', "ambiguous", "unknown"),
    (200, b"", "ambiguous", "unknown"),
    (200, b"<html>", "ambiguous", "unknown"),
    (200, b'{"code":-2010,"msg":"Duplicate order sent."}', "definite", "duplicate"),
    (200, b'{"code":200,"msg":"done"}', "ok", None),
    (400, b'{"code":-2010,"msg":"Account has insufficient balance for requested action."}', "definite", "funds"),
    (400, b'{"code":-2010,"msg":"Market is closed."}', "definite", "closed"),
    (400, b'{"code":-2010,"msg":"Order would immediately match and take."}', "definite", "permanent"),
    (400, b'{"code":-2011,"msg":"Unknown order sent."}', "definite", "unknown_order"),
    (400, b'{"code":-2013,"msg":"Order does not exist."}', "definite", "not_found"),
    (400, b'{"code":-1013,"msg":"Filter failure: LOT_SIZE"}', "definite", "parameter"),
    (400, b'{"code":-1111,"msg":"x"}', "definite", "parameter"),
    (400, b'{"code":-1021,"msg":"x"}', "definite", "clock"),
    (400, b'{"code":-1022,"msg":"x"}', "definite", "auth"),
    (401, b'{"code":-2015,"msg":"x"}', "definite", "auth"),
    (400, b'{"code":-1000,"msg":"x"}', "ambiguous", "unknown"),
    (400, b'{"code":-1001,"msg":"x"}', "ambiguous", "unknown"),
    (400, b'{"code":-1006,"msg":"x"}', "ambiguous", "unknown"),
    (408, b'{"code":-1007,"msg":"x"}', "ambiguous", "unknown"),
    (400, b'{"code":-1008,"msg":"x"}', "ambiguous", "unknown"),
    (403, b"<html>blocked</html>", "ambiguous", "unknown"),
    (404, b"{}", "ambiguous", "unknown"),
    (500, b'{"code":-2010,"msg":"Duplicate order sent."}', "ambiguous", "unknown"),
    (502, b"<html>", "ambiguous", "unknown"),
    (429, b"<html>", "definite", "rate"),
    (418, b"", "definite", "ban"),
    (400, b"[" * 100_000, "ambiguous", "unknown"),
    (400, b"\xff\xfe", "ambiguous", "unknown"),
]


@pytest.mark.parametrize(("status", "body", "outcome", "error"), CASES, ids=lambda value: str(value)[:40])
def test_readings(kit: Kit, status: int, body: bytes, outcome: str, error: str | None) -> None:
    reading = kit.venue.interpret(status, {}, body, EPOCH)
    assert (reading.outcome, reading.error) == (outcome, error)


def test_retry_after_in_any_case_and_from_the_text(kit: Kit) -> None:
    assert kit.venue.interpret(429, {"retry-after": "7"}, b"{}", EPOCH).retry_after == 7.0
    assert kit.venue.interpret(418, {"Retry-After": "9"}, b"{}", EPOCH).retry_after == 9.0
    assert kit.venue.interpret(429, {}, b"{}", EPOCH).retry_after is None
    assert kit.venue.interpret(429, {"Retry-After": "soon"}, b"{}", EPOCH).retry_after is None
    bare = kit.venue.refusal("ban", EPOCH, until=EPOCH + 33 * SECOND)
    assert "Retry-After" not in bare.headers
    assert kit.venue.interpret(418, bare.headers, bare.body, EPOCH).retry_after == 33.0


@pytest.mark.parametrize(
    ("reason", "status", "outcome", "error"),
    [
        ("rate", 429, "definite", "rate"),
        ("ban", 418, "definite", "ban"),
        ("busy", 429, "definite", "rate"),
        ("funds", 400, "definite", "funds"),
        ("closed", 400, "definite", "closed"),
        ("permission", 401, "definite", "auth"),
        ("filter", 400, "definite", "parameter"),
        ("code_1006", 500, "ambiguous", "unknown"),
        ("code_1007", 504, "ambiguous", "unknown"),
    ],
)
def test_injected_refusals_read_as_meant(kit: Kit, reason: str, status: int, outcome: str, error: str) -> None:
    answer = kit.venue.refusal(reason, EPOCH, retry_after=20)
    assert answer.status == status
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "0"
    assert ("Retry-After" in answer.headers) == (reason in ("rate", "ban"))
    reading = kit.venue.interpret(answer.status, answer.headers, answer.body, EPOCH)
    assert (reading.outcome, reading.error) == (outcome, error)
    if reason in ("rate", "ban"):
        assert reading.retry_after == 20.0


def test_unknown_refusals(kit: Kit) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        kit.venue.refusal("nonsense", EPOCH)


def test_every_trait_names_its_source(kit: Kit) -> None:
    for name, trait in kit.venue.traits.items():
        assert trait.source, name
        assert trait.confidence in ("documented", "recorded", "maintainer", "inferred", "unknown"), name
    assert kit.venue.traits["id_reuse"].value == "open_only"
