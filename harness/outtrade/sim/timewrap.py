"""The clock as agent code reads it: ``time`` and ``datetime.now``.

``time``, ``monotonic``, ``perf_counter``, ``process_time`` with their ``_ns`` forms, ``clock_gettime``, ``sleep``, and
``gmtime``, ``localtime``, ``ctime``, ``asctime``, ``strftime`` without an argument follow the World's clock. The real
ones are called when no World is active. The local time zone stays the machine's (``TZ``).

``datetime.datetime`` is a C type whose methods cannot be assigned; ``now`` and ``utcnow`` are replaced in the type's
own dictionary, so that classes, instances, subclasses and by-name imports stay what they are (``date.today`` and
``datetime.today`` already go through ``time.time``). Not covered: C extensions that ask the kernel themselves, such as
pandas.Timestamp.now and numpy's ``datetime64("now")``.
"""

from __future__ import annotations

import ctypes
import datetime as datetime_module
import gc
import time
from collections.abc import Callable
from typing import Any

from outtrade.sim.active import current
from outtrade.sim.world import NS

BOOT_NS = 1_000 * NS
"""What the monotonic clocks show at run time 0."""

_time, _time_ns, _sleep = time.time, time.time_ns, time.sleep
_perf_counter = time.perf_counter
_real_datetime = datetime_module.datetime
_UTC = datetime_module.UTC


def real_seconds() -> float:
    """Elapsed real seconds, in a World too: for measurements, never for what a run depends on."""
    return _perf_counter()


def sim_time() -> float:
    world = current()
    return _time() if world is None else world.tick() / 1e9


def sim_time_ns() -> int:
    world = current()
    return _time_ns() if world is None else world.tick()


def _monotonic(real: Callable[[], float]) -> Callable[[], float]:
    def clock() -> float:
        world = current()
        return real() if world is None else (world.tick() - world.epoch_ns + BOOT_NS) / 1e9

    return clock


def _monotonic_ns(real: Callable[[], int]) -> Callable[[], int]:
    def clock() -> int:
        world = current()
        return real() if world is None else world.tick() - world.epoch_ns + BOOT_NS

    return clock


def sim_sleep(seconds: Any) -> None:
    world = current()
    if world is None:
        _sleep(seconds)
        return
    duration = float(seconds)
    if duration < 0:
        raise ValueError("sleep length must be non-negative")
    world.sleep(duration)


_real_gettime, _real_gettime_ns = time.clock_gettime, time.clock_gettime_ns


def sim_clock_gettime_ns(clk_id: int) -> int:
    world = current()
    if world is None:
        return _real_gettime_ns(clk_id)
    return world.tick() if clk_id == time.CLOCK_REALTIME else world.tick() - world.epoch_ns + BOOT_NS


def sim_clock_gettime(clk_id: int) -> float:
    return _real_gettime(clk_id) if current() is None else sim_clock_gettime_ns(clk_id) / 1e9


def _of_seconds(real: Callable[..., Any]) -> Callable[..., Any]:
    """gmtime, localtime, ctime: an absent argument means now."""

    def convert(secs: float | None = None) -> Any:
        if secs is None:
            world = current()
            if world is not None:
                secs = world.tick() / 1e9
        return real(secs)

    return convert


def _of_tuple(real: Callable[..., Any], position: int) -> Callable[..., Any]:
    """asctime, strftime: an absent time tuple means local time now."""
    localtime = time.localtime

    def convert(*args: Any) -> Any:
        if len(args) == position:
            world = current()
            if world is not None:
                args = (*args, localtime(world.tick() / 1e9))
        return real(*args)

    return convert


def replacements() -> dict[str, Callable[..., Any]]:
    """What replaces which function of the ``time`` module."""
    table: dict[str, Callable[..., Any]] = {
        "time": sim_time,
        "time_ns": sim_time_ns,
        "sleep": sim_sleep,
        "clock_gettime": sim_clock_gettime,
        "clock_gettime_ns": sim_clock_gettime_ns,
    }
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        table[name] = _monotonic(getattr(time, name))
        table[name + "_ns"] = _monotonic_ns(getattr(time, name + "_ns"))
    for name in ("gmtime", "localtime", "ctime"):
        table[name] = _of_seconds(getattr(time, name))
    table["asctime"] = _of_tuple(time.asctime, 0)
    table["strftime"] = _of_tuple(time.strftime, 1)
    for name, function in table.items():
        function.__name__ = function.__qualname__ = name
    return table


# -------------------------------------------------------------------- datetime
def patch_datetime() -> None:
    """Make ``datetime.datetime.now`` and ``utcnow`` follow the World. Raises RuntimeError if this Python forbids it."""
    own: dict[str, Any] = gc.get_referents(_real_datetime.__dict__)[0]
    real_now, real_utcnow = own["now"], own["utcnow"]

    def now(cls: Any, tz: Any = None) -> Any:
        """datetime.now, by the clock of the World if one is active."""
        world = current()
        if world is None:
            return real_now.__get__(None, cls)(tz)
        return cls.fromtimestamp(world.tick() // 1000 / 1e6, tz)

    def utcnow(cls: Any) -> Any:
        """datetime.utcnow, by the clock of the World if one is active."""
        world = current()
        if world is None:
            return real_utcnow.__get__(None, cls)()
        return cls.fromtimestamp(world.tick() // 1000 / 1e6, _UTC).replace(tzinfo=None)

    own["now"], own["utcnow"] = classmethod(now), classmethod(utcnow)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(_real_datetime))
    if getattr(_real_datetime.now, "__func__", None) is not now:
        raise RuntimeError("cannot make datetime.now follow the World on this Python")
