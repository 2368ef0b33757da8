"""``outtrade run``: one target, many scenarios, a scorecard."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from outtrade import suites
from outtrade.baseline import write
from outtrade.cli.gating import GateOptions, policy_of
from outtrade.cli.guard import UsageError, complain, consoles
from outtrade.cli.outside import OutsideOptions, allowed_of, check_run, recorder_of
from outtrade.cli.report import PAGE, check_places, write_reports
from outtrade.engine.events import Handler, RunFinished, tell
from outtrade.engine.many import run_many
from outtrade.engine.minimise import BUDGET
from outtrade.engine.plan import Kit, Plan, prepare
from outtrade.model.capability import checked
from outtrade.profile import Profile
from outtrade.profile import read as read_profile
from outtrade.reference import Recorded, described, read_reference
from outtrade.report.regate import result_of
from outtrade.report.results import Results, ResultsFile, folder_name, open_folder, write_whole
from outtrade.report.resume import finished
from outtrade.report.stored import load
from outtrade.report.terminal import Terminal
from outtrade.report.text import clean
from outtrade.score import ERROR, Policy
from outtrade.wire.toxiproxy.api import ToxiproxyError
from outtrade.wire.toxiproxy.find import Wanted, found
from outtrade_mocks.venues import NAMES

if TYPE_CHECKING:
    from outtrade.engine.results import Examined
    from outtrade.model.scenario import Scenario
    from outtrade.outside.tape import Recorder
    from outtrade.targets import Target


REGRESSIONS = "regressions"
"""The space of real bugs, of which each has a name."""
REAL_TIME_WORKERS = 4
"""Runs of a ``cmd:`` target side by side, each with a port of its own. They wait most of the time."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user asked for."""

    target: str
    scenarios: int
    seed: int
    workers: int | None
    venue: str | None
    suite: str
    space: str | None
    report: Path | None
    check_determinism: bool
    waivers: tuple[str, ...]
    max_incomplete: float
    gate: GateOptions
    write_baseline: Path | None
    resume: bool
    minimise: bool
    show: int
    coverage: bool
    html: bool
    junit: Path | None
    markdown: Path | None
    allure: Path | None
    reference: Path | None
    symbols: tuple[str, ...]
    play: bool
    debug: bool
    lacks: tuple[str, ...] = ()
    profile: str | None = None
    named: tuple[str, ...] = ()
    repeats: int = 1
    faults: str | None = None
    network: Wanted = "auto"
    outside: OutsideOptions = field(default_factory=OutsideOptions)


