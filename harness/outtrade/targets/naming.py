"""From a target's name to something that can be run.

    >>> resolve("ccxt:binance").scope
    'G'

``resolve`` imports the target once, so that a typing error is found before a run starts; ``Target.fresh`` imports it
again for every incarnation. A target is an *agent* (scope A), a callable ``(task, venue) -> Report``, or a *gateway*
(scope G), an object with the methods of ``outtrade.targets.gateway``, which the fixed driver plays.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from outtrade import suites
from outtrade.model.capability import CapabilityError, checked
from outtrade.model.task import Report, Task
from outtrade.targets.access import VenueAccess
from outtrade.targets.freshness import comes_from, forget_folder, forget_package, importable
from outtrade.targets.recall import RecallingLoader, quick_dataclasses
from outtrade_mocks import venues

if TYPE_CHECKING:
    from outtrade.outside import Outside

Runner = Callable[[Task, VenueAccess], Report | Awaitable[Report]]
"""What the engine calls: the agent itself, or the driver bound to a gateway."""

KINDS = ("agent", "ccxt", "ccxt.async", "cmd", "http", "py", "zoo")


class TargetError(ValueError):
    """A target that cannot be used; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be tested. ``scope``: A = agent, G = gateway. ``is_async``: the runner is awaited."""

    name: str
    scope: Literal["A", "G"]
    is_async: bool
    load: Callable[[], Runner]
    command: tuple[str, ...] = ()
    """The words of a ``cmd:`` target, whose agent is a process: it runs over real sockets and has no Runner."""
    url: str = ""
    """Where an ``http:`` target is told what to do; it runs over real sockets, too."""
    venues: tuple[str, ...] = ()
    """The mock venues that it can trade at (an agent's module may say so: ``VENUES = ("binance_spot",)``); (): at
    whatever the scenario plays, as far as is known."""
    lacks: frozenset[str] = frozenset()
    """Capabilities that it has not got (an agent's module may say so: ``LACKS = ("stream",)``)."""

    suite: str = ""
    """The suite in whose names a short name was found beside those of the installed ones; "": in theirs alone."""

    toxiproxy: str = ""
    """Address of the Toxiproxy that does the network faults of a run in real time; "": the venue's server does."""
    outside: Outside | None = None
    """The real hosts that its runs are let through to; None: to none."""

    @property
    def real_time(self) -> bool:
        """Whether it runs outside of the World: over real sockets, in real time."""
        return bool(self.command or self.url)

    def fresh(self) -> Runner:
        """The runner of a new incarnation, with the target's own modules imported afresh.

        Raises whatever the module raises on import."""
        return self.load()


def resolve(spec: str, *, names: Mapping[str, str] | None = None, suite: str = "") -> Target:
    """Find a target by its name; raises TargetError with one line that says what is wrong.

    ``names`` are short names (``httpx`` in ``agent:httpx``) and what they stand for; by default those of the installed
    suites, and of ``suite`` (``py:my_suite.py:suite``) where that is none of them.
    """
    kind, colon, rest = spec.partition(":")
    if not colon or not rest:
        raise TargetError(
            f"{spec or '(empty)'}: a target reads KIND:NAME, for example py:my_agent.py:execute or ccxt:binance"
        )
    if kind == "py":
        return _python(spec, rest)
    if kind in ("ccxt", "ccxt.async"):
        return _ccxt(spec, rest, is_async=kind == "ccxt.async")
    if kind == "cmd":
        return _command(spec, rest)
    if kind == "mcp":
        raise TargetError(
            f"{spec}: a model that came to outtrade mcp, and cannot be called; look at its history beside the file with"
            " outtrade judge FILE.jsonl --timeline"
        )
    if kind == "http":
        return _service(spec)
    if kind in ("agent", "zoo"):
        return _named(spec, kind, rest, names, "" if suite in suites.names() else suite)
    raise TargetError(f"{spec}: unknown kind of target {kind!r} (known: {', '.join(KINDS)})")


# ------------------------------------------------------------------ py:
def _python(spec: str, rest: str) -> Target:
    where, colon, path = rest.rpartition(":")
    if not colon or not where or not path:
        file, dot, name = rest.rstrip(":").rpartition(".")
        if dot and name != "py" and Path(f"{file}.py").is_file():
            raise TargetError(f"{spec}: say which object, for example py:{file}.py:{name}")
        raise TargetError(f"{spec}: say which object, for example py:{rest.rstrip(':')}:execute")
    if where.endswith(".py") or "/" in where or os.sep in where:
        source: _Source = _File(spec, where)
    else:
        source = _Module(spec, where)
    found = source.get(path)
    if _is_gateway(found):
        return _gateway(spec, source, path, found)
    _check_agent(spec, found)

    is_async = _is_async(found)

    def load() -> Runner:
        agent = source.get(path)
        if source.folder is None:
            return agent  # type: ignore[no-any-return]
        return _on_path(agent, source.folder, is_async=is_async)

    said = _globals(found)
    theirs = tuple(said.get("VENUES", ()))
    return Target(name=spec, scope="A", is_async=is_async, load=load, venues=theirs, lacks=_lacks(spec, said))


def _globals(found: Any) -> Mapping[str, Any]:
    """The names of the module in which a function, the class of an object, or a class was written."""
    if _is_gateway(found):
        one = found.submit
    else:
        one = found if inspect.isroutine(found) else getattr(type(found), "__call__", None)  # noqa: B004
    return getattr(one, "__globals__", {})


def _lacks(spec: str, said: Mapping[str, Any]) -> frozenset[str]:
    """What the module says that the target has not got; raises TargetError."""
    names = said.get("LACKS", ())
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TargetError(f'{spec}: LACKS is a tuple of capabilities, for example LACKS = ("stream",)')
    try:
        return checked(names, f"{spec}: LACKS")
    except CapabilityError as error:
        raise TargetError(str(error)) from None


def _on_path(agent: Callable[..., Any], folder: str, *, is_async: bool) -> Runner:
    """The agent with its folder on ``sys.path`` while it runs: it may import late."""
    if is_async:

        async def run_async(task: Task, venue: VenueAccess) -> Report:
            with importable(folder):
                return await agent(task, venue)  # type: ignore[no-any-return]

        return run_async

    def run(task: Task, venue: VenueAccess) -> Report:
        with importable(folder):
            return agent(task, venue)  # type: ignore[no-any-return]

    return run


class _Source:
    """Where a Python target's code lives. ``folder`` must be importable while it runs."""

    folder: str | None = None

    def __init__(self, spec: str) -> None:
        self.spec = spec

    def load(self) -> ModuleType:
        """Import it afresh."""
        raise NotImplementedError

    def get(self, path: str) -> Any:
        """Import afresh and look up the object; TargetError with one line where either fails."""
        with quick_dataclasses():
            found: Any = self.load()
        for part in path.split("."):
            try:
                found = getattr(found, part)
            except AttributeError:
                near = sorted(name for name, value in vars(found).items() if callable(value) and name[:1] != "_")
                hint = f" (it has: {', '.join(near[:6])})" if near and isinstance(found, ModuleType) else ""
                raise TargetError(f"{self.spec}: no {part!r} in it{hint}") from None
        return found

    def failed(self, error: BaseException) -> TargetError:
        return TargetError(f"{self.spec}: its import raised {one_line(error)}{_where(error)}")


class _Module(_Source):
    """``package.module``, found as Python finds it from the current folder."""

    def __init__(self, spec: str, name: str) -> None:
        super().__init__(spec)
        self.name = name
        self.folder = str(Path.cwd())

    def load(self) -> ModuleType:
        with importable(self.folder):
            forget_package(self.name)
            try:
                return import_module(self.name)
            except ModuleNotFoundError as error:
                missing = error.name or ""
                if self.name == missing or self.name.startswith(missing + "."):
                    raise TargetError(
                        f"{self.spec}: there is no module {missing!r} here or among installed packages"
                    ) from None
                raise self.failed(error) from error
            except (Exception, SystemExit) as error:
                raise self.failed(error) from error


class _File(_Source):
    """``path/to/file.py``; its folder comes first on ``sys.path``, as for a script."""

    def __init__(self, spec: str, path: str) -> None:
        super().__init__(spec)
        self.path = Path(path).expanduser().resolve()
        if not self.path.is_file():
            raise TargetError(f"{spec}: there is no file {path!r}")
        if self.path.suffix != ".py":
            raise TargetError(f"{spec}: {path!r} is not a Python file (its name must end in .py)")
        self.folder = str(self.path.parent)

    def load(self) -> ModuleType:
        folder = str(self.path.parent)
        with importable(folder):
            forget_folder(folder)
            name = self.path.stem
            taken = sys.modules.get(name)
            if taken is not None and not comes_from(taken, (folder,)):
                name = f"outtrade_target_{name}"  # never hide a library that others use
            place = spec_from_file_location(name, self.path, loader=RecallingLoader(name, str(self.path)))
            assert place is not None and place.loader is not None, "a .py file always has a loader"
            module = module_from_spec(place)
            sys.modules[name] = module
            try:
                place.loader.exec_module(module)
            except (Exception, SystemExit) as error:
                sys.modules.pop(name, None)
                raise self.failed(error) from error
            return module


def _check_agent(spec: str, found: Any) -> None:
    if inspect.isclass(found):
        raise TargetError(
            f"{spec}: is a class; give a function (task, venue), or an instance: agent = {found.__name__}(...)"
        )
    if not callable(found):
        raise TargetError(
            f"{spec}: is {type(found).__name__}, which cannot be called; an agent is a function (task, venue)"
        )
    call = found if inspect.isroutine(found) else type(found).__call__
    if inspect.isasyncgenfunction(call) or inspect.isgeneratorfunction(call):
        raise TargetError(f"{spec}: is a generator; an agent returns its report, it does not yield")
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # some built-in callables have none; the first call will tell
        return
    try:
        signature.bind(object(), object())
    except TypeError:
        raise TargetError(f"{spec}: must take two arguments (task, venue), but takes {signature}") from None


def _is_async(found: Any) -> bool:
    return inspect.iscoroutinefunction(found) or inspect.iscoroutinefunction(type(found).__call__)


# ------------------------------------------------------------------ gateways
def _is_gateway(found: Any) -> bool:
    from outtrade.targets.gateway import REQUIRED

    return not isinstance(found, ModuleType) and all(callable(getattr(found, name, None)) for name in REQUIRED)


def _gateway(spec: str, source: _Source, path: str, found: Any) -> Target:
    """A gateway of the user's: a class (made anew, without arguments, for each incarnation) or an instance."""
    from outtrade.targets.driver import bind

    is_async = inspect.iscoroutinefunction(found.submit)

    def load() -> Runner:
        now = source.get(path)
        make = now if inspect.isclass(now) else lambda: now
        runner = bind(make, is_async=is_async)
        return runner if source.folder is None else _on_path(runner, source.folder, is_async=is_async)

    return Target(name=spec, scope="G", is_async=is_async, load=load, lacks=_lacks(spec, _globals(found)))


def _ccxt(spec: str, exchange: str, *, is_async: bool) -> Target:
    package = find_spec("ccxt")
    if package is None or not package.submodule_search_locations:
        raise TargetError(f'{spec}: ccxt is not installed; pip install "outtrade[ccxt]"')
    known = any((Path(place) / f"{exchange}.py").is_file() for place in package.submodule_search_locations)
    if not exchange.isidentifier() or not known:
        raise TargetError(f"{spec}: ccxt has no exchange {exchange!r}")
    mocks = {name: venues.load(name).ccxt_id for name in venues.NAMES}
    ours = sorted({name for name in mocks.values() if name is not None})
    if exchange not in ours:
        raise TargetError(f"{spec}: there is no mock of {exchange} yet (there is: {', '.join(ours)})")

    def load() -> Runner:
        from outtrade.targets.ccxt_gateway import AsyncCcxtGateway, CcxtGateway
        from outtrade.targets.driver import bind

        return bind(AsyncCcxtGateway if is_async else CcxtGateway, is_async=is_async)

    theirs = tuple(name for name, ccxt_id in mocks.items() if ccxt_id == exchange)
    return Target(name=spec, scope="G", is_async=is_async, load=load, venues=theirs)


# ------------------------------------------------------------------ processes
def _command(spec: str, text: str) -> Target:
    from outtrade.targets.command import command_of

    try:
        command = command_of(text)
    except ValueError as error:
        raise TargetError(f"{spec}: {error}") from None

    return Target(name=spec, scope="A", is_async=True, load=_elsewhere(spec, "a process"), command=command)


def _service(spec: str) -> Target:
    from outtrade.targets.service import url_of

    try:
        url = url_of(spec)
    except ValueError as error:
        raise TargetError(f"{spec}: {error}") from None

    return Target(name=spec, scope="A", is_async=True, load=_elsewhere(spec, "a service"), url=url)


def _elsewhere(spec: str, what: str) -> Callable[[], Runner]:
    """How a target is loaded that lives outside of this process: not at all."""

    def load() -> Runner:
        raise TargetError(f"{spec}: is {what}; it cannot run inside the World")

    return load


# ------------------------------------------------------------------ names of the suites
MANY = 20
"""From so many names on, a message shows those that are like the wrong one, not all."""


def _named(spec: str, kind: str, name: str, names: Mapping[str, str] | None, suite: str) -> Target:
    known = _suite_names(spec, kind, suite) if names is None else names
    meant = known.get(name)
    if meant is None:
        what = "agent" if kind == "agent" else "agent of the zoo"
        raise TargetError(f"{spec}: no {what} is called {name!r}{_listed(name, known)}")
    if meant.partition(":")[0] in ("agent", "zoo"):
        raise TargetError(f"{spec}: stands for {meant}, which is again a short name")
    target = resolve(meant)
    if kind == "zoo" and names is None and not target.venues:
        target = replace(target, venues=_venues_of_base(name, suite))
    return replace(target, name=spec, suite=suite)


def _listed(name: str, known: Mapping[str, str]) -> str:
    """What there is instead of ``name``: everything, or what is like it."""
    if len(known) < MANY:
        return f"; there are {', '.join(sorted(known))}" if known else ""
    near = get_close_matches(name, known, n=3)
    return (f"; is it {' or '.join(near)}?" if near else "") + " (see: outtrade list agents)"


def _searched(suite: str) -> list[suites.Suite]:
    """The suites whose short names count: the installed ones, and ``suite``."""
    return [suites.load(one) for one in (*suites.names(), *([suite] if suite else ()))]


def _venues_of_base(name: str, extra: str) -> tuple[str, ...]:
    """Where a broken agent can trade: where the reference agent can that it was made from."""
    for suite in _searched(extra):
        base = next((broken.base for broken in suite.zoo if broken.name == name), None)
        if base in suite.agents:
            return resolve(suite.agents[base]).venues
    return ()


def _suite_names(spec: str, kind: str, extra: str) -> Mapping[str, str]:
    """Short names of all installed suites and of ``extra``: reference agents, or the broken agents of the zoo."""
    found: dict[str, str] = {}
    try:
        for suite in _searched(extra):
            if kind == "agent":
                found |= suite.agents | {f"models/{model.name}": model.spec for model in suite.models}
            else:
                found |= {broken.name: broken.spec for broken in suite.zoo}
    except suites.SuiteError as error:
        raise TargetError(f"{spec}: {error}") from None
    return found


# ------------------------------------------------------------------ wording
def one_line(error: BaseException) -> str:
    """An exception on one line: its class and the first line of what it says."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({Path(error.filename or '?').name}:{error.lineno})"
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def _where(error: BaseException) -> str:
    """The last line of the target's own code that the exception passed."""
    if isinstance(error, SyntaxError):
        return ""
    trace, place = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith("<frozen") and file != __file__ and Path(file).parent.name != "importlib":
            place = f" ({Path(file).name}:{trace.tb_lineno})"
        trace = trace.tb_next
    return place
