"""Keeps a program alive exactly as long as its owner: run as a script, before the program's words.

    python keeper.py toxiproxy-server -host 127.0.0.1 -port 8474

Its standard input is a pipe whose other end the owner holds and never writes to. When the owner ends, in whatever way
(kill -9 included), the system closes the pipe; the keeper reads the end of it and kills the program. It runs in a
session of its own, so that Ctrl-C at the terminal does not end the program under a run that is being wound up.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading


def main(words: list[str]) -> int:
    """Run ``words`` until they end or standard input does; returns the exit code."""
    try:
        program = subprocess.Popen(  # noqa: S603
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return 127

    def owner_gone() -> None:
        while os.read(0, 1):
            pass
        program.kill()

    threading.Thread(target=owner_gone, daemon=True).start()
    return program.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
