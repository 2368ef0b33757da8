"""One HTML file that needs nothing else: no script, no font, no image, no address outside of it.

From the top, in the order in which people ask: may this build trade, how did each dimension score, which property was
violated how often, what exactly went wrong (the smallest scenario in words, the timeline in lanes, what was believed
beside what was true, the replay command), did the faults land, and which scenarios failed.

Everything that came from an agent, an exchange or a file goes through ``text``: control characters are made visible,
markup is escaped, length is limited. A content security policy in the file forbids scripts and any request, should
something be wrong with that. The file never exceeds ``LIMIT``: where it would, timelines and then table rows are left
out, and it says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from outtrade.model.history import History
from outtrade.report.beliefs import beliefs
from outtrade.report.html_style import STYLE
from outtrade.report.results import DimensionRow, FailureRow, FaultRow, PropertyRow, Results, ScenarioRow
from outtrade.report.stored import (
    Smallest,
    Stored,
    conditions,
    expectations,
    notes_of,
    seed_words,
    standing,
    violations,
)
from outtrade.report.text import clean, count, percent
from outtrade.report.timeline import BELIEVED, EXCHANGE, SENT, TITLES, Row, groups

LIMIT = 1_400_000
"""Most bytes of the file."""
ROWS = 36
"""Most entries of one timeline."""
MESSAGE = 1_200
"""Longest message, in characters."""
OPEN = 1
"""Failures shown unfolded."""

_TABLES = 500_000
"""Bytes kept free for what follows the failures: faults and scenarios."""
_VERDICTS = (("PASS", "good"), ("FAIL", "bad"), ("HARNESS ERROR", "bad"), ("INCOMPLETE", "warn"))
_COLUMNS = (
    ("pass", "passed"),
    ("fail", "failed"),
    ("warn", "warned"),
    ("incomplete", "incomplete"),
    ("not-exercised", "not exercised"),
    ("waived", "waived"),
    ("harness-error", "check crashed"),
    ("not-applicable", "not applicable"),
)
_SHORTENED = "[…&#8288;"
"""The start of a shortened id, never at the end of a line."""
_LOUD = ("FAULT ", "KILLED", "NO REPORT")


def build(stored: Stored) -> str:
    """The page."""
    page = _Page()
    page.add(_head(stored))
    page.add(_scorecard(stored))
    page.add(_matrix(stored.results.properties))
    page.add(_expected(stored))
    _failures(page, stored)
    page.keep = 0
    _rows(page, *_faults(stored))
    _rows(page, *_scenarios(stored))
    page.add(_foot(stored), always=True)
    return page.text()


def text(value: object, limit: int = 200) -> str:
    """Text from outside as one harmless line.

    >>> text("<script>\\x1b[31m")
    '&lt;script&gt;\\\\x1b[31m'
    """
    return escape(clean(str(value)[: 4 * limit], limit))


def _sentence(title: str) -> str:
    """A title, beginning with a capital letter as its neighbours do."""
    return text(title[:1].upper() + title[1:])


class _Page:
    """Parts of the page, and how much room is left."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0
        self.keep = _TABLES

    def add(self, part: str, *, always: bool = False) -> bool:
        """Append a part, unless there is no room for it; returns whether it was."""
        size = len(part.encode())
        if self._size + size > LIMIT - self.keep and not always:
            return False
        self._parts.append(part)
        self._size += size
        return True

    def text(self) -> str:
        return "".join(self._parts)


# ------------------------------------------------------------------ the top
def _head(stored: Stored) -> str:
    results = stored.results
    word, tone = _VERDICTS[results.exit.code]
    reasons = "".join(f"<li>{text(reason, 400)}</li>" for reason in results.exit.reasons[:50])
    notes = "".join(f'<li class="soft">{text(note, 400)}</li>' for note in notes_of(results)[:50])
    reasons = reasons or ("" if notes else "<li>No MUST was violated, and enough was decided to say so.</li>")
    kind = "gateway" if results.scope == "G" else "agent"
    expected = '<a href="#expected">Expected failures</a>' if expectations(results) else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{word}: {text(results.target, 100)} (Outtrade)</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#score">Skip to the scores</a>
