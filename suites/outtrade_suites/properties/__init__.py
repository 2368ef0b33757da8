"""The catalogue of properties, by dimension: parameters (par), retry (rty), recovery (rcv), reconciliation (rec), order
management (ord), execution quality (exq), limits (lim).

Each module holds its checks and the prose that ``outtrade explain`` prints. Property ids are permanent.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from outtrade.judge.api import Property

DIMENSIONS = ("par", "rty", "rcv", "rec", "ord", "exq", "lim")
"""Modules of this package that export ``PROPERTIES``, in the order of the catalogue."""


def _collect() -> tuple[Property, ...]:
    names = [f"{__name__}.{name}" for name in DIMENSIONS]
    return tuple(prop for name in names if find_spec(name) for prop in import_module(name).PROPERTIES)


PROPERTIES: tuple[Property, ...] = _collect()
