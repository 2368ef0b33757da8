"""Untrusted text is one visible line; numbers and shares read as people write them."""

from __future__ import annotations

import pytest

from outtrade.report.text import clean, number, ordinal, percent


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand  blanks", "two lines and blanks"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("bell\x07 del\x7f csi\x9b", "bell\\x07 del\\x7f csi\\x9b"),
        ("right\u202eleft", "right\\u202eleft"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("naïve 価格", "naïve 価格"),
        ("\ud800", "\\ud800"),
        ("", ""),
    ],
)
def test_control_and_format_characters_are_made_visible(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_limit_is_kept() -> None:
    assert clean("abcdef", 6) == "abcdef"
    assert clean("abcdefg", 6) == "abcde…"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.40000000", "0.4"),
        ("100", "100"),
        ("1E+2", "100"),
        (None, "None"),
        ("x\x00", "x\\x00"),
        ("NaN", "NaN"),
        (5.0, "5"),
    ],
)
def test_numbers_lose_trailing_zeros(value: object, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(1.0, "100.0"), (0.9999, "99.9"), (0.0, "0.0"), (0.0001, "0.1"), (0.5, "50.0")]
)
def test_shares_never_round_to_certainty(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_ordinals() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"]
    )
