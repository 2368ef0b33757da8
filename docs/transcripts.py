"""Keeps the README's transcripts true: runs each command and puts (or checks) its output.

A transcript is a fenced block after a comment that holds the command: ``<!-- outtrade replay FILE --target T -->``.

    python docs/transcripts.py            rewrite README.md
    python docs/transcripts.py --check    exit with 1 where a transcript is stale
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"<!-- (outtrade [^\n]*?) -->\n```\n(.*?)```\n", re.DOTALL)


def output(command: str) -> str:
    """What a command prints on a terminal of 80 columns, without trailing blanks."""
    words = [sys.executable, "-m", *shlex.split(command)]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"})
    if result.returncode not in (0, 1):
        sys.exit(f"{command}: exit code {result.returncode}: {result.stderr.strip()}")
    return "\n".join(line.rstrip() for line in result.stdout.strip().splitlines()) + "\n"


def render(text: str) -> str:
    """The README with every transcript made anew."""
    return BLOCK.sub(lambda match: f"<!-- {match[1]} -->\n```\n$ {match[1]}\n{output(match[1])}```\n", text)


def main() -> int:
    """Rewrite or check; returns the exit code."""
    text = README.read_text()
    new = render(text)
    if "--check" in sys.argv:
        return int(new != text)
    README.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
