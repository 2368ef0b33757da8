"""--check-determinism names the first difference with the agent's line, and lists who drew on clock and entropy."""

from __future__ import annotations

from pathlib import Path

import pytest

from outtrade.engine.determinism import HASHES, STATE, UNCONTROLLED, Check
from outtrade.engine.elsewhere import Others
from outtrade.engine.events import ScenarioDone
from outtrade.engine.many import run_many
from outtrade.engine.plan import Plan, prepare
from outtrade.engine.results import Result
from outtrade.sim import sources
from outtrade.targets import resolve

REPORT = "    return {'outcomes': {}, 'orders': []}\n"
KEPT = "import sys\nnumbers = sys.__dict__.setdefault('_kept_by_the_agent', [])\n"
"""State that outlives a run: a module that is not the agent's own keeps it."""

BROKEN = {
    "state kept from run to run": (
        KEPT + "def execute(task, venue):\n    numbers.append(1)\n    print(len(numbers))\n",
        "agent.py:5 in execute: print(len(numbers))",
        STATE,
    ),
    "real time past the World": (
        "import ctypes\ndef execute(task, venue):\n"
        "    class Time(ctypes.Structure):\n        _fields_ = [('s', ctypes.c_long), ('ns', ctypes.c_long)]\n"
        "    now = Time()\n    ctypes.CDLL(None).clock_gettime(1, ctypes.byref(now))\n    print(now.s, now.ns)\n",
        "agent.py:7 in execute: print(now.s, now.ns)",
        UNCONTROLLED,
    ),
    "order by address": (
        KEPT + "class Thing:\n    pass\ndef execute(task, venue):\n"
        "    things = [Thing() for _ in range(3)]\n    numbers.append(things)\n    print(id(things[0]))\n",
        "agent.py:8 in execute: print(id(things[0]))",
        UNCONTROLLED,
    ),
    "in a thread": (
        KEPT + "import threading\ndef say():\n    numbers.append(1)\n    print(len(numbers))\n"
        "def execute(task, venue):\n    t = threading.Thread(target=say)\n    t.start()\n    t.join()\n",
        "agent.py:6 in say: print(len(numbers))",
        STATE,
    ),
}


HASHES_OF_STRINGS = (
    "def execute(task, venue):\n\n"
    "    symbols = set('BTC/USDT ETH/USDT BNB/USDT SOL/USDT XRP/USDT ADA/USDT DOT/USDT LTC/USDT TRX/USDT'.split())\n"
    "    for symbol in symbols:\n        print(symbol)\n"
)
BY_ID = (
    "class Order:\n    pass\ndef execute(task, venue):\n    orders = {n: Order() for n in range(200)}\n"
    "    first = sorted(orders, key=lambda n: id(orders[n]) % 4096)\n    print(first)\n"
)
MODULE_STATE = (
    "import decimal\nknown = decimal.__dict__.setdefault('_cache_of_the_agent', {})\n"
    "def execute(task, venue):\n    if 'rules' not in known:\n        known['rules'] = True\n"
    "        print('reading rules')\n"
)
"""A cache in a library: the first run in a process fills it, the others find it full."""
RIGHT = (
    "import datetime, logging, random, secrets, threading, uuid, warnings\n"
    "logging.basicConfig(level=logging.INFO)\nseen = []\n"
    "def execute(task, venue):\n    seen.append(1)\n    warnings.warn('once for each line')\n"
    "    logging.basicConfig(level=logging.DEBUG)\n    logging.getLogger('mine').info('%s', len(seen))\n"
    "    for symbol in sorted({'BTC/USDT', 'ETH/USDT', 'BNB/USDT'}):\n        print(symbol)\n"
    "    print(random.random(), secrets.token_hex(4), uuid.uuid4(), datetime.datetime.now())\n"
    "    threading.Thread(target=lambda: print(random.randint(1, 9)), name='t').start()\n"
)


def checked(tmp_path: Path, code: str, workers: int = 1, scenarios: int = 1) -> list[Result]:
    (tmp_path / "agent.py").write_text(code + REPORT)
    plan = Plan(
        f"py:{tmp_path / 'agent.py'}:execute",
        space="smoke",
        scenarios=scenarios,
        baseline=False,
        check_determinism=True,
    )
    results = [
        e.examined.result for e in run_many(prepare(plan), workers=workers, budget=0) if isinstance(e, ScenarioDone)
    ]
    assert [result.error for result in results] == [""] * scenarios
    return results


@pytest.mark.parametrize("cause", BROKEN)
def test_the_first_difference_is_named_with_the_line_that_caused_it(tmp_path: Path, cause: str) -> None:
    code, line, why = BROKEN[cause]
    (result,) = checked(tmp_path, code)
    assert result.differs.startswith("event 3 at 0.0"), result.differs
    assert "(Log): text is " in result.differs
    assert f"; from {line}; {why}" in result.differs


def test_the_order_of_a_set_of_strings_is_seen_and_named_as_the_likely_cause(tmp_path: Path) -> None:
    (result,) = checked(tmp_path, HASHES_OF_STRINGS)
    assert "(Log): text is '" in result.differs
    assert result.differs.endswith(f"; from agent.py:5 in execute: print(symbol); {HASHES}")


