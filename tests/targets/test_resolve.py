"""A target's name either gives something that can be run, or one clear line."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from outtrade.targets import TargetError, resolve
from outtrade.targets import naming as module

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files into an empty current folder; conftest forgets what was imported from it."""
    monkeypatch.chdir(tmp_path)

    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # files change faster than the mtime of a .pyc can tell
    return put


BAD_NAMES = [
    ("", "(empty): a target reads KIND:NAME"),
    ("binance", "binance: a target reads KIND:NAME"),
    ("py:", "py:: a target reads KIND:NAME"),
    ("ftp:x", "unknown kind of target 'ftp' (known: agent, ccxt, ccxt.async, cmd, http, py, zoo)"),
    ("py:only_module", "say which object, for example py:only_module:execute"),
    ("py:a.py:", "say which object"),
    ("py:no/such/file.py:run", "there is no file 'no/such/file.py'"),
    ("py:notes/agent.txt:run", "is not a Python file"),
    ("py:no_such_module_here:run", "there is no module 'no_such_module_here'"),
    ("py:pack.nothing:run", "there is no module 'pack.nothing'"),
    ("py:agent.py:missing", "no 'missing' in it (it has: Agent, narrow, steps, wide)"),
    ("py:agent.py:Agent", "is a class; give a function (task, venue), or an instance: agent = Agent(...)"),
    ("py:agent.py:NUMBER", "is int, which cannot be called"),
    ("py:agent.py:narrow", "must take two arguments (task, venue), but takes (task)"),
    ("py:agent.py:wide", "must take two arguments (task, venue), but takes (task, venue, more)"),
    ("py:agent.py:steps", "is a generator"),
    ("py:raises.py:run", "its import raised ZeroDivisionError: division by zero (raises.py:2)"),
    ("py:exits.py:run", "its import raised SystemExit: 3"),
    ("py:syntax.py:run", "its import raised SyntaxError: "),
    ("py:needs.py:run", "its import raised ModuleNotFoundError: No module named 'not_installed_lib'"),
    ("ccxt:nosuchexchange", "ccxt has no exchange 'nosuchexchange'"),
    ("ccxt:../x", "ccxt has no exchange '../x'"),
    ("ccxt.async:bitstamp", "there is no mock of bitstamp yet (there is: alpaca, binance"),
]


@pytest.mark.parametrize(("spec", "line"), BAD_NAMES, ids=[spec or "empty" for spec, _ in BAD_NAMES])
def test_bad_targets_get_one_clear_line(spec: str, line: str, write: Write) -> None:
    write(
        "agent.py",
        """
        NUMBER = 5
        class Agent:
            def __call__(self, task, venue): ...
        def narrow(task): ...
        def wide(task, venue, more): ...
        def steps(task, venue):
            yield
        """,
    )
    write("pack/__init__.py", "")
    write("notes/agent.txt", "")
    write("raises.py", "\n1 / 0\n")
    write("exits.py", "import sys; sys.exit(3)")
    write("syntax.py", "def broken(:")
    write("needs.py", "import not_installed_lib")
    with pytest.raises(TargetError) as caught:
        resolve(spec)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ccxt_missing_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "ccxt" else find_spec(name))
    with pytest.raises(TargetError, match=r'pip install "outtrade\[ccxt\]"'):
        resolve("ccxt:binance")


def test_kinds_of_callables(write: Write) -> None:
    write(
        "kinds.py",
        """
        import functools
        def plain(task, venue): return "plain"
        async def coroutine(task, venue): return "coroutine"
        class Called:
            def __call__(self, task, venue): return "called"
            async def method(self, task, venue): return "method"
        class Awaited:
            async def __call__(self, task, venue): return "awaited"
        called, awaited = Called(), Awaited()
        part = functools.partial(coroutine)
        """,
    )
    expected = {
        "plain": False,
        "called": False,
        "coroutine": True,
        "awaited": True,
        "part": True,
        "called.method": True,
    }
    for name, is_async in expected.items():
        target = resolve(f"py:kinds.py:{name}")
        assert (target.scope, target.is_async) == ("A", is_async), name
        answer: Any = target.fresh()(None, None)  # type: ignore[arg-type]
        told = asyncio.run(_wait(answer)) if is_async else answer
        assert told in (name, "coroutine", "method")


async def _wait(answer: Any) -> Any:
    return await answer


def test_globals_do_not_survive_an_incarnation(write: Write) -> None:
    """The file, its helpers in the same folder, and packages there: all are imported afresh; libraries are not."""
    write(
        "agent.py",
        """
        import helper, pack.deep, json
        seen = []
        def run(task, venue):
            import late
            seen.append(1)
            for module in (helper, pack.deep, late):
                module.n += 1
            return len(seen), helper.n, pack.deep.n, late.n, id(json)
        """,
    )
    for name in ("helper.py", "pack/deep.py", "late.py"):
        write(name, "n = 0")
    write("pack/__init__.py", "")
    import json

    target = resolve("py:agent.py:run")
    for _ in range(2):
        runner = target.fresh()
        assert runner(None, None) == (1, 1, 1, 1, id(json))  # type: ignore[arg-type, comparison-overlap]
    assert runner(None, None) == (2, 2, 2, 2, id(json))  # type: ignore[arg-type, comparison-overlap]


def test_two_folders_with_a_helper_of_the_same_name(write: Write) -> None:
    """A fleet with one copy on old code: each gets the helper that lies beside it, also while the other is loaded."""
    for folder in ("old", "new"):
        write(f"{folder}/bot.py", "import helper\ndef run(task, venue): return helper.code")
        write(f"{folder}/helper.py", f"code = '{folder}'")
    old, new = resolve("py:old/bot.py:run"), resolve("py:new/bot.py:run")
    copies = [target.fresh() for target in (new, old, new)]
    assert [copy(None, None) for copy in copies] == ["new", "old", "new"]  # type: ignore[arg-type]


