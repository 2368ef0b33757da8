"""``outtrade cassette``: the commands with their options and help; what they do stands in `outtrade.cli.cassette`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

cassette = typer.Typer(
    help="Recordings of exchange traffic (vcrpy): record, redact, scan for secrets, import, compare.",
    no_args_is_help=True,
)

Secrets = Annotated[
    list[str] | None,
    typer.Option(
        "--secret",
        metavar="VALUE",
        help="A value that must not be in the file, besides what is found by name, by looks and in the environment."
        " May be given several times; env:NAME takes it from a variable.",
    ),
]
Provenance = Annotated[
    str,
    typer.Option(
        "--provenance",
        metavar="WORD",
        help="What the header says: recorded (the bytes came from the host itself), documented (written from its"
        " documentation), from-mock (a mock made them).",
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors of the harness.")]


@cassette.command(
    context_settings={"ignore_unknown_options": True},
    epilog="\b\nExamples:\n  outtrade cassette record --out run.yaml -- python my_script.py\n"
    "  outtrade cassette record --provenance from-mock --out mock.yaml -- python my_script.py http://127.0.0.1:8900",
)
def record(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="A Python program and its arguments.")],
    out: Annotated[Path, typer.Option("--out", help="The cassette to write (.yaml or .json).")] = Path("cassette.yaml"),
    provenance: Provenance = "recorded",
    secret: Secrets = None,
    debug: Debug = False,
) -> None:
    """Run a Python program and record what it and the exchange say over HTTP.

    It talks to the real hosts. Secrets are redacted before anything is written. Exits with the program's exit code,
    or 2 where nothing was written.
    """
    from outtrade.cli.cassette import record_command
    from outtrade.cli.guard import guarded

    raise typer.Exit(
        guarded(
            lambda: record_command(command, out=out, provenance=provenance, secrets=tuple(secret or ())), debug=debug
        )
    )


@cassette.command(
    epilog="\b\nExamples:\n  outtrade cassette redact raw.yaml --out shared.yaml\n"
    "  outtrade cassette redact run.yaml --secret env:MY_API_KEY"
)
def redact(
    file: Annotated[Path, typer.Argument(help="A cassette (YAML or JSON).")],
    out: Annotated[Path | None, typer.Option("--out", help="Write here instead of over FILE.")] = None,
    secret: Secrets = None,
    debug: Debug = False,
) -> None:
    """Replace every secret in a cassette by a placeholder.

    Writes nothing if a secret would be left, or if a body is no text and cannot be checked.
    """
    from outtrade.cli.cassette import redact_command
    from outtrade.cli.guard import guarded

    raise typer.Exit(guarded(lambda: redact_command(file, out=out, secrets=tuple(secret or ())), debug=debug))


@cassette.command(epilog="\b\nExample:\n  outtrade cassette scan tests/cassettes/*.yaml")
def scan(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Cassettes (YAML or JSON).")],
    secret: Secrets = None,
    debug: Debug = False,
) -> None:
    """Say where secrets are in cassettes. Exits with 1 if there are any; never shows their values."""
    from outtrade.cli.cassette import scan_command
    from outtrade.cli.guard import guarded

    raise typer.Exit(guarded(lambda: scan_command(tuple(files), secrets=tuple(secret or ())), debug=debug))


@cassette.command(
    name="import",
    epilog="\b\nExamples:\n  outtrade cassette import browser.har --out run.yaml --host api.binance.com\n"
    "  outtrade cassette import spec/cassettes/orders.yml --out orders.yaml",
)
def import_(
    file: Annotated[Path, typer.Argument(help="A recording of another tool.")],
    out: Annotated[Path, typer.Option("--out", help="The cassette to write (.yaml or .json).")] = Path("cassette.yaml"),
    host: Annotated[
        list[str] | None, typer.Option("--host", metavar="NAME", help="Keep only requests to this host (repeatable).")
    ] = None,
    provenance: Provenance = "recorded",
    secret: Secrets = None,
    debug: Debug = False,
) -> None:
    """Turn a recording of another tool into a cassette, redacted.

    HAR (browsers, mitmproxy), VCR and Betamax (Ruby, Python and others), php-vcr, go-vcr. Bodies that are no text are
    left out.
    """
    from outtrade.cli.cassette import import_command
    from outtrade.cli.guard import guarded

    def command() -> int:
        return import_command(
            file, out=out, provenance=provenance, hosts=tuple(host or ()), secrets=tuple(secret or ())
        )

    raise typer.Exit(guarded(command, debug=debug))


@cassette.command(
    epilog="\b\nExamples:\n  outtrade cassette diff last_month.yaml today.yaml\n"
    "  outtrade cassette diff mine.yaml theirs.yaml --json"
)
def diff(
    old: Annotated[Path, typer.Argument(help="A cassette (YAML or JSON).")],
    new: Annotated[Path, typer.Argument(help="A later one of the same venue.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the differences as JSON.")] = False,
    secret: Secrets = None,
    debug: Debug = False,
) -> None:
    """Say what changed between two recordings of a venue: operations, keys and their types, errors, trading rules.

    Data that differs in every recording (prices, times, ids) is no difference. Exits with 1 if there is any.
    """
    from outtrade.cli.cassette import diff_command
    from outtrade.cli.guard import guarded

    raise typer.Exit(guarded(lambda: diff_command(old, new, as_json=as_json, secrets=tuple(secret or ())), debug=debug))
