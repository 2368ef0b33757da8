"""The commands with their options and help. What they do stands in the modules beside; those are imported only when
a command runs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from outtrade.cli.cassette_app import cassette


class NetworkFaults(StrEnum):
    """Words of --network-faults."""

    AUTO = "auto"
    TOXIPROXY = "toxiproxy"
    OWN = "own"


class FaultProfile(StrEnum):
    """Words of --faults."""

    NONE = "none"
    REALISTIC = "realistic"
    HOSTILE = "hostile"


app = typer.Typer(
    name="outtrade",
    help="Find out whether an execution agent, or a gateway to an exchange, ends up with an out-trade.\n\n"
    "It plays the exchange, breaks what lies between, knows the truth, and compares.",
    epilog="Exit codes: 0 pass, 1 the gate failed, 2 usage or harness error, 3 incomplete.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
listing = typer.Typer(
    help="What there is: venues, faults, properties, spaces, profiles, capabilities, agents.", no_args_is_help=True
)
app.add_typer(listing, name="list")
app.add_typer(cassette, name="cassette")

Target = Annotated[
    str,
    typer.Argument(
        help="What to test: py:file.py:function, py:package.module:object, cmd:'PROGRAM WORDS' (any language),"
        " http://127.0.0.1:PORT (a service), ccxt:binance, ccxt.async:binance, agent:NAME or zoo:NAME.",
    ),
]
SuiteName = Annotated[str, typer.Option("--suite", help="Suite of properties and scenario spaces.")]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=0,
        max=256,
        help="Worker processes; by default one for each processor. 0: stay in this process (for debuggers)."
        " The results do not depend on it.",
        show_default=False,
    ),
]
Reference = Annotated[
    Path | None,
    typer.Option(
        "--reference",
        metavar="FILE",
        help="A cassette whose exchangeInfo, fees and market data the mock starts from (see docs/cassettes.md).",
    ),
]
Symbols = Annotated[
    list[str] | None,
    typer.Option("--symbol", metavar="BASE/QUOTE", help="A symbol of --reference to use (repeatable)."),
]
Play = Annotated[
    bool,
    typer.Option(
        "--play",
        help="Play the books and trades of --reference again at their times, instead of moving prices by the seed"
        " (see docs/markets.md).",
    ),
]
JUnit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML: a test case for each property.")
]
Markdown = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="Write a step summary in Markdown, under 1 MiB.")
]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-under",
        metavar="PERCENT",
        help="Lowest score of each dimension (95), or of one (retry=99); violations that are not critical are tolerated"
        " where it is reached.",
    ),
]
MaxCritical = Annotated[
    int | None,
    typer.Option("--max-critical", metavar="N", min=0, help="Tolerate so many critical violations.", show_default="0"),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option(
        "--baseline", metavar="FILE", readable=False, help="Expected failures, each with a reason (YAML or JSON)."
    ),
]
Allure = Annotated[
    Path | None,
    typer.Option("--allure", metavar="DIR", help="Write Allure results into this folder (extra: outtrade[allure])."),
]
Network = Annotated[
    NetworkFaults,
    typer.Option(
        "--network-faults",
        help="Who does network faults over real sockets: a Toxiproxy (at TOXIPROXY_URL, else toxiproxy-server on PATH)"
        " or the venue's own server; auto: Toxiproxy if there is one.",
    ),
]
AllowReplay = Annotated[
    Path | None,
    typer.Option(
        "--allow-replay", metavar="FILE", help="Answer from a recording of --allow-host; no network is needed."
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors of the harness.")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"outtrade {version('outtrade')}")
        except PackageNotFoundError:
            typer.echo("outtrade (not installed)")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command(
    epilog="\b\nExamples:\n"
    "  outtrade run ccxt:binance --scenarios 200 --seed 1\n"
    "  outtrade run py:my_agent.py:execute --report reports/nightly\n"
    "  outtrade run py:my.package:agent --allow-waiver REC-03='balances are not tracked'\n"
    "  outtrade run py:my_agent.py:execute --profile exec-core-2026.11\n"
    "  outtrade run py:my_agent.py:execute --scenario ordered-again\n"
    "  outtrade run py:my_agent.py:execute --lacks stream --lacks stop_orders\n"
    "  outtrade run py:my_agent.py:execute --faults realistic --scenarios 500\n"
    "  outtrade run py:my_agent.py:execute --baseline baseline.yaml --junit junit.xml\n"
    "  outtrade run py:my_agent.py:execute --fail-under 95 --fail-under retry=99 --max-critical 0\n"
    "  outtrade run py:my_llm.py:execute --allow-host api.openai.com --allow-latency 0.8 --allow-record talk.yaml\n"
    "  outtrade run py:my_llm.py:execute --allow-replay talk.yaml"
)
def run(
    context: typer.Context,
    target: Target,
    scenarios: Annotated[int, typer.Option("--scenarios", "-n", min=1, max=1_000_000, help="How many.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Generates the scenarios: same seed, same scenarios.")] = 1,
    repeats: Annotated[
        int,
        typer.Option(
            "--repeats",
            metavar="K",
            min=1,
            max=100,
            help="Run each K times, for agents that are not deterministic: one passes where every run of it did.",
        ),
    ] = 1,
    workers: Workers = None,
    venue: Annotated[str | None, typer.Option("--venue", help="Venue to play (see: outtrade list venues).")] = None,
    suite: SuiteName = "core",
    space: Annotated[
        str | None, typer.Option("--space", help="Scenario space of the suite (see: outtrade list spaces).")
    ] = None,
    named: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            metavar="NAME",
            help="Run only this real bug (repeatable; see: outtrade list regressions).",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME|FILE",
            help="Run a frozen profile: its scenarios, its properties, its gate (see: outtrade list profiles).",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Folder for results.json and what failed; by default reports/TARGET."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep what an interrupted run left in the folder, and run the rest.")
    ] = False,
    check_determinism: Annotated[
        bool,
        typer.Option("--check-determinism", help="Run each again in another process, and compare by event."),
    ] = False,
    allow_waiver: Annotated[
        list[str] | None,
        typer.Option("--allow-waiver", metavar="ID=REASON", help="Accept that a critical property is not judged."),
    ] = None,
    lacks: Annotated[
        list[str] | None,
        typer.Option(
            "--lacks",
            metavar="CAPABILITY",
            help="What TARGET has not got (repeatable; see: outtrade list capabilities): scenarios that need it are"
            " waived, which is counted and no pass.",
        ),
    ] = None,
    faults: Annotated[
        FaultProfile | None,
        typer.Option("--faults", help="How much breaks: instead of what the space provides for (see docs/faults.md)."),
    ] = None,
    max_incomplete: Annotated[
        float, typer.Option("--max-incomplete", min=0, max=1, help="Largest share of incomplete scenarios.")
    ] = 0.02,
    fail_under: FailUnder = None,
    max_critical: MaxCritical = None,
    baseline: BaselineFile = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option("--write-baseline", metavar="FILE", help="Write what failed as a baseline; add the reasons."),
    ] = None,
    minimise: Annotated[bool, typer.Option("--minimise/--no-minimise", help="Make failing scenarios small.")] = True,
    show: Annotated[int, typer.Option("--show", min=0, help="Distinct failures to show with their timelines.")] = 3,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Also print how often each property was decided and each fault landed.")
    ] = False,
    html: Annotated[bool, typer.Option("--html", help="Also write report.html into the report folder.")] = False,
    junit: JUnit = None,
    markdown: Markdown = None,
    allure: Allure = None,
    network_faults: Network = NetworkFaults.AUTO,
    reference: Reference = None,
    symbol: Symbols = None,
    play: Play = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="HOST",
            help="Let the agent through to this real host (HTTPS, port 443): a model provider, never an exchange.",
        ),
    ] = None,
    allow_latency: Annotated[
        float | None,
        typer.Option(
            "--allow-latency",
            metavar="SECONDS",
            min=0,
            max=3600,
            help="Virtual seconds that an answer of --allow-host takes, however long it really took.",
            show_default="0: the clock stands still",
        ),
    ] = None,
    allow_record: Annotated[
        Path | None,
        typer.Option("--allow-record", metavar="FILE", help="Record what --allow-host says, without its secrets."),
    ] = None,
    allow_replay: AllowReplay = None,
    debug: Debug = False,
) -> None:
    """Run TARGET through many scenarios and judge it.

    Prints a scorecard; exits with 1 where a MUST was violated that no baseline expects and no threshold tolerates.
    Ctrl-C keeps what is finished; --resume goes on from there.
    """
    from outtrade.cli.gating import GateOptions
    from outtrade.cli.guard import guarded
    from outtrade.cli.outside import OutsideOptions
    from outtrade.cli.run import RunOptions, run_command

    if profile is not None:
        fixed = (
            "named",
            "scenarios",
            "seed",
            "venue",
            "space",
            "faults",
            "max_incomplete",
            "reference",
            "symbol",
            "play",
        )
        given = [name for name in fixed if str(context.get_parameter_source(name)).endswith("COMMANDLINE")]
        if given:
            word = "scenario" if given[0] == "named" else given[0].replace("_", "-")
            raise typer.BadParameter(f"a profile is frozen; leave out --{word}")
    options = RunOptions(
        target=target,
        scenarios=scenarios,
        seed=seed,
        workers=workers,
        venue=venue,
        suite=suite,
        space=space,
        faults=None if faults is None else faults.value,
        report=report,
        check_determinism=check_determinism,
        waivers=tuple(allow_waiver or ()),
        max_incomplete=max_incomplete,
        gate=GateOptions(tuple(fail_under or ()), max_critical, baseline),
        write_baseline=write_baseline,
        resume=resume,
        minimise=minimise,
        show=show,
        coverage=coverage,
        html=html,
        junit=junit,
        markdown=markdown,
        allure=allure,
        reference=reference,
        symbols=tuple(symbol or ()),
        play=play,
        debug=debug,
        outside=OutsideOptions(tuple(allow_host or ()), allow_latency, allow_record, allow_replay),
        lacks=tuple(lacks or ()),
        profile=profile,
        named=tuple(named or ()),
        repeats=repeats,
        network=network_faults.value,
    )
    raise typer.Exit(guarded(lambda: run_command(options), debug=debug))


@app.command(
    epilog="\b\nExamples:\n"
    "  outtrade replay reports/ccxt-binance/failures/RTY-01.min.json\n"
    "  outtrade replay scenario.json --target py:my_agent.py:execute"
)
def replay(
    file: Annotated[Path, typer.Argument(help="A saved failure, a scenario file, or a history.")],
    target: Annotated[str | None, typer.Option("--target", help="Run it against this target instead.")] = None,
    suite: Annotated[str | None, typer.Option("--suite", help="Judge by this suite instead.")] = None,
    save: Annotated[Path | None, typer.Option("--save", help="Write the history to this file (JSON lines).")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show the whole timeline.")] = False,
    allow_replay: AllowReplay = None,
    debug: Debug = False,
) -> None:
    """Run a saved failure again. Exits with 0 only if the same failure shows.

    A plain scenario file expects nothing: it is run against --target and judged like in a run.
    """
    from outtrade.cli.guard import guarded
    from outtrade.cli.replay import replay_command

    raise typer.Exit(
        guarded(
            lambda: replay_command(
                file, target=target, suite=suite, save=save, everything=everything, allow_replay=allow_replay
            ),
            debug=debug,
        )
    )


@app.command(
    epilog="\b\nExamples:\n"
    "  outtrade report reports/ccxt-binance\n"
    "  outtrade report reports/ccxt-binance --html page.html --junit junit.xml --markdown summary.md\n"
    "  outtrade report reports/ccxt-binance --baseline baseline.yaml\n"
    "  outtrade report reports/ccxt-binance --allure allure-results\n"
    "  outtrade report history.jsonl --html page.html --results results.json"
)
def report(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="DIR|FILE.jsonl...", help="A report folder, or nothing but histories: judged again."),
    ],
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained HTML page.")
    ] = None,
    junit: JUnit = None,
    markdown: Markdown = None,
    allure: Allure = None,
    results: Annotated[
        Path | None, typer.Option("--results", metavar="FILE", help="Write results.json: every number.")
    ] = None,
    fail_under: FailUnder = None,
    max_critical: MaxCritical = None,
    baseline: BaselineFile = None,
    suite: Annotated[
        str | None, typer.Option("--suite", help="Suite that histories are judged by.", show_default="core")
    ] = None,
    debug: Debug = False,
) -> None:
    """Make reports again from a stored run, or from histories alone: the same files give the same bytes.

    Without a format, writes DIR/report.html, or FILE.html. FILE may be - for stdout. With --fail-under, --max-critical
    or --baseline the stored run is judged by these instead, and the exit code is the gate's.
    """
    from outtrade.cli.gating import GateOptions
    from outtrade.cli.guard import guarded
    from outtrade.cli.report import report_command

    gate = GateOptions(tuple(fail_under or ()), max_critical, baseline)
    raise typer.Exit(
        guarded(
            lambda: report_command(
                sources,
                html=html,
                junit=junit,
                markdown=markdown,
                allure=allure,
                results=results,
                gate=gate,
                suite=suite,
            ),
            debug=debug,
        )
    )


@app.command(epilog="\b\nExample:\n  outtrade compare reports/last-release reports/ccxt-binance")
def compare(
    old: Annotated[Path, typer.Argument(help="A report folder, or a results.json.")],
    new: Annotated[Path, typer.Argument(help="Another one.")],
    baseline: BaselineFile = None,
    debug: Debug = False,
) -> None:
    """Compare two stored runs: changed rates, new failures, gone failures.

    Exits with 1 if NEW is worse, 3 if NEW could not be decided. What a baseline expects of NEW (the one it was run
    with, or --baseline) does not make it worse.
    """
    from outtrade.cli.gating import GateOptions
    from outtrade.cli.guard import guarded
    from outtrade.cli.report import compare_command

    gate = GateOptions(baseline=baseline)
    raise typer.Exit(guarded(lambda: compare_command(old, new, gate=gate), debug=debug))


@app.command(
    epilog="\b\nExamples:\n"
    "  outtrade judge reports/ccxt-binance/failures/RTY-01.min.jsonl\n"
    "  outtrade judge reports/ccxt-binance/failures/RTY-01.min.jsonl --timeline --property RTY-01"
)
def judge(
    file: Annotated[Path, typer.Argument(help="A stored history (JSON lines).")],
    suite: SuiteName = "core",
    timeline: Annotated[bool, typer.Option("--timeline", help="Show the timeline, too.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--property", metavar="ID", help="Judge only this property (may be repeated).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    debug: Debug = False,
) -> None:
    """Judge a stored history again. The findings are those of the run that wrote it."""
    from outtrade.cli.guard import guarded
    from outtrade.cli.judge import judge_command

    wanted = tuple(only or ())
    raise typer.Exit(
        guarded(lambda: judge_command(file, suite=suite, timeline=timeline, as_json=as_json, only=wanted), debug=debug)
    )


@app.command(epilog="\b\nExample:\n  outtrade explain RTY-01")
def explain(
    wanted: Annotated[
        str, typer.Argument(metavar="PROPERTY", help="Id of a property (RTY-01), or a failure of it (RTY-01:exposure).")
    ],
    suite: SuiteName = "core",
    debug: Debug = False,
) -> None:
    """Explain a property: what it demands, why, and where the rule comes from."""
    from outtrade.cli.guard import guarded
    from outtrade.cli.listing import explain_command

    raise typer.Exit(guarded(lambda: explain_command(wanted, suite=suite), debug=debug))


@app.command(
    epilog="\b\nExamples:\n"
    "  outtrade zoo\n"
    "  outtrade zoo --scenarios 50 --only blind_retry\n"
    "  outtrade zoo --report reports/zoo --resume"
)
def zoo(
    scenarios: Annotated[
        int,
        typer.Option(
            "--scenarios",
            "-n",
            min=1,
            max=1_000_000,
            help="For each broken agent, at most; one that is caught in the first 60 gets no more.",
        ),
    ] = 150,
    reference: Annotated[
        int,
        typer.Option(
            "--reference",
            min=1,
            max=1_000_000,
            help="For each reference agent. From 1,000 on, faults must land and properties apply often enough.",
        ),
    ] = 1_000,
    seed: Annotated[int, typer.Option("--seed", help="Generates the scenarios.")] = 1,
    workers: Workers = None,
    suite: SuiteName = "core",
    space: Annotated[str | None, typer.Option("--space", help="Scenario space of the suite.")] = None,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Only these agents.")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Folder for each agent's results.json.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep what an interrupted zoo left in the folder, and run the rest.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Judge the judge: run the reference agents and every broken agent, print the kill matrix.

    Each broken agent must be caught by the property it was made for and fail nothing but what follows from its bug; a
    reference agent must fail nothing. Exits with 1 otherwise.
    """
    from outtrade.cli.guard import guarded
    from outtrade.cli.zoo import zoo_command

    raise typer.Exit(
        guarded(
            lambda: zoo_command(
                scenarios=scenarios,
                reference=reference,
                seed=seed,
                workers=workers,
                suite=suite,
                space=space,
                only=tuple(only or ()),
                report=report,
                resume=resume,
                debug=debug,
            ),
            debug=debug,
        )
    )


