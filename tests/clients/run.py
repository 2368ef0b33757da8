"""Run one case of the table in this interpreter and print what happened as a line of JSON.

    python tests/clients/run.py NAME

Exit code 0 if the case held, 1 if not (the traceback is in the JSON), 77 if the library is not installed.
"""

from __future__ import annotations

import hashlib
import json
import sys
import traceback
import warnings
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), *(str(ROOT / name) for name in ("harness", "mocks", "suites"))]

from table import Try, load  # noqa: E402


def main(name: str) -> int:
    """Run ``name`` once."""
    case = load()[name]
    warnings.simplefilter("ignore")
    try:
        version = case.version
    except metadata.PackageNotFoundError:
        print(json.dumps({"case": name, "outcome": "absent", "why": f"{case.package} is not installed"}))
        return 77
    done = Try()
    try:
        case.run(done)
        outcome, why = "ok", ""
    except BaseException:
        outcome, why = "failed", traceback.format_exc()
    digest = hashlib.sha256("\n".join(done.wire + done.saw).encode()).hexdigest()
    told = {"case": name, "version": version, "outcome": outcome, "saw": done.saw, "wire": done.wire, "sha256": digest}
    print(json.dumps(told | ({"why": why} if why else {})))
    return 0 if outcome == "ok" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
