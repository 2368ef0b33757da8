"""``python -m outtrade`` is the command ``outtrade``."""

from outtrade.cli import main

main()
