#!/usr/bin/env python3
"""Sets up and runs what a newcomer, a developer or CI wants, with nothing but Python (3.11 or newer) and pip.

    python3 dev.py demo      install into .venv, then test a real ccxt-based agent and print its scorecard
    python3 dev.py test      install into .venv, then run the tests
    python3 dev.py check     install into .venv, then lint, format check and types
    python3 dev.py matrix    from the last test run: which client did what at which venue, docs/client_matrix.md
    python3 dev.py clients   install client libraries into environments of their own, run them, write docs/clients.md
    python3 dev.py freeze    for maintainers: freeze a profile, exec-core-2026.11 (docs/profiles.md)
    python3 dev.py shell     only install; prints how to use the environment
    python3 dev.py tools     build toxiproxy-server into the environment (needs Go); without it its tests are skipped

The environment is `.venv` beside this file, or what OUTTRADE_VENV names. Further words are passed on:
`python3 dev.py test -k store`, `python3 dev.py demo --scenarios 20`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("OUTTRADE_VENV", ROOT / ".venv")).resolve()
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")


TOXIPROXY = "github.com/Shopify/toxiproxy/v2"
TOXIPROXY_VERSION = "2.12.0"


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
    """Run a command of the environment from the project's root; programs of the environment are found."""
    env = os.environ | {"PATH": os.pathsep.join((str(BIN), os.environ.get("PATH", os.defpath)))}
    return subprocess.run([str(PYTHON), *command], cwd=ROOT, env=env).returncode


def tools() -> int:
    """Build toxiproxy-server, pinned, where Go is. Go names the program after its folder: server."""
    name = "toxiproxy-server" + (".exe" if os.name == "nt" else "")
    place, stamp = BIN / name, VENV / ".toxiproxy"
    go = shutil.which("go")
    if go is None:
        print("no go on PATH: toxiproxy-server is not built, its tests are skipped")
        return 0
    if place.exists() and stamp.exists() and stamp.read_text() == TOXIPROXY_VERSION:
        return 0
    print(f"building toxiproxy-server {TOXIPROXY_VERSION} (the first time this takes a minute or two)", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        flags = f"-ldflags=-X {TOXIPROXY}.Version={TOXIPROXY_VERSION}"
        command = [go, "install", flags, f"{TOXIPROXY}/cmd/server@v{TOXIPROXY_VERSION}"]
        env = {name: value for name, value in os.environ.items() if name not in ("GOOS", "GOARCH", "GOFLAGS")}
        if subprocess.run(command, env=env | {"GOBIN": folder}).returncode:
            print("go could not build toxiproxy-server; its message stands above", file=sys.stderr)
            return 1
        built = next(Path(folder).iterdir())
        BIN.mkdir(parents=True, exist_ok=True)
        shutil.move(str(built), place)
    stamp.write_text(TOXIPROXY_VERSION)
    print(place)
    return 0


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
    if what == "tools":
        return tools()
    if what == "clients":
        install("test")
        return run("tests/clients/build.py", *rest)
    if what == "matrix":
        install("test")
        return run("docs/client_matrix.py", *rest)
    if what == "freeze":
        install("test")
        return run("-m", "outtrade_suites.profiles.freeze", *rest)
    if what == "shell":
        install("dev")
        print(f"source {BIN / 'activate'}")
        return 0
    print(__doc__)
    return 0 if what in ("-h", "--help") else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
