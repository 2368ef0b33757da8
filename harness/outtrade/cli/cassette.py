"""``outtrade cassette record | redact | scan``. No value from a cassette is ever printed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from outtrade.cli.guard import ERROR, UsageError, complain, consoles
from outtrade.recording import record
from outtrade.report.text import clean, count
from outtrade_mocks import cassettes
from outtrade_mocks.cassettes import Cassette
from outtrade_mocks.cassettes.redaction import Found
from outtrade_mocks.cassettes.redaction import scan as scan_cassette
from outtrade_mocks.cassettes.secrets import SHORTEST, from_environment
from outtrade_mocks.cassettes.writing import publish

WORDS = {
    "ACCOUNT": "account",
    "COOKIE": "cookie",
    "EMAIL": "e-mail address",
    "KEY": "key",
    "KEYLIKE": "looks like a key",
    "SECRET": "secret",
    "SIGNATURE": "signature",
    "TOKEN": "token",
    "WALLET": "wallet address",
}
"""Kinds of secrets as people call them."""


def record_command(command: Sequence[str], *, out: Path, secrets: Sequence[str]) -> int:
    """Run the program, redact what it said and heard, write OUT. The exit code is the program's."""
    named = named_secrets(secrets)
    recording = record(command, environment=os.environ)
    if not recording.interactions:
        complain("nothing was recorded: the program made no HTTP request, or its Python has no vcrpy")
        return recording.code or ERROR
    hosts = dict.fromkeys(urlsplit(item.uri).hostname or "" for item in recording.interactions)
    source = f"{', '.join(hosts)}, {datetime.now(UTC):%d %B %Y}, outtrade cassette record (vcrpy)"
    found = publish(Cassette(out.stem, "recorded", source, recording.interactions), out, secrets=named)
    say(f"{clean(out)}: {count(len(recording.interactions), 'request')} recorded, {summary(found)}")
    return recording.code if recording.code >= 0 else 128 - recording.code


def redact_command(file: Path, *, out: Path | None, secrets: Sequence[str]) -> int:
    """Redact FILE into OUT, or in its place."""
    named = named_secrets(secrets)
    found = publish(cassettes.read(file, foreign=True), out or file, secrets=named)
    say(f"{clean(out or file)}: {summary(found)}")
    return 0


def scan_command(files: Sequence[Path], *, secrets: Sequence[str]) -> int:
    """One line for each secret; 1 where there is any."""
    named = named_secrets(secrets)
    code = 0
    for file in files:
        found = scan_cassette(cassettes.read(file, foreign=True), secrets=named)
        for item in found:
            say(f"{clean(file)}: interaction {item.interaction}, {item.where}: {WORDS[item.kind]}")
        if found:
            code = 1
        else:
            say(f"{clean(file)}: no secret found")
    return code


def named_secrets(given: Iterable[str]) -> tuple[str, ...]:
    """Values to look for: those given (``env:NAME``: of a variable) and those of the environment."""
    found = []
    for value in given:
        if value.startswith("env:"):
            name = value.removeprefix("env:")
            if not os.environ.get(name):
                raise UsageError("--secret env:NAME: there is no such environment variable, or it is empty")
            value = os.environ[name]
        if len(value) < SHORTEST:
            raise UsageError(f"--secret needs a value of {SHORTEST} characters or more")
        found.append(value)
    return tuple(dict.fromkeys((*found, *from_environment(os.environ))))


def summary(found: Sequence[Found]) -> str:
    """What was redacted, in words."""
    if not found:
        return "nothing to redact"
    kinds = Counter(WORDS[item.kind] for item in found)
    return f"redacted in {count(len(found), 'place')} ({', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items()))})"


def say(text: str) -> None:
    """One line on stdout, not wrapped."""
    consoles()[0].print(text, soft_wrap=True)
