"""What messages mean, in languages that no table of words knows; measured on sentences that taught nothing."""

from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import pytest
import yaml

from chatwootai.model.policy.handoff import Rules, before_draft
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.meaning import UNTOLD, Meaning, is_angry, is_asking
from chatwootai.model.text.normalize import normalize
from crews.encoding.embedded import EmbeddedEncoder
from crews.understanding import train
from crews.understanding.examples import HEADS, examples, expand, held_out
from crews.understanding.fitting import LETTERS, gradient, likeness
from crews.understanding.heads import load_shipped
from crews.understanding.letters import matrix, rarity_of
from crews.understanding.message_reader import MessageReader, texts_to_read
from crews.understanding.message_reader import normalize as without_loudness

REPORT = yaml.safe_load((files("crews.understanding") / "report.yaml").read_text(encoding="utf-8"))
LEAST = {
    ("person", "pt, es, en"): (0.93, 0.95),
    ("person", "ar, de, fr, hi, it, ru, tr, zh"): (0.80, 0.90),
    ("angry", "pt, es, en"): (0.90, 0.95),
    ("angry", "ar, de, fr, hi, it, ru, tr, zh"): (0.80, 0.90),
}


@pytest.fixture(scope="module")
def encoder() -> Iterator[EmbeddedEncoder]:
    made = EmbeddedEncoder()
    yield made
    made.close()


@pytest.fixture(scope="module")
def reader(encoder: EmbeddedEncoder) -> MessageReader:
    return MessageReader(encoder, seconds=60)


def test_what_is_measured_with_taught_nothing() -> None:
    taught = {normalize(each.text) for each in examples()}
    assert not [each.text for each in held_out() if normalize(each.text) in taught]
    assert {each.language for each in examples()} >= {each.language for each in held_out()}


async def test_the_report_is_what_the_shipped_heads_do(encoder: EmbeddedEncoder) -> None:
    found = await train.measure(encoder, load_shipped())
    for head in HEADS:
        for group, rates in REPORT[head].items():
            for rate in ("recall", "precision"):
                assert found[head][group][rate] == pytest.approx(rates[rate], abs=0.02), (head, group, rate)


@pytest.mark.parametrize(("head", "group"), LEAST)
def test_it_is_good_enough(head: str, group: str) -> None:
    recall, precision = LEAST[head, group]
    assert REPORT[head][group]["recall"] >= recall
    assert REPORT[head][group]["precision"] >= precision


async def test_training_again_would_make_the_same_heads(encoder: EmbeddedEncoder) -> None:
    """The optimum is known by its gradient: no equation of 4,000 unknowns need be solved to see that it is one."""
    kept, given = load_shipped(), examples()
    texts = [without_loudness(each.text) for each in given]
    some = range(0, len(texts), 100)
    assert kept.encoder == encoder.name
    near = await encoder.passages([texts[at] for at in some])
    assert ((near * kept.examples[list(some)]).sum(axis=1) > 0.995).all()
    rarity = rarity_of(texts)
    shown = matrix(texts, rarity)
    letters = np.float32(LETTERS) * (shown.T @ kept.weights)
    assert np.abs(kept.rarity - rarity).max() < 0.01
    assert np.abs(kept.letters - letters).max() < 0.01
    scores = likeness(kept.examples, kept.examples) @ kept.weights + shown @ letters
    for column, head in enumerate(HEADS):
        told = np.flatnonzero([each.is_a(head) is not None for each in given])
        wanted = np.array([given[row].is_a(head) is True for row in told])
        left = gradient(scores[told, column], kept.weights[told, column], wanted)
        assert np.abs(left).max() < 0.05, head  # a label that was turned would leave 1


@pytest.mark.parametrize(
    "text",
    [
        "je veux parler à un être humain",
        "Ich möchte bitte mit jemandem sprechen",
        "请帮我转人工客服",
        "соедините меня с человеком",
        "Bom dia\nfiquei com uma dúvida no pedido 48213\nalguém da equipe me liga?",
    ],
)
async def test_a_person_is_asked_for_in_any_language(reader: MessageReader, text: str) -> None:
    need = before_draft(text, (), Rules(), await reader.read(text))
    assert need is not None
    assert need.cause is Cause.ASKED


@pytest.mark.parametrize(
    "text",
    [
        "não quero falar com atendente",
        "I don't want to talk to a human",
        "uma pessoa pode pagar com cartão?",
        "what are your opening hours?",
        "Quero um batom vermelho, quanto custa?",
        "wann kommt mein Paket an?",
    ],
)
async def test_nobody_is_called_where_nobody_is_asked_for(reader: MessageReader, text: str) -> None:
    meaning = await reader.read(text)
    assert is_asking(text, meaning) is None
    assert not is_angry(text, meaning)


async def test_a_tenants_own_topic_is_met_by_its_meaning(reader: MessageReader) -> None:
    topics = {"loan": ["quero fazer um empréstimo", "preciso de dinheiro emprestado"], "exam": ["saiu meu exame?"]}
    said = {"gostaria de um empréstimo de vocês": "loan", "I would like to take out a loan": "loan", "tem batom?": None}
    for text, topic in said.items():
        meaning = await reader.read(text, topics)
        assert meaning.topic == topic, text
    rules = Rules(subjects={"loan": ()})
    need = before_draft("x", (), rules, Meaning(topic="loan"))
    assert need is not None
    assert (need.cause, need.reason) == (Cause.TOPIC, "loan")


async def test_words_decide_alone_where_no_encoder_is_to_be_had() -> None:
    broken = EmbeddedEncoder({"sp.model": "0" * 64})
    reader = MessageReader(broken)
    meaning = await reader.read("quero falar com um atendente")
    broken.close()
    assert meaning is UNTOLD
    assert is_asking("quero falar com um atendente", meaning)


@pytest.mark.parametrize("text", ["", "   ", "123", "😡😡", "\n\n"])
async def test_what_says_nothing_means_nothing(reader: MessageReader, text: str) -> None:
    assert await reader.read(text) is UNTOLD


def test_a_burst_is_read_line_by_line_too() -> None:
    assert texts_to_read("oi") == ["oi"]
    assert texts_to_read("oi tudo\n12\n\nquero um sofá") == ["oi tudo\n12\n\nquero um sofá", "oi tudo", "quero um sofá"]
    assert len(texts_to_read("\n".join(["uma linha"] * 500))) == 7


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Quero um atendente.", "quero um atendente"),
        ("QUERO UM ATENDENTE!!!", "quero um atendente"),
        ("¿¿Hay alguien??? ", "hay alguien?"),
        ("péssimooooo...", "péssimoo"),
        ("1000", "1000"),
        ("太过分了。", "太过分了"),
        ("...", "."),
    ],
)
def test_how_loud_a_message_is_and_how_it_ends_is_not_read(text: str, read: str) -> None:
    assert without_loudness(text) == read


def test_a_line_with_choices_stands_for_several_sentences() -> None:
    assert expand("oi") == ["oi"]
    made = expand("(quero|posso) ver (a loja|o gerente)")
    assert 2 <= len(made) <= 4
    assert all(text.startswith(("quero ver ", "posso ver ")) and "|" not in text for text in made)
