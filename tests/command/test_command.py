"""Processes that speak the protocol well, badly or not at all: one clear end each, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from outtrade.model.scenario import Scenario
from outtrade.targets import TargetError, resolve
from outtrade.targets.command import command_of
from outtrade.targets.conversation import Conversation, NoReportReason, Slain
from outtrade.targets.protocol import Execute, Init, Lines, Venue

HERE = Path(__file__).resolve().parent
SPEAKER = HERE / "speaker.py"


class Ears:
    """Hears what an agent says on its way; ``on_store`` may interfere."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.data: dict[str, Any] = {}
        self.log = ""
        self.on_store: Any = None

    def published(self, view: str, data: dict[str, Any]) -> None:
        self.heard.append((view, data))

    def stored(self, key: str, value: Any, *, delete: bool) -> None:
        self.data[key] = value
        if self.on_store:
            self.on_store()

    def logged(self, text: str) -> None:
        self.log += text


def execute(store: dict[str, Any] | None = None, **changes: Any) -> Execute:
    intent = {"id": "i1", "tag": "AB12CD34", "at": 1, "kind": "watch"}
    scenario = Scenario.model_validate(
        {"id": "s", "seed": 1, "until": 20, "symbols": ["BTC/USDT"], "balances": {"USDT": "1000"}, "intents": [intent]}
    )
    venue = Venue(
        name="binance_spot",
        market="spot",
        symbols={"BTC/USDT": "BTCUSDT"},
        rest_url="http://127.0.0.1:1",
        key="k",
        secret="s",
        instruments={},
        absent_after=3,
    )
    return Execute(id=2, task=scenario.task(**changes), venue=venue, store=store or {})


def talk(manner: str, ears: Ears | None = None, *, ready: float = 20, limit: float = 20, **more: Any) -> Any:
    """The report of a speaker of this manner; whatever happens, its group is gone afterwards."""
    ears = ears or Ears()

    async def main() -> Any:
        conversation = Conversation([sys.executable, str(SPEAKER), manner], ears, lines=more.get("lines"))
        if more.get("crash"):
            ears.on_store = conversation.kill
        pid = 0
        try:
            try:
                await conversation.greet(Init(id=1), limit=ready)
            finally:
                pid = conversation.process.pid
            return await conversation.execute(execute(more.get("store")), limit=limit)
        finally:
            await conversation.close()
            assert gone(pid)

    return asyncio.run(main())


def gone(group: int) -> bool:
    """Whether nobody of the process group runs any more (a dying member may take a moment; zombies are dead)."""
    for _ in range(100):
        rows = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True).stdout.splitlines()
        if not any(row.split()[0] == str(group) and not row.split()[1].startswith("Z") for row in rows):
            return True
        time.sleep(0.05)
    return False


def ending(manner: str, **more: Any) -> tuple[str, str]:
    with pytest.raises(NoReportReason) as caught:
        talk(manner, **more)
    assert "\n" not in caught.value.detail
    return caught.value.why, caught.value.detail


def test_a_good_conversation() -> None:
    ears = Ears()
    assert talk("good", ears, store={"n": 4}) == {"outcomes": {"i1": {"status": "refused"}}, "orders": []}
    assert ears.heard == [("Alert", {"text": "<b>\u001b[31mhello"})]
    assert ears.data == {"n": 5}
    assert ears.log == "a line of log\n"


def test_the_last_line_may_lack_its_newline() -> None:
    assert talk("no-newline")["orders"] == []


def test_who_does_not_go_is_killed() -> None:
    assert talk("stubborn")["orders"] == []


@pytest.mark.parametrize(
    ("manner", "why", "detail"),
    [
        ("dies-at-once", "raised", 'the process ended with exit status 1 before its "ready"'),
        ("dies", "raised", "the process ended with exit status 3 before its report"),
        ("kills-itself", "raised", "the process was ended by SIGKILL before its report"),
        ("hides-in-a-child", "raised", "the process ended with exit status 0 before its report"),
        ("greets-wrongly", "invalid", "not JSON: 'Hello! This is agent 1.0'"),
        ("rubbish", "invalid", "not JSON: 'INFO starting up'"),
        ("floods", "budget", "more than 20000 lines on stdout"),
        ("one-long-line", "budget", "a line of more than 1048576 bytes on stdout"),
        ("chatters", "budget", "more than 16777216 bytes on stderr"),
    ],
)
def test_a_bad_end(manner: str, why: str, detail: str) -> None:
    ended = ending(manner)
    assert ended[0] == why
    assert ended[1].startswith(detail)


def test_silence() -> None:
    assert ending("mute", ready=0.3) == ("late", 'no "ready" within 0.3 s')
    assert ending("silent", limit=0.3) == ("late", "no report in time")


def test_the_whole_family_goes() -> None:
    assert ending("family", limit=0.5)[0] == "late"  # ``talk`` looks at the group


def test_what_cannot_be_started() -> None:
    async def main() -> None:
        conversation = Conversation(["/no/such/program"], Ears())
        try:
            await conversation.greet(Init(id=1), limit=5)
        finally:
            await conversation.close()

    with pytest.raises(NoReportReason, match="the program cannot be started: No such file or directory"):
        asyncio.run(main())


def test_a_crash_at_a_store_is_a_kill_of_everything() -> None:
    ears = Ears()
    with pytest.raises(Slain):
        talk("good", ears, crash=True)
    assert ears.data == {"n": 1}, "what was made durable stays"


def test_the_guard_kills_the_agent_of_a_harness_that_was_killed(tmp_path: Path) -> None:
    """kill -9 to the process that runs the agent: the agent goes, too."""
    script = f"""
import asyncio, sys
sys.path[:0] = {[str(HERE), *(p for p in sys.path if p)]!r}
from test_command import Conversation, Ears, Init, SPEAKER
async def main():
    c = Conversation([sys.executable, str(SPEAKER), "mute"], Ears())
    c.process.start()
    print(c.process.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    harness = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert harness.stdout is not None
    group = int(harness.stdout.readline())
    os.killpg(group, 0)
    os.kill(harness.pid, signal.SIGKILL)
    harness.wait()
    harness.stdout.close()
    assert gone(group)


def test_limits_of_lines() -> None:
    lines = Lines(max_line=8, max_lines=3, max_bytes=100)
    assert lines.feed(b"ab") == []
    assert lines.feed(b"c\n\n \nde") == [b"abc"]
    assert lines.rest == b"de"
    assert lines.feed(b"\n") == [b"de"]


# ------------------------------------------------------------------ names of targets
def test_the_words_of_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = tmp_path / "my agent"
    agent.write_text("#!/bin/sh\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TargetError, match=r"^cmd:'./my agent': './my agent' is not executable \(chmod \+x"):
        resolve("cmd:'./my agent'")
    agent.chmod(0o700)
    target = resolve("cmd:'./my agent' --flag 'a b'")
    assert target.command == (str(agent), "--flag", "a b")
    assert (target.scope, target.name) == ("A", "cmd:'./my agent' --flag 'a b'")
    with pytest.raises(TargetError, match="is a process; it cannot run inside the World"):
        target.fresh()


@pytest.mark.parametrize(
    ("text", "message"),
    [("no-such-program-here --x", "there is no program"), ("'", "cannot be read as a command"), (" ", "no command")],
)
def test_a_bad_command(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        command_of(text)
