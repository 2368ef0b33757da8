"""Training data: runs turned into rows that language models are trained on, or evaluated with.

::

    History ──► steps ──► messages ──► rows (JSON lines) ──► shards, manifest.json, README.md (dataset card)
       │                     ▲
       └─► Index ─► rules ───┘ labels: what happened, what was right to do next, where it first went wrong

    steps       what the agent did, one tool call after the other; requests on the wire become calls of the same tools
    messages    steps as a chat: system, user, assistant with tool_calls, tool
    rules       the correct next action after a step, from what the agent had seen, the truth and the venue's traits
    labels      faults, decisions, the first wrong step
    execution   the execution record of every order
    preference  chosen and rejected continuations of one prefix
    rows        the rows as pydantic models, hence docs/dataset.schema.json
    build       all rows of one scenario, or of one stored history
    shards      seed ranges as files, resumable; manifest and card

Everything is computed from histories, so the same seed gives the same bytes. ``docs/dataset.md`` is the manual.
"""
