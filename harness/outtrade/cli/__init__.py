"""The command line: ``outtrade run | replay | judge | explain | list | zoo``."""

from __future__ import annotations


def main() -> None:
    """Entry point of the console script ``outtrade``."""
    raise SystemExit("outtrade: the command line is not there yet")
