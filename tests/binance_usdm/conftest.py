"""Fixtures: a Binance USD-M venue."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from usdm_kit import SECOND, Kit


@pytest.fixture
def kit() -> Kit:
    kit = Kit()
    kit.now += SECOND
    return kit


@pytest.fixture
def make_kit() -> Callable[..., Kit]:
    return Kit
