"""The parts: which names are refused, what stands for what, rest for busy hosts, tapes that are none."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from outtrade.outside import tape as tapes
from outtrade.outside.broker import LONGEST_PAUSE, PAUSE, Pace, Told
from outtrade.outside.hosts import EXCHANGES, HostError, checked, exchange
from outtrade.outside.talk import stand_ins
from outtrade.outside.tape import Recorder, Tape, read_tape
from outtrade_mocks import venues
from outtrade_mocks.cassettes import Cassette, CassetteError, Interaction
from outtrade_mocks.cassettes.redaction import Redactor, scan
from outtrade_mocks.cassettes.writing import check, publish, render
from outtrade_mocks.venues.binance_spot.venue import REST_HOSTS, STREAM_HOSTS


# ------------------------------------------------------------------ names
@pytest.mark.parametrize(
    ("host", "name"),
    [("api.openai.com", "api.openai.com"), ("API.Anthropic.COM.", "api.anthropic.com"), (" a.b ", "a.b"),
     ("models.googleapis.com", "models.googleapis.com"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
     ("notbinance.com", "notbinance.com"), ("binance.com.example", "binance.com.example")],
)  # fmt: skip
def test_names_that_are_let_through(host: str, name: str) -> None:
    assert checked(host) == name


@pytest.mark.parametrize("host", [host for host, _ in dict.fromkeys((*REST_HOSTS, *STREAM_HOSTS))])
def test_every_host_of_a_venue_is_refused(host: str) -> None:
    for name in (host, host.upper(), f"{host}.", f"sub.{host}", f"a.b.{host}"):
        with pytest.raises(HostError, match=r"belongs to an exchange \(binance.com\)"):
            checked(name)


def test_every_venue_that_is_played_is_refused_under_its_whole_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that no list knows: the names come from the venues."""
    monkeypatch.setattr("outtrade.outside.hosts.EXCHANGES", frozenset())
    for venue in venues.NAMES:
        host = venues.load(venue).rest_url.removeprefix("https://")
        domain = ".".join(host.split(".")[-2:])
        assert exchange(host) == exchange(domain) == exchange(f"new.{domain}") == domain


@pytest.mark.parametrize(
    "host", ["api.bybit.com", "okx.com", "api.exchange.coinbase.com", "paper-api.alpaca.markets", "api.kraken.com",
             "api.hyperliquid.xyz", "testnet.binance.vision", "api.binance.us"],
)  # fmt: skip
def test_exchanges_that_are_not_played_are_refused_too(host: str) -> None:
    with pytest.raises(HostError, match="belongs to an exchange"):
        checked(host)


@pytest.mark.parametrize(
    "host", ["*", "*.openai.com", "api.*.com", "https://api.openai.com", "api.openai.com/v1", "api.openai.com:443",
             "127.0.0.1", "8.8.8.8", "0x7f.1", "127.0.0.0x1", "::1", "[::1]", "2130706433", "localhost", "LOCALHOST.",
             "a.localhost", "box.local", "model", "", ".", "..", "a..b", "-a.example", "a b.example", "bücher.example",
             "a@b.example", "a" * 64 + ".example", "a.\nb"],
)  # fmt: skip
def test_what_does_not_tell_whose_it_is_is_refused(host: str) -> None:
    with pytest.raises(HostError) as error:
        checked(host)
    assert len(str(error.value).splitlines()) == 1


def test_the_list_of_exchanges_holds_domains_only() -> None:
    assert all(name == name.lower() and name.count(".") in (1, 2) for name in EXCHANGES)


@pytest.mark.slow
def test_the_list_knows_the_exchanges_of_ccxt() -> None:
    ccxt = pytest.importorskip("ccxt")
    certified = [name for name in ccxt.exchanges if getattr(ccxt, name)().certified]
    assert len(certified) > 10
    for name in certified:
        made = getattr(ccxt, name)()
        for url in _texts(made.urls["api"]):
            host = made.implode_hostname(url).partition("://")[2].partition("/")[0].partition(":")[0]
            assert host == "" or exchange(host), (name, host)


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    return [value] if isinstance(value, str) else []


# ------------------------------------------------------------------ what stands for what
def test_placeholders_are_read_off_the_request() -> None:
    kept = {"a": "id REDACTED-KEYLIKE-1!", "n": 1, "l": [{"b": "REDACTED-KEY-2 and REDACTED-EMAIL-1"}], "gone": "x"}
    asked = {"a": "id abc!", "n": 2, "l": [{"b": "k/1 and me@b.example"}, 3], "more": 1}
    found = stand_ins(json.dumps(kept).encode(), json.dumps(asked).encode())
    assert found == {"REDACTED-KEYLIKE-1": "abc", "REDACTED-KEY-2": "k/1", "REDACTED-EMAIL-1": "me@b.example"}