def default_workers() -> int:
    """One for each processor this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not every system can say
        return os.cpu_count() or 1


def waivers_of(texts: tuple[str, ...], known: frozenset[str]) -> dict[str, str]:
    """``ID=REASON`` pairs; raises UsageError."""
    found: dict[str, str] = {}
    for text in texts:
        ident, equals, reason = text.partition("=")
        ident = ident.strip().upper()
        if not equals or not reason.strip():
            raise UsageError(f"--allow-waiver {text}: write it as ID=REASON, with a reason")
        if ident not in known:
            raise UsageError(f"--allow-waiver {text}: no property {ident}")
        found[ident] = reason.strip()
    return found


def profile_of(name: str | None, suite: str) -> Profile | None:
    """The frozen profile of that name, or in that file; raises UsageError and ProfileError."""
    if name is None:
        return None
    file = Path(name)
    if file.suffix != ".json":
        known = suites.load(suite).profiles
        if name not in known:
            listed = f"there are {', '.join(known)}" if known else "there is none"
            raise UsageError(f"no profile {name!r} in suite {suite}; {listed} (or name a file, FILE.json)")
        file = known[name]
    return read_profile(file)


def regressions_of(names: tuple[str, ...], suite: str) -> tuple[int, ...]:
    """The places of named regressions in their space; raises UsageError."""
    if not names:
        return ()
    known = list(suites.load(suite).regressions)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 3, 0.4)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UsageError(f"--scenario {name}: no regression is called so{hint} (see: outtrade list regressions)")
    return tuple(known.index(name) for name in dict.fromkeys(names))


def check_venue(name: str | None) -> None:
    """Raises UsageError where there is no such venue."""
    if name is not None and name not in NAMES:
        raise UsageError(f"no venue {name!r}; there are {', '.join(NAMES)}")


def recording(file: Path | None, symbols: tuple[str, ...], venue: str | None, *, play: bool = False) -> Recorded | None:
    """What ``--reference`` names, with the symbols that ``--symbol`` chooses; raises UsageError and CassetteError."""
    if file is None:
        if symbols:
            raise UsageError("--symbol chooses among the symbols of a recording: give --reference, too")
        if play:
            raise UsageError("--play plays a recording: give --reference, too")
        return None
    return read_reference(file, venue=venue or "binance_spot", symbols=symbols, play=play)


def check_real_time(target: Target, scenario: Scenario, options: RunOptions) -> None:
    """Raises UsageError for what a target that runs in real time cannot do, and where it does not run at all."""
    from outtrade.targets.service import why_unreachable
    from outtrade.wire.run import NotInRealTime, check_playable

    if target.url and (why := why_unreachable(target.url)):
        raise UsageError(f"{target.name}: {why}")

    if options.check_determinism:
        raise UsageError("--check-determinism: this target runs in real time, no two runs of it are equal")
    try:
        check_playable(scenario)
    except NotInRealTime as error:
        raise UsageError(str(error)) from None


def run_command(options: RunOptions) -> int:
    """Carry it out; returns the exit code."""
    check_venue(options.venue)
    recorded = recording(options.reference, options.symbols, options.venue, play=options.play)
    allowed = allowed_of(options.outside)
    profile = profile_of(options.profile, options.suite)
    named = regressions_of(options.named, options.suite)
    kit = prepare(
        Plan(
            target=options.target,
            suite=options.suite if profile is None else profile.head.suite,
            space=REGRESSIONS if named else options.space,
            venue=options.venue,
            scenarios=options.repeats
            * (len(named) or (options.scenarios if profile is None else profile.head.scenarios)),
            chosen=named,
            repeats=options.repeats,
            seed=options.seed,
            profile=profile,
            recorded=recorded,
            faults=options.faults,
            check_determinism=options.check_determinism,
            debug=options.debug,
            lacks=tuple(sorted(checked(options.lacks, "--lacks"))),
            allowed=allowed,
        )
    )
    waivers = waivers_of(options.waivers, frozenset(prop.id for prop in kit.suite.properties))
    head = None if profile is None else profile.head
    policy = policy_of(
        options.gate,
        kit.suite.properties,
        waivers=waivers,
        max_incomplete=options.max_incomplete if head is None else head.max_incomplete,
        min_exercised=Policy().min_exercised if head is None else head.min_exercised,
        profile=head,
    )
    check_new_baseline(options)
    first = kit.scenario(0)  # a space that cannot make a scenario is found before anything is touched
    if allowed is not None:
        check_run(allowed, kit.target, check_determinism=options.check_determinism, resume=options.resume)
    if kit.target.real_time:
        check_real_time(kit.target, first, options)
    recorder = recorder_of(allowed)
    place = options.report or Path("reports") / folder_name(options.target)
    kept = finished(place, kit) if options.resume else {}
    folder = open_folder(place)
    reports = {"html": folder / PAGE if options.html else None, "junit": options.junit, "markdown": options.markdown}
    check_places(reports, options.allure)
    out, err = consoles()
    if options.resume:
        complain(f"{len(kept)} of {kit.plan.scenarios} scenarios are kept from the earlier run")
    if recorded is not None:
        out.print(clean(described(recorded)), soft_wrap=True)
    terminal = Terminal(out, err, folder=folder, waivers=waivers, shown=options.show, coverage=options.coverage)
    usual = default_workers() if not kit.target.real_time else 1 if kit.target.url else REAL_TIME_WORKERS
    workers = usual if options.workers is None else options.workers
    # dozens of runs: each in real time, or each with other questions to real hosts than those that were recorded
    minimise = options.minimise and not kit.target.real_time and allowed is None
    files = ResultsFile(folder, policy=policy, earlier=kept)
    budget = BUDGET if minimise else 0
    with network_of(kit, options.network) as engaged:
        try:
            code = drive(
                engaged, terminal, [files], workers=workers, policy=policy, budget=budget, kept=kept, recorder=recorder
            )
        except BaseException:  # a second Ctrl-C, or worse
            with suppress(OSError):
                files.checkpoint()
            raise
        finally:
            if recorder is not None:
                recorder.write()
    if (any(reports.values()) or options.allure) and files.written:
        write_reports(load(folder), reports, options.allure)
    if options.write_baseline is not None and files.written:
        write_new_baseline(options.write_baseline, load(folder).results, policy)
    return code


@contextmanager
def network_of(kit: Kit, wanted: Wanted) -> Iterator[Kit]:
    """The kit with who does its network faults, for as long as the run lasts. Raises UsageError."""
    if not kit.target.real_time:
        if wanted != "auto":
            raise UsageError("--network-faults: only for targets over real sockets (cmd:, http://)")
        yield kit
        return
    try:
        with found(wanted) as there:
            yield Kit(replace(kit.plan, toxiproxy=there.url, network=there.says), kit.target, kit.suite)
    except ToxiproxyError as error:
        raise UsageError(str(error)) from None


def check_new_baseline(options: RunOptions) -> None:
    """Make sure, before the run, that the new baseline can be written. Raises UsageError."""
    file = options.write_baseline
    if file is None:
        return
    check_places({"baseline": file})
    if file.exists() and (options.gate.baseline is None or not file.samefile(options.gate.baseline)):
        raise UsageError(f"{file} exists already; to bring it up to date, name it by --baseline, too")


def write_new_baseline(file: Path, results: Results, policy: Policy) -> None:
    """Write what failed as expected failures without reasons, after those entries that are still good."""
    gate = results.gate
    known = policy.baseline.entries if policy.baseline is not None else ()
    rows = gate.expected if gate is not None else ()
    kept = [entry for entry, row in zip(known, rows, strict=True) if row.status in ("seen", "not met")]
    levels = {row.id: row.level for row in results.properties}
    text = write((result_of(row) for row in results.results), levels, kept)
    try:
        write_whole(file, text.encode())
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror or error}") from None
    terminal = Terminal(*consoles())
    terminal.line(f"baseline: {file}; write a reason for each new entry before you use it")


def drive(
    kit: Kit,
    terminal: Terminal,
    others: list[Handler],
    *,
    workers: int,
    policy: Policy,
    budget: int = BUDGET,
    kept: Mapping[int, Examined] | None = None,
    recorder: Recorder | None = None,
) -> int:
    """Hand every event to the handlers; returns the exit code. A report that cannot be written any more does not
    cost the scorecard."""
    code = ERROR
    broken = ""
    try:
        for event in run_many(kit, workers=workers, policy=policy, budget=budget, kept=kept, recorder=recorder):
            try:
                tell(others if not broken else [], event)
            except OSError as error:
                broken = f"could not write the report: {error}"
            terminal.handle(event)
            if isinstance(event, RunFinished):
                code = event.card.code
    finally:
        terminal.close()
    if broken:
        complain(broken)
        return ERROR
    return code
