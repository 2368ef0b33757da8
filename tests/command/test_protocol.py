"""Messages of the line protocol: strict reading, and documents that say what the code does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outtrade.targets.protocol import ProtocolError, Shutdown, read_line, schema, write_line

ROOT = Path(__file__).resolve().parents[2]


def test_the_schema_in_the_documentation_is_current() -> None:
    """Regenerate: python -m outtrade.targets.protocol > docs/protocol.schema.json."""
    assert (ROOT / "docs" / "protocol.schema.json").read_text() == schema()


def test_the_documentation_names_every_message() -> None:
    text = (ROOT / "docs" / "protocol.md").read_text()
    defs = json.loads(schema())["$defs"]
    for side in ("FromHarness", "FromAgent"):
        for ref in defs[side]["oneOf"]:
            name = defs[ref["$ref"].rpartition("/")[2]]["properties"]["type"]["const"]
            assert f'"type":"{name}"' in text


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"hello", "not JSON: 'hello'"),
        (b"[1]", "not a JSON object"),
        (b'{"type": "execute"}', "no message of an agent"),
        (b"{}", "no message of an agent"),
        (b'{"type": ["ready"]}', "no message of an agent"),
        (b'{"type": "ready", "extra": 1}', "ready: extra: Extra inputs are not permitted"),
        (b'{"type": "publish", "data": {"x": NaN}}', "not JSON"),
        (b'{"type": "publish", "data": {"x": 1e999}}', "not JSON"),
        (b'{"type": "publish", "data": {"x": "\\ud800"}}', "not JSON"),
        (b'{"type": "publish", "data": [1]}', "publish: data: Input should be"),
        (b'{"type": "store", "value": 1}', "store: key: Field required"),
        (b'{"type": "ready", "api": 2}', "ready: api: Input should be 1"),
        (b"[" * 100_000, "not JSON"),
        (b'\xff\x1b[31m"', "not JSON"),
    ],
)
def test_what_is_no_message_is_one_clear_line(line: bytes, why: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        read_line(line)
    text = str(caught.value)
    assert text.startswith(why)
    assert text.isprintable() and len(text) < 300


def test_a_message_is_one_line() -> None:
    assert write_line(Shutdown(id=3)) == b'{"type": "shutdown", "id": 3}\n'
