"""Suites: the content that the harness runs, found without knowing it by name.

A suite bundles *properties* (what is judged), *spaces* (functions from a Draw to a Scenario), *agents* (reference
targets by name) and a *zoo* (broken agents, each made for one property). The harness finds suites by the entry
point group ``outtrade.suites``, so users add their own by declaring one in their package::

    [project.entry-points."outtrade.suites"]
    mine = "my_package:suite"

The suite named ``core`` is ours; it is also found in a checkout that was never installed. A suite need not be installed
at all: ``py:my_suite.py:suite`` (or ``py:package.module:suite``) names the object itself. All parts are lazy: a suite
costs nothing until a part is read.

    >>> s = Suite("demo", properties=lambda: (), spaces=dict, agents=dict, zoo=lambda: ())
    >>> s.properties
    ()
"""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

if TYPE_CHECKING:
    from outtrade.judge.api import Property
    from outtrade.model.scenario import Scenario
    from outtrade.reference import Recorded

GROUP = "outtrade.suites"
CORE = "core"
_CORE_OBJECT = "outtrade_suites:suite"

T = TypeVar("T")
Space = Callable[[Any], "Scenario"]
"""A scenario space: ``def scenario(d: Draw) -> Scenario``."""


class SuiteError(ValueError):
    """A suite, or something in a suite, that cannot be found or loaded; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken agent of the zoo: a reference agent with one real bug.

    ``spec`` names it as a target, ``base`` is the name of the reference agent it was made from, ``property`` the id
    of the property it was made for and ``also`` the ids of those that may fail as a consequence. ``source`` says where
    the bug was seen. ``needs_fault``: without a fault it behaves byte for byte like its base. ``space`` is the scenario
    space in which the bug shows (None: the suite's default).
    """

    name: str
    spec: str
    base: str
    property: str
    also: tuple[str, ...] = ()
    source: str = ""
    needs_fault: bool = True
    space: str | None = None


@dataclass(frozen=True, slots=True)
class Regression:
    """A real bug as a scenario of one line (``outtrade.oneline``). ``row`` names it in the bug catalogue, ``source``
    says where it was seen, ``bug`` what went wrong; ``agent`` is the broken agent of the zoo that repeats it,
    ``property`` what that one violates."""

    name: str
    row: str
    source: str
    bug: str
    line: str
    agent: str
    property: str


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    """A script in the place of a language model, which trades by ``venue.tools``; as a target it is
    ``agent:models/NAME``. ``property`` is the id of the property that a wrong one was made to fail (None: the right
    one), ``also`` the ids of those that may fail as a consequence; both hold in the space ``space``."""

    name: str
    spec: str
    purpose: str
    property: str | None = None
    also: tuple[str, ...] = ()
    space: str = ""


