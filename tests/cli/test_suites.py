"""Suites are found by entry point or from a checkout, load lazily, and fail with one line."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from outtrade import suites
from outtrade.judge.api import Property
from outtrade.suites import Suite, SuiteError, collect


def prop(ident: str) -> Property:
    return Property(ident, "t", "MUST", "major", "A", "e", "s", lambda ix: iter(()))


def test_parts_are_loaded_when_first_read_and_only_once() -> None:
    calls: list[str] = []

    def load() -> tuple[Property, ...]:
        calls.append("properties")
        return (prop("REC-02"), prop("RTY-01"), prop("PAR-11"), prop("PAR-02"))

    suite = Suite("demo", properties=load, spaces=dict)
    assert calls == []
    assert [p.id for p in suite.properties] == ["PAR-02", "PAR-11", "RTY-01", "REC-02"]
    assert suite.properties is suite.properties
    assert calls == ["properties"]


def test_two_properties_with_one_id_are_refused() -> None:
    suite = Suite("demo", properties=lambda: (prop("PAR-01"), prop("PAR-01")), spaces=dict)
    with pytest.raises(SuiteError, match="two properties are called PAR-01"):
        _ = suite.properties


@pytest.mark.parametrize("wanted", ["RTY-01", "rty-01", "rty01"])
def test_a_property_is_found_however_it_is_written(wanted: str) -> None:
    suite = Suite("demo", properties=lambda: (prop("RTY-01"),), spaces=dict)
    assert suite.property(wanted).id == "RTY-01"


def test_unknown_names_say_what_there_is() -> None:
    suite = Suite("demo", properties=lambda: (prop("RTY-01"),), spaces=lambda: {"a": lambda d: None, "b": print})
    with pytest.raises(SuiteError, match=r"no property 'RTY-77' in suite demo; there are RTY-01"):
        suite.property("RTY-77")
    with pytest.raises(SuiteError, match=r"no space 'c' in suite demo; there are a, b"):
        suite.space("c")
    assert suite.space(None)[0] == "a"
    with pytest.raises(SuiteError, match=r"no suite 'nope'; there are core"):
        suites.load("nope")


def test_core_is_found_without_an_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "entry_points", lambda group: ())
    assert suites.load().name == "core"
    assert suites.names() == ["core"]


def test_an_entry_point_that_fails_or_is_no_suite_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    points = (EntryPoint("gone", "no_such_module_x:y", suites.GROUP), EntryPoint("odd", "os:sep", suites.GROUP))
    monkeypatch.setattr(suites, "entry_points", lambda group: points)
    with pytest.raises(SuiteError, match=r"suite gone .*failed to load: ModuleNotFoundError"):
        suites.load("gone")
    with pytest.raises(SuiteError, match=r"suite odd \(os:sep\) is a str"):
        suites.load("odd")
    assert suites.names() == ["core", "gone", "odd"]


def test_collect_finds_single_objects_and_members_of_containers_once(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    package = tmp_path / "collected_demo"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("A = 1.5\nB = [2.5, 'x']\n")
    (package / "two.py").write_text("from collected_demo.one import A\nC = {'k': 3.5}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert collect("collected_demo", float) == [1.5, 2.5, 3.5]


def test_importing_the_core_suite_imports_none_of_its_parts() -> None:
    code = (
        "import sys, outtrade_suites\n"
        "bad = [m for m in sys.modules if m.startswith(('outtrade_suites.', 'ccxt', 'httpx', 'outtrade.model'))]\n"
        "assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=_env())


def _env() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


def test_a_part_that_fails_to_load_is_one_line() -> None:
    def fails() -> dict[str, str]:
        raise ImportError("no such thing")

    suite = Suite("demo", properties=tuple, spaces=dict, agents=fails)
    with pytest.raises(SuiteError, match=r"^suite demo: its agents failed to load: ImportError: no such thing$"):
        _ = suite.agents
