"""The example of docs/contracts.md runs, and prints what its comments say."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "contracts.md"


def test_the_example_prints_what_it_says() -> None:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    assert found is not None
    wanted = [line.split("# ", 1)[1].split(":")[0] for line in found[1].splitlines() if line.startswith("print(")]
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard):
        exec(compile(found[1], str(PAGE), "exec"), {})
    assert heard.getvalue().splitlines() == wanted and len(wanted) == 3
