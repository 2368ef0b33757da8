"""A venue in a box for the tests in this folder."""

from __future__ import annotations

import pytest
from deribit_kit import Kit


@pytest.fixture
def kit() -> Kit:
    return Kit()