def test_an_order_by_address_is_seen(tmp_path: Path) -> None:
    (result,) = checked(tmp_path, BY_ID)
    assert "; from agent.py:6 in execute: print(first); " in result.differs


def test_state_that_only_the_first_run_of_a_process_finds_missing_is_seen(tmp_path: Path) -> None:
    results = checked(tmp_path, MODULE_STATE, scenarios=3)
    assert "; from agent.py:6 in execute: print('reading rules'); " in results[0].differs
    assert all(result.differs.endswith(STATE) for result in results), "the others meet a process that ran less"


def test_a_right_agent_repeats_itself(tmp_path: Path) -> None:
    assert [result.differs for result in checked(tmp_path, RIGHT, scenarios=4)] == [""] * 4


@pytest.mark.parametrize("workers", [0, 1])
def test_an_agent_that_dies_in_the_other_process_only_differs(tmp_path: Path, workers: int) -> None:
    mark = tmp_path / "mark"
    code = (
        f"import os, pathlib\ndef execute(task, venue):\n    mark = pathlib.Path({str(mark)!r})\n"
        "    if mark.exists():\n        os._exit(7)\n    mark.touch()\n"
    )
    (result,) = checked(tmp_path, code, workers)
    assert result.differs == "the run here ended; elsewhere the other process ended with exit status 7"


def test_the_lines_that_draw_on_clock_and_entropy_are_counted(tmp_path: Path) -> None:
    code = (
        "import datetime, os, random, secrets, time, uuid\nfrom random import choice\ndef execute(task, venue):\n"
        "    for _ in range(3):\n        time.time()\n"
        "    os.urandom(4)\n    uuid.uuid4()\n    random.Random()\n    print(random.random(), uuid.uuid1())\n"
        "    choice([1, 2])\n    datetime.datetime.now()\n    secrets.token_hex(4)\n    random.seed(1)\n"
        "    random.Random(5).random()\n"
    )
    (result,) = checked(tmp_path, code)
    assert result.differs == ""
    expected = {
        "clock: agent.py:5 in execute: time.time()": 3,
        "os.urandom: agent.py:6 in execute: os.urandom(4)": 1,
        "os.urandom: agent.py:7 in execute: uuid.uuid4()": 1,
        "random.Random(): agent.py:8 in execute: random.Random()": 1,
        "random.random: agent.py:9 in execute: print(random.random(), uuid.uuid1())": 1,
        "uuid1: agent.py:9 in execute: print(random.random(), uuid.uuid1())": 1,
        "random.choice: agent.py:10 in execute: choice([1, 2])": 1,
        "clock: agent.py:11 in execute: datetime.datetime.now()": 1,
        "os.urandom: agent.py:12 in execute: secrets.token_hex(4)": 1,
    }
    assert expected.items() <= result.entropy.items()
    assert not any("agent.py:13" in name or "agent.py:14" in name for name in result.entropy), "a seed is no entropy"


def test_what_the_other_process_must_not_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hash seed, pipes and folder don't show to an agent."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    code = "import os, sys\ndef execute(task, venue):\n    print(sorted(os.environ.items()), sys.path, os.getcwd())\n"
    (result,) = checked(tmp_path, code, workers=0)
    assert result.differs == ""
    assert 1 not in Others().seeds


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text("def execute(task, venue):\n    pass\n" + REPORT)
    check = Check()
    kit = prepare(Plan(f"py:{tmp_path / 'agent.py'}:execute", space="smoke", check_determinism=True), check)
    assert kit.examine(1).result.differs == ""
    (other,) = check.others._running.values()
    assert other.lives()
    kit.close()
    assert not other.lives()
    assert kit.examine(1).result.differs == "", "started again where it is needed again"
    kit.close()


def test_watching_changes_nothing(tmp_path: Path) -> None:
    from outtrade.engine.run import run

    kit = prepare(Plan("agent:ccxt", scenarios=1))
    plain = run(kit.target, kit.scenario(0))
    with sources.watching() as watch:
        watched = run(kit.target, kit.scenario(0))
    assert plain.hash() == watched.hash()
    assert any(watch.origin(event.seq) for event in watched.events)
    assert sources.WATCH is None


def repeats_itself(spaces: dict[str | None, range]) -> None:
    """Every reference agent and every agent of the zoo, in these scenarios of these spaces (None: the default one);
    who does not trade there, in the space that its bug is for."""
    from outtrade import suites

    own = {f"zoo:{bad.name}": bad.space for bad in suites.load("core").zoo}
    names = ["agent:ccxt", "agent:httpx", "agent:threaded", *own]
    assert len(names) > 20
    check = Check()
    try:
        for name in names:
            speaks = resolve(name).venues
            here = spaces if "binance_spot" in (speaks or ("binance_spot",)) else {own[name]: spaces["smoke"]}
            for space, indices in here.items():
                kit = prepare(Plan(name, space=space, baseline=False, check_determinism=True), check)
                for index in indices:
                    result = kit.examine(index).result
                    assert (result.differs, result.error) == ("", ""), name
    finally:
        check.close()


@pytest.mark.timeout(900)
def test_every_agent_of_the_zoo_repeats_itself() -> None:
    repeats_itself({"smoke": range(1), None: range(1, 2)})


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_agent_of_the_zoo_repeats_itself_in_many_scenarios() -> None:
    repeats_itself({"smoke": range(10), None: range(10)})
