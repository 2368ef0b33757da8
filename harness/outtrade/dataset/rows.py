"""The rows of a dataset. ``docs/dataset.schema.json`` is the JSON Schema of ``ROW``.

Units everywhere: run time in seconds since the start of the run (virtual), prices in quote currency per base unit,
quantities in base units, both as decimal strings. Arguments and results of tools, and the list of tools, are JSON
*strings*: columnar formats would otherwise merge the keys of different tools. Text of an agent is untrusted.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, TypeAdapter, model_serializer

FORMAT = "outtrade.dataset"
VERSION = 1

Split = Literal["train", "validation", "test"]
Role = Literal["fault", "twin", "control"]
Layer = Literal["network", "http", "exchange", "stream", "process"]
Retry = Literal["now", "after_wait", "after_proof_of_absence", "never", "not_needed"]
Severity = Literal["critical", "major", "minor"]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Function(_Row):
    """The function of a tool call."""

    name: str
    arguments: str = Field(description="JSON text, as the agent wrote it (untrusted) or as derived from the request")


class Call(_Row):
    """A tool call in an assistant message."""

    id: str
    type: Literal["function"] = "function"
    function: Function


class Message(_Row):
    """A message in the common chat-completions shape."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[Call, ...] = Field(default=(), description="assistant only; several: sent before any answer")
    tool_call_id: str | None = Field(default=None, description="tool only: the call that this answers")

    @model_serializer(mode="wrap")
    def _lean(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the fields that do not belong to the role."""
        return {name: value for name, value in handler(self).items() if value or name == "content"}


class Action(_Row):
    """A next action. ``report`` as a tool means: the final answer, no further call."""

    tool: str
    arguments: str = Field(description="JSON object; what is not named is free")
    not_before: float = Field(
        default=0.0, description="seconds after the result of the decision's step; wait until then"
    )


class Forbidden(_Row):
    """What would be wrong now."""

    what: str
    tools: tuple[str, ...] = Field(description="tool names; * stands for every tool that asks the venue")
    intent: str | None = Field(default=None, description="only for this intent")
    arguments: str = Field(default="{}", description="only with these arguments (JSON object)")
    until: float | None = Field(default=None, description="run time until which it is wrong; null: until news comes")
    properties: tuple[str, ...] = Field(description="ids of the properties that it violates")


class Decision(_Row):
    """A step after which there is a right and a wrong thing to do, derived by rule from what the agent had seen."""

    step: int
    situation: str = Field(description="name of the rule; docs/dataset.md lists them")
    subject: str | None = Field(description="client order id or intent that it is about")
    properties: tuple[str, ...] = Field(description="ids of the properties that the rule comes from")
    trait: str | None = Field(default=None, description="declared trait of the venue that decides, with its value")
    why: str
    correct: tuple[Action, ...] = Field(description="correct next actions on the subject, the preferred one first")
    forbidden: tuple[Forbidden, ...] = ()
    ambiguous: bool = Field(description="what the agent saw does not tell whether the order or cancel took effect")
    retry: Retry = Field(description="when the order or request that it is about may be sent again, unchanged")
    taken: int | None = Field(description="step of the next action on the subject; null: the report")
    followed: bool | None = Field(
        description="that action is among the correct ones, or harmless, and not forbidden; null: the agent was stopped"
    )


class FaultLabel(_Row):
    """A fault of the plan and what it did here."""

    fault: int
    kind: str
    variant: str
    layer: Layer
    status: Literal["landed", "not-exercised", "incomplete"]
    phase: str | None = Field(description="what the agent was doing: place, cancel, read, stream, connect, restart")
    step: int | None = Field(description="first step whose result it changed; null: none")
    committed: bool | None = Field(
        description="truth: the write of that step took effect on the exchange; null: the step was no write"
    )
    ambiguous: bool = Field(description="the agent could not tell whether its write took effect")
    retryable: bool = Field(description="the same request may be sent again: now, after a wait, or after proof")
    retry: Retry
    situation: str | None = Field(description="rule that says what to do next; null: nothing special")
    next_action: Action | None = Field(description="the preferred correct next action")


class Failed(_Row):
    """A property that the run violates."""

    property: str
    title: str
    level: Literal["MUST", "SHOULD"]
    severity: Severity
    step: int | None = Field(description="step by which it is violated; null: the report")
    explanations: tuple[str, ...] = Field(description="what was found, in sentences")


class FirstWrong(_Row):
    """Where the trajectory first went wrong."""

    step: int | None = Field(description="null: the report, or its absence")
    message: int = Field(description="index of the assistant message that holds it (or would)")
    properties: tuple[str, ...]


class Labels(_Row):
    """What is known of a trajectory afterwards."""

    passed: bool = Field(description="no MUST is violated")
    severity: Severity | None = Field(description="worst severity among the violated properties")
    faults: tuple[FaultLabel, ...]
    decisions: tuple[Decision, ...]
    failed: tuple[Failed, ...]
    undecided: tuple[str, ...] = Field(description="properties that could not be decided, or that are not tracked")
    first_wrong: FirstWrong | None


class StepRow(_Row):
    """When a tool call was made, and which message holds it."""

    step: int
    message: int
    tool: str
    sent_at: float
    ended_at: float | None = Field(description="null: the agent was stopped before it had an answer")


class Source(_Row):
    """The run that a row comes from."""

    scenario: str
    space: str
    seed: int = Field(description="seed of the World; with the scenario's data it reproduces the run")
    index: int = Field(description="number of the scenario in the generated range; -1: from a stored run")
    venue: str
    target: str
    role: Role = Field(description="fault: as drawn; twin: same symptom, opposite truth; control: without faults")
    calls: Literal["tools", "wire"] = Field(description="wire: messages are derived from requests and answers")
    history: str = Field(description="SHA-256 of the history")


class Pair(_Row):
    """A twin: the same symptom, one half committed, the other not."""

    id: str = Field(description="the same in both halves")
    truth: Literal["committed", "absent"]
    observation: str | None = Field(
        description="SHA-256 of the messages up to and including the fault step: equal in both halves, as the agent saw"
        " the same; null: the fault did not land"
    )


class _Common(_Row):
    id: str
    group: str = Field(description="rows of one drawn scenario, its twin and its control share it; splits go by it")
    split: Split
    source: Source


class Trajectory(_Common):
    """One run as a chat, with labels."""

    kind: Literal["trajectory"] = "trajectory"
    control: str | None = Field(description="id of the row of the same scenario and target without faults")
    pair: Pair | None
    tools: str = Field(description="JSON list of the tools offered, chat-completions shape, with their JSON Schemas")
    messages: tuple[Message, ...]
    steps: tuple[StepRow, ...]
    labels: Labels
    truncated: bool = Field(description="something was cut; the mark in the text says how much")


class Fill(_Row):
    """One execution (truth)."""

    trade_id: str
    at: float
    price: str
    quantity: str
    fee: str
    fee_asset: str
    maker: bool


class Fee(_Row):
    """Fees of all fills of an order, in one asset."""

    asset: str
    amount: str


class Order(_Common):
    """The execution record of one order request, from the truth."""

    kind: Literal["order"] = "order"
    trajectory: str = Field(description="id of the trajectory")
    step: int | None = Field(description="step that sent it (the first send of this client order id)")
    intent: str | None
    client_id: str | None
    venue_id: str | None = Field(description="null: the exchange never created it")
    symbol: str
    side: Literal["buy", "sell"]
    type: str
    limit_price: str | None
    quantity: str | None = Field(description="base units asked for; null where a quote amount was asked for")
    quote_quantity: str | None
    status: Literal["open", "filled", "cancelled", "expired", "rejected", "never_accepted"] = Field(
        description="at the end of the run, on the exchange"
    )
    intended_entry: str | None = Field(
        description="price intended when it was sent: the limit price; of a market order the reference price named by"
        " intended_from"
    )
    intended_from: Literal["limit_price", "quote_seen", "start_mid"] | None = Field(
        description="quote_seen: mid of the last ticker or book the agent saw in this symbol; start_mid: mid at the"
        " start of the run, where it had looked at none"
    )
    actual_entry: str | None = Field(description="volume-weighted price of the fills; null without fills")
    slippage_bps: float | None = Field(
        description="(actual - intended) / intended in basis points, sign turned for sells: positive is worse than"
        " intended; four decimals"
    )
    filled: str = Field(description="base units filled at the end")
    partial_fill: bool = Field(description="some but not all of it was filled at the end of the run")
    latency_ms: float | None = Field(description="from sending to the whole answer at the agent; null: none came")
    accepted_ms: float | None = Field(description="from sending to acceptance by the exchange (truth)")
    sends: int = Field(description="how often this client order id was sent")
    fees: tuple[Fee, ...]
    fills: tuple[Fill, ...]
    believed_status: str | None = Field(description="in the agent's report; null: the report does not know it")
    believed_filled: str | None


class Preference(_Common):
    """Two continuations of the same messages; the prompt ends at the fault step, or after it."""

    kind: Literal["preference"] = "preference"
    pair: Pair | None
    tools: str
    prompt: tuple[Message, ...] = Field(description="byte-identical in both runs, the fault step's result included")
    chosen: tuple[Message, ...]
    rejected: tuple[Message, ...]
    chosen_trajectory: str
    rejected_trajectory: str
    rejected_target: str
    fork: int = Field(description="first step that differs")
    fault: FaultLabel
    decision: Decision | None = Field(description="the last decision in the prompt, as chosen went on")
    failed: tuple[Failed, ...] = Field(description="properties that rejected violates")
    truncated: bool


Row = Annotated[Trajectory | Order | Preference, Field(discriminator="kind")]
ROW: TypeAdapter[Trajectory | Order | Preference] = TypeAdapter(Row)


def schema() -> dict[str, Any]:
    """The JSON Schema of a row."""
    found = ROW.json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"{FORMAT} {VERSION}, one row"} | found


def encode(row: Trajectory | Order | Preference) -> bytes:
    """One line of JSON: keys in the order of the model, no line break inside."""
    return ROW.dump_json(row) + b"\n"