def test_arguments_of_tools_are_json_in_a_text_however_it_is_spaced() -> None:
    asked = {"arguments": '{"client_id":  "FLAG5H1P-1",\n "n":[1]}'}
    item = Interaction("0", "POST", "https://model.example/", 200, b"{}", {}, {}, json.dumps(asked).encode())
    (clean,) = Redactor(spare_words=True).redact(Cassette("t", "recorded", "model.example", (item,)))
    assert b"FLAG5H1P-1" not in clean.request_body
    assert stand_ins(clean.request_body, item.request_body) == {"REDACTED-ACCOUNT-1": "FLAG5H1P-1"}


@pytest.mark.parametrize(
    ("kept", "asked"),
    [("REDACTED-KEY-1", 'say "hi"'), ("a REDACTED-KEY-1 b", "a x c"), ("a REDACTED-KEY-1", "b x"),
     ("REDACTED-KEY-1 REDACTED-KEY-2", "x"), ("REDACTED-KEY-1", "")],
)  # fmt: skip
def test_what_does_not_fit_or_could_break_a_text_stays_hidden(kept: str, asked: str) -> None:
    assert stand_ins(kept.encode(), asked.encode()) == {}
    assert stand_ins(json.dumps([kept]).encode(), json.dumps([asked]).encode()) == {}


# ------------------------------------------------------------------ words in answers
def message(answer: str, request: str = "", **headers: str) -> Cassette:
    item = Interaction("0", "POST", "https://model.example/", 200, answer.encode(), headers, {}, request.encode())
    return Cassette("t", "recorded", "model.example", (item,))


def test_words_are_spared_in_answers_only_and_credentials_nowhere() -> None:
    answer = '{"account":"spot","sign":"positive","key":"limit_price_reached","token":17,"pin":"abcd1234"}'
    clean = Redactor(spare_words=True).redact(message(answer, '{"account":"spot","sign":"negative"}', token="abc"))
    (item,) = clean
    assert json.loads(item.body) == {**json.loads(answer), "pin": "REDACTED-TOKEN-2"}
    assert json.loads(item.request_body) == {"account": "REDACTED-ACCOUNT-1", "sign": "REDACTED-SIGNATURE-1"}
    assert item.headers == {"token": "REDACTED-TOKEN-1"}
    assert scan(clean, spare_words=True) == []
    assert {found.kind for found in scan(clean)} == {"ACCOUNT", "SIGNATURE", "KEY", "TOKEN"}


def test_a_named_secret_is_replaced_whatever_it_looks_like() -> None:
    clean = Redactor(secrets=["positive"], spare_words=True).redact(message('{"sign":"positive","a":"so positive"}'))
    assert b"positive" not in clean.interactions[0].body


def test_events_of_a_stream_are_read_as_what_they_hold() -> None:
    """A line break before a word is no part of it, in JSON either: nothing is replaced that would break the JSON."""
    order = "x-TKT5PX2F5f57fb34d7dd7e054529a7"
    lines = [
        json.dumps({"delta": f"orders:\n{order}", "sign": "positive"}),
        json.dumps({"id": "0123456789abcdef" * 2}),
        "[DONE]",
    ]
    clean = Redactor(spare_words=True).redact(message("".join(f"data: {line}\r\n\r\n" for line in lines)))
    body = clean.interactions[0].body.decode()
    assert body == f'data: {lines[0]}\r\n\r\ndata: {{"id": "REDACTED-KEYLIKE-1"}}\r\n\r\ndata: [DONE]\r\n\r\n'
    check(render(clean), clean, spare_words=True)
    whole = message(json.dumps({"content": f"\n{order}\t{order}"}))
    check(render(whole), whole)
    left = message(json.dumps({"content": "\n" + "0123456789abcdef" * 2}))
    with pytest.raises(CassetteError, match="secret is still there"):
        check(render(left), left)


def test_originals_turn_placeholders_back() -> None:
    redactor = Redactor(spare_words=True)
    clean = redactor.redact(message('{"id":"0123456789abcdef0123456789abcdef"}'))
    assert json.loads(clean.interactions[0].body) == {"id": "REDACTED-KEYLIKE-1"}
    assert redactor.originals()["REDACTED-KEYLIKE-1"] == "0123456789abcdef0123456789abcdef"


