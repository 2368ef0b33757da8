"""Writing cassettes: nothing reaches the disk before it was redacted and searched once more.

`publish` and `store` are the only ways to a file. Redacted content becomes text, which is searched as a stranger would:
for each named secret in every coding, for whatever redaction would still replace, for random-looking strings. If
anything is left it raises, and no file, temporary or final, was ever opened.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

from outtrade_mocks.cassettes import secrets as known
from outtrade_mocks.cassettes.model import Cassette, CassetteError, Interaction, one_line
from outtrade_mocks.cassettes.reading import parse
from outtrade_mocks.cassettes.redaction import Found, Redactor, scan

_ESCAPE = re.compile(r"\\+(?:[bfnrt]|u[0-9a-fA-F]{4})")
"""How JSON and YAML write what separates words: the letter is no part of the word after it."""
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def publish(cassette: Cassette, path: Path, *, secrets: Iterable[str] = ()) -> list[Found]:
    """Redact a cassette and write it (``.json``, else YAML), replacing a file of that name at once. Returns what was
    redacted; raises CassetteError, with nothing written, where a secret would be left or a body cannot be checked."""
    named = tuple(secrets)
    redactor = Redactor(secrets=named)
    store(redactor.redact(cassette), path, secrets=named)
    return list(dict.fromkeys(redactor.found))


def store(cassette: Cassette, path: Path, *, secrets: Iterable[str] = (), spare_words: bool = False) -> None:
    """Write a cassette that is redacted already, searched as `publish` does. ``spare_words``: see `Redactor`."""
    named = tuple(secrets)
    form = "json" if path.suffix.lower() == ".json" else "yaml"
    text = render(cassette, form=form)
    check(text, cassette, secrets=named, form=form, spare_words=spare_words)
    if known.holds(path.name, named):
        raise CassetteError("the name of the file holds a secret; nothing was written")
    _write(path, text)


def check(
    text: str, cassette: Cassette, *, secrets: Iterable[str] = (), form: str = "yaml", spare_words: bool = False
) -> None:
    """Raise CassetteError if a secret is left in a cassette about to be written, or if it could not be read back."""
    named = tuple(secrets)
    left = scan(cassette, secrets=named, spare_words=spare_words)
    if left:
        raise CassetteError(f"a secret is still there after redaction ({left[0]}); nothing was written")
    if known.holds(text, named):
        raise CassetteError("a named secret is still there after redaction; nothing was written")
    if any(True for _ in known.find(_ESCAPE.sub(" ", text))):
        raise CassetteError("something that looks like a key is still there after redaction; nothing was written")
    if parse(text.encode("utf-8"), name=cassette.name, form=form, foreign=True).interactions != cassette.interactions:
        raise CassetteError("the cassette does not read back as it was; nothing was written")


def render(cassette: Cassette, *, form: str = "yaml") -> str:
    """The text of a cassette in vcrpy's format, with its provenance at the top. It is not checked for secrets."""
    interactions = [_plain(item, number) for number, item in enumerate(cassette)]
    head = {} if cassette.provenance == "unstated" else {"provenance": cassette.provenance, "source": cassette.source}
    if form == "json":
        return json.dumps({**head, "interactions": interactions, "version": 1}, indent=1, ensure_ascii=False) + "\n"
    comments = "".join(f"# {name}: {one_line(value, 1000)}\n" for name, value in head.items())
    content = {"interactions": interactions, "version": 1}
    return comments + yaml.dump(content, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=1_000_000)


def _plain(item: Interaction, number: int) -> dict[str, Any]:
    try:
        phrase = HTTPStatus(item.status).phrase
    except ValueError:
        phrase = ""
    body = item.request_body.decode("utf-8") if item.request_body else None
    named = {} if item.name == str(number) else {"name": item.name}
    return {
        **named,
        "request": {
            "body": body,
            "headers": {name: [value] for name, value in item.request_headers.items()},
            "method": item.method,
            "uri": item.uri,
        },
        "response": {
            "body": {"string": item.body.decode("utf-8")},
            "headers": {name: [value] for name, value in item.headers.items()},
            "status": {"code": item.status, "message": phrase},
        },
    }


def _write(path: Path, text: str) -> None:
    """Write beside the target and rename, so that nobody ever reads half a cassette."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".cassette-", suffix=path.suffix)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise CassetteError(f"{one_line(path.name)}: {error.strerror or type(error).__name__}") from None