def test_a_package_is_refreshed_as_a_whole(write: Write) -> None:
    write("bot/__init__.py", "started = []")
    write("bot/state.py", "orders = {}")
    write(
        "bot/main.py",
        """
        import bot
        from bot import state
        def run(task, venue):
            bot.started.append(1)
            state.orders[len(state.orders)] = 1
            return len(bot.started), len(state.orders)
        """,
    )
    target = resolve("py:bot.main:run")
    assert target.fresh()(None, None) == (1, 1)  # type: ignore[arg-type, comparison-overlap]
    assert target.fresh()(None, None) == (1, 1)  # type: ignore[arg-type, comparison-overlap]


def test_a_file_never_replaces_a_library(write: Write) -> None:
    import textwrap as library

    write("textwrap.py", "def run(task, venue): return 'mine'")
    assert resolve("py:textwrap.py:run").fresh()(None, None) == "mine"  # type: ignore[arg-type, comparison-overlap]
    assert sys.modules["textwrap"] is library


def test_agents_of_the_suite_are_refreshed_but_not_the_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    import outtrade_suites
    import outtrade_suites.agents
    import outtrade_suites.spaces
    from outtrade.targets.freshness import forget_package

    agents, spaces = outtrade_suites.agents, outtrade_suites.spaces
    forget_package("outtrade_suites.zoo.anything")
    assert not hasattr(outtrade_suites, "agents")
    import outtrade_suites.agents as again

    assert again is not agents
    assert sys.modules["outtrade_suites.spaces"] is spaces


def test_the_folder_is_off_the_path_afterwards(write: Write, tmp_path: Path) -> None:
    write("quiet.py", "def run(task, venue): raise RuntimeError")
    runner = resolve("py:quiet.py:run").fresh()
    with pytest.raises(RuntimeError):
        runner(None, None)  # type: ignore[arg-type]
    assert str(tmp_path) not in sys.path


def test_short_names_come_from_the_suites(write: Write) -> None:
    write("named.py", "def run(task, venue): return 1")
    target = resolve("agent:mine", names={"mine": "py:named.py:run"})
    assert target.name == "agent:mine"
    with pytest.raises(TargetError, match="no agent is called 'other'; there are mine"):
        resolve("agent:other", names={"mine": "py:named.py:run"})
    with pytest.raises(TargetError, match=r"example py:named\.py:run$"):
        resolve("py:named.run")
    many = {f"mine{number}": "py:named.py:run" for number in range(30)}
    with pytest.raises(TargetError, match=r"is it mine7 .*\(see: outtrade list agents\)"):
        resolve("zoo:mine77", names=many)
    with pytest.raises(TargetError, match="again a short name"):
        resolve("agent:mine", names={"mine": "agent:mine"})


def test_a_python_object_with_gateway_methods_is_a_gateway(write: Write) -> None:
    methods = "".join(
        f"    def {name}(self, *args): ...\n"
        for name in ("connect", "submit", "cancel", "order", "open_orders", "fills", "balances", "close", "meaning")
    )
    write("adapter.py", f"class Adapter:\n{methods}\nready = Adapter()\n")
    assert {resolve(f"py:adapter.py:{name}").scope for name in ("Adapter", "ready")} == {"G"}


def test_ccxt_targets_are_gateways() -> None:
    assert [(resolve(name).scope, resolve(name).is_async) for name in ("ccxt:binance", "ccxt.async:binance")] == [
        ("G", False),
        ("G", True),
    ]


def test_import_outtrade_loads_nothing_heavy() -> None:
    """The public names are lazy: neither pydantic nor the World is loaded before one of them is used."""
    code = "import sys, outtrade; print([m for m in ('pydantic', 'msgspec', 'asyncio', 'ccxt') if m in sys.modules]);"
    code += "print(outtrade.Report.__name__, outtrade.VenueAccess.__name__, outtrade.Scenario.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_env())
    assert done.stdout.splitlines() == ["[]", "Report VenueAccess Scenario"]


def _env() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def test_a_changed_file_is_compiled_again(write: Write) -> None:
    write("agent.py", "import part\ndef run(task, venue): return part.VALUE")
    write("part.py", "VALUE = 1")
    target = resolve("py:agent.py:run")
    assert target.fresh()(None, None) == 1  # type: ignore[arg-type, comparison-overlap]
    write("part.py", "VALUE = 22")
    assert target.fresh()(None, None) == 22  # type: ignore[arg-type, comparison-overlap]


def test_remembered_dataclasses_are_whole(write: Write) -> None:
    """Two classes with equal generated source but other defaults and types stay apart."""
    write(
        "agent.py",
        """
        from dataclasses import dataclass, field
        @dataclass(frozen=True, slots=True, order=True)
        class First:
            a: int = 1
            b: list = field(default_factory=list)
        @dataclass(frozen=True, slots=True, order=True)
        class Second:
            a: str = "x"
            b: list = field(default_factory=lambda: [5])
        def run(task, venue): return repr((First(), Second(), First(1) < First(2), First() == First()))
        """,
    )
    target = resolve("py:agent.py:run")
    answers = {target.fresh()(None, None) for _ in range(3)}  # type: ignore[arg-type, type-var]
    assert answers == {"(First(a=1, b=[]), Second(a='x', b=[5]), True, True)"}
    import dataclasses

    assert "exec" not in vars(dataclasses)
