"""Fixtures: a Binance spot venue."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from binance_kit import Kit


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.fixture
def make_kit() -> Callable[..., Kit]:
    return Kit
