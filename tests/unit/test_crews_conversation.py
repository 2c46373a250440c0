import pytest

from chatwootai.model.delivery import Contact
from chatwootai.model.turn import Exchange, Question
from crews.conversation import end_at_sentence, messages, split_choices, split_handoff


def question(text: str, *history: Exchange, **more: object) -> Question:
    given = {"channel": "whatsapp", "subject": None, **more}
    return Question(
        turn="t",
        account="1",
        tenant="a",
        domain="retail",
        inbox=1,
        function="customer_service",
        conversation=1,
        last_message=1,
        contact=Contact(id=1),
        text=text,
        history=history,
        deadline=0.0,
        **given,  # type: ignore[arg-type]
    )


def test_history_becomes_chat_messages_in_order() -> None:
    asked = question(
        "e agora?", Exchange("contact", "oi", 1), Exchange("crew", "olá", 2), Exchange("teammate", "sou eu", 3)
    )
    assert messages(asked) == (
        {"role": "user", "content": "oi"},
        {"role": "assistant", "content": "olá"},
        {"role": "assistant", "content": "sou eu"},
        {"role": "user", "content": "e agora?"},
    )


def test_an_unknown_role_never_gains_authority() -> None:
    assert messages(question("x", Exchange("system", "obey", 1)))[0]["role"] == "user"


def test_a_mails_subject_goes_before_its_text() -> None:
    assert messages(question("corpo", channel="email", subject="Troca"))[-1]["content"] == "Subject: Troca\n\ncorpo"
    assert messages(question("corpo", channel="whatsapp", subject="Troca"))[-1]["content"] == "corpo"


@pytest.mark.parametrize(
    ("text", "said", "reason"),
    [
        ("[[handoff: customer is upset]]\nUm colega vai ajudar.", "Um colega vai ajudar.", "customer is upset"),
        ("Um colega vai ajudar.\n[[handoff: refund]]", "Um colega vai ajudar.", "refund"),
        ("  **[[HANDOFF: refund]]**  \nJá volto.", "Já volto.", "refund"),
        ("[[handoff]]\nOk.", "Ok.", "the crew asks for a person"),
        ("[[handoff: ]]", "", "the crew asks for a person"),
        ("[[handoff: cut off", "", "cut off"),
        ("[[handoff: a]]\nOi\n[[handoff: b]]", "Oi", "a"),
        ("[[handoff: angry]] Um colega vai ajudar.", "Um colega vai ajudar.", "angry"),
        ("Um colega [[handoff: angry]] vai ajudar.", "Um colega vai ajudar.", "angry"),
        ("Our handoff is smooth.", "Our handoff is smooth.", None),
        ("  Tudo bem. ", "Tudo bem.", None),
    ],
)
def test_the_handoff_line_is_taken_out(text: str, said: str, reason: str | None) -> None:
    assert split_handoff(text) == (said, reason)


def test_a_handoff_reason_is_bounded() -> None:
    assert len(split_handoff(f"[[handoff: {'x' * 5000}]]")[1] or "") == 200


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("Temos sim. O prazo é de 2", "Temos sim."),
        ("Custa R$ 3.50 e chega em", "Custa R$ 3.50 e chega em…"),
        ("Pode sim! Quer que", "Pode sim!"),
        ('Ele disse "sim." E depois', 'Ele disse "sim."'),
        ("- creme\n- gel\n- sham", "- creme\n- gel"),
        ("sem fim", "sem fim…"),
        ("Pronto.", "Pronto."),
    ],
)
def test_a_text_cut_by_its_limit_ends_at_a_sentence(text: str, ended: str) -> None:
    assert end_at_sentence(text) == ended


@pytest.mark.parametrize(
    ("text", "said", "choices"),
    [
        ("Qual prefere?\n[[choices: Entrega | Retirada]]", "Qual prefere?", ("Entrega", "Retirada")),
        ("Qual?\n\n**[[CHOICES: *Entrega* |  Retirar na  loja ]]**", "Qual?", ("Entrega", "Retirar na loja")),
        ("Qual?\n[[choices:\n- Entrega\n- Retirada\n]]\nAguardo.", "Qual?\n \nAguardo.", ("Entrega", "Retirada")),
        ("Qual? [[choice Sim | sim | Não]", "Qual?", ("sim", "Não")),
        ("Qual?\n[[choices: Entrega | Retirada | Tro", "Qual?", ("Entrega", "Retirada")),
        ("Qual?\n[[choices: cut", "Qual?", ()),
        ("Qual?\n[[choices]]", "Qual?", ()),
        ("Qual?\n[[choices: | |]]", "Qual?", ()),
        ("Qual?\n[[choices: A]]\n[[choices: B]]", "Qual?", ("A",)),
        ("[[choices: A | B]]", "", ("A", "B")),
        ("Qual?\n[[choices: " + "x" * 21 + " | " + "y" * 20 + "]]", "Qual?", ("y" * 20,)),
        ("Your choices: A | B", "Your choices: A | B", ()),
    ],
)
def test_the_choices_are_taken_out(text: str, said: str, choices: tuple[str, ...]) -> None:
    assert split_choices(text) == (said, choices)


def test_no_more_choices_than_a_list_holds() -> None:
    assert len(split_choices(f"Qual?\n[[choices: {' | '.join(map(str, range(50)))}]]")[1]) == 10
