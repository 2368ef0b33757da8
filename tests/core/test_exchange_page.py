"""The examples of docs/exchange.md and docs/accounts.md run as they are written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCKS = {
    f"{name}, example {number}": text
    for name in ("exchange.md", "accounts.md")
    for number, text in enumerate(re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(), re.S), 1)
}


@pytest.mark.parametrize("example", BLOCKS)
def test_an_example_runs(example: str) -> None:
    exec(compile(BLOCKS[example], example, "exec"), {})


def test_there_are_examples() -> None:
    assert len(BLOCKS) == 4
