"""What people answer, whatever a model would say: by the phrases that ship, in three languages, and by a tenant's."""

from dataclasses import replace

import pytest

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Exchange
from chatwootai.model.policy.handoff import Need, Rules, accepts, after_draft, before_draft
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.reasons import SUBJECTS, label
from chatwootai.model.text.ignorance import admitted_ignorance
from chatwootai.model.text.subjects import is_readable, matching_subject
from config.loading.loader import shipped
from config.settings.settings import Settings
from tests.unit.chatwootai.model.message.test_model_turn import question
from workers.handoff.build import build_handoff, handoff_rules

SHIPPED = handoff_rules(shipped())


def test_the_subjects_that_ship_are_named() -> None:
    assert set(shipped().handoff.subjects) == set(SUBJECTS)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Usei o creme ontem e meu rosto está todo inchado", "health"),
        ("passei o sérum. Começou a coceira na hora", "health"),
        ("Boa tarde, esse shampoo me deu alergia", "health"),
        ("minha filha tomou e está passando mal", "health"),
        ("Me puse la crema y me salieron ronchas", "health"),
        ("Después de usar el jabón tengo la cara hinchada", "health"),
        ("I used the lotion last night and now I have a rash all over", "health"),
        ("My skin is fine but after the mask my eyes are swollen", "health"),
        ("your peanut bar gave me an allergic reaction", "health"),
        ("Fui cobrada duas vezes no cartão!", "charge"),
        ("vocês debitaram o valor em dobro", "charge"),
        ("a compra saiu duplicada na fatura", "charge"),
        ("paguei 2x o mesmo pedido", "charge"),
        ("Me cobraron dos veces el mismo pedido", "charge"),
        ("el cargo aparece duplicado", "charge"),
        ("I was charged twice for order 8812", "charge"),
        ("there's a duplicate charge on my card", "charge"),
        ("My card shows the payment more than once", "charge"),
        ("Não reconheço essa compra no meu cartão", "fraud"),
        ("tem um pedido com meu nome, clonaram meu cartão", "fraud"),
        ("apareceu um pix que não fiz", "fraud"),
        ("No reconozco este cargo", "fraud"),
        ("Creo que hackearon mi cuenta", "fraud"),
        ("There is a payment I did not make", "fraud"),
        ("somebody is using my card", "fraud"),
        ("quero morrer", "self_harm"),
        ("eu penso em me matar", "self_harm"),
        ("no quiero seguir viviendo", "self_harm"),
        ("sometimes I want to kill myself", "self_harm"),
        ("meu advogado vai falar com vocês", "legal"),
        ("voy a tomar acciones legales", "legal"),
        ("I will sue you in small claims", "legal"),
    ],
)
def test_what_ships_tells_them(text: str, subject: str) -> None:
    found = matching_subject(text, SHIPPED.subjects)
    assert found is not None
    assert found[0] == subject
    need = before_draft(text, (), SHIPPED)
    assert need is not None
    assert need.cause in {Cause.TOPIC, Cause.ANGER}  # a threat is anger, where that is on
    if need.cause is Cause.TOPIC:
        assert need.reason == subject


@pytest.mark.parametrize(
    "text",
    [
        "Esse creme é bom para pele alérgica?",
        "O sabonete contém amendoim? Sou alérgica",
        "Não me deu alergia nenhuma, adorei",
        "Posso pagar em duas vezes?",
        "Vocês parcelam em 2x sem juros?",
        "não fui cobrado duas vezes, foi engano meu",
        "Quanto custa a entrega? E em quantos dias chega?",
        "Quero comprar dois cremes iguais",
        "Me mata de rir essa promoção",
        "¿Puedo pagar en dos veces?",
        "¿La crema sirve para pieles irritadas?",
        "Is the soap good for irritated skin?",
        "Can I pay in two instalments?",
        "My card payment was declined, I tried several times",
        "Do you have gluten free bread? I am allergic",
        "I love it, it did not give me a rash",
        "How do I change my order?",
        "No cartão de vocês dá para pagar em duas vezes?",
    ],
)
def test_what_only_sounds_like_them_is_the_crews(text: str) -> None:
    assert matching_subject(text, SHIPPED.subjects) is None
    assert before_draft(text, (), SHIPPED) is None


def test_a_tenant_sees_and_changes_them() -> None:
    said = {"handoff": {"subjects": {"exam": {"phrases": ["laudo|resultado ... exame*"], "priority": "high"}}}}
    settings = Settings.model_validate(said)
    need = before_draft("Saiu o resultado do meu exâme?", (), handoff_rules(settings))
    assert need == Need(Cause.TOPIC, "resultado do meu exame", "exam")
    assert settings.handoff.destination("topic", "exam")[2] == "high"
    assert settings.handoff.destination("topic", "other")[2] is None
    assert (label("exam"), label("health"), label(None), label("")) == ("own", "health", "", "")


