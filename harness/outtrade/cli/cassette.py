"""``outtrade cassette record | redact | scan | import | diff``. No value from a cassette is ever printed."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast, get_args
from urllib.parse import urlsplit

from outtrade.cli.guard import ERROR, UsageError, complain, consoles
from outtrade.recording import record
from outtrade.report.text import clean, count
from outtrade_mocks import cassettes
from outtrade_mocks.cassettes import PROVENANCES, Cassette, Provenance
from outtrade_mocks.cassettes.importing import read_recording
from outtrade_mocks.cassettes.redaction import Found
from outtrade_mocks.cassettes.redaction import scan as scan_cassette
from outtrade_mocks.cassettes.secrets import SHORTEST, from_environment
from outtrade_mocks.cassettes.writing import publish
from outtrade_mocks.comparison import compare

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


def record_command(command: Sequence[str], *, out: Path, provenance: str, secrets: Sequence[str]) -> int:
    """Run the program, redact what it said and heard, write OUT. The exit code is the program's."""
    if provenance not in ("recorded", "from-mock"):
        raise UsageError("--provenance: what a program says and hears is recorded, or from-mock")
    named = named_secrets(secrets)
    recording = record(command, environment=os.environ)
    if not recording.interactions:
        complain("nothing was recorded: the program made no HTTP request, or its Python has no vcrpy")
        return recording.code or ERROR
    hosts = dict.fromkeys(urlsplit(item.uri).hostname or "" for item in recording.interactions)
    source = f"{', '.join(hosts)}, {datetime.now(UTC):%d %B %Y}, outtrade cassette record (vcrpy)"
    found = publish(Cassette(out.stem, _known(provenance), source, recording.interactions), out, secrets=named)
    say(f"{clean(out)}: {count(len(recording.interactions), 'request')} recorded, {summary(found)}")
    return recording.code if recording.code >= 0 else 128 - recording.code


def redact_command(file: Path, *, out: Path | None, secrets: Sequence[str]) -> int:
    """Redact FILE into OUT, or in its place."""
    named = named_secrets(secrets)
    found = publish(cassettes.read(file, foreign=True), out or file, secrets=named)
    say(f"{clean(out or file)}: {summary(found)}")
    return 0


def import_command(file: Path, *, out: Path, provenance: str, hosts: Sequence[str], secrets: Sequence[str]) -> int:
    """Redact another tool's recording into OUT."""
    named = named_secrets(secrets)
    imported = read_recording(file, provenance=_known(provenance), hosts=hosts)
    found = publish(imported.cassette, out, secrets=named)
    left = f", left out: {imported.words}" if imported.words else ""
    say(f"{clean(out)}: {count(len(imported.cassette), 'request')} imported{left}, {summary(found)}")
    return 0


def _known(provenance: str) -> Provenance:
    for name in get_args(Provenance):
        if name == provenance and name in PROVENANCES:
            return cast(Provenance, name)
    raise UsageError(f"--provenance: one of {', '.join(PROVENANCES)}")


def diff_command(old: Path, new: Path, *, as_json: bool, secrets: Sequence[str]) -> int:
    """One line for each difference; 1 where there is any."""
    named = named_secrets(secrets)
    before, after = (cassettes.read(file, foreign=True) for file in (old, new))
    found = compare(before, after, secrets=named)
    if as_json:
        content = {
            "format": "outtrade.cassette-diff",
            "version": 1,
            "old": {"file": old.name, "provenance": before.provenance},
            "new": {"file": new.name, "provenance": after.provenance},
            "differences": [item.plain() for item in found],
        }
        sys.stdout.write(json.dumps(content, indent=1) + "\n")
        return 1 if found else 0
    for item in found:
        say(clean(item))
    say(count(len(found), "difference") if found else "no difference")
    return 1 if found else 0


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
