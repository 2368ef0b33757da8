"""Commands as they may be shown: reports are published, and a command line can hold a key."""

from __future__ import annotations

import re

from outtrade.report.text import clean
from outtrade_mocks.cassettes.secrets import kind_of, replace_named

LONGEST = 400
"""Characters of a command that are shown."""
_FLAG = re.compile(r"(--?[\w-]{2,40})(\s+|=)(\"[^\"]*\"|'[^']*'|\S+)")


def without_secrets(text: str) -> str:
    """One line of a command without what looks like a secret: sheets are published.

    >>> without_secrets("cmd:./agent --api-key hunter2hunter2 --fast")
    'cmd:./agent --api-key REDACTED-KEY --fast'
    """

    def hidden(match: re.Match[str]) -> str:
        kind = kind_of(match[1])
        return match[0] if kind is None else f"{match[1]}{match[2]}REDACTED-{kind}"

    return replace_named(_FLAG.sub(hidden, clean(text, LONGEST)), lambda kind, _: f"REDACTED-{kind}")
