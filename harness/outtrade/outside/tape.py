"""The recording of a run that was let through to real hosts: one cassette, in which every scenario has its own talk.

An interaction is called ``SCENARIO/N``: what scenario ``SCENARIO`` asked as its N-th request, from 0. So a replay finds
what a scenario heard, whichever worker runs it and in whatever order. What HTTP has no field for stands in headers of
the answer, which are not handed on:

    outtrade-latency    virtual seconds that the answer took
    outtrade-error      there was no answer (status 599): why

Everything is redacted before it comes here. While a run goes on the file is written now and then, at once or not at
all, so that whatever ends the run leaves what was said until then.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from outtrade.outside.hosts import HostError, checked
from outtrade_mocks import cassettes
from outtrade_mocks.cassettes import Cassette, CassetteError, Interaction
from outtrade_mocks.cassettes.writing import store

LATENCY = "outtrade-latency"
ERROR = "outtrade-error"
NO_ANSWER = 599
"""The status that stands where there was none; no server sends it."""

CHECKPOINT = 5.0
"""Real seconds between two writings of what was said so far."""
SHARE = 20
"""The run goes on for so many times as long as the last writing took."""


class Tape:
    """A recording that is played: which hosts it is of, and what each scenario said and heard."""

    def __init__(self, cassette: Cassette, digest: str) -> None:
        """Raises CassetteError where it was not made by a run, or where it is of a host that is not let through."""
        self.cassette = cassette
        self.sha256 = digest
        by_scenario: defaultdict[str, list[Interaction]] = defaultdict(list)
        hosts: dict[str, None] = {}
        for number, item in enumerate(cassette):
            scenario, slash, _ = item.name.rpartition("/")
            parts = urlsplit(item.uri)
            if not slash or parts.scheme != "https" or parts.port not in (None, 443):
                raise CassetteError(
                    f"{cassette.name}: interaction {number} was not made by outtrade run --allow-record"
                    " (its name is not SCENARIO/N, or its address is not https://HOST/...)"
                )
            try:
                hosts[checked(parts.hostname or "")] = None
            except HostError as error:
                raise CassetteError(f"{cassette.name}: {error}") from None
            by_scenario[scenario].append(item)
        self.hosts = tuple(hosts)
        self._of = dict(by_scenario)

    def of(self, scenario: str) -> Cassette:
        """What one scenario said and heard; nothing, where it is not on the tape."""
        kept = tuple(self._of.get(scenario, ()))
        return Cassette(self.cassette.name, self.cassette.provenance, self.cassette.source, kept)


def read_tape(path: Path) -> Tape:
    """Read a recording. Raises CassetteError with one line."""
    cassette = cassettes.read(path)
    return Tape(cassette, sha256(path.read_bytes()).hexdigest())


class Recorder:
    """Collects what the scenarios of a run say, and writes it to ``path``. Values of ``secrets`` are searched for once
    more before anything is written. Raises CassetteError where there is a file already, or none can be written."""

    def __init__(self, path: Path, hosts: Sequence[str], *, secrets: Sequence[str] = ()) -> None:
        if path.exists():
            raise CassetteError(f"{path.name} exists already: play it with --allow-replay, or choose another name")
        self.path = path
        self.requests = 0
        self._source = f"{', '.join(hosts)}, {datetime.now(UTC):%d %B %Y}, outtrade run --allow-record"
        self._secrets = tuple(secrets)
        self._said: defaultdict[str, list[Interaction]] = defaultdict(list)
        self._due = time.monotonic() + CHECKPOINT
        self._written = -1

    def keep(self, scenario: str, item: Interaction) -> None:
        """One more request with its answer, redacted."""
        self._said[scenario].append(item)
        self.requests += 1
        if time.monotonic() >= self._due:
            with suppress(CassetteError):  # it is tried again, and told at the end: no reason to stop a run half way
                self.write()

    def write(self) -> None:
        """Write what there is, if there is anything new. Raises CassetteError."""
        if self.requests == self._written or not self.requests:
            return
        began = time.monotonic()
        items = tuple(item for scenario in sorted(self._said, key=_natural) for item in self._said[scenario])
        store(
            Cassette(self.path.stem, "recorded", self._source, items),
            self.path,
            secrets=self._secrets,
            spare_words=True,
        )
        self._written = self.requests
        self._due = time.monotonic() + max(CHECKPOINT, SHARE * (time.monotonic() - began))


def _natural(name: str) -> tuple[tuple[str, int], ...]:
    """Numbers in a name as numbers: ``smoke-1-9`` before ``smoke-1-10``."""
    return tuple((text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", name))