<header>
<h1>{text(results.target, 160)}</h1>
<p class="soft">{kind} on {text(stored.where, 60)}, {count(results.scenarios, "scenario")},
suite {text(results.suite, 60)}, {seed_words(results)}{_recording(results)}</p>
<div class="card verdict {tone}"><strong>{word}</strong><div><ul>{reasons}{notes}</ul></div></div>
<nav aria-label="Sections"><a href="#score">Scores</a><a href="#properties">Properties</a>{expected}
<a href="#failures">Failures</a><a href="#faults">Faults</a><a href="#scenarios">Scenarios</a></nav>
</header>
<main>
"""


def _recording(results: Results) -> str:
    """Whose instruments and markets they were, where not the mock's own."""
    row = results.reference
    return "" if row is None else f", as recorded in {text(row.source, 80)}"


def _scorecard(stored: Stored) -> str:
    results = stored.results
    facts: tuple[tuple[str, str], ...] = (
        ("critical violations", f"{results.critical:,}"),
        ("distinct failures", f"{len(results.failures):,}"),
        ("scenarios planned", f"{results.planned:,}"),
        ("scenarios run", f"{results.scenarios:,}" + (" (interrupted)" if results.interrupted else "")),
        ("scenarios incomplete", f"{results.incomplete:,}"),
        ("no fault exercised in", f"{results.not_exercised:,}"),
    )
    if results.started:  # histories know no real time
        facts += (
            ("started", text(results.started, 40).replace("T", " ").replace("+00:00", " UTC")),
            ("took", f"{results.wall_seconds:,.1f} s"),
        )
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    cards = "".join(_dimension(row) for row in results.dimensions)
    return f"""<section aria-labelledby="score"><h2 id="score">Scores</h2>
<div class="grid">{cards}</div>
<dl class="facts">{listed}</dl></section>
"""


def _dimension(row: DimensionRow) -> str:
    name = f"<h3>{text(row.name, 40).capitalize()}</h3>"
    if row.score is None:
        return (
            f'<div class="card score">{name}<b class="soft">–</b><span class="soft small">nothing decided</span></div>'
        )
    low, high = row.interval.low * 100, row.interval.high * 100
    tone = "t-good" if row.score == 1 else ""
    return f"""<div class="card score">{name}<b class="{tone}">{percent(row.score)} %</b>
<div class="track" aria-hidden="true"><i class="range" style="left:{low:.1f}%;width:{max(high - low, 0.5):.1f}%"></i>
<i class="point" style="left:{row.score * 100:.1f}%"></i></div>
<span class="soft small">95 % interval {percent(row.interval.low)} to {percent(row.interval.high)} %<br>
{count(row.properties, "property", "properties")}, {count(row.scenarios, "scenario")}</span></div>"""


# ------------------------------------------------------------------ property x verdict
def _matrix(rows: Sequence[PropertyRow]) -> str:
    shown = [(key, title) for key, title in _COLUMNS if any(row.counts.get(key) for row in rows)]
    heads = "".join(f'<th scope="col" class="n">{title}</th>' for _, title in shown)
    body = []
    before = None
    for row in rows[:2_000]:
        if row.dimension != before:
            before = row.dimension
            name = text(row.dimension, 40).capitalize()
            body.append(f'<tr class="group"><th scope="colgroup" colspan="{len(shown) + 5}">{name}</th></tr>')
        body.append(_property(row, [key for key, _ in shown]))
    return f"""<section aria-labelledby="properties"><h2 id="properties">Properties</h2>
<p class="soft">How many scenarios ended with which verdict. The rate counts those in which a property was decided;
a pass counts only where the planned trouble happened.</p>
<div class="card scroll" tabindex="0" role="region" aria-labelledby="properties"><table>
<caption>Properties by verdict, in scenarios</caption>
<thead><tr><th scope="col">id</th><th scope="col">property</th><th scope="col">severity</th>
<th scope="col" class="n">rate</th><th scope="col"><span class="hide">share passed and failed</span></th>{heads}</tr>
</thead>
<tbody>
{"".join(body)}</tbody></table></div></section>
"""


