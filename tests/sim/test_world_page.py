"""The example of docs/world.md runs as written, with the plugin's fixture."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_ten_lines_pass_and_can_fail(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "world.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    environ = os.environ | {"PYTHONPATH": ":".join(str(ROOT / name) for name in ("harness", "mocks", "suites"))}
    for text, code_of_exit in ((code, 0), (code.replace("3661", "3660"), 1)):
        (tmp_path / "test_backoff.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
        done = subprocess.run([*command, "test_backoff.py"], cwd=tmp_path, env=environ, capture_output=True, text=True)
        assert done.returncode == code_of_exit, done.stdout
