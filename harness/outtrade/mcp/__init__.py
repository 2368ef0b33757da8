"""``outtrade mcp``: scenarios for a language model that comes by itself, over the Model Context Protocol.

Everything else in Outtrade calls its target; here the target calls. A World lives in one thread and lets nothing out,
so the run is turned inside out across a process boundary::

    model ── MCP ── door ── session ── process ═ frames ═ worker: engine.run(agent that waits for the next call)

    words      what the model is told: the task as sentences, the tools that are not the venue's
    frames     what goes between the two processes
    worker     the process that holds the World: an agent whose every step is a call that came in
    process    its other end
    session    one scenario after the other; results and histories are written as for any other target
    door       the MCP server over the official SDK (the only module that imports it)

The model's thinking costs no virtual time, so that the same calls give the same history, byte for byte.
"""