def _property(row: PropertyRow, columns: Iterable[str]) -> str:
    cells = []
    for key in columns:
        number = row.counts.get(key, 0)
        tone = "zero" if not number else "t-bad" if key in ("fail", "harness-error") else ""
        tone = "t-warn" if number and key in ("warn", "incomplete") else tone
        cells.append(f'<td class="n {tone}">{number:,}</td>' if number else '<td class="n zero">·</td>')
    bad = violations(row)
    total = max(1, sum(row.counts.values()))
    bar = _bar((("good", row.counts.get("pass", 0)), ("bad", bad)), total)
    rate = "–" if row.rate is None else f"{percent(row.rate)} %"
    notes = f" ({row.baseline:,} also without faults)" if row.baseline else ""
    notes += f" ({row.expected:,} expected)" if row.expected else ""
    notes += f" ({row.tolerated:,} tolerated)" if row.tolerated else ""
    notes += f" (waiver: {text(row.waiver, 160)})" if row.waiver else ""
    title = _sentence(row.title) + (f'<span class="soft small">{notes}</span>' if notes else "")
    level = "" if row.level == "MUST" else ' <span class="soft small">SHOULD</span>'
    return (
        f'<tr><th scope="row">{text(row.id, 20)}</th><td>{title}{level}</td>'
        f'<td><span class="tag {row.severity if bad else ""}">{row.severity}</span></td>'
        f'<td class="n {"t-bad" if bad else ""}">{rate}</td><td>{bar}</td>{"".join(cells)}</tr>\n'
    )


def _bar(parts: Sequence[tuple[str, int]], total: int) -> str:
    """A bar of shares; what it says stands in the numbers beside it, so it is hidden from screen readers."""
    pieces = "".join(
        f'<i class="b-{tone}" style="width:{100 * number / total:.1f}%"></i>' for tone, number in parts if number
    )
    return f'<span class="bar" aria-hidden="true">{pieces}</span>'


# ------------------------------------------------------------------ the baseline
def _expected(stored: Stored) -> str:
    rows = expectations(stored.results)
    if not rows:
        return ""
    body = []
    for row in rows[:500]:
        tone = {"seen": "", "not met": "soft"}.get(row.status, "t-bad")
        body.append(
            f'<tr><th scope="row">{text(conditions(row), 300)}</th><td class="{tone}">{text(standing(row))}</td>'
            f"<td>{text(row.reason, 400)}</td><td>{text(row.owner or '', 80)}</td>"
            f"<td>{text(row.expires or '', 20)}</td></tr>\n"
        )
    return f"""<section aria-labelledby="expected"><h2 id="expected">Expected failures</h2>
<p class="soft">What the baseline excuses. It counts in every rate and score above all the same; an entry that is stale
or expired fails the gate.</p>
<div class="card scroll" tabindex="0" role="region" aria-labelledby="expected"><table>
<caption>Expected failures</caption><thead><tr><th scope="col">failure</th><th scope="col">in this run</th>
<th scope="col">reason</th><th scope="col">owner</th><th scope="col">until</th></tr></thead><tbody>
{"".join(body)}</tbody></table></div></section>
"""


# ------------------------------------------------------------------ what went wrong
def _failures(page: _Page, stored: Stored) -> None:
    failures = stored.failures()
    page.add('<section aria-labelledby="failures"><h2 id="failures">Distinct failures</h2>\n', always=True)
    if not failures:
        page.add("<p>Nothing failed.</p>", always=True)
    left = 0
    for n, failure in enumerate(failures):
        smallest = stored.smallest(failure)
        if left or not page.add(_failure(stored, failure, smallest, unfolded=n < OPEN)):
            left += 0 if page.add(_failure(stored, failure, Smallest(smallest.words, problem=_CUT))) else 1
    if left:
        page.add(f"<p>{count(left, 'more distinct failure')} left out: see results.json.</p>", always=True)
    page.add("</section>\n", always=True)


_CUT = "The timeline was left out to keep this page small; the command shows it."


