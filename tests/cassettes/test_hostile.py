"""Hostile files: one clear line each, at a bounded cost, and nothing of their content in it."""

from __future__ import annotations

import base64
import gzip
import json
from itertools import pairwise
from pathlib import Path

import pytest

from outtrade_mocks.cassettes import CassetteError, Limits, parse, read

ITEM = {
    "request": {"method": "GET", "uri": "https://x.example/", "body": None, "headers": {}},
    "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "{}"}},
}
BOMB = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}, *{p}]\n" for p, n in pairwise("abcdefghijklmnop"))
MERGES = "a: &a {k: v}\n" + "".join(f"{n}: &{n} {{<<: [*{p}, *{p}]}}\n" for p, n in pairwise("abcdefghijklmnop"))


def _with(**changes: object) -> str:
    return json.dumps({"interactions": [{**ITEM, **changes}]})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("!!python/object/apply:os.system ['touch /tmp/owned']", "not YAML"),
        ("interactions: !!python/name:os.system", "not YAML"),
        ("interactions: !SECRET-TAG-VALUE x", "not YAML"),
        ("[" * 100_000, "nested too deeply"),
        ("- " * 50_000, "nested too deeply"),
        (BOMB + "interactions: [*p]\n", "interaction 0: no mapping"),
        (BOMB + "interactions: [{request: {method: GET, uri: u, headers: {a: *p}}, response: {}}]\n", "interaction 0"),
        (MERGES + "interactions: [*p]\n", "merge keys"),
        ("interactions: &x [*x]\n", "interaction 0: no mapping"),
        ("interactions: {}", "no list of interactions"),
        ("interactions: [1]", "interaction 0: no mapping"),
        ("", "no list of interactions"),
        ("\0", "not YAML"),
        ("? [a, b]\n: c\n", "not YAML"),
        ("x: 2026-99-99", "not YAML"),
        (f"x: {'9' * 5000}", "not YAML"),
    ],
)
def test_yaml(text: str, complaint: str) -> None:
    _refused(text.encode(), complaint)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"log": {"entries": []}}', "HAR"),
        ('{"http_interactions": [], "recorded_with": "betamax"}', "Betamax"),
        ('{"info": {}, "item": []}', "Postman"),
        ('[{"request": {}}]', "before 1.0"),
        ("[" * 100_000, "not JSON"),
        (f'{{"x": {"9" * 5000}}}', "not JSON"),
        ("{", "not JSON"),
        ("null", "no list of interactions"),
        (_with(request=None), "request is no mapping"),
        (_with(response={"status": {"code": "SECRET-VALUE"}}), "response.status.code"),
        (_with(response={"status": {"code": True}, "body": None}), "response.status.code"),
        (
            _with(response={"status": {"code": 200}, "body": {"string": ["SECRET-VALUE"]}}),
            "response.body is of type list",
        ),
        (_with(request={"method": "GET", "uri": 7}), "request.uri"),
        (_with(request={"method": "GET", "uri": "u", "headers": {"a": [{}]}}), "request.headers"),
        (_with(request={"method": "GET", "uri": "u", "headers": ["SECRET-VALUE"]}), "request.headers"),
        (json.dumps({"interactions": [ITEM] * 11}), "more than 10 interactions"),
    ],
)
def test_json(text: str, complaint: str) -> None:
    _refused(text.encode(), complaint, form="json", limits=Limits(interactions=10))


def test_bytes_that_are_no_text() -> None:
    _refused(b"\xff\xfe\x00\x00", "not UTF-8")


def test_a_body_that_unpacks_without_end() -> None:
    packed = base64.b64encode(gzip.compress(b"0" * 2_000_000)).decode()
    text = (
        "interactions:\n- request: {method: GET, uri: 'https://x.example/'}\n"
        "  response: {status: {code: 200}, headers: {content-encoding: gzip},"
        f" body: {{string: !!binary {packed}}}}}"
    )
    _refused(text.encode(), "unpacks to more than 1 MiB", limits=Limits(body=1_048_576))
    _refused(text.replace(packed, packed[:200]).encode(), "no whole gzip")


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_a_file_of_a_gigabyte_is_not_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"huge{suffix}"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(CassetteError, match=r"^huge: larger than \d+ MiB"):
        read(path)


def test_things_that_are_no_files(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yaml", Path("/dev/zero"), tmp_path / "a\nb.yaml"):
        with pytest.raises(CassetteError) as caught:
            read(path)
        assert "\n" not in str(caught.value)


def test_aliases_of_an_honest_recording_are_fine() -> None:
    text = (
        "interactions:\n- request: {method: GET, uri: 'https://x.example/', headers: {a: &x [1], b: *x}}\n"
        "  response: {status: {code: 200}, body: {string: hi}}\n"
    )
    assert parse(text.encode(), foreign=True).interactions[0].request_headers == {"a": "1", "b": "1"}


def _refused(data: bytes, complaint: str, *, form: str = "yaml", limits: Limits | None = None) -> None:
    with pytest.raises(CassetteError) as caught:
        parse(data, form=form, foreign=True, limits=limits or Limits())
    message = str(caught.value)
    assert complaint in message
    assert "\n" not in message and len(message) < 200
    assert "SECRET" not in message