class Suite:
    """Properties, spaces, agents and zoo under one name. Each part is loaded when it is first read."""

    def __init__(
        self,
        name: str,
        *,
        properties: Callable[[], Iterable[Property]],
        spaces: Callable[[], Mapping[str, Space]],
        draw: Callable[[int, int], Any] | None = None,
        interactive: Callable[[Callable[[Any], Any]], Any] | None = None,
        agents: Callable[[], Mapping[str, str]] = dict,
        zoo: Callable[[], Iterable[Broken]] = tuple,
        models: Callable[[], Iterable[ScriptedModel]] = tuple,
        profiles: Callable[[], Mapping[str, Path]] = dict,
        regressions: Callable[[], Mapping[str, Regression]] = dict,
    ) -> None:
        self.name = name
        self._load_properties = properties
        self._load_spaces = spaces
        self._draw = draw
        self._interactive = interactive
        self._load_agents = agents
        self._load_zoo = zoo
        self._load_models = models
        self._load_profiles = profiles
        self._load_regressions = regressions

    def extended(
        self,
        name: str,
        *,
        properties: Callable[[], Iterable[Property]] = tuple,
        spaces: Callable[[], Mapping[str, Space]] = dict,
        agents: Callable[[], Mapping[str, str]] = dict,
        zoo: Callable[[], Iterable[Broken]] = tuple,
    ) -> Suite:
        """A suite of all that is in this one, and these parts after it. A space that is named as one of this suite's
        takes its place.

            >>> Suite("demo", properties=tuple, spaces=dict).extended("mine", spaces=lambda: {"calm": print}).spaces
            {'calm': <built-in function print>}
        """
        return Suite(
            name,
            properties=lambda: (*self.properties, *properties()),
            spaces=lambda: {**self.spaces, **spaces()},
            draw=self._draw,
            interactive=self._interactive,
            agents=lambda: {**self.agents, **agents()},
            zoo=lambda: (*self.zoo, *zoo()),
            models=lambda: self.models,
            profiles=lambda: self.profiles,
            regressions=lambda: self.regressions,
        )

    @cached_property
    def properties(self) -> tuple[Property, ...]:
        """All properties, ordered by dimension and id. Raises SuiteError where two share an id."""
        found = sorted(self._part("properties", self._load_properties), key=lambda prop: _order(prop.id))
        for before, after in itertools.pairwise(found):
            if before.id == after.id:
                raise SuiteError(f"suite {self.name}: two properties are called {after.id}")
        return tuple(found)

    @cached_property
    def spaces(self) -> dict[str, Space]:
        """Scenario spaces by name, in the order of the suite; the first is the default."""
        return dict(self._part("spaces", self._load_spaces))

    @cached_property
    def agents(self) -> dict[str, str]:
        """Reference agents: name -> target spec."""
        return dict(self._part("agents", self._load_agents))

    @cached_property
    def zoo(self) -> tuple[Broken, ...]:
        """Broken agents, in the order of the suite."""
        return tuple(self._part("zoo", self._load_zoo))

    @cached_property
    def models(self) -> tuple[ScriptedModel, ...]:
        """Scripted models, the right one first."""
        return tuple(self._part("models", self._load_models))

    @cached_property
    def profiles(self) -> dict[str, Path]:
        """Frozen profiles: name -> its file (``outtrade.profile``)."""
        return dict(self._part("profiles", self._load_profiles))

    @cached_property
    def regressions(self) -> dict[str, Regression]:
        """Real bugs by name, in the order of the space ``regressions``."""
        return dict(self._part("regressions", self._load_regressions))

    def _part(self, name: str, load: Callable[[], T]) -> T:
        try:
            return load()
        except Exception as error:
            raise SuiteError(
                f"suite {self.name}: its {name} failed to load: {type(error).__name__}: {error}"
            ) from error

    def property(self, wanted: str) -> Property:
        """The property with the id ``wanted`` (case and hyphen do not matter); raises SuiteError."""
        key = _plain(wanted)
        for prop in self.properties:
            if _plain(prop.id) == key:
                return prop
        near = ", ".join(prop.id for prop in self.properties if _plain(prop.id).startswith(key[:3]))
        listed = f"; there are {near}" if near else " (see: outtrade list properties)"
        raise SuiteError(f"no property {wanted!r} in suite {self.name}{listed}")

    def space(self, wanted: str | None) -> tuple[str, Space]:
        """The space called ``wanted`` (None: the default) with its name; raises SuiteError."""
        if not self.spaces:
            raise SuiteError(f"suite {self.name} has no scenario spaces")
        name = next(iter(self.spaces)) if wanted is None else wanted
        if name not in self.spaces:
            raise SuiteError(f"no space {name!r} in suite {self.name}; there are {', '.join(self.spaces)}")
        return name, self.spaces[name]

    def scenario(
        self,
        space: str | None,
        seed: int,
        index: int,
        *,
        recorded: Recorded | None = None,
        faults: str | None = None,
    ) -> Scenario:
        """Scenario ``index`` of a run with ``seed``: the same data whatever else was drawn. Raises SuiteError.

        ``recorded``: the instruments and markets it is to use. A space finds them as ``recorded`` of its Draw; one that
        does not look there has symbols of its own, which is an error here. ``faults``: ``none``, ``realistic`` or
        ``hostile``, found as ``faults`` of the Draw; any space can go without faults, others have to look there."""
        name, make = self.space(space)
        if self._draw is None:
            raise SuiteError(f"suite {self.name} has no source of draws for its spaces")
        draw = self._draw(seed, index)
        if recorded is not None:
            draw.recorded = recorded
        if faults is not None:
            draw.faults = faults
        made = make(draw).model_copy(update={"space": name})
        if faults is not None:
            if faults != "none" and not getattr(draw, "obeyed", False):
                raise SuiteError(f"the space {name} has faults of its own; --faults none is all it can do")
            kept = () if faults == "none" else made.faults
            made = made.model_copy(update={"id": f"{made.id}-{faults}", "faults": kept})
        if recorded is not None and made.reference is None:
            raise SuiteError(f"the space {name} has symbols of its own; a recording cannot stand for them")
        return made

    def drawn(self, space: str | None, draw: Callable[[Any], Any]) -> Scenario:
        """A scenario whose choices Hypothesis makes: ``draw`` turns a search strategy into a value. Raises
        SuiteError."""
        name, make = self.space(space)
        if self._interactive is None:
            raise SuiteError(f"suite {self.name} cannot draw from Hypothesis")
        return make(self._interactive(draw)).model_copy(update={"space": name})