def _failure(stored: Stored, failure: FailureRow, smallest: Smallest, *, unfolded: bool = False) -> str:
    found = f", found in {count(failure.runs, 'run')}" if failure.minimal else " of those that were run"
    words = "".join(f"<li>{text(line, 300)}</li>" for line in smallest.words[:40])
    said, story = smallest.problem, ""
    if smallest.history is not None:
        try:
            story = _story(smallest.history, failure.evidence)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            said = f"the history cannot be shown: {type(error).__name__}"  # readable, but not one of ours
    problem = f'<p class="soft">{text(said, 300)}</p>' if said else ""
    kind = text(failure.fingerprint.partition(":")[2], 60)
    baseline = " It fails without any fault, too." if failure.baseline else ""
    expected, known = "", ""
    if failure.expected:
        known = '<span class="tag">expected</span>'
        where = "" if failure.expected >= failure.scenarios else f" in {failure.expected:,} of them"
        expected = f'<p class="soft">Expected{where}: {text(failure.reason, MESSAGE)}</p>'
    level = "" if failure.level == "MUST" else '<span class="tag">SHOULD</span>'
    return f"""<details class="card failure"{" open" if unfolded else ""}><summary>
<h3>{text(failure.property, 20)}</h3><span class="tag {failure.severity}">{failure.severity}</span>{level}{known}
<span>{_sentence(failure.title)}</span>
<span class="soft small mono">{kind}</span>
<span class="where">{count(failure.scenarios, "scenario")}</span></summary><div>
<p class="message">{text(failure.message, MESSAGE)}{baseline}</p>{expected}
<h4>Smallest scenario{found}</h4><ul class="words">{words}</ul>{problem}
{story}<h4>{stored.again.capitalize()} again</h4><code class="command">{text(stored.replay(failure), MESSAGE)}</code>
<p class="soft small mono">{text(failure.fingerprint)}</p></div></details>
"""


def _story(history: History, evidence: Sequence[int]) -> str:
    """Timeline, then what was believed beside what was true."""
    heads = "".join(f'<th scope="col">{title}</th>' for title in TITLES)
    body = []
    before = ""
    for group in groups(history, evidence=frozenset(evidence), limit=ROWS):
        if isinstance(group, int):
            body.append(f'<tr class="gap"><td colspan="4">… {group} more …</td></tr>\n')
            continue
        stamp = f"{group[0].at / 1e9:.3f}"
        body.append(_line(group, stamp if stamp != before else ""))
        before = stamp
    lanes = f"""<h4>Timeline (seconds of run time; <span class="t-warn">▸</span> marks the evidence)</h4>
<div class="scroll" tabindex="0" role="region" aria-label="Timeline"><table class="lanes">
<caption>Timeline in lanes</caption><thead><tr><th scope="col">time</th>{heads}</tr></thead><tbody>
{"".join(body)}</tbody></table></div>
"""
    return lanes + _beliefs(history)


def _line(group: Sequence[Row], stamp: str) -> str:
    proof = any(row.marked for row in group)
    cells = []
    for lane in (SENT, EXCHANGE, BELIEVED):
        spans = []
        for row in group:
            if row.lane == lane:
                loud = row.text.startswith(_LOUD)
                tone = ' class="fault"' if loud else ' class="said"' if row.text == "REPORT" else ""
                spans.append(f"<span{tone}>{text(row.told, 240).replace('[…', _SHORTENED)}</span>")
        cells.append(f"<td>{''.join(spans)}</td>")
    mark = '▸<span class="hide"> evidence </span>' if proof else ""
    return f'<tr{" class=proof" if proof else ""}><th scope="row">{mark}{stamp}</th>{"".join(cells)}</tr>\n'


def _beliefs(history: History) -> str:
    rows = beliefs(history)
    if not rows:
        return '<p class="soft">No report came: nothing was believed at the end.</p>'
    body = "".join(
        f'<tr{" class=differs" if row.differs else ""}><th scope="row">{text(row.what, 80)}</th>'
        f"<td>{text(row.believed)}</td><td>{text(row.true)}</td>"
        f"<td>{'<b>differs</b>' if row.differs else 'agrees'}</td></tr>\n"
        for row in rows
    )
    return f"""<h4>Believed against true, when the report came</h4>
<div class="scroll" tabindex="0" role="region" aria-label="Believed against true"><table>
<caption>Believed against true</caption><thead><tr><th scope="col">about</th><th scope="col">believed</th>
<th scope="col">true</th><th scope="col">&nbsp;</th></tr></thead><tbody>
{body}</tbody></table></div>
"""


