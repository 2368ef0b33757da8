"""The record of a served venue: as in the World, but real clients may bring real keys, and none of those is kept."""

from __future__ import annotations

from outtrade.engine.recorder import RunRecorder
from outtrade.model.history import Ended, EventType, Ledger, Request, Snapshot

NOT_OURS = "(not the test key)"
KEY_FIELDS = ("apiKey", "passphrase")
"""Where a parsed request or frame holds what came with a key (headers are never recorded)."""
MOST = 2_000_000
"""Events of one record; some 500 bytes each."""


class WireRecorder(RunRecorder):
    """Keeps everything but foreign API keys, up to ``MOST`` events; the closing ones are kept in any case."""

    full = False
    ours: tuple[str | None, ...] = ()
    """The test credentials, which may be read by anybody."""

    def add(self, event: EventType) -> int:
        """Append ``event``; returns its sequence number."""
        if len(self.history.events) >= MOST and not isinstance(event, Ledger | Snapshot | Ended):
            self.full = True
            return -1
        if isinstance(event, Request):
            for field in KEY_FIELDS:
                sent = event.params.get(field)
                if sent and sent not in self.ours:
                    event.params = event.params | {field: NOT_OURS}
                    event.body = self._without(event.body, sent)
        return super().add(event)

    def _without(self, stored: str, secret: str) -> str:
        body = self.history.body(stored)
        if body is not stored:
            self.history.blobs.pop(stored, None)
        return self.history.intern(body.replace(secret, NOT_OURS))


class Unrecorded(RunRecorder):
    """Keeps nothing: for a server that runs as long as it likes."""

    keeps = False

    def add(self, event: EventType) -> int:
        """Forget ``event``; returns -1."""
        self.history.blobs.clear()
        return -1