def _plain(text: str) -> str:
    return text.replace("-", "").replace("_", "").upper()


_DIMENSIONS = ("PAR", "RTY", "RCV", "REC", "ORD", "EXQ", "LIM")


def _order(ident: str) -> tuple[int, str]:
    head = ident[:3]
    return (_DIMENSIONS.index(head) if head in _DIMENSIONS else len(_DIMENSIONS), ident)


def names() -> list[str]:
    """Names of all suites that can be loaded, ``core`` first. Imports none of them."""
    found = {point.name for point in entry_points(group=GROUP)} | {CORE}
    return sorted(found, key=lambda name: (name != CORE, name))


def load(name: str = CORE) -> Suite:
    """The suite called ``name``, or the object that ``py:FILE.py:NAME`` or ``py:MODULE:NAME`` says. Raises SuiteError
    with one line where it is unknown or fails to import."""
    if name.startswith("py:"):
        where, _, attribute = name[3:].rpartition(":")
        if not where:
            raise SuiteError(f"suite {name}: say which object, for example py:my_suite.py:suite")
        return _checked(name, lambda: getattr(_module(where), attribute), where)
    for point in entry_points(group=GROUP):
        if point.name == name:
            return _checked(name, point.load, point.value)
    if name == CORE:  # a checkout that was never installed
        return _checked(name, EntryPoint(name, _CORE_OBJECT, GROUP).load, _CORE_OBJECT)
    raise SuiteError(f"no suite {name!r}; there are {', '.join(names())}, and py:my_suite.py:suite names one in a file")


def _checked(name: str, found: Callable[[], Any], where: str) -> Suite:
    try:
        suite = found()
    except Exception as error:
        raise SuiteError(f"suite {name} ({where}) failed to load: {type(error).__name__}: {error}") from error
    if not isinstance(suite, Suite):
        raise SuiteError(f"suite {name} ({where}) is a {type(suite).__name__}, not an outtrade.suites.Suite")
    return suite


def _module(where: str) -> ModuleType:
    """A module by name, or from a file: imported once in a process."""
    if not where.endswith(".py"):
        sys.path.insert(0, str(Path.cwd()))
        try:
            return importlib.import_module(where)
        finally:
            sys.path.remove(str(Path.cwd()))
    path = Path(where).expanduser().resolve(strict=True)
    name = f"outtrade_suite_{path.stem}_{crc32(str(path).encode()):08x}"
    if name not in sys.modules:
        place = spec_from_file_location(name, path)
        assert place is not None and place.loader is not None, "a .py file always has a loader"
        made = module_from_spec(place)
        sys.modules[name] = made
        try:
            place.loader.exec_module(made)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def collect(package: str, wanted: type) -> list[Any]:
    """All objects of class ``wanted`` that the modules of ``package`` define at top level, singly or in a tuple,
    list or dict. Each object once, in the order of module name and definition."""
    import pkgutil

    root = importlib.import_module(package)
    modules = [root]
    for info in sorted(pkgutil.iter_modules(root.__path__, package + "."), key=lambda info: info.name):
        modules.append(importlib.import_module(info.name))
    found: dict[int, Any] = {}
    for module in modules:
        for value in list(vars(module).values()):
            members = value.values() if isinstance(value, dict) else value
            group = members if isinstance(value, tuple | list | dict) else (value,)
            for item in group:
                if isinstance(item, wanted):
                    found.setdefault(id(item), item)
    return list(found.values())
