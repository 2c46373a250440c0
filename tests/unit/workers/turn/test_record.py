"""A turn's record: stored whole as JSON has it, logged without a customer's words, billed what its calls used."""

import json
from collections import defaultdict
from dataclasses import fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.message.tool_call import ToolOutcome
from chatwootai.model.message.turn import Draft, ModelUse, ServedBy, Usage
from workers.turn.record import TurnRecord, _spent, model_call_as_json

QUOTED = "Meu cartão é 4111"
TOKENS = st.integers(0, 10**6)
USAGES = st.builds(
    Usage, prompt_tokens=TOKENS, completion_tokens=TOKENS, cached_tokens=TOKENS, calls=st.just(1), cost=TOKENS
)
CALLS = st.lists(
    st.builds(
        ModelUse,
        model=st.sampled_from(["quick", "main"]),
        served_by=st.just("crew"),
        finish=st.just("stop"),
        requests=st.integers(1, 2),
        hedged=st.booleans(),
        seconds=st.floats(0, 9),
        first_seconds=st.none() | st.floats(0, 9),
        usage=USAGES,
    ),
    max_size=5,
)


def record(**changes: Any) -> TurnRecord:
    """A record of a reply, in which each field that may quote a customer does."""
    usual: dict[str, Any] = {
        "account": "1", "conversation": 25, "inbox": 17, "channel": "whatsapp", "function": "customer_service",
        "outcome": "reply", "reason": QUOTED, "cause": None, "why": None, "error": None, "messages": 1, "parts": 1,
        "superseded": 0, "tries": 0, "served_by": ServedBy.CREW, "plan": None, "model": "main", "calls": 1,
        "prompt_tokens": 1, "completion_tokens": 1, "cost": 0.1, "config_version": 3, "config_digest": "abc",
        "model_calls": [{"model": QUOTED}], "tools": [("order", ToolOutcome.OK, 0.1)],
        "passages": [("faq", QUOTED, 0.5, True)], "seconds": 1.0, "steps": [("model", 0.9)],
    }  # fmt: skip
    return TurnRecord(**(usual | changes))


def test_all_of_it_is_stored_as_json_has_it() -> None:
    stored = record().stored()
    assert stored.keys() == {one.name for one in fields(TurnRecord)}
    assert json.loads(json.dumps(stored)) == stored
    assert stored["served_by"] == "crew"
    assert stored["tools"] == [["order", str(ToolOutcome.OK.value), 0.1]]


def test_what_may_quote_a_customer_is_not_logged() -> None:
    made = record()
    assert QUOTED not in json.dumps(made.logged(), ensure_ascii=False)
    assert QUOTED in json.dumps(made.stored(), ensure_ascii=False)
    assert {"outcome", "seconds", "served_by", "cost", "steps"} <= made.logged().keys()


@given(CALLS)
def test_models_are_billed_what_their_calls_used(calls: list[ModelUse]) -> None:
    draft = Draft(text="Sim.", model_calls=tuple(calls))
    wanted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for call in calls:
        wanted[call.model][0] += call.usage.cost
        wanted[call.model][1] += call.usage.prompt_tokens + call.usage.completion_tokens
    spent = _spent("customer_service", draft)
    assert {model: list(sums) for model, sums in spent.models.items()} == dict(wanted)
    for call in calls:
        shown = model_call_as_json(call)
        assert json.loads(json.dumps(shown)) == shown
        assert round(shown["cost"] * 1_000_000_000) == call.usage.cost


def test_a_turn_without_a_draft_spends_nothing() -> None:
    assert dict(_spent("customer_service", None).models) == {}