@pytest.mark.parametrize(
    ("language", "said"), [("pt-BR", "188"), ("es", "emergencias"), ("en", "emergency"), ("fr", "188"), (None, "188")]
)
def test_a_subjects_own_sentence_is_said_out_of_hours_too(language: str | None, said: str) -> None:
    hours = {"time_zone": "UTC", "week": {day: [] for day in ("monday",)}}
    closed = Settings.model_validate({**shipped().model_dump(mode="json"), "hours": hours})
    need = Need(Cause.TOPIC, "quero morrer", "self_harm")
    (read,) = build_handoff(need, replace(question(), language=language), closed).parts
    assert said in read
    assert said not in build_handoff(Need(Cause.TOPIC, "x", "charge"), question(), closed).parts[0]


@pytest.mark.parametrize("phrase", ["", "|", "a|", " ... b", "a ...  ... b", "***", "a|?!"])
def test_a_phrase_without_words_is_a_mistake(phrase: str) -> None:
    assert not is_readable(phrase)
    with pytest.raises(ValueError, match="phrases"):
        Settings.model_validate({"handoff": {"subjects": {"x": {"phrases": [phrase]}}}})


def test_a_long_message_is_read_in_linear_time() -> None:
    assert matching_subject("usei " * 50_000, SHIPPED.subjects) is None
    assert matching_subject("cobrado nao " * 20_000, SHIPPED.subjects) is None


@pytest.mark.parametrize(
    "draft",
    [
        "Desculpe, não tenho essa informação.",
        "Infelizmente não encontrei detalhes sobre isso aqui.",
        "Não sei informar o prazo.",
        "No tengo esa información.",
        "Lo siento, no sé.",
        "I'm sorry, I don't have that information.",
        "I am not sure. Please check the website.",
        "Unfortunately I could not find any details on that.",
    ],
)
def test_a_draft_that_only_does_not_know_goes_to_people(draft: str) -> None:
    assert admitted_ignorance(draft)
    need = after_draft(None, None, Rules(), draft)
    assert need is not None
    assert (need.cause, need.reason) == (Cause.UNSURE, "unknowing")
    assert after_draft(None, None, Rules(unknowing=False), draft) is None


@pytest.mark.parametrize(
    "draft",
    [
        "Não temos loja física, só o site.",
        "Não encontrei essa informação no que tenho aqui. Posso chamar uma pessoa da equipe, se quiser.",
        "I don't have that information, but the warranty is two years.",
        "I don't see the order number in your message: which is it?",
        "No tenemos stock del azul.",
        "Não sei qual é a sua pele: seca, mista ou oleosa?",
        "We do not deliver on Sundays.",
    ],
)
def test_who_goes_on_is_of_use(draft: str) -> None:
    assert admitted_ignorance(draft) is None
    assert after_draft(None, None, Rules(), draft) is None


OFFER = "Não encontrei essa informação. Posso chamar uma pessoa da equipe, se quiser."


@pytest.mark.parametrize(
    ("offer", "text"),
    [
        (OFFER, "sim"),
        (OFFER, "Quero, por favor!"),
        (OFFER, "pode chamar"),
        ("Quer que eu chame um atendente?", "sim, obrigada"),
        ("¿Quiere que llame a un asesor?", "sí, por favor"),
        ("I can get a person from our team, if you like.", "Yes please"),
        ("Shall I connect you with an agent?", "sure, go ahead"),
    ],
)
def test_a_yes_to_a_person_that_was_offered_asks_for_one(offer: str, text: str) -> None:
    history = (Exchange(Role.CONTACT, "e o prazo?", 1.0), Exchange(Role.CREW, offer, 2.0))
    assert accepts(text, history)
    need = before_draft(text, history, Rules())
    assert need is not None
    assert need.cause is Cause.ASKED


@pytest.mark.parametrize(
    ("history", "text"),
    [
        ((), "sim"),
        ((Exchange(Role.CREW, "Entregamos em dois dias. Posso ajudar em algo mais?", 1.0),), "sim"),
        ((Exchange(Role.CREW, OFFER, 1.0),), "não precisa"),
        ((Exchange(Role.CREW, OFFER, 1.0),), "obrigada"),
        ((Exchange(Role.CREW, OFFER, 1.0),), "sim, mas antes diga o preço"),
        ((Exchange(Role.CREW, OFFER, 1.0), Exchange(Role.TEAMMATE, "Oi, sou a Ana", 2.0)), "sim"),
    ],
)
def test_any_other_yes_is_none(history: tuple[Exchange, ...], text: str) -> None:
    assert accepts(text, history) is None
