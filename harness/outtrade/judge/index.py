"""One index over the History, built once and shared by all checks."""

from __future__ import annotations

from outtrade.model.history import History


class Index:
    """Look-ups over one History; read only."""

    def __init__(self, history: History) -> None:
        self.history = history
