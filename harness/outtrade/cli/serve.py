"""``outtrade serve``: a mock exchange on a real port of this machine, for clients in any language."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import traceback
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from outtrade import suites
from outtrade.cli.guard import UsageError, complain
from outtrade.model.fault import Fault
from outtrade.model.scenario import Market, Scenario, ScenarioError
from outtrade.model.task import Bounds
from outtrade.reference import Recorded, with_reference
from outtrade.report.text import clean
from outtrade.score import ERROR, OK
from outtrade.wire.records import MOST
from outtrade.wire.server import PortTaken, WireServer
from outtrade.wire.tls import TlsMissing
from outtrade.wire.toxiproxy.api import ToxiproxyError
from outtrade.wire.toxiproxy.carrier import Carrier
from outtrade.wire.toxiproxy.find import Found, Wanted, connect, found
from outtrade.wire.toxiproxy.mapping import carriers, needed, why_not
from outtrade_mocks import venues

LARGEST = 16_000_000
"""Bytes of a scenario or fault file."""
DAYS = 10 * 86_400.0
"""Run time of a server without a scenario of its own; the last faults heal before it."""
DOLLARS = ("USDT", "USD", "USDC")
"""Quote currencies; the first of those with most markets is served."""
MARKETS = {
    "BTC": Market(mid=Decimal(50_000), depth=Decimal("0.5"), taker_size=Decimal("0.05")),
    "ETH": Market(mid=Decimal(3_000), depth=Decimal(8), taker_size=Decimal("0.8")),
}
HELD = {"BTC": Decimal(20), "ETH": Decimal(300), "BNB": Decimal("12.5")}


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the user asked for."""

    venue: str
    port: int
    tls: bool
    faults: Path | None
    scenario: Path | None
    space: str | None
    seed: int
    suite: str
    latency: float | None
    reference: Path | None
    symbols: tuple[str, ...]
    play: bool
    save: Path | None
    network: Wanted
    debug: bool


QUOTES = ("USDT", "USD", "USDT:USDT")
"""What a venue's markets may be against, the likeliest first."""


def plain_scenario(venue: str, seed: int) -> Scenario:
    """What is served unless a scenario is given: liquid markets in bitcoin and ether, spot and contracts as the venue
    has them, a funded account, no fault, no delay."""
    listed = venues.load(venue).symbols
    assets = {part for symbol in listed for part in symbol.replace(":", "/").split("/")}
    served = {
        quote: [
            symbol
            for form in (f"/{quote}", f"/{quote}:{quote}")
            for base in MARKETS
            if (symbol := base + form) in listed
        ]
        for quote in DOLLARS
    }
    dollars = max(DOLLARS, key=lambda quote: len(served[quote]))
    symbols = served[dollars]
    if not symbols:
        raise UsageError(f"{venue} lists no bitcoin in dollars: give --scenario")
    balances = {dollars: Decimal(1_000_000)} | HELD
    return Scenario(
        id="serve",
        seed=seed,
        venue=venue,
        symbols=tuple(symbols),
        balances={asset: amount for asset, amount in balances.items() if asset in assets},
        markets={symbol: MARKETS[symbol.partition("/")[0]] for symbol in symbols},
        latency=0.0,
        intents=(),
        until=DAYS,
        bounds=Bounds(settle=0),
    )


def recorded_scenario(recorded: Recorded, venue: str, seed: int) -> Scenario:
    """The same with the symbols and the market of a recording."""
    plain = plain_scenario(venue, seed)
    calm = next(iter(plain.markets.values()))
    made = plain.model_copy(
        update={
            "symbols": recorded.symbols,
            "markets": dict.fromkeys(recorded.symbols, calm),
            "balances": recorded.balances(),
        }
    )
    return with_reference(made, recorded)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path}: larger than {LARGEST} bytes")
        return path.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None


def read_scenario(path: Path) -> Scenario:
    """A scenario file; raises UsageError."""
    try:
        return Scenario.from_json(_text(path))
    except (ScenarioError, RecursionError) as error:
        raise UsageError(f"{path}: {error}") from None


