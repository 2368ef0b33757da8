"""Keeps the guides true: puts examples and tables that are made from the code between their markers.

``<!-- from: FILE -->`` holds the code of an example without its docstring; ``<!-- generated: properties -->`` the table
of all properties, with the agents that were made to fail them.

    python docs/guides.py            rewrite docs/agents.md and docs/properties.md
    python docs/guides.py --check    exit with 1 where one is stale
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GUIDES = [ROOT / "docs" / name for name in ("agents.md", "properties.md")]
PART = re.compile(r"(<!-- (from|generated): (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def code(name: str) -> str:
    """An example without the docstring it opens with, as a block."""
    text = (ROOT / "docs" / name).resolve().read_text()
    opening = ast.parse(text).body[0]
    return "```python\n" + "\n".join(text.splitlines()[opening.end_lineno :]).strip() + "\n```\n"


def properties() -> str:
    """The table of all properties of the core suite."""
    from outtrade_suites import suite

    rows = ["| id | level | severity | of | property | made to fail it |", "|---|---|---|---|---|---|"]
    for prop in suite.properties:
        broken = ", ".join(f"`{one.name}`" for one in suite.zoo if one.property == prop.id)
        title = prop.title[:1].upper() + prop.title[1:]
        rows.append(f"| {prop.id} | {prop.level} | {prop.severity} | {prop.scope} | {title} | {broken} |")
    return "\n".join(rows) + "\n"


def render(text: str) -> str:
    """A guide with every marked part made anew."""
    return PART.sub(lambda m: m[1] + (code(m[3]) if m[2] == "from" else properties()) + m[4], text)


def main() -> int:
    """Rewrite or check; returns the exit code."""
    stale = False
    for guide in GUIDES:
        text = guide.read_text()
        new = render(text)
        stale |= new != text
        if "--check" not in sys.argv:
            guide.write_text(new)
    return int(stale and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