# ------------------------------------------------------------------ rest for busy hosts
def test_a_busy_host_gets_the_rest_it_asks_for() -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(lambda: now[0], sleep)
    pace.note("a.example", Told(1, 200, {"retry-after": "9"}))
    pace.wait("a.example")
    assert slept == []
    for wanted, rest in (("20", 20.0), ("", PAUSE), ("Wed, 21 Oct 2026 07:28:00 GMT", PAUSE), ("-1", PAUSE),
                         ("nan", PAUSE), ("inf", LONGEST_PAUSE), ("9999", LONGEST_PAUSE)):  # fmt: skip
        pace.note("a.example", Told(1, 429, {"retry-after": wanted}))
        pace.wait("b.example")
        pace.wait("a.example")
        pace.wait("a.example")
        assert slept == [rest]
        slept.clear()


# ------------------------------------------------------------------ tapes
def talk(name: str = "s-1/0", uri: str = "https://model.example/v1", **more: str) -> Interaction:
    return Interaction(name, "POST", uri, 200, b'{"a":1}', more, {}, b'{"q":1}')


def test_a_tape_is_written_in_the_order_of_scenarios_and_read_back(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "talk.yaml", ("model.example",))
    for name in ("s-10/0", "s-9/0", "s-9/1"):
        recorder.keep(name.partition("/")[0], talk(name))
    recorder.write()
    tape = read_tape(tmp_path / "talk.yaml")
    assert [item.name for item in tape.cassette] == ["s-9/0", "s-9/1", "s-10/0"]
    assert tape.hosts == ("model.example",)
    assert [item.name for item in tape.of("s-9")] == ["s-9/0", "s-9/1"]
    assert len(tape.of("s-11")) == 0
    with pytest.raises(CassetteError, match=r"talk.yaml exists already: play it with --allow-replay"):
        Recorder(tmp_path / "talk.yaml", ("model.example",))


def test_what_was_said_is_written_while_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(tapes, "time", SimpleNamespace(monotonic=lambda: now[0]))
    recorder = Recorder(tmp_path / "talk.yaml", ("model.example",))
    recorder.keep("s-1", talk())
    assert not (tmp_path / "talk.yaml").exists()
    now[0] = tapes.CHECKPOINT
    recorder.keep("s-1", talk("s-1/1"))
    assert len(read_tape(tmp_path / "talk.yaml").cassette) == 2
    recorder.keep("s-1", talk("s-1/2"))
    assert len(read_tape(tmp_path / "talk.yaml").cassette) == 2, "not each time"
    recorder.write()
    assert len(read_tape(tmp_path / "talk.yaml").cassette) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["talk.yaml"]


def test_nothing_said_nothing_written(tmp_path: Path) -> None:
    Recorder(tmp_path / "talk.yaml", ("model.example",)).write()
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_is_left_stops_the_writing_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tapes, "CHECKPOINT", 0.0)
    recorder = Recorder(tmp_path / "talk.yaml", ("model.example",), secrets=("hunter2-hunter2",))
    recorder.keep("s-1", talk(x="hunter2-hunter2"))
    with pytest.raises(CassetteError, match="a secret is still there"):
        recorder.write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("item", "why"),
    [(talk("0"), "interaction 0 was not made by outtrade run --allow-record"),
     (talk(uri="http://model.example/"), "was not made by outtrade run --allow-record"),
     (talk(uri="https://model.example:8443/"), "was not made by outtrade run --allow-record"),
     (talk(uri="https://api.binance.com/api/v3/order"), "api.binance.com belongs to an exchange"),
     (talk(uri="https://127.0.0.1/"), "no address")],
)  # fmt: skip
def test_other_cassettes_are_no_tapes(item: Interaction, why: str) -> None:
    with pytest.raises(CassetteError, match=why):
        Tape(Cassette("talk", "recorded", "somebody", (item,)), "")


def test_a_published_tape_is_a_tape_still(tmp_path: Path) -> None:
    """``outtrade cassette redact`` leaves what a replay needs."""
    cassette = Cassette("talk", "recorded", "model.example", (talk(**{"outtrade-latency": "0.8"}),))
    publish(cassette, tmp_path / "talk.yaml")
    (item,) = read_tape(tmp_path / "talk.yaml").of("s-1")
    assert (item.name, item.headers) == ("s-1/0", {"outtrade-latency": "0.8"})
