#!/usr/bin/env python3
"""Sets up and runs what a newcomer, a developer or CI wants, with nothing but Python (3.11 or newer) and pip.

    python3 dev.py demo      install into .venv, then test a real ccxt-based agent and print its scorecard
    python3 dev.py test      install into .venv, then run the tests
    python3 dev.py check     install into .venv, then lint, format check and types
    python3 dev.py shell     only install; prints how to use the environment

The environment is `.venv` beside this file, or what OUTTRADE_VENV names. Further words are passed on:
`python3 dev.py test -k store`, `python3 dev.py demo --scenarios 20`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("OUTTRADE_VENV", ROOT / ".venv")).resolve()
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")


def install(extra: str) -> None:
    """Create the environment and install the project with an extra, once per state of pyproject.toml."""
    if not PYTHON.exists():
        print(f"creating {VENV}", flush=True)
        try:
            venv.create(VENV, with_pip=True)
        except (subprocess.CalledProcessError, OSError) as error:
            sys.exit(f"cannot create a virtual environment in {VENV}: {error}\n(on Debian: apt install python3-venv)")
    stamp = VENV / f".outtrade-{extra}"
    state = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == state:
        return
    print(f"installing outtrade[{extra}] (the first time this takes a minute or two)", flush=True)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", f"{ROOT}[{extra}]"]
    if subprocess.run(command).returncode:
        sys.exit("pip could not install the project; its message stands above")
    stamp.write_text(state)


def run(*command: str) -> int:
    """Run a command of the environment from the project's root."""
    return subprocess.run([str(PYTHON), *command], cwd=ROOT).returncode


def main(argv: list[str]) -> int:
    """Entry point; returns the exit code of what was run."""
    if sys.version_info < (3, 11):
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    what, rest = (argv[0], argv[1:]) if argv else ("", [])
    if what == "demo":
        install("ccxt")
        return run("-m", "outtrade", "run", "agent:ccxt", *(rest or ["--scenarios", "100", "--seed", "1"]))
    if what == "test":
        install("test")
        return run("-m", "pytest", *rest)
    if what == "check":
        install("dev")
        steps = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"])
        return max(run("-m", *step) for step in steps)
    if what == "shell":
        install("dev")
        print(f"source {BIN / 'activate'}")
        return 0
    print(__doc__)
    return 0 if what in ("-h", "--help") else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
