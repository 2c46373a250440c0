"""What a model thinks, and its template's tokens, never reach a customer; what an answer says about them does."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crews.model_calls.response.thoughts import FirstWord, begins_without_mark, without_thoughts

ANSWER = "Olá! Abrimos às 9h."
THOUGHT = "The customer asks about hours. They want 9h.\n\nI will answer."
PAIRS = [
    ("<think>", "</think>"),
    ("<THINK>", "</THINK>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<reflection>", "</reflection>"),
    ("<analysis>", "</analysis>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<seed:think>", "</seed:think>"),
    ("<longcat_think>", "</longcat_think>"),
    ('<think type="deep">', "</think >"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<unused94>thought\n", "<unused95>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("Here is my thought process: ", "Here is my response:\n"),
    ("<ling_think>", "</ling_think>"),
    ("<hidden_reasoning>", "</hidden_reasoning>"),
    ("<thinking_process>", "</thinking_process>"),
    ("<pensamento>", "</pensamento>"),
    ("<思考>", "</思考>"),
    ("＜think＞", "＜/think＞"),
    ("&lt;think&gt;", "&lt;/think&gt;"),
    ("[REASONING]", "[/REASONING]"),
    ("<|think|>", "<|/think|>"),
    ("<|reasoning_start|>", "<|reasoning_end|>"),
    ("<start_of_thought>", "<end_of_thought>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
]
LABELLED = [
    ("**Thinking:** ", "\n\n**Answer:** "),
    ("Raciocínio: ", "\nResposta final: "),
    ("```thinking\n", "\n```\n"),
    ('<details type="reasoning"><summary>Thought for 3 seconds</summary>', "</details>"),
]


@pytest.mark.parametrize(("opening", "closing"), LABELLED)
def test_a_thought_under_a_name_goes(opening: str, closing: str) -> None:
    assert without_thoughts(f"{opening}{THOUGHT}{closing}\n{ANSWER}").strip() == ANSWER


@pytest.mark.parametrize("text", ["*thinks: they want 9h*\n", "(Thinking: they want 9h)\n", "(pensando: 9h?)\n"])
def test_a_thought_in_a_line_of_its_own_goes(text: str) -> None:
    assert without_thoughts(f"{text}{ANSWER}") == ANSWER
    assert without_thoughts(f"{ANSWER}\n{text}").strip() == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "Answer: we open at 9.",
        "Thinking of a trip: we have three tours.",
        "Our plan: open at 9. Answer: by mail.",
        "[Thoughts](https://example.com) is our blog.",
        "```\nthinking = 1\n```",
        "Type <plan> where it says so.",
    ],
)
def test_words_alone_are_no_thought(text: str) -> None:
    assert without_thoughts(text) == text


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_a_thought_before_the_answer_goes(opening: str, closing: str) -> None:
    assert without_thoughts(f"{opening}{THOUGHT}{closing}\n\n{ANSWER}").strip() == ANSWER
    assert without_thoughts(f"\n\n{opening}\n\n{closing}\n\n{ANSWER}").strip() == ANSWER


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_a_thought_that_never_ends_leaves_nothing(opening: str, closing: str) -> None:
    assert without_thoughts(f"{opening}{THOUGHT}") == ""


@pytest.mark.parametrize(("opening", "closing"), [pair for pair in PAIRS if "Here is" not in pair[0]])
def test_all_up_to_a_lone_end_was_thought(opening: str, closing: str) -> None:
    assert without_thoughts(f"{THOUGHT}\n{closing}\n\n{ANSWER}").strip() == ANSWER


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_the_first_word_is_the_answers_however_it_was_cut(opening: str, closing: str) -> None:
    whole = f"{opening}{THOUGHT}{closing}"
    for size in (1, 2, 3, 7, 1000):
        first = FirstWord()
        for start in range(0, len(whole), size):
            first.feed(whole[start : start + size])
            if "Here is" not in opening:  # such words may be an answer's: known once the answer is whole
                assert not first.spoken, whole[: start + size]
        first.feed(ANSWER)
        assert first.spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"one</think>two</think>{ANSWER}", ANSWER),
        (f"one\n</think>\n\n{ANSWER}\n</think>", ANSWER),
        ("all of it was thought\n</think>\n\n", ""),
        (f"<think>one</think>\n<think>two</think>{ANSWER}", ANSWER),
        (f"Sim!\n<think>one</think>\n{ANSWER}", f"Sim!\n\n{ANSWER}"),
        ("Temos batom.\n<think>should I say more?", "Temos batom."),
        (f"<think>I will end it with `</think>` soon.</think>{ANSWER}", ANSWER),
        (f"analysisThe customer greets.assistantfinal{ANSWER}", ANSWER),
        ("analysisThe customer greets and then", ""),
        (
            "<|channel|>commentary<|message|>Let me look.<|end|>"
            f"<|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>",
            ANSWER,
        ),
        (f"we think<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>{ANSWER}", ANSWER),
        (f"<think>x</think>\n<answer>{ANSWER}</answer>", ANSWER),
        (f"<|begin_of_thought|>x<|end_of_thought|>\n\n<|begin_of_solution|>\n{ANSWER}\n<|end_of_solution|>", ANSWER),
        (f"<|START_THINKING|>x<|END_THINKING|><|START_RESPONSE|>{ANSWER}<|END_RESPONSE|>", ANSWER),
        (f"{ANSWER}<|im_end|>\n<|im_start|>user\nE amanhã?", ANSWER),
        (f"{ANSWER}<|eot_id|>", ANSWER),
        (f"{ANSWER}</s>", ANSWER),
        (f"<s>{ANSWER}</s>", ANSWER),
        (f"{ANSWER}<|return|>", ANSWER),
        (f"{ANSWER}<end_of_turn>\n<start_of_turn>user", ANSWER),
        (f"{ANSWER}<｜end▁of▁sentence｜>", ANSWER),
        (f"{ANSWER}<|endoftext|>Human: more", ANSWER),
        (f"{ANSWER} [/INST] more", ANSWER),
        (f"<|start_header_id|>assistant<|end_header_id|>\n\n{ANSWER}<|eot_id|>", ANSWER),
        (f"<|im_start|>assistant\n{ANSWER}", ANSWER),
    ],
)
def test_whatever_the_family(text: str, said: str) -> None:
    assert without_thoughts(text).strip() == said


@pytest.mark.parametrize(
    "text",
    [
        "Use `<think>` e `</think>` em volta.",
        'A marca "</think>" fecha o raciocínio.',
        "Exemplo:\n```xml\n<think>\nraciocínio\n</think>\n```\nEntendeu?",
        "De <s>R$ 10,00</s> por R$ 8,00.",
        "<s>R$ 10,00</s> R$ 8,00",
        "O ChatML termina com `<|im_end|>`.",
        '{"answer": "<think>no</think>"}',
        "Escreva a tag <think> no começo.",
        "if a < b and c > d",
        "Eu te amo <3",
        "",
    ],
)
def test_an_answer_about_such_marks_stays(text: str) -> None:
    assert without_thoughts(text) == text


def test_a_thought_known_to_begin_without_a_mark_and_cut_before_its_end_says_nothing() -> None:
    assert without_thoughts(THOUGHT, cut_headless=True) == ""
    assert without_thoughts(f"{THOUGHT}</think>{ANSWER}", cut_headless=True) == ANSWER


def test_whether_it_began_without_a_mark() -> None:
    assert begins_without_mark(f"{THOUGHT}\n</think>\n{ANSWER}")
    assert not begins_without_mark(f"<think>{THOUGHT}</think>{ANSWER}")
    assert not begins_without_mark(ANSWER)


def test_a_word_is_noticed_at_once_where_nothing_was_thought() -> None:
    first = FirstWord()
    first.feed("Olá")
    assert first.spoken


def test_a_known_headless_thought_is_no_word() -> None:
    first = FirstWord(headless=True)
    first.feed(THOUGHT)
    assert (first.spoken, first.thinking) == (False, True)
    first.feed("</thi")
    first.feed("nk>\n\nOlá")
    assert first.spoken


_PIECES = st.sampled_from([*itertools.chain(*PAIRS), "`", "```\n", '"', "a. ", "\n", "<s>", "</s>", "<|im_end|>", "<"])


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_no_text_breaks_it_and_nothing_is_added(text: str) -> None:
    said = without_thoughts(text)
    assert set(said) <= set(text)
    FirstWord().feed(text)


@pytest.mark.parametrize(
    "piece",
    [
        "<think>",
        "</think>",
        "`",
        "```\n",
        "<s>",
        "</s>",
        "<",
        "<think ",
        "<|channel|>",
        "[",
        "<answer>",
        "`` ` ",
        "\n\n",
    ],
)
def test_hostile_repetition_stays_linear(piece: str) -> None:
    """Twice the text may take about twice the time; eight times as long would be a square."""

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        began = time.thread_time()
        without_thoughts(text)
        FirstWord().feed(text)
        return time.thread_time() - began

    least = min(seconds(20_000) for _ in range(3))
    assert min(seconds(80_000) for _ in range(3)) < 16 * max(least, 0.002) + 0.05


@pytest.mark.parametrize(
    "text",
    ["Gedanken: Kunde fragt.\n\nAntwort: {}", "Réflexion : il demande.\n\nRéponse : {}", "Мысли: цена\nОтвет: {}",
     "Ragionamento: chiede.\n\nRisposta: {}", "### Reasoning\nblah\n\n### Final Answer\n{}", "<!-- thinking: x -->\n{}",
     "## Analysis\nblah\n\n## Response\n{}"],
)  # fmt: skip
def test_a_thought_under_a_name_in_other_languages_and_under_a_heading(text: str) -> None:
    assert without_thoughts(text.format(ANSWER)) == ANSWER


def test_headings_of_an_answer_stay() -> None:
    said = "## Análise de solo\nCusta R$ 50.\n## Entrega\n3 dias"
    assert without_thoughts(said) == said
