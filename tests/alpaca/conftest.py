"""A fresh venue for each test."""

from __future__ import annotations

import pytest
from alpaca_kit import Kit


@pytest.fixture
def kit() -> Kit:
    return Kit()