@app.command(
    epilog="\b\nExamples:\n"
    "  outtrade serve binance_spot --port 8900\n"
    "  outtrade serve binance_spot --tls --faults examples/answer_lost.json --save history.jsonl\n"
    "  outtrade serve binance_spot --faults examples/answer_lost.json --network-faults toxiproxy"
)
def serve(
    venue: Annotated[str, typer.Argument(help="Venue to play (see: outtrade list venues).")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    tls: Annotated[
        bool, typer.Option("--tls", help="HTTPS and WSS, with a CA made on the spot (extra: outtrade[tls]).")
    ] = False,
    faults: Annotated[
        Path | None, typer.Option("--faults", help="Faults to inject: a JSON list of them, or a scenario file.")
    ] = None,
    scenario: Annotated[Path | None, typer.Option("--scenario", help="Serve the market of this scenario file.")] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="Serve the first scenario of this space (with --seed).")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the market and of --space.")] = 1,
    suite: SuiteName = "core",
    latency: Annotated[
        float | None, typer.Option("--latency", min=0, max=60, help="One-way delay in seconds.", show_default=False)
    ] = None,
    reference: Reference = None,
    symbol: Symbols = None,
    play: Play = False,
    save: Annotated[
        Path | None, typer.Option("--save", help="At the end, write the history to this file (JSON lines).")
    ] = None,
    network_faults: Network = NetworkFaults.AUTO,
    debug: Debug = False,
) -> None:
    """Serve a mock exchange on a port of this machine, for clients in any language.

    HTTP and WebSocket on one port, on 127.0.0.1 only. Prints the addresses and the test key; Ctrl-C ends it.
    """
    from outtrade.cli.guard import guarded
    from outtrade.cli.serve import ServeOptions, serve_command

    options = ServeOptions(
        venue=venue,
        port=port,
        tls=tls,
        faults=faults,
        scenario=scenario,
        space=space,
        seed=seed,
        suite=suite,
        latency=latency,
        reference=reference,
        symbols=tuple(symbol or ()),
        play=play,
        save=save,
        network=network_faults.value,
        debug=debug,
    )
    raise typer.Exit(guarded(lambda: serve_command(options), debug=debug))


