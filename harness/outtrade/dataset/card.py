"""The dataset card: ``README.md`` in the folder, made from the manifest alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outtrade.report.text import clean

HEAD = """\
---
license: apache-2.0
language:
- en
task_categories:
- text-generation
tags:
- agents
- tool-use
- trading
- fault-injection
- synthetic
configs:
- config_name: default
  data_files: rows-*.jsonl
---
# Executing trades when things break

Runs of execution agents against a simulated exchange whose answers get lost, delayed, refused or doubled; every row has
the truth beside what the agent saw. Made with Outtrade (`outtrade dataset`); every field is described in
`docs/dataset.md` and `docs/dataset.schema.json` of its repository.
"""

ROWS = """\
## Rows
One JSON object a line; `kind` says which:

| kind | what |
|---|---|
| `trajectory` | one run as a chat with tool calls; labels: faults, correct next actions, what failed, and where |
| `order` | execution record of one order: intended and actual entry, slippage, partial fill, latency, fees, fills |
| `preference` | `prompt`, `chosen`, `rejected`: two agents that saw the same messages up to the fault |

`source.role` is `fault` (as drawn), `twin` (the same symptom, the opposite truth; `pair.id` links the halves,
`pair.observation` is equal in both) or `control` (the same scenario without faults; `control` names its row).
Arguments, results and `tools` are JSON strings.

    import json
    rows = [json.loads(line) for line in open("rows-00000-of-{shards:05d}.jsonl")]
    train = [r for r in rows if r["kind"] == "preference" and r["split"] == "train"]

Splits go by `group` (a drawn scenario with its twin, its control and all targets): 80 % train, 10 % validation, 10 %
test of the groups, by hash. Neither a twin nor a pair straddles two splits. Groups with the same hash fall into the
same split in every dataset, whatever its size.
"""

LIMITS = """\
## Limits and known biases
* Simulated: one venue's documented behaviour, a seeded market, test money. Nothing here is market data or advice.
* The agents are programs or scripted models, not language models, unless a target says so: their wording is uniform and
  there is no reasoning text. Wrong agents have one bug each.
* Messages of agents without tools (`source.calls` = `wire`) are *derived* from their requests; `wait` is silence.
* Faults are spread evenly over their variants, so rare ones are far more frequent than in real trading.
* Correct next actions come from the rules in `docs/dataset.md`; other actions may be acceptable too (`followed` allows
  harmless ones). `first_wrong` is where a violated property first shows in an act, not where a person would blame.
* Orders beyond what the scenario's fault hit are mostly uneventful; filter by `labels.faults` and `labels.decisions`.
* Text of an agent (arguments, report) is untrusted. Long texts and long chats are cut (`truncated`).

## Licence
Apache-2.0, like the program that made it. No personal data, no real accounts; credentials are test ones and removed.
"""

TITLES = {
    "kind": "Rows by kind", "split": "Rows by split", "role": "Trajectories by role",
    "target": "Trajectories by target",
    "passed": "Trajectories that violate no MUST", "layer": "Landed faults by layer", "fault": "Faults by variant",
    "situation": "Decisions by situation", "failed": "Violations by property",
}  # fmt: skip
"""Tables of counts, in the order of the card."""


def card(manifest: Mapping[str, Any]) -> str:
    """The text of the card."""
    parts = [HEAD, _made(manifest), ROWS.replace("{shards:05d}", f"{len(manifest['files']):05d}")]
    parts += ["## Distribution\n"]
    for table, title in TITLES.items():
        counts = manifest["counts"].get(table)
        if counts:
            lines = [f"**{title}**", "", "| | |", "|---|---|"]
            lines += [
                f"| `{clean(key, 120).replace('|', '/').replace('`', '')}` | {n:,} |" for key, n in counts.items()
            ]
            parts.append("\n".join(lines) + "\n")
    return "\n".join([*parts, LIMITS])


def _made(manifest: Mapping[str, Any]) -> str:
    origin = manifest.get("generated") or manifest.get("stored") or {}
    how = "from a seed: the same command gives the same bytes" if "generated" in manifest else "from a stored run"
    lines = [f"## How it was made\n{manifest['rows']:,} rows, {how}.\n"]
    for key, value in origin.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        lines.append(f"* {key}: `{clean(text, 2000).replace('`', '')}`")
    if "generated" in manifest:
        words = " ".join(f"--target {target}" for target in origin["targets"])
        words += f" --scenarios {origin['scenarios']} --seed {origin['seed']} --space {origin['space']}"
        words += f" --shards {len(manifest['files'])}"
        words += "" if origin["twins"] else " --no-twins"
        words += "" if origin["controls"] else " --no-controls"
        lines += ["", f"    outtrade dataset {clean(words)} --out FOLDER"]
    return "\n".join(lines) + "\n"
