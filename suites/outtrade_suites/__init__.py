"""The content of Outtrade: scenario spaces, properties, reference agents and the zoo of broken agents.

``suite`` is what the harness finds by the entry point ``outtrade.suites``. Importing this package imports none of the
parts; each is loaded when it is first read::

    properties/   every ``Property`` that one of its modules defines
    spaces/       ``SPACES``: name -> ``def scenario(d: Draw) -> Scenario``; the first is the default
    agents/       ``AGENTS``: name -> target spec; ``models.CATALOGUE``: scripted models
    zoo/          ``ZOO``: tuple of ``Broken``
    profiles/     frozen profiles: ``NAME.json`` and its scenarios
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outtrade.suites import Broken, Regression, ScriptedModel, Suite, collect

if TYPE_CHECKING:
    from outtrade.judge.api import Property


def _part(module: str, name: str) -> Any:
    return getattr(import_module(f"outtrade_suites.{module}"), name)


def _properties() -> Iterable[Property]:
    from outtrade.judge.api import Property

    return collect("outtrade_suites.properties", Property)


def _spaces() -> Mapping[str, Any]:
    spaces: Mapping[str, Any] = _part("spaces", "SPACES")
    return spaces


def _draw(seed: int, index: int) -> Any:
    return _part("spaces", "Draw")(seed, index)


def _interactive(draw: Any) -> Any:
    return _part("spaces.by_hypothesis", "HypothesisDraw")(draw)


def _agents() -> Mapping[str, str]:
    agents: Mapping[str, str] = _part("agents", "AGENTS")
    return agents


def _zoo() -> Iterable[Broken]:
    zoo: Iterable[Broken] = _part("zoo", "ZOO")
    return zoo


def _models() -> Iterable[ScriptedModel]:
    models: Iterable[ScriptedModel] = _part("agents.models", "CATALOGUE")
    return models


def _regressions() -> Mapping[str, Regression]:
    regressions: Mapping[str, Regression] = _part("regressions", "REGRESSIONS")
    return regressions


def _profiles() -> Mapping[str, Path]:
    folder = Path(__file__).parent / "profiles"
    return {file.stem: file for file in sorted(folder.glob("*.json"))}


suite = Suite(
    "core",
    properties=_properties,
    spaces=_spaces,
    draw=_draw,
    interactive=_interactive,
    agents=_agents,
    zoo=_zoo,
    models=_models,
    profiles=_profiles,
    regressions=_regressions,
)
