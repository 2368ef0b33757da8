#!/usr/bin/env python3
"""Makes Allure's page from a folder of Allure results, offline, with the Allure 3 command line from npm.

    outtrade report reports/agent-ccxt --allure allure-results
    python3 examples/allure_page.py allure-results allure-page

Needs Node 20 or newer with npm; no Java. The first time, a fixed version of the npm package ``allure`` (50 MB) is
installed into a cache folder (``OUTTRADE_CACHE``, else ~/.cache/outtrade); from then on nothing is downloaded. The page
is one file, ``index.html``, that opens without a server. Allure 3 does not read ``categories.json``, so its rules are
handed over as configuration. With ``--history FILE`` runs are remembered there and the page shows trends.

Mind that Allure's pages hold a tag of Google Analytics, which their makers put there: whoever opens one tells Google,
where the network allows it. ``--no-google`` takes the tag out of the page made here. Outtrade's own page (``outtrade
report --html``) has no address outside of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "3.18.0"
TAG = re.compile(r"<script\b[^>]*\bsrc=\"https://www\.googletagmanager\.com/[^\"]*\"[^>]*>\s*</script>")
LONGEST = 200
"""Seconds for npm, and for the page."""


class Failed(Exception):
    """No page; the message is one line for the user."""


def cache() -> Path:
    """Where npm packages are kept."""
    return Path(os.environ.get("OUTTRADE_CACHE") or Path.home() / ".cache" / "outtrade")


def program() -> Path:
    """Allure's command line, installed where it is missing. Raises Failed."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Failed("Node with npm is needed: https://nodejs.org")
    home = cache() / f"allure-{VERSION}"
    command = home / "node_modules" / "allure" / "cli.js"
    if not command.exists():
        cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache()) as place:  # whole or not at all: others may be installing, too
            words = [npm, "install", "--prefix", place, "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"]
            run([*words, f"allure@{VERSION}"], "npm could not install allure")
            if not command.exists():
                shutil.copytree(Path(place) / "node_modules", home / "node_modules", symlinks=True, dirs_exist_ok=True)
    return command


def run(words: list[str], problem: str) -> None:
    """A program and its patience. Raises Failed with the last line of what it said."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        raise Failed(f"{problem}: no end after {LONGEST} s") from None
    except OSError as error:
        raise Failed(f"{problem}: {error.strerror or error}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(f"{problem}: {said[-1] if said else f'exit code {done.returncode}'}")


def make(
    results: Path, page: Path, *, name: str = "Outtrade", history: Path | None = None, google: bool = True
) -> Path:
    """Make the page; returns its file. Raises Failed."""
    if not any(results.glob("*-result.json")):
        raise Failed(f"{results}: no Allure results there")
    rules = results / "categories.json"
    options = {"singleFile": True, "reportLanguage": "en", "groupBy": ["parentSuite", "suite"]}
    settings = {
        "name": name,
        "output": str(page.resolve()),
        "categories": json.loads(rules.read_text()) if rules.exists() else [],
        "plugins": {"awesome": {"options": options}},
        **({"historyPath": str(history.resolve()), "appendHistory": True} if history else {}),
    }
    command = program()
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "allurerc.json"
        config.write_text(json.dumps(settings))
        words = ["node", str(command), "generate", str(results.resolve()), "--config", str(config), "--cwd", place]
        run([*words, "--output", str(page.resolve())], "allure could not make the page")
    file = page / "index.html"
    if not file.exists():
        raise Failed(f"allure made no {file}")
    if not google:
        text, found = TAG.subn("", file.read_text())
        if not found or "googletagmanager" in text.partition("<body")[0]:
            raise Failed("the tag of Google Analytics was not found where it is expected; nothing was taken out")
        file.write_text(text)
    return file


def main(words: list[str]) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make Allure's page from a folder of Allure results.")
    parser.add_argument("results", type=Path, help="folder of Allure results")
    parser.add_argument("page", type=Path, help="folder for the page")
    parser.add_argument("--name", default="Outtrade", help="title of the page")
    parser.add_argument("--history", type=Path, metavar="FILE", help="remember runs here, and show trends")
    parser.add_argument("--no-google", dest="google", action="store_false", help="take out the tag of Google Analytics")
    asked = parser.parse_args(words)
    try:
        file = make(asked.results, asked.page, name=asked.name, history=asked.history, google=asked.google)
    except (Failed, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"page: {file} ({file.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
