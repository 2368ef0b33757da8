"""Cassettes: read safely, never claiming more than their provenance, usable by vcrpy itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from binance_box import interactions
from binance_lifecycles import LIVES, SpotLife
from vcr.serialize import deserialize
from vcr.serializers import yamlserializer

from outtrade_mocks import cassettes
from outtrade_mocks.cassettes import CassetteError, parse

GOOD = """\
# provenance: recorded
# source: api.binance.com, 1 January 2026, vcrpy
interactions:
- request: {method: GET, uri: 'https://api.binance.com/api/v3/ping', body: null, headers: {}}
  response:
    body: {string: '{}'}
    headers: {Content-Type: [application/json]}
    status: {code: 200, message: OK}
version: 1
"""


def test_every_shipped_cassette_loads_and_says_documented() -> None:
    names = cassettes.names("binance_spot")
    assert {"exchange_info", "errors", "general", "orders", "account", "market"} <= set(names)
    for name in names:
        cassette = cassettes.load("binance_spot", name)
        assert cassette.provenance == ("from-mock" if name == "lifecycles" else "documented")
        assert "binance" in cassette.source
        for interaction in cassette:
            assert interaction.json() is not None


def test_the_lives_of_orders_are_what_the_mock_does() -> None:
    """After a change that is meant: python tests/binance/binance_lifecycles.py (see there)."""
    made = {one.name: one for one in interactions(LIVES, SpotLife)}
    kept = {one.name: one for one in cassettes.load("binance_spot", "lifecycles")}
    assert list(kept) == list(made)
    for name, one in made.items():
        assert (kept[name].uri, kept[name].status, kept[name].json()) == (one.uri, one.status, one.json()), name


def test_vcrpy_reads_them_too() -> None:
    for name in cassettes.names("binance_spot"):
        text = (cassettes.root() / "binance_spot" / f"{name}.yaml").read_text()
        requests, responses = deserialize(text, yamlserializer)
        assert len(requests) == len(responses) == len(cassettes.load("binance_spot", name))


def test_header_comments_and_fields() -> None:
    assert parse(GOOD.encode()).provenance == "recorded"
    fields = GOOD.replace("# provenance: recorded", "provenance: from-mock").replace("# source", "source", 1)
    cassette = parse(fields.replace("source: api.binance.com, 1 January 2026, vcrpy", "source: ours").encode())
    assert (cassette.provenance, cassette.source) == ("from-mock", "ours")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GOOD.replace("# provenance: recorded\n", ""), "provenance"),
        (GOOD.replace("recorded", "real"), "provenance"),
        (GOOD.replace("# source", "# from"), "source"),
        ("[1, 2]", "interactions"),
        ("a: [", "YAML"),
        (GOOD.replace("code: 200", "cod: 200"), "malformed"),
        (GOOD + "evil: !!python/object/apply:os.system ['true']\n", "YAML"),
    ],
)
def test_bad_cassettes_are_refused_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(CassetteError) as caught:
        parse(text.encode())
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gzip_bodies_of_recordings_are_unpacked() -> None:
    import base64
    import gzip

    packed = base64.b64encode(gzip.compress(b'{"serverTime":1}')).decode()
    text = GOOD.replace("string: '{}'", f"string: !!binary {packed}").replace(
        "{Content-Type: [application/json]}", "{Content-Encoding: [gzip]}"
    )
    [interaction] = parse(text.encode())
    assert interaction.json() == {"serverTime": 1}


def test_json_cassettes(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"provenance":"documented","source":"docs","interactions":[]}')
    assert cassettes.read(path).provenance == "documented"


def test_missing_files_are_named() -> None:
    with pytest.raises(CassetteError, match="nothing"):
        cassettes.load("binance_spot", "nothing")
