"""Builds the environments of the client table, runs every case twice, and writes ``docs/clients.md``.

    python dev.py clients                              all environments, with this Python
    python dev.py clients --python python3.12          other interpreters; give it several times
    python dev.py clients --env venues --only ccxt     some of it (the page is then not written)

The two runs of a case are two processes with different hash seeds; a case is green when both held and what the client
sent, and when, was the same to the byte. Environments are kept in ``.clients`` (or OUTTRADE_CLIENTS) and reused while
the list of packages stays the same; ``--upgrade`` fetches the newest versions.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), *(str(ROOT / name) for name in ("harness", "mocks", "suites"))]

from table import ENVIRONMENTS, Case, load  # noqa: E402

PAGE = ROOT / "docs" / "clients.md"
HEAD = """# Clients in the World
Made by `python dev.py clients`: each library is installed from PyPI, unmodified, dials the addresses it has built in,
and is asked to do what the last column says. *mock*: against the venue's stateful mock; *canned*: against scripted
answers, which proves the transport, signing and streams. **ok**: it held in two processes with different hash seeds,
and every byte it sent, and when, was the same in both.

"""


def make(env: str, python: str, upgrade: bool) -> Path:
    """The interpreter of an environment, made and filled if need be. Raises CalledProcessError."""
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True
    ).stdout.strip()
    home = Path(os.environ.get("OUTTRADE_CLIENTS", ROOT / ".clients")) / f"{env}-{version}"
    binary = home / "bin" / "python"
    wanted = [*ENVIRONMENTS[env], str(ROOT)]
    stamp, state = home / ".packages", hashlib.sha256(repr(wanted).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == state and not upgrade:
        return binary
    print(f"building {home}", flush=True)
    subprocess.run([python, "-m", "venv", str(home)], check=True)
    pip = [str(binary), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    subprocess.run([*pip, *ENVIRONMENTS[env], "-e", str(ROOT)], check=True)
    stamp.write_text(state)
    return binary


def attempt(binary: Path, case: Case, hash_seed: int) -> dict[str, Any]:
    """Run a case once in a process of its own."""
    command = [str(binary), str(HERE / "run.py"), case.name]
    environ = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=180)
        told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"outcome": "failed", "why": "no end after 180 s", "sha256": "", "saw": []}
    except (ValueError, IndexError):
        return {"outcome": "failed", "why": done.stderr[-2000:] or "no output", "sha256": "", "saw": []}
    return told


def judge(binary: Path, case: Case) -> dict[str, Any]:
    """Run a case twice; the verdict in ``verdict``: ok, differs, failed or absent."""
    one, two = (attempt(binary, case, seed) for seed in (1, 2))
    verdict = one["outcome"] if one["outcome"] != "ok" else two["outcome"]
    if verdict == "ok" and one["sha256"] != two["sha256"]:
        verdict = "differs"
    return one | {"verdict": verdict, "why": one.get("why") or two.get("why", "")}


def page(results: dict[str, dict[str, dict[str, Any]]], cases: list[Case]) -> str:
    """The page: a row per case, a column per Python."""
    pythons = list(results)
    lines = [
        "| library | used as | against | " + " | ".join(f"Python {p}" for p in pythons) + " | what it did |",
        "|---|---|---|" + "---|" * (len(pythons) + 1),
    ]
    for case in cases:
        told = [results[p][case.name] for p in pythons]
        version = next((t["version"] for t in told if t.get("version")), "")
        verdicts = " | ".join(t["verdict"] for t in told)
        saw = "; ".join(told[0]["saw"])
        name = "standard library" if case.package == "python" else f"{case.package} {version}"
        lines.append(f"| {name} | {case.door} | {case.server} | {verdicts} | {case.about} ({saw}) |")
    return HEAD + "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    """Build, run, write; exit code 1 if a case is not green."""
    parser = argparse.ArgumentParser(
        prog="dev.py clients", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", action="append", help="an interpreter; this one by default")
    parser.add_argument("--env", choices=list(ENVIRONMENTS), action="append")
    parser.add_argument("--only", default="", help="part of a case's name")
    parser.add_argument("--upgrade", action="store_true")
    args = parser.parse_args(argv)
    cases = [c for c in load().values() if args.only in c.name and (not args.env or c.env in args.env)]
    results: dict[str, dict[str, dict[str, Any]]] = {}
    for python in args.python or [sys.executable]:
        binaries = {env: make(env, python, args.upgrade) for env in ENVIRONMENTS if any(c.env == env for c in cases)}
        version = subprocess.run([python, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
        column = results[version] = {}
        with ThreadPoolExecutor(2) as pool:
            for case, told in zip(cases, pool.map(judge, [binaries[c.env] for c in cases], cases), strict=True):
                column[case.name] = told
                print(f"{version}  {told['verdict']:8} {case.name}", flush=True)
                if told["why"]:
                    print(told["why"], flush=True)
    if not (args.only or args.env):
        PAGE.write_text(page(results, cases))
        print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0 if all(t["verdict"] == "ok" for column in results.values() for t in column.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
