"""results.json and what lies beside it: schema, equal bytes, what is kept, what is replaced."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import BAD, GOOD, agent
from outtrade.engine.many import run_many
from outtrade.engine.plan import Plan, prepare
from outtrade.engine.replay import read
from outtrade.model.history import History
from outtrade.model.scenario import Scenario
from outtrade.report.results import KEPT_HISTORIES, ReportError, Results, ResultsFile, open_folder, schema, slug

ROOT = Path(__file__).resolve().parents[2]


def write(spec: str, folder: Path, *, workers: int = 1, scenarios: int = 20) -> dict[str, Any]:
    kit = prepare(Plan(spec, scenarios=scenarios))
    handler = ResultsFile(open_folder(folder), waivers={"PAR-01": "a reason"})
    for event in run_many(kit, workers=workers):
        handler.handle(event)
    return json.loads((folder / "results.json").read_text())  # type: ignore[no-any-return]


def test_the_schema_in_the_documentation_is_current() -> None:
    """Regenerate: python -c "from outtrade.report.results import schema; print(schema(), end='')"."""
    assert (ROOT / "docs" / "results.schema.json").read_text() == schema()


def test_the_file_is_what_its_schema_says(engine: Path) -> None:
    data = write(agent(engine, BAD), engine / "r")
    results = Results.model_validate(data)
    assert (results.format, results.version, results.scope) == ("outtrade.results", 2, "A")
    assert [row.index for row in results.results] == list(range(20))
    assert (results.exit.code, results.critical) == (1, 10)
    assert {row.id: row.waiver for row in results.properties}["PAR-01"] == "a reason"
    with pytest.raises(ValueError, match="Extra inputs"):
        Results.model_validate({**data, "more": 1})


def strip(value: Any, paths: tuple[str, ...]) -> Any:
    """The file without its declared time fields."""
    for path in paths:
        head, _, tail = path.partition("[].")
        if tail:
            for row in value[head]:
                del row[tail]
        else:
            del value[head]
    return value


def test_equal_runs_write_equal_bytes_but_for_the_declared_time_fields(engine: Path) -> None:
    spec = agent(engine, BAD)
    one, two = write(spec, engine / "one", workers=1), write(spec, engine / "elsewhere", workers=2)
    paths = tuple(one["declared_time_fields"])
    assert "wall_seconds" in paths
    assert json.dumps(strip(one, paths)) == json.dumps(strip(two, paths))
    left, right = (sorted((engine / name / "failures").iterdir()) for name in ("one", "elsewhere"))
    assert [path.name for path in left] == [path.name for path in right]
    assert [path.read_bytes() for path in left] == [path.read_bytes() for path in right]


def test_failing_scenarios_are_kept_and_can_be_read_back(engine: Path) -> None:
    data = write(agent(engine, BAD), engine / "r")
    bad = [row for row in data["results"] if row["file"]]
    assert len(bad) == 10
    for row in bad:
        saved = read(engine / "r" / row["file"])
        assert saved.scenario.id == row["scenario"]
        assert saved.history == row["history"]
        assert [one.property for one in saved.expected] == ["RTY-01"]
    histories = sorted((engine / "r" / "failures").glob("demo*.jsonl"))
    assert len(histories) == KEPT_HISTORIES
    first = History.from_jsonl(histories[0].read_bytes())
    assert first.hash() == next(row["history"] for row in bad if row["file"].endswith(histories[0].stem + ".json"))
    (failure,) = data["failures"]
    smallest = read(engine / "r" / failure["file"])
    assert len(smallest.scenario.intents) == 1
    assert (
        History.from_jsonl((engine / "r" / failure["file"]).with_suffix(".jsonl").read_bytes()).hash()
        == (failure["history"])
    )


def test_a_second_run_replaces_the_first_and_nothing_else(engine: Path) -> None:
    folder = engine / "r"
    write(agent(engine, BAD), folder)
    (folder / "failures" / "notes.txt").write_text("mine")
    data = write(agent(engine, GOOD), folder, scenarios=3)
    assert data["exit"] == {"code": 0, "reasons": []}
    assert [path.name for path in (folder / "failures").iterdir()] == ["notes.txt"]
    assert not list(folder.glob("*.part"))


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"^cannot write reports to .*file: (Not a directory|File exists)$"):
        open_folder(tmp_path / "file")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("RTY-01:second-order", "RTY-01-second-order"),
        ("ccxt:binance", "ccxt-binance"),
        ("../../etc/passwd", r"etc-passwd-[0-9a-f]{6}"),
        ("a b", r"a-b-[0-9a-f]{6}"),
        ("", r"x-[0-9a-f]{6}"),
        ("x" * 300, r"x{60}-[0-9a-f]{6}"),
        ("..", r"x-[0-9a-f]{6}"),
    ],
)
def test_file_names_are_harmless(text: str, name: str) -> None:
    assert re.fullmatch(name, slug(text))


def test_a_scenario_with_a_strange_id_stays_inside_the_folder(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from outtrade import suites

    made = suites.Suite.scenario

    def strange(self: suites.Suite, space: str | None, seed: int, index: int, **words: Any) -> Scenario:
        return made(self, space, seed, index, **words).model_copy(update={"id": "../../../x" if index else "same"})

    monkeypatch.setattr(suites.Suite, "scenario", strange)
    write(agent(engine, "return ['RTY-01']"), engine / "r", scenarios=3)
    names = sorted(path.name for path in (engine / "r" / "failures").glob("*.json"))
    assert len(names) == 4  # three scenarios, two of the same name, and the smallest
    assert sorted(path.name for path in engine.iterdir()) == ["__pycache__", "agent.py", "r"] or (
        sorted(path.name for path in engine.iterdir()) == ["agent.py", "r"]
    )
