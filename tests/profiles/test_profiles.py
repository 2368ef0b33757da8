"""Frozen profiles: one hash names the content and every scenario; nothing that is added later changes one."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from outtrade import suites
from outtrade.cli.app import app
from outtrade.engine.plan import Plan, prepare
from outtrade.engine.results import Result
from outtrade.gate import Policy
from outtrade.judge.api import Property
from outtrade.model.scenario import Scenario
from outtrade.profile import Drawn, Profile, ProfileError, content_hash, freeze, read
from outtrade.score import INCOMPLETE, OK, score
from outtrade.suites import Suite
from outtrade_suites.profiles import RECIPES
from outtrade_suites.profiles import freeze as maintainer
from outtrade_suites.spaces import generate

ROOT = Path(__file__).parents[2]
FROZEN = suites.load().profiles


def outtrade(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), prog_name="outtrade")


def small(folder: Path, *, name: str = "small-2026.11", count: int = 2, **changes: Any) -> Profile:
    fields: dict[str, Any] = {
        "about": "Two of the smallest.",
        "suite": "core",
        "drawn": [Drawn(space="smoke", seed=1, count=count)],
        "scenarios": [generate("smoke", 1, index) for index in range(count)],
        "properties": ("PAR-01", "RTY-01"),
        "requires": ("outcomes", "orders"),
        "coverage": {"RTY-01": 1},
    }
    return freeze(folder, name=name, **(fields | changes))


# ------------------------------------------------------------------ the profiles that we publish
@pytest.mark.parametrize("name", FROZEN)
def test_every_published_profile_is_whole(name: str) -> None:
    profile = read(FROZEN[name])
    assert profile.head.name == name
    known = {prop.id for prop in suites.load().properties}
    assert set(profile.head.coverage) <= set(profile.head.properties) <= known
    for text in profile.scenarios:
        scenario = Scenario.from_json(text)
        assert json.loads(scenario.to_json()) == json.loads(text), "the model must still write what it reads"


def test_there_is_one_for_everything_and_one_for_each_dimension() -> None:
    families = {name.rpartition("-")[0] for name in FROZEN}
    assert families >= set(RECIPES)


def test_the_page_names_them_by_their_hash() -> None:
    page = (ROOT / "docs" / "profiles.md").read_text()
    assert maintainer.table() in page, "run: python dev.py freeze"


# ------------------------------------------------------------------ hashes
def test_the_hash_is_over_content_and_scenarios(tmp_path: Path) -> None:
    one, again = small(tmp_path / "a"), small(tmp_path / "b")
    assert (
        one.head.sha256
        == again.head.sha256
        == content_hash(json.loads((tmp_path / "a/small-2026.11.json").read_text()))
    )
    assert small(tmp_path / "c", count=3).head.sha256 != one.head.sha256
    assert small(tmp_path / "d", properties=("PAR-01",), coverage={}).head.sha256 != one.head.sha256
    assert [one.scenario(n) for n in range(2)] == [generate("smoke", 1, n) for n in range(2)]


def test_a_frozen_name_is_not_written_again(tmp_path: Path) -> None:
    small(tmp_path)
    with pytest.raises(ProfileError, match="a new one takes a new name"):
        small(tmp_path, count=1)


def changed(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_what_was_tampered_with_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    head, packed = tmp_path / "small-2026.11.json", tmp_path / "small-2026.11.scenarios.xz"

    def refusal() -> str:
        done = outtrade("run", "agent:ccxt", "--profile", str(head))
        assert done.exit_code == 2 and len(done.stderr.splitlines()) == 1, done.output
        for file in (head, packed):
            file.unlink(missing_ok=True)
        return str(done.stderr)

    small(tmp_path)
    changed(head, properties=["PAR-01"])
    assert "changed after it was frozen" in refusal()
    small(tmp_path)
    changed(head, coverage={})
    assert "changed after it was frozen" in refusal()
    small(tmp_path)
    lines = lzma.decompress(packed.read_bytes()).splitlines(keepends=True)
    packed.write_bytes(lzma.compress(lines[0] + lines[0]))
    assert "not the scenarios that were frozen" in refusal()
    small(tmp_path)
    packed.write_bytes(b"nonsense")
    assert "cannot be unpacked" in refusal()
    small(tmp_path)
    packed.unlink()
    assert "No such file" in refusal()
    head.write_text("[" * 100_000)
    assert "not JSON" in refusal()
    head.write_text('{"format": "outtrade.profile", "version": 2}')
    assert "not a profile of this version" in refusal()
    assert "no profile 'exec-core'" in outtrade("run", "agent:ccxt", "--profile", "exec-core").stderr
    assert "leave out --seed" in " ".join(outtrade("run", "agent:ccxt", "--profile", "x", "--seed", "3").stderr.split())


# ------------------------------------------------------------------ running one
def test_a_run_of_a_profile_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    profile = small(tmp_path)
    done = outtrade("run", "agent:ccxt", "--profile", "small-2026.11.json", "--workers", "0", "--report", "r")
    assert done.exit_code == 0, done.output
    assert "2 scenarios of small-2026.11, suite core, frozen" in done.stdout
    assert profile.head.sha256 in done.stdout
    results = json.loads((tmp_path / "r/results.json").read_text())
    assert results["profile"]["sha256"] == profile.head.sha256
    assert [row["id"] for row in results["properties"]] == ["PAR-01", "RTY-01"]
    assert results["seed"] is None and results["scenarios"] == 2
    again = outtrade("report", "r", "--junit", "-", "--fail-under", "50")
    assert again.exit_code == 0, again.output
    asks_more = small(tmp_path, name="more-2026.11", coverage={"RTY-01": 3})
    done = outtrade("run", "agent:ccxt", "--profile", "more-2026.11.json", "--workers", "0", "--report", "m")
    assert done.exit_code == 3
    assert "RTY-01 is critical and was decided in 2 scenarios, of which the profile asks 3" in " ".join(
        done.stdout.split()
    )
    words = ("run", "agent:ccxt", "--profile", "more-2026.11.json", "--workers", "0", "--report", "m")
    assert outtrade(*words, "--allow-waiver", "RTY-01=seen by hand").exit_code == 0
    refused = outtrade("run", "agent:ccxt", "--profile", "small-2026.11.json", "--report", "m", "--resume")
    assert refused.exit_code == 2 and asks_more.head.name in refused.stderr


def test_what_the_suite_gains_later_is_no_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = small(tmp_path)
    core = suites.load()
    late = Property("PAR-99", "new", "MUST", "critical", "AG", "e", "s", lambda ix: iter(()))
    grown = Suite(
        "core",
        properties=lambda: (*core.properties, late),
        spaces=lambda: {"brand new": core.spaces["flagship"], **core.spaces, "smoke": core.spaces["flagship"]},
        agents=lambda: core.agents,
        draw=core._draw,
    )
    monkeypatch.setattr(suites, "load", lambda name="core": grown)
    kit = prepare(Plan("agent:ccxt", profile=profile, scenarios=2))
    assert [prop.id for prop in kit.properties] == ["PAR-01", "RTY-01"]
    assert [kit.scenario(n).space for n in range(2)] == ["smoke", "smoke"]
    assert late in prepare(Plan("agent:ccxt")).properties


# ------------------------------------------------------------------ what it asks of the gate
def judged(*results: Result, **policy: Any) -> tuple[int, str]:
    rules = [
        Property(ident, "t", "MUST", severity, "A", "e", "s", lambda ix: iter(()))  # type: ignore[arg-type]
        for ident, severity in (("RTY-01", "critical"), ("REC-05", "major"))
    ]
    card = score(results, rules, planned=len(results), policy=Policy(**policy))
    return card.code, " | ".join((*card.reasons, *card.notes))


def one(index: int, **more: Any) -> Result:
    return Result(index, f"s{index}", index, **({"verdicts": {"RTY-01": "pass", "REC-05": "pass"}} | more))


def test_waivers_that_leave_a_critical_must_undecided_need_a_reason() -> None:
    results = [one(0), *(one(n, verdicts={}, lacks=("stream",)) for n in (1, 2))]
    assert judged(*results)[0] == OK
    asked = {"RTY-01": 2, "REC-05": 2}
    code, text = judged(*results, coverage=asked)
    assert code == INCOMPLETE and "--allow-waiver RTY-01=REASON" in text and "REC-05 (1 of 2)" in text
    assert judged(*results, coverage=asked, waivers={"RTY-01": "no stream"})[0] == OK


def test_a_part_of_the_report_that_is_left_out_needs_a_reason_for_each_property() -> None:
    results = [one(n, verdicts={"RTY-01": "pass", "REC-05": "waived"}, untracked=("fills",)) for n in range(3)]
    assert judged(*results)[0] == OK
    code, text = judged(*results, requires=("orders", "fills"))
    assert code == INCOMPLETE and "leaves out fills" in text and "REC-05" in text
    assert judged(*results, requires=("fills",), waivers={"REC-05": "not tracked"})[0] == OK
    assert judged(*results, requires=("orders",))[0] == OK


# ------------------------------------------------------------------ the maintainer's command
def test_a_profile_that_a_reference_agent_fails_is_not_frozen(tmp_path: Path) -> None:
    from dataclasses import replace

    tiny = replace(RECIPES["exec-retry"], spaces=(("flagship", 2), ("no such space", 9)))
    with pytest.raises(ProfileError, match="zoo:blind_retry is not clean: RTY-"):
        maintainer.make("exec-retry-2099.01", tiny, tmp_path, ["zoo:blind_retry"])
    assert not list(tmp_path.glob("*.json"))
    made = maintainer.make("exec-retry-2099.01", tiny, tmp_path, ["agent:ccxt"])
    assert made.head.drawn == (Drawn(space="flagship", seed=2611, count=2),)
    assert made.head.coverage["RTY-01"] == 1


def test_the_command_refuses_what_is_frozen_and_what_has_no_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert maintainer.main([next(iter(FROZEN))]) == 2
    assert "is frozen" in capsys.readouterr().err
    assert maintainer.main(["exec-nothing-2099.01"]) == 2
    assert "no recipe; there are exec-core" in capsys.readouterr().err
