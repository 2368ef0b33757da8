"""Client order ids of USD-M futures: dots, colons and slashes may stand in them, unlike on spot.

>>> client_id("newClientOrderId", "x-A.b:c/1")
'x-A.b:c/1'
"""

from __future__ import annotations

import re

from outtrade_mocks.venues.binance_usdm.errors import refuse

RANGE = r"^[\.A-Z\:/a-z0-9_-]{1,36}$"
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_\-]+", re.ASCII)
LONGEST = 36


def client_id(name: str, value: str) -> str:
    """A client order id as sent. Raises -4015 beyond 36 characters, -1100 on others than those allowed."""
    if len(value) > LONGEST:
        raise refuse("client_id_length")
    if _CLIENT_ID.fullmatch(value) is None:
        raise refuse("illegal_characters", name, RANGE)
    return value