def read_faults(path: Path) -> dict[str, Any]:
    """The fields of a scenario that a fault file sets: a list of faults, or a scenario file (whose intents come along,
    since the triggers of its faults may name their tags). Raises UsageError."""
    text = _text(path)
    if not text.lstrip().startswith("["):
        scenario = read_scenario(path)
        return {"faults": scenario.faults, "intents": scenario.intents}
    try:
        faults: tuple[Fault, ...] = TypeAdapter(tuple[Fault, ...]).validate_python(tuple(json.loads(text)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: fault {where}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON: {error}") from None
    return {"faults": faults}


def scenario_of(options: ServeOptions) -> Scenario:
    """The scenario that is to be served; raises UsageError and SuiteError."""
    from outtrade.cli.run import check_venue, recording

    check_venue(options.venue)
    if options.scenario is not None and options.space is not None:
        raise UsageError("give --scenario or --space, not both")
    if options.scenario is not None:
        scenario = read_scenario(options.scenario)
        if scenario.venue != options.venue:
            raise UsageError(f"{options.scenario}: a scenario for {scenario.venue}, not for {options.venue}")
        if options.symbols:
            raise UsageError("a scenario names its symbols itself: leave --symbol out")
        symbols = scenario.symbols if options.reference else ()
        if recorded := recording(options.reference, symbols, options.venue, play=options.play):
            scenario = with_reference(scenario, recorded)
    elif options.space is not None:
        recorded = recording(options.reference, options.symbols, options.venue, play=options.play)
        scenario = suites.load(options.suite).scenario(options.space, options.seed, 0, recorded=recorded)
        if scenario.venue != options.venue:
            known = f"; choose --space {options.venue}" if options.venue in suites.load(options.suite).spaces else ""
            raise UsageError(f"the space {options.space} plays {scenario.venue}, not {options.venue}{known}")
    elif recorded := recording(options.reference, options.symbols, options.venue, play=options.play):
        scenario = recorded_scenario(recorded, options.venue, options.seed)
    else:
        scenario = plain_scenario(options.venue, options.seed)
    changes: dict[str, Any] = {} if options.faults is None else read_faults(options.faults)
    if options.latency is not None:
        changes["latency"] = options.latency
    scenario = scenario.model_copy(update=changes)
    if any(fault.kind == "crash" for fault in scenario.faults):
        raise UsageError("serve cannot kill your agent: take the crash faults out of the plan")
    return scenario


def serve_command(options: ServeOptions) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code."""
    scenario = scenario_of(options)
    if options.save is not None:
        try:
            options.save.open("ab").close()
        except OSError as error:
            raise UsageError(f"cannot write {options.save}: {error.strerror or error}") from None
    if options.network == "toxiproxy" and options.tls:
        raise UsageError("--network-faults toxiproxy does not go with --tls: a toxic would hit handshakes; use own")
    carried = carriers(scenario.faults, tls=options.tls)
    if options.network != "own" and not needed(carried):
        nothing = f"own ({why_not(carried)})" if scenario.faults else "none in this plan"
        return asyncio.run(_serve(scenario, options, Found("", nothing)))
    try:
        with found(options.network) as there:
            return asyncio.run(_serve(scenario, options, there))
    except ToxiproxyError as error:
        raise UsageError(str(error)) from None


def _say(line: str) -> None:
    sys.stdout.write(clean(line) + "\n")
    sys.stdout.flush()


async def _serve(scenario: Scenario, options: ServeOptions, network: Found) -> int:
    failures = 0
    over = asyncio.Event()

    def failed(error: Exception) -> None:
        nonlocal failures
        failures += 1
        if isinstance(error, ToxiproxyError):
            complain(str(error))
            over.set()
            return
        if options.debug:
            traceback.print_exception(error)
        complain(f"internal error: {type(error).__name__}: {error}")

    carrier = Carrier(connect(network.url), scenario.faults) if network.url else None
    server = WireServer(
        scenario,
        port=options.port,
        tls=options.tls,
        keep=options.save is not None,
        name="serve",
        failed=failed,
        carrier=carrier,
    )
    loop = asyncio.get_running_loop()
    for end in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(end, over.set)
    try:
        await server.start()
    except (PortTaken, TlsMissing, ToxiproxyError, ValueError) as error:
        raise UsageError(str(error)) from None
    try:
        _say(f"REST: {server.rest_url}")
        _say(f"WebSocket: {server.stream_url}{server.stream_path}")
        for path, what in venues.load(scenario.venue).about().streams:
            _say(f"WebSocket, {what}: {server.stream_url}{path}")
        _say(f"key: {server.credentials.key}")
        _say(f"secret: {server.credentials.secret}")
        if server.credentials.passphrase is not None:
            _say(f"passphrase: {server.credentials.passphrase}")
        if server.ca_file is not None:
            _say(f"CA: {server.ca_file}")
        _say(f"network faults: {network.says}")
        if carrier is not None:
            for number, (fault, by) in enumerate(zip(scenario.faults, carrier.by, strict=True)):
                _say(f"fault {number} {fault.variant}: {by}")
        if (reference := scenario.reference) is not None:
            _say(f"reference: {reference.source}, sha256 {reference.sha256[:12]}, {', '.join(scenario.symbols)}")
        _say(f"serving: {scenario.id}, seed {scenario.seed}, {len(scenario.faults)} faults; Ctrl-C ends it")
        await over.wait()
    finally:
        history = await server.stop()
    calls = server.setting.server.calls
    _say(f"{calls} request{'' if calls == 1 else 's'}")
    for verdict in server.setting.plan.ledger():
        _say(f"fault {verdict.fault} {scenario.faults[verdict.fault].variant}: {verdict.status}")
    if getattr(server.setting.recorder, "full", False):
        complain(f"the record was full after {MOST} events; what came later is missing")
    if options.save is not None:
        try:
            options.save.write_bytes(history.to_jsonl())
        except OSError as error:
            raise UsageError(f"cannot write {options.save}: {error.strerror or error}") from None
        _say(f"history: {options.save}")
    return ERROR if failures else OK
