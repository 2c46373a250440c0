"""When people are needed: the rules, one table each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Exchange
from chatwootai.model.policy import notes
from chatwootai.model.policy.handoff import Need, Rules, after_draft, before_draft, stuck
from chatwootai.model.policy.handoff_cause import Cause
from config.settings.handoff import Handoff
from tests.unit.chatwootai.model.message.test_model_turn import question

RULES = Rules(
    phrases=("falar com atendente", "falar com uma pessoa", "talk to a human", "hablar con una persona"),
    topics=("resultado do meu exame", "processo judicial"),
    least_confidence=0.4,
)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Quero falar com atendente", Cause.ASKED),
        ("QUERO FALAR COM ATENDENTE", Cause.ASKED),
        ("oi. preciso falar com uma pessoa, por favor", Cause.ASKED),
        ("Não, quero falar com uma pessoa", Cause.ASKED),  # the no belongs to another clause
        ("não consigo falar com atendente", Cause.ASKED),
        ("I'd like to talk to a human!", Cause.ASKED),
        ("¿Puedo hablar con una persona?", Cause.ASKED),
        ("não quero falar com atendente", None),
        ("não, eu não quero falar com uma pessoa", None),
        ("no quiero hablar con una persona", None),
        ("I don't want to talk to a human", None),
        ("falar com atendentes", Cause.ASKED),
        ("falar com, atendência", None),
        ("Saiu o RESULTADO do meu exâme?", Cause.TOPIC),
        ("não quero o resultado do meu exame", Cause.TOPIC),  # a topic is one however it comes up
        ("ISSO É UM ABSURDO, QUERO MEU DINHEIRO", Cause.ANGER),
        ("vou reclamar no Procon", Cause.ANGER),
        ("péssimo, uma vergonha", Cause.ANGER),
        ("this is ridiculous, worst shop ever", Cause.ANGER),
        ("¡Es una estafa! ¡Qué vergüenza!", Cause.ANGER),
        ("que absurdo de lindo esse batom", None),
        ("QUAL O TELEFONE DA LOJA", None),  # shouting alone is a caps lock
        ("obrigada!!!", None),
        ("", None),
        ("👍", None),
    ],
)
def test_what_words_alone_tell(text: str, cause: Cause | None) -> None:
    need = before_draft(text, (), RULES)
    assert (need.cause if need else None) == cause


def said(*pairs: tuple[str, str]) -> list[Exchange]:
    history: list[Exchange] = []
    for asked, answered in pairs:
        history += [Exchange(Role.CONTACT, asked, 1.0), Exchange(Role.CREW, answered, 2.0)]
    return history


ASK = "Onde está o meu pedido?"
SAME = ("Vou verificar o seu pedido e volto", "Vou verificar o seu pedido e volto já")


@pytest.mark.parametrize(
    ("text", "history", "is_stuck"),
    [
        (ASK, said((ASK, "a b c"), ("onde esta meu pedido", "d e f")), True),
        (ASK, said((ASK, "a b c")), False),  # twice is no pattern
        (ASK, said((ASK, "a b c"), ("qual o preço do frete", "d e f")), False),
        ("meu pedido 3 chegou?", said(("meu pedido 1 chegou?", "a"), ("meu pedido 2 chegou?", "b")), False),
        ("ok", said(("ok", "a b c"), ("ok", "d e f")), False),
        ("x y z", said(("a", SAME[0]), ("b", SAME[1]), ("c", SAME[0])), True),  # the same answer to all questions
        ("x y z", said(("a", SAME[0]), ("b", SAME[1])), False),
        (ASK, [*said((ASK, "a b c")), Exchange(Role.TEAMMATE, "Oi, sou a Ana", 3.0), *said((ASK, "d e f"))], False),
    ],
)
def test_three_turns_without_progress(text: str, history: list[Exchange], is_stuck: bool) -> None:
    assert stuck(text, history, 3) is is_stuck
    need = before_draft(text, history, RULES)
    assert (need == Need(Cause.STUCK)) is is_stuck


def test_rules_can_be_switched_off() -> None:
    none = Rules(asked=False, anger=False, stuck_after=0)
    assert before_draft("quero falar com atendente, vou ao procon", said((ASK, "a"), (ASK, "b")), none) is None
    assert not stuck(ASK, said((ASK, "a"), (ASK, "b"), (ASK, "c")), 0)


@pytest.mark.parametrize(
    ("confidence", "asked", "need"),
    [
        (None, None, None),
        (0.9, None, None),
        (0.39, None, Need(Cause.UNSURE, "0.39")),
        (0.1, "wants a refund", Need(Cause.CREW, "wants a refund")),
    ],
)
def test_what_a_draft_tells(confidence: float | None, asked: str | None, need: Need | None) -> None:
    assert after_draft(confidence, asked, RULES) == need


@given(st.text(max_size=300))
def test_no_text_breaks_a_rule(text: str) -> None:
    before_draft(text, said((text, text), (text, text)), RULES)


@given(st.text(max_size=2000), st.sampled_from(Cause), st.sampled_from(["pt", "pt-BR", "es", "en", "de"]))
def test_a_note_quotes_every_line_of_the_contact(text: str, cause: Cause, language: str) -> None:
    """What a contact wrote cannot pass for a line of ours."""
    note = notes.handover_note(Need(cause, "detail\nof two lines"), question(text or "x"), language, tries=2)
    head, quoted = note.split("\n", 5)[:5], note.split("\n")[5:]
    assert all(": " in line or line.endswith(":") for line in head[1:])
    assert all(line.startswith("> ") for line in quoted if line)
    assert "detail of two lines" in head[1]


def test_every_cause_can_be_configured_and_has_its_words() -> None:
    assert set(Handoff(causes={cause.value: {} for cause in Cause}).causes) == set(Cause)
    for language in ("pt", "es", "en"):
        assert all(notes.handover_note(Need(cause), question(), language) for cause in Cause)