# ------------------------------------------------------------------ tables at the end
def _rows(page: _Page, start: str, rows: Iterable[str], end: str) -> None:
    """A table whose rows are left out where there is no room for them."""
    page.add(start, always=True)
    left = sum(not page.add(row) for row in rows)
    page.add(
        end.replace("LEFT", f"<p>{count(left, 'row')} left out: see results.json.</p>" if left else ""), always=True
    )


def _faults(stored: Stored) -> tuple[str, Iterator[str], str]:
    faults = stored.results.faults
    planned, landed = sum(row.planned for row in faults), sum(row.landed for row in faults)
    start = f"""<section aria-labelledby="faults"><h2 id="faults">Faults</h2>
<p class="soft">{landed:,} of {planned:,} planned faults landed. One is not exercised where the target never did what it
waits for; it is incomplete where it was due and did not land, and then nothing passes in that scenario.</p>
<div class="card scroll" tabindex="0" role="region" aria-labelledby="faults"><table><caption>Faults by variant</caption>
<thead><tr><th scope="col">variant</th><th scope="col"><span class="hide">share landed</span></th>
<th scope="col" class="n">planned</th><th scope="col" class="n">landed</th><th scope="col" class="n">not exercised</th>
<th scope="col" class="n">incomplete</th></tr></thead><tbody>
"""
    return start, (_fault(row) for row in faults), "</tbody></table></div>LEFT</section>\n"


def _fault(row: FaultRow) -> str:
    parts = (("good", row.landed), ("mute", row.not_exercised), ("bad", row.incomplete))
    numbers = (row.planned, row.landed, row.not_exercised, row.incomplete)
    cells = "".join(f'<td class="n{"" if n else " zero"}">{n:,}</td>' for n in numbers)
    name = f'<th scope="row">{text(row.variant, 80)}</th>'
    return f"<tr>{name}<td>{_bar(parts, max(1, row.planned))}</td>{cells}</tr>\n"


def _scenarios(stored: Stored) -> tuple[str, Iterator[str], str]:
    results = stored.results.results
    bad = [row for row in results if row.error or row.differs or _broken(row)]
    start = f"""<section aria-labelledby="scenarios"><h2 id="scenarios">Scenarios</h2>
<p>{len(results) - len(bad):,} of {count(len(results), "scenario")} without a violation.</p>
<details class="card failure"><summary><h3>{count(len(bad), "scenario")} with violations</h3></summary>
<div class="scroll"><table><caption>Scenarios with violations</caption>
<thead><tr><th scope="col">scenario</th><th scope="col">violated</th><th scope="col">faults</th></tr></thead><tbody>
"""
    return start, (_scenario(row) for row in bad), "</tbody></table>LEFT</div></details></section>\n"


def _broken(row: ScenarioRow) -> list[str]:
    return [ident for ident, verdict in row.verdicts.items() if verdict in ("fail", "warn", "harness-error")]


def _scenario(row: ScenarioRow) -> str:
    notes = [row.error, row.differs, row.ended]
    said = "".join(f'<br><span class="soft small">{text(note)}</span>' for note in notes if note)
    faults = ", ".join(
        text(fault.variant, 60) + ("" if fault.status == "landed" else f" ({text(fault.status, 20)})")
        for fault in row.faults[:20]
    )
    violated = ", ".join(text(ident, 20) for ident in _broken(row)[:60])
    name = f'<th scope="row">{text(row.scenario, 60)}</th>'
    return f"<tr>{name}<td>{violated}{said}</td><td>{faults or 'none'}</td></tr>\n"


def _foot(stored: Stored) -> str:
    versions = (f"{text(name, 40)} {text(version, 40)}" for name, version in stored.results.libraries.items())
    libraries = f"; {', '.join(versions)}" if stored.results.libraries else ""
    return f"""</main>
<footer>Made from {text(stored.source)} by Outtrade {text(stored.results.outtrade, 40)}{libraries}. This page
loads nothing and runs no script.</footer>
</body>
</html>
"""
