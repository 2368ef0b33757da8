"""``outtrade run`` with reports, and the same reports made again from its folder."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from cli.conftest import BAD, agent
from outtrade.cli.app import app


def test_a_run_writes_the_reports_that_its_folder_gives_again(engine: Path) -> None:
    words = ["run", agent(engine, BAD), "-n", "8", "--workers", "0", "--report", "r"]
    done = CliRunner().invoke(app, [*words, "--html", "--junit", "out/j.xml", "--markdown", "s.md"])
    assert done.exit_code == 1
    names = ("r/report.html", "out/j.xml", "s.md")
    first = [Path(name).read_bytes() for name in names]
    assert b"demo-1-1" in first[0]
    again = ["report", "r", "--html", names[0], "--junit", names[1], "--markdown", names[2]]
    assert CliRunner().invoke(app, again).exit_code == 0
    assert [Path(name).read_bytes() for name in names] == first
    CliRunner().invoke(app, words)
    assert not Path("r/report.html").exists(), "a page of an older run must not stay"


def test_a_report_that_cannot_be_written_is_found_before_the_run(engine: Path) -> None:
    Path("file").write_text("")
    done = CliRunner().invoke(app, ["run", agent(engine, BAD), "-n", "1", "--junit", "file/j.xml"])
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert not Path("reports/agent.execute/results.json").exists()
