"""The core without extras installs in under 60 MB: ``pytest -m slow tests/install -s`` installs and measures it.

pip installs the wheel of this checkout and its dependencies into an empty folder, so it needs a package index. Counted
are the bytes of all files, with the compiled ones that pip adds.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60_000_000
"""Bytes."""


@pytest.mark.slow
def test_the_core_installs_in_under_sixty_megabytes(tmp_path: Path) -> None:
    words = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", "core")
    done = subprocess.run([sys.executable, *words, str(ROOT)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    core = tmp_path / "core"
    sizes = {
        entry.name: sum(file.stat().st_size for file in [entry, *entry.rglob("*")] if file.is_file())
        for entry in core.iterdir()
    }
    total = sum(sizes.values())
    largest = sorted(sizes, key=lambda name: -sizes[name])[:5]
    parts = ", ".join(f"{name} {sizes[name] / 1e6:.1f}" for name in largest)
    print(f"the core installs in {total / 1e6:.1f} MB ({parts})")
    assert total < LIMIT
    heavy = {"ccxt", "mcp", "pyarrow", "hypothesis", "pytest", "vcr", "trustme", "allure_pytest"} & set(sizes)
    assert not heavy, "these are extras"
    run = "import outtrade.cli.app, outtrade_suites, outtrade_mocks; print('ok')"
    ok = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(core)!r}); {run}"],
                        cwd=tmp_path, env={}, capture_output=True, text=True)  # fmt: skip
    assert ok.stdout == "ok\n", ok.stderr
