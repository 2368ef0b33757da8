"""Gate a build in GitHub Actions: run Outtrade, leave the reports, say what failed, end with the gate's exit code.

    python ci/gate.py TARGET [options of outtrade run]

Writes ``outtrade-report/`` (results.json, report.html, junit.xml, summary.md and what failed), appends the summary to
``$GITHUB_STEP_SUMMARY``, and prints an annotation for each reason and each distinct failure. Exit codes: 0 pass, 1 the
gate failed, 2 usage or harness error, 3 incomplete. Standard library only; it also runs outside of Actions.
"""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

OUT = Path("outtrade-report")
MOST = 10
"""GitHub shows ten annotations of a kind for each step."""


def main(words: list[str]) -> int:
    """Entry point; returns the exit code of ``outtrade run``."""
    if not words or words[0].startswith("-"):
        print(__doc__)
        return 2
    for name in ("results.json", "report.html", "junit.xml", "summary.md"):
        (OUT / name).unlink(missing_ok=True)  # nothing of an earlier run is taken for this one
    target, *options = words
    reports = ["--report", str(OUT), "--html", "--junit", str(OUT / "junit.xml"), "--markdown", str(OUT / "summary.md")]
    code = quietly([sys.executable, "-m", "outtrade", "run", target, *reports, *options])
    summary = OUT / "summary.md"
    append(
        "GITHUB_STEP_SUMMARY", summary.read_text("utf-8") if summary.exists() else f"## Outtrade: exit code {code}\n"
    )
    append("GITHUB_OUTPUT", f"exit-code={code}\nreport={OUT / 'report.html'}\n")
    results = OUT / "results.json"
    if results.exists():
        annotate(json.loads(results.read_text("utf-8")), target)
    elif code:
        command("error", f"outtrade run ended with exit code {code} and wrote no results", title="Outtrade")
    return code


def quietly(words: list[str]) -> int:
    """Run a command whose output may hold anything: GitHub must not read commands in what an agent said."""
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    code = subprocess.run(words).returncode
    print(f"\n::{token}::", flush=True)
    return code if 0 <= code <= 3 else 2


def annotate(results: dict, target: str) -> None:
    """An error for each reason of the gate and for each distinct failure nobody expects, a notice for the others."""
    file = target.removeprefix("py:").rpartition(":")[0] if target.startswith("py:") else ""
    file = file if file.endswith(".py") else ""
    for reason in results["exit"]["reasons"][:MOST]:
        command("error", reason, title="Outtrade gate")
    wrong = [row for row in results["failures"] if row["level"] == "MUST" and row["expected"] < row["scenarios"]]
    tolerated = results["exit"]["code"] == 0
    room = MOST - min(MOST, len(results["exit"]["reasons"]))
    for row in wrong[: MOST if tolerated else room]:
        where = f"{row['scenarios']} scenario{'s' if row['scenarios'] != 1 else ''}"
        replay = f"outtrade replay {OUT / row['file']}"
        text = f"{row['title']} ({row['severity']}, {where}): {row['message']}\n{replay}"
        command("warning" if tolerated else "error", text, title=row["fingerprint"], file=file)
    for note in results["gate"]["notes"][:MOST]:
        command("notice", note, title="Outtrade gate")


def command(kind: str, text: str, **fields: str) -> None:
    """A workflow command, with everything escaped that could end it."""
    shown = [f"{name}={escape(value, ':,')}" for name, value in sorted(fields.items()) if value]
    print(f"::{kind} {','.join(shown)}::{escape(text)}", flush=True)


def escape(text: str, more: str = "") -> str:
    """Percent-encode what workflow commands treat as special; control characters become spaces."""
    plain = "".join(char if char.isprintable() or char == "\n" else " " for char in text[:2_000])
    for char in "%\n" + more:
        plain = plain.replace(char, f"%{ord(char):02X}")
    return plain


def append(variable: str, text: str) -> None:
    """Append to the file that GitHub names in ``variable``, where it names one."""
    name = os.environ.get(variable)
    if name:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
