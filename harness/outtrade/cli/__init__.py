"""The command line: ``outtrade run | serve | replay | report | compare | judge | explain | list | zoo``.

Importing this package imports nothing of the harness; ``main`` builds the application, and each command imports what
it needs when it runs, so ``outtrade --help`` stays quick.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the console script ``outtrade``. Exits with 0 pass, 1 gate failed, 2 usage or harness error,
    3 incomplete."""
    from outtrade.cli.app import app

    try:
        app(prog_name="outtrade")
    except KeyboardInterrupt:
        sys.stderr.write("outtrade: interrupted\n")
        sys.exit(3)