@app.command(
    epilog="\b\nExamples:\n"
    "  outtrade mcp examples/answer_lost.json --tell-verdict\n"
    "  outtrade mcp --space binance_spot --seed 7 --scenarios 20 --name my-model --out reports/my-model\n"
    "  outtrade mcp examples/answer_lost.json examples/never_accepted.json --http 0"
)
def mcp(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="Scenario files to serve.")] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="Serve scenarios of this space (see: outtrade list spaces).")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Generates the scenarios of the space.")] = 1,
    scenarios: Annotated[
        int | None,
        typer.Option("--scenarios", "-n", min=1, max=100_000, help="How many of the space; 1 unless given."),
    ] = None,
    suite: SuiteName = "core",
    name: Annotated[str, typer.Option("--name", help="Name of the model, in the results: mcp:NAME.")] = "model",
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for results.json and histories; by default reports/mcp-NAME.")
    ] = None,
    tell_verdict: Annotated[
        bool, typer.Option("--tell-verdict", help="Answer a report with the verdict. Else only you see it.")
    ] = False,
    think: Annotated[
        float, typer.Option("--think-seconds", min=0, max=3600, help="Virtual seconds that pass before each call.")
    ] = 0.0,
    http: Annotated[
        int | None,
        typer.Option("--http", metavar="PORT", min=0, max=65535, help="Streamable HTTP on 127.0.0.1; 0: a free port."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Serve scenarios to a language model over the Model Context Protocol (extra: outtrade[mcp]).

    Over stdin and stdout, as MCP clients start it; what an operator reads goes to stderr. Exits like outtrade run
    when the client goes away: 3 where a scenario was not finished.
    """
    from outtrade.cli.guard import guarded
    from outtrade.cli.mcp import McpOptions, mcp_command

    options = McpOptions(
        files=tuple(files or ()),
        space=space,
        seed=seed,
        scenarios=scenarios,
        suite=suite,
        name=name,
        out=out,
        tell_verdict=tell_verdict,
        think=think,
        http=http,
        debug=debug,
    )
    raise typer.Exit(guarded(lambda: mcp_command(options), debug=debug))


@app.command(
    epilog="\b\nExamples:\n"
    "  outtrade dataset reports/ccxt-binance\n"
    "  outtrade dataset --target agent:ccxt --target zoo:blind_retry --scenarios 200 --shards 8 --out data"
)
def dataset(
    report: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A report folder: make rows of the histories in it.")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="Generate rows of this target instead. Several: preference pairs among them."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Where the dataset goes; for a report folder DIR/dataset."),
    ] = None,
    scenarios: Annotated[int, typer.Option("--scenarios", "-n", min=1, max=1_000_000, help="How many.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Generates the scenarios: same seed, same bytes.")] = 1,
    suite: Annotated[str | None, typer.Option("--suite", help="Suite of properties and scenario spaces.")] = None,
    space: Annotated[str | None, typer.Option("--space", help="Scenario space of the suite.")] = None,
    shards: Annotated[
        int | None,
        typer.Option(
            "--shards",
            min=1,
            max=99_999,
            help="Files, each a range of scenarios and the work of one process; by default one for each 25 scenarios.",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
    twins: Annotated[
        bool, typer.Option("--twins/--no-twins", help="Run each lost answer with the opposite truth, too.")
    ] = True,
    controls: Annotated[
        bool, typer.Option("--controls/--no-controls", help="Run each scenario without its faults, too.")
    ] = True,
    debug: Debug = False,
) -> None:
    """Make training data: trajectories with labels, execution records, preference pairs (JSON lines).

    From the histories of a report folder, or generated with --target. Ctrl-C keeps every finished file, and the same
    command goes on from there.
    """
    from outtrade.cli.dataset import DatasetOptions, dataset_command
    from outtrade.cli.guard import guarded

    options = DatasetOptions(
        report=report,
        targets=tuple(target or ()),
        out=out,
        scenarios=scenarios,
        seed=seed,
        suite=suite,
        space=space,
        shards=shards,
        workers=workers,
        twins=twins,
        controls=controls,
    )
    raise typer.Exit(guarded(lambda: dataset_command(options), debug=debug))


@listing.command(
    "venues",
    epilog="\b\nExamples:\n"
    "  outtrade list venues\n"
    "  outtrade list venues --traits\n"
    "  outtrade list venues binance_spot --traits\n"
    "  outtrade list venues --traits --json",
)
def list_venues(
    names: Annotated[list[str] | None, typer.Argument(metavar="[VENUE]...", help="Only these, in full.")] = None,
    traits: Annotated[bool, typer.Option("--traits", help="Show declared behaviour, the venues side by side.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with sources and confidence.")] = False,
    debug: Debug = False,
) -> None:
    """Mock exchanges, and with --traits what each is declared to do; what is marked ~ is inferred and never judged.

    A venue that is named is shown in full, each trait with its confidence and source.
    """
    from outtrade.cli.guard import guarded
    from outtrade.cli.venues import venues_command

    raise typer.Exit(guarded(lambda: venues_command(tuple(names or ()), traits=traits, as_json=as_json), debug=debug))


@listing.command("faults", epilog="\b\nExamples:\n  outtrade list faults")
def list_faults() -> None:
    """Kinds of faults: what each breaks, what a client sees, its forms and parameters (more: docs/faults.md)."""
    from outtrade.cli.guard import guarded
    from outtrade.cli.listing import faults_command

    raise typer.Exit(guarded(faults_command))


@listing.command("properties")
def list_properties(suite: SuiteName = "core") -> None:
    """What is judged."""
    from outtrade.cli.guard import guarded
    from outtrade.cli.listing import properties_command

    raise typer.Exit(guarded(lambda: properties_command(suite=suite)))


@listing.command("spaces")
def list_spaces(suite: SuiteName = "core") -> None:
    """Scenario spaces, from which a seed draws (outtrade run --space NAME)."""
    from outtrade.cli.guard import guarded
    from outtrade.cli.listing import spaces_command

    raise typer.Exit(guarded(lambda: spaces_command(suite=suite)))


@listing.command("regressions")
def list_regressions(suite: SuiteName = "core") -> None:
    """Real bugs as scenarios of one line (outtrade run --scenario NAME, or --space regressions for all)."""
    from outtrade.cli.guard import guarded
    from outtrade.cli.listing import regressions_command

    raise typer.Exit(guarded(lambda: regressions_command(suite=suite)))


@listing.command("profiles")
def list_profiles(suite: SuiteName = "core", debug: Debug = False) -> None:
    """Frozen profiles: scenarios, properties and gate that never change (outtrade run --profile NAME)."""
    from outtrade.cli.guard import guarded
    from outtrade.cli.listing import profiles_command

    raise typer.Exit(guarded(lambda: profiles_command(suite=suite), debug=debug))


@listing.command("capabilities")
def list_capabilities() -> None:
    """What scenarios may need and a target may lack (--lacks)."""
    from outtrade.cli.guard import guarded
    from outtrade.cli.listing import capabilities_command

    raise typer.Exit(guarded(capabilities_command))


@listing.command("agents")
def list_agents(suite: SuiteName = "core") -> None:
    """Reference agents, and the zoo of broken ones."""
    from outtrade.cli.guard import guarded
    from outtrade.cli.listing import agents_command

    raise typer.Exit(guarded(lambda: agents_command(suite=suite)))
