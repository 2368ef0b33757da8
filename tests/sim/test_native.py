"""Libraries that dial in C are refused with a line, at the call that dials, whatever kind of call it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from apps import Log, make

from outtrade.sim import native

FAKES = {
    "curl_cffi/__init__.py": "from curl_cffi.curl import Curl\n",
    "curl_cffi/curl.py": "class Curl:\n    def perform(self): return 'real'\n",
    "curl_cffi/aio.py": "class AsyncCurl:\n    def add_handle(self, curl): return 'real'\n",
    "grpc/__init__.py": "def insecure_channel(to):\n    from grpc import _channel\n    return _channel.Channel(to)\n",
    "grpc/_channel.py": "class Channel:\n    def __init__(self, target): self.target = target\n",
    "psycopg/__init__.py": (
        "class Connection:\n    @classmethod\n    def connect(cls, info=''): return 'real'\n"
        "class AsyncConnection:\n    @classmethod\n    async def connect(cls, info=''): return 'real'\n"
        "connect = Connection.connect\n"
    ),
    "psycopg2/__init__.py": "def connect(dsn): return 'real'\n",
}


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, text in FAKES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = dict(sys.modules)
    mine = [name for name in before if name.partition(".")[0] in native.DIALLING]
    for name in mine:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in native.DIALLING]:
        del sys.modules[name]
    sys.modules.update({name: before[name] for name in mine})


def curl() -> Any:
    from curl_cffi import Curl  # type: ignore[import-not-found,unused-ignore]

    return Curl().perform()


def curl_async() -> Any:
    from curl_cffi.aio import AsyncCurl  # type: ignore[import-not-found,unused-ignore]

    return AsyncCurl().add_handle(None)


def channel() -> Any:
    import grpc  # type: ignore[import-not-found,import-untyped,unused-ignore]

    return grpc.insecure_channel("localhost:1") and "real"


def psycopg_method() -> Any:
    import psycopg  # type: ignore[import-not-found,unused-ignore]

    return psycopg.Connection.connect()


def psycopg_function() -> Any:
    from psycopg import connect  # type: ignore[import-not-found,unused-ignore]

    return connect()


def psycopg2_function() -> Any:
    from psycopg2 import connect  # type: ignore[import-not-found,import-untyped,unused-ignore]

    return connect("")


CALLS = (curl, curl_async, channel, psycopg_method, psycopg_function, psycopg2_function)


@pytest.mark.parametrize("imported", ["before", "inside"])
@pytest.mark.parametrize("call", CALLS)
def test_dialling_is_refused_importing_is_not(fakes: Any, call: Any, imported: str) -> None:
    if imported == "before":
        assert call() == "real"
    world = make()
    world.observer = log = Log()
    with world, pytest.raises(OSError, match=r"dials in C, outside the World: .* use wire mode: outtrade serve"):
        call()
    (told,) = (what for kind, what in log.events if kind == "escaped")
    assert told.startswith(call.__name__.partition("_")[0].replace("curl", "curl_cffi").replace("channel", "grpc"))
    assert call() == "real"


def test_a_c_type_is_guarded_by_a_subclass(monkeypatch: pytest.MonkeyPatch) -> None:
    """``collections.deque`` stands for ``pycurl.Curl``: a type that lets nobody set its methods."""
    import collections
    from types import ModuleType

    module: Any = ModuleType("pycurl")
    module.Curl = collections.deque
    native._wrapper("pycurl", ("Curl.append",))(module)
    assert module.Curl([1]).append(2) is None
    world = make()
    world.observer = Log()
    with world, pytest.raises(native.Unsimulated, match="pycurl dials in C"):
        module.Curl().append(1)


def test_a_c_type_without_subclasses_is_refused_when_made() -> None:
    from types import ModuleType

    module: Any = ModuleType("pycurl")
    module.Curl = type(re_pattern := __import__("re").compile(""))
    native._wrapper("pycurl", ("Curl.search",))(module)
    assert re_pattern.search("") is not None
    world = make()
    world.observer = Log()
    with world, pytest.raises(native.Unsimulated):
        module.Curl()
