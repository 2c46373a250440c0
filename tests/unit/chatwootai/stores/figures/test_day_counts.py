"""What turns add to their day is what is read of it again, whatever their words are."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chatwootai.stores.figures.day_counts import PROMISED_SECONDS, DayCounts, Spent, read_counts, sum_counts
from chatwootai.stores.figures.day_counts import turn_increments as increments
from chatwootai.stores.figures.ended_turn import EndedTurn, read_row
from chatwootai.stores.figures.histogram import BOUNDS, bucket_of, quantile

WORDS = st.text("abc|:-² é", max_size=60)
ALIKE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile"
MODELS = st.dictionaries(
    st.sampled_from(["gpt", "m|x", f"{ALIKE}/a", f"{ALIKE}/b"]),
    st.tuples(st.integers(0, 10**9), st.integers(0, 10**6)),
)  # fmt: skip
TURNS = st.builds(
    EndedTurn,
    account=st.just("1"),
    turn=st.just("t"),
    conversation=st.integers(1, 9),
    inbox=st.integers(-9, 99),
    channel=st.sampled_from(["whatsapp", "email"]),
    outcome=st.sampled_from(["reply", "handoff", "silence"]),
    cause=st.sampled_from(["asked", "topic"]),
    why=WORDS,
    served_by=st.sampled_from(["", "crew", "people"]),
    seconds=st.floats(-1, 100),
    cost=st.integers(0, 10**9),
    tokens=st.integers(0, 10**6),
)
PLAYED = st.lists(st.tuples(TURNS, st.integers(0, 3), st.builds(Spent, WORDS, MODELS)), max_size=8)


def day(played: list[tuple[EndedTurn, int, Spent]]) -> DayCounts:
    """What Redis counts of them: each field's amounts added up."""
    fields: Counter[str] = Counter()
    for turn, superseded, spent in played:
        for name, amount in increments(turn, superseded, spent):
            fields[name] += amount
    return read_counts(fields)


@given(PLAYED)
def test_a_day_holds_what_its_turns_were(played: list[tuple[EndedTurn, int, Spent]]) -> None:
    found, turns = day(played), [turn for turn, _, _ in played]
    replies = [turn for turn in turns if turn.outcome == "reply"]
    assert found.turns() == len(turns) == sum(found.inboxes.values())
    assert found.turns("reply") == len(replies) == sum(found.buckets.values())
    assert found.fast == sum(turn.seconds < PROMISED_SECONDS for turn in replies)
    assert found.by_cause() == Counter(turn.cause for turn in turns if turn.outcome == "handoff")
    assert sum(found.silences.values()) == sum(turn.outcome == "silence" for turn in turns)
    assert (found.cost, found.tokens) == (sum(turn.cost for turn in turns), sum(turn.tokens for turn in turns))
    assert found.superseded == sum(superseded for _, superseded, _ in played)
    assert sum(found.crew_cost.values()) == found.cost
    models = [each for _, _, spent in played for each in spent.models.values()]
    assert sum(found.model_cost.values()) == sum(cost for cost, _ in models)
    assert sum(found.model_tokens.values()) == sum(tokens for _, tokens in models)


@given(PLAYED, PLAYED)
def test_days_add_up_to_the_period(
    one: list[tuple[EndedTurn, int, Spent]], other: list[tuple[EndedTurn, int, Spent]]
) -> None:
    assert sum_counts([day(one), day(other)]) == day(one + other)


FIELDS = st.lists(st.text("-²1٣ox", max_size=3), max_size=4).flatmap(
    lambda rest: st.sampled_from("oichqsfmt").map(lambda kind: "|".join([kind, *rest]))
)


@given(st.dictionaries(st.one_of(FIELDS, WORDS), st.integers()))
def test_fields_of_no_version_of_ours_are_left_out(fields: dict[str, int]) -> None:
    read_counts(fields)


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 1))
def test_a_percentile_lies_within_one_bucket_of_the_true_one(seconds: list[float], share: float) -> None:
    found = quantile(Counter(map(bucket_of, seconds)), share)
    ranked = sorted(seconds)
    true = ranked[max(0, min(len(ranked) - 1, -int(-share * len(ranked) // 1) - 1))]
    bucket = bucket_of(true)
    lower, upper = (BOUNDS[bucket - 1] if bucket else 0.0), (*BOUNDS, BOUNDS[-1])[bucket]
    assert found is not None
    assert lower - 1e-9 <= found <= upper + 1e-9


@given(TURNS)
def test_a_row_is_the_turn_again_to_the_millisecond(turn: EndedTurn) -> None:
    again = read_row(turn.row().encode())
    assert again is not None
    assert abs(again.seconds - turn.seconds) <= 0.0006
    assert (again.why, again.cost, again.tokens, again.inbox) == (turn.why, turn.cost, turn.tokens, turn.inbox)
