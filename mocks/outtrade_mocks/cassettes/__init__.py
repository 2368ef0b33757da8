"""Cassettes: what exchanges really say, or are documented to say, as data.

A cassette is a YAML (or JSON) file in the format of vcrpy, so that a recording made with vcrpy can be used as it is
and ours can be replayed by vcrpy. Two things are added, which vcrpy ignores:

* at the top, as fields or as comments, ``provenance`` and ``source``. ``recorded``: the bytes came from the venue
  itself, ``source`` says when and how. ``documented``: written from the venue's documentation, which ``source``
  names. ``from-mock``: made by our own mock. Only the first may ever be called recorded;
* a ``name`` beside ``request`` and ``response``, by which code asks for an interaction.

Files come from outside: `reading` never runs what they hold, and limits what they may cost. `secrets` finds what must
not be shared, `redaction` replaces it, `writing` refuses a file in which something is left.

    >>> cassette = load("binance_spot", "general")
    >>> cassette.provenance
    'documented'
    >>> cassette["ping"].json()
    {}
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from outtrade_mocks.cassettes.model import PROVENANCES, Cassette, CassetteError, Interaction, Provenance
from outtrade_mocks.cassettes.reading import LIMITS, Limits, parse, read

__all__ = [
    "LIMITS",
    "PROVENANCES",
    "Cassette",
    "CassetteError",
    "Interaction",
    "Limits",
    "Provenance",
    "load",
    "names",
    "parse",
    "read",
    "root",
]


def root() -> Path:
    """The folder of all cassettes: inside an installed package, else beside the sources of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_cassettes"
    return installed if installed.is_dir() else package.parent.parent / "cassettes"


def names(venue: str) -> list[str]:
    """The cassettes of a venue, sorted, without suffix."""
    folder = root() / venue
    return sorted({path.stem for path in folder.glob("*") if path.suffix in {".yaml", ".json"}})


@lru_cache(maxsize=64)
def load(venue: str, name: str) -> Cassette:
    """Read a venue's cassette once; raises CassetteError where it is missing or malformed."""
    folder = root() / venue
    for suffix in (".yaml", ".json"):
        path = folder / (name + suffix)
        if path.is_file():
            return read(path)
    raise CassetteError(f"no cassette {name!r} for {venue!r} in {folder}")
