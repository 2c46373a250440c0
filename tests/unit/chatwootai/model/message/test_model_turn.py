"""The pure half of a turn: burst, assembly, outcome, lanes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.message import assemble
from chatwootai.model.message.burst import Window, may_restart_draft
from chatwootai.model.message.delivery import Attachment, Role
from chatwootai.model.message.outbox import ActionKind
from chatwootai.model.message.priority import boost_ms, lane_of
from chatwootai.model.message.routing import Route
from chatwootai.model.message.turn import Exchange, Question, SilenceReason, Verdict
from chatwootai.model.policy import notes, outcome
from chatwootai.model.policy.handoff import Need
from chatwootai.model.policy.handoff_cause import Cause
from tests.builders import delivery

ROUTE = Route(folder="t", domain="d", function="customer_service", channel="whatsapp", priority=5, why=())


def question(text: str = "oi") -> Question:
    return assemble.build_question(
        [delivery(1, text, received_at=100.0)], (), turn="t1", route=ROUTE, due=110.0, most_exchanges=4, most_tokens=100
    )


@pytest.mark.parametrize(
    ("arrivals", "typing_at", "closes"),
    [
        ([100.0], None, 100.5),
        ([100.0, 100.3], None, 100.8),
        ([100.3, 100.0], None, 100.8),  # the order of arrival at the worker does not matter
        ([100.0, 102.4], None, 102.5),  # the cap holds
        ([100.0], 100.4, 101.9),  # typing lengthens
        ([100.0], 99.0, 100.5),  # typing before the message does not
    ],
)
def test_the_window_closes_after_quiet_or_at_its_cap(
    arrivals: list[float], typing_at: float | None, closes: float
) -> None:
    assert Window(0.5, 2.5).closes(arrivals, typing_at=typing_at) == pytest.approx(closes)


@pytest.mark.parametrize(
    ("text", "more_to_come"),
    [
        ("Oi", True),
        ("Bom dia!", True),
        ("oi, tudo bem?", True),
        ("queria saber se", True),
        ("meu pedido,", True),
        ("espera...", True),
        ("quiero comprar un", True),
        ("quanto custa o batom vermelho", False),
        ("Meu pedido 8812 não chegou.", False),
        ("ok", False),
        ("8812", False),
        ("", False),
        ("👍", False),
    ],
)
def test_a_fragment_lengthens_the_window(text: str, more_to_come: bool) -> None:
    assert Window(0.5, 2.5).closes([100.0], text) == pytest.approx(101.5 if more_to_come else 100.5)


def test_a_newer_message_restarts_the_draft_until_its_share_of_the_deadline_is_used() -> None:
    assert may_restart_draft([100.0, 104.0], 105.9, 10.0)
    assert not may_restart_draft([100.0, 104.0], 106.1, 10.0)


def test_the_deadline_counts_from_the_last_message_and_a_late_attempt_still_gets_its_time() -> None:
    burst = [delivery(1, received_at=100.0), delivery(2, received_at=101.0)]
    assert assemble.turn_deadline(burst, 101.2, 10.0) == 111.0
    assert assemble.turn_deadline(burst, 500.0, 10.0) == 505.0
    assert assemble.turn_deadline(burst, 500.0, 2.0) == 502.0


def test_a_burst_becomes_one_question() -> None:
    burst = [delivery(1, "Oi"), delivery(2, "", attachments=[Attachment(kind="image")]), delivery(3, "chegou?")]
    asked = assemble.build_question(burst, (), turn="t", route=ROUTE, due=1.0, most_exchanges=4, most_tokens=100)
    assert asked.text == "Oi\n[image]\nchegou?"


@pytest.mark.parametrize(
    ("attachment", "words"),
    [
        (Attachment(kind="audio", transcript="quero dois"), "quero dois"),
        (Attachment(kind="location", latitude=-23.5, longitude=-46.6, title="X"), "[location: -23.5, -46.6 X]"),
        (Attachment(kind="file", title="nota.pdf"), "[file: nota.pdf]"),
        (Attachment(kind="image"), "[image]"),
    ],
)  # fmt: skip
def test_what_came_with_a_message_is_put_into_words(attachment: Attachment, words: str) -> None:
    assert assemble.delivery_text(delivery(1, "", attachments=[attachment])) == words


@given(
    texts=st.lists(st.text(max_size=30), max_size=30),
    most_exchanges=st.integers(0, 12),
    most_tokens=st.integers(0, 40),
)
def test_the_context_is_the_newest_that_fits(texts: list[str], most_exchanges: int, most_tokens: int) -> None:
    history = [Exchange(Role.CONTACT, text, float(at)) for at, text in enumerate(texts)]
    kept = assemble.recent_exchanges(history, most_exchanges=most_exchanges, most_tokens=most_tokens)
    assert list(kept) == history[len(history) - len(kept) :]
    assert len(kept) <= most_exchanges
    assert sum(len(one.text) for one in kept) <= most_tokens * assemble.TOKEN_CHARACTERS
    left = history[: len(history) - len(kept)]
    if left and len(kept) < most_exchanges:
        room = most_tokens * assemble.TOKEN_CHARACTERS - sum(len(one.text) for one in kept)
        assert len(left[-1].text) > room


def test_a_draft_becomes_a_reply() -> None:
    made = outcome.reply(("Olá",))
    assert (made.verdict, made.parts) == (Verdict.REPLY, ("Olá",))
    assert [action.kind for action in outcome.actions(made, question())] == [ActionKind.REPLY]


def test_a_handoff_tells_people_first_and_opens_last() -> None:
    asked = question("linha 1\nlinha 2")
    need = Need(Cause.MODEL)
    made = outcome.handoff(need, ("Um momento",), notes.handover_note(need, asked, "pt"), notes.cause_text(need))
    actions = outcome.actions(made, asked, outcome.Destination(label="handoff", priority="high", team=3))
    kinds = [action.kind for action in actions]
    placed = [ActionKind.LABELS, ActionKind.PRIORITY, ActionKind.TEAM]
    assert kinds == [ActionKind.NOTE, *placed, ActionKind.REPLY, ActionKind.STATUS]
    assert "> linha 1\n> linha 2" in actions[0].text
    assert actions[4].text == "Um momento"


def test_silence_does_nothing() -> None:
    assert outcome.actions(outcome.silence(SilenceReason.SPOKEN), question()) == ()


@pytest.mark.parametrize(
    ("priority", "lane", "boost"), [(0, "normal", 0), (6, "normal", 72_000), (7, "high", 84_000), (10, "high", 120_000)]
)
def test_what_a_priority_buys(priority: int, lane: str, boost: int) -> None:
    assert (lane_of(priority), boost_ms(priority)) == (lane, boost)
