"""Pages of lists: from an id on, or within times, else the latest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from outtrade_mocks.venues import binance_codec as codec
from outtrade_mocks.venues.binance_usdm.errors import refuse

DAY_MS = 86_400_000
DAYS = 7
DEFAULT_LIMIT, MOST = 500, 1000
Item = TypeVar("Item")


def period(params: Mapping[str, str], days: int = DAYS) -> tuple[int | None, int | None]:
    """``startTime`` and ``endTime`` in ms. Raises -1023 where they are reversed, -4165 beyond ``days``."""
    start, end = codec.optional_integer(params, "startTime"), codec.optional_integer(params, "endTime")
    if start is not None and end is not None:
        if start > end:
            raise refuse("start_after_end")
        if end - start > days * DAY_MS:
            raise refuse("interval_days", days)
    return start, end


def clip(
    items: list[Item],
    params: Mapping[str, str],
    first: int | None,
    start: int | None,
    end: int | None,
    *,
    number: Callable[[Item], int],
    time: Callable[[Item], int],
    most: int = MOST,
    default: int = DEFAULT_LIMIT,
) -> list[Item]:
    """One page of ``items``, oldest first: those with a ``number`` of ``first`` or more, within times (ms), at most
    ``limit``: the first ones where a beginning is named, else the latest."""
    size = codec.limit(params, default, most)
    if first is not None:
        items = [item for item in items if number(item) >= first]
    if start is not None:
        items = [item for item in items if time(item) >= start]
    if end is not None:
        items = [item for item in items if time(item) <= end]
    return items[:size] if first is not None or start is not None else items[-size:]
