"""A step summary in Markdown (GitHub's flavour): what a reviewer wants to know without opening anything.

Verdict and reasons, scores, violated properties, each distinct failure with its smallest scenario and the replay
command, the faults. GitHub takes at most 1 MiB; what would go beyond that is cut, and the summary says so.

Text from agents and exchanges could be read as markup, links, mentions or HTML; every character that Markdown knows is
written as an entity, which renders as itself and does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.report.results import FailureRow
from outtrade.report.stored import (
    Stored,
    conditions,
    decided,
    expectations,
    notes_of,
    seed_words,
    standing,
    violations,
)
from outtrade.report.text import clean, count, percent

LIMIT = 1024 * 1024
"""Bytes that GitHub takes for the summary of a step."""
MESSAGE = 600
"""Longest message, in characters."""

_VERDICTS = ("PASS", "FAIL", "HARNESS ERROR", "INCOMPLETE")
_CUT = "\n_The rest was cut: a step summary holds at most 1 MiB._\n"
_ENTITIES = str.maketrans({char: f"&#{ord(char)};" for char in "&<>\"'`*_[]()|~\\:@#$!{}=+-/."})


def build(stored: Stored) -> str:
    """The summary."""
    parts: list[str] = []
    size = len(_CUT)
    for part in _parts(stored):
        size += len(part.encode())
        if size > LIMIT:
            parts.append(_CUT)
            break
        parts.append(part)
    return "".join(parts)


def escape(value: object, limit: int = 200) -> str:
    """One line that Markdown shows as it is.

    >>> escape("a_b\\n<img>")
    'a&#95;b &#60;img&#62;'
    """
    return clean(str(value)[: 4 * limit], limit).translate(_ENTITIES)


def _parts(stored: Stored) -> Iterator[str]:
    results = stored.results
    yield f"## Outtrade: {_VERDICTS[results.exit.code]}\n\n"
    yield (
        f"{escape(results.target)} ({'gateway' if results.scope == 'G' else 'agent'}), "
        f"{count(results.scenarios, 'scenario')} of {escape(results.space)}, suite {escape(results.suite)}, "
        f"{seed_words(results)}\n\n"
    )
    for reason in results.exit.reasons:
        yield f"* {escape(reason, MESSAGE)}\n"
    for note in notes_of(results):
        yield f"* note: {escape(note, MESSAGE)}\n"
    yield "\n| dimension | score | 95 % interval | properties | scenarios |\n|---|--:|:-:|--:|--:|\n"
    for row in results.dimensions:
        if row.score is None:
            yield f"| {escape(row.name)} | - | nothing was decided | | |\n"
            continue
        interval = f"{percent(row.interval.low)} to {percent(row.interval.high)} %"
        score = f"{percent(row.score)} %"
        yield f"| {escape(row.name)} | {score} | {interval} | {row.properties} | {row.scenarios:,} |\n"
    yield from _violated(stored)
    yield from _expected(stored)
    failures = stored.failures()
    if failures:
        yield f"\n### {count(len(failures), 'distinct failure')}\n"
    for failure in failures:
        yield _failure(stored, failure)
    yield from _faults(stored)


def _violated(stored: Stored) -> Iterator[str]:
    rows = [row for row in stored.results.properties if violations(row)]
    if not rows:
        return
    yield "\n### Violated\n\n| property | level | severity | violations | |\n|---|---|---|--:|---|\n"
    for row in sorted(rows, key=lambda r: (r.level, ("critical", "major", "minor").index(r.severity), r.id)):
        share = f"{violations(row):,} of {decided(row):,}"
        share += f", {row.expected:,} expected" if row.expected else ""
        share += f", {row.tolerated:,} tolerated" if row.tolerated else ""
        yield f"| {escape(row.id)} | {row.level} | {row.severity} | {share} | {escape(row.title)} |\n"


def _expected(stored: Stored) -> Iterator[str]:
    """The baseline: what is excused, why, and which entries have to go."""
    rows = expectations(stored.results)
    if not rows:
        return
    yield "\n### Expected failures\n\n| failure | in this run | reason | owner | until |\n|---|---|---|---|---|\n"
    for row in rows:
        what = escape(conditions(row), 300)
        became = standing(row) if row.status in ("seen", "not met") else f"**{standing(row)}**"
        yield f"| {what} | {became} | {escape(row.reason, 300)} | {escape(row.owner or '')} | {row.expires or ''} |\n"


def _failure(stored: Stored, failure: FailureRow) -> str:
    """One distinct failure, folded."""
    words = stored.smallest(failure).words
    lines = [
        f"\n<details><summary><b>{escape(failure.fingerprint)}</b> {escape(failure.title)} "
        f"({failure.level}, {failure.severity}, {count(failure.scenarios, 'scenario')}"
        f"{f', {failure.expected:,} expected' if failure.expected else ''})</summary>\n",
        escape(failure.message, MESSAGE) + "\n",
    ]
    lines += [f"* {escape(text)}" for text in words]
    lines += [f"\n<pre>{escape(stored.replay(failure), MESSAGE)}</pre>\n", "</details>\n"]
    return "\n".join(lines)


def _faults(stored: Stored) -> Iterator[str]:
    faults = stored.results.faults
    if not faults:
        return
    planned, landed = sum(row.planned for row in faults), sum(row.landed for row in faults)
    yield f"\n### Faults: {landed:,} of {planned:,} landed\n\n"
    yield "| fault | planned | landed | not exercised | incomplete |\n|---|--:|--:|--:|--:|\n"
    for row in faults:
        numbers = f"{row.planned:,} | {row.landed:,} | {row.not_exercised:,} | {row.incomplete:,}"
        yield f"| {escape(row.variant)} | {numbers} |\n"
