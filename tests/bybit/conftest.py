"""A venue in a box for the tests in this folder."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bybit_kit import Kit


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.fixture
def make_kit() -> Callable[..., Kit]:
    return Kit
