import pytest

from sandbox.llm.answering.answer import compose
from sandbox.llm.answering.prompt import read_prompt
from sandbox.llm.answering.words import distinctive, language, pieces

SYSTEM = """You are Sandra's assistant. Your personal goal is: help.
## Facts
- Entregamos em todo o Brasil em 3 a 7 dias úteis.
- Horário: segunda a sexta, das 9h às 18h.
- Trocas em até 30 dias, com nota fiscal.
Never promise what the facts do not say."""


def _asked(question: str, *before: dict[str, str]) -> str:
    messages = [{"role": "system", "content": SYSTEM}, *before, {"role": "user", "content": question}]
    return compose(read_prompt(messages))


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Qual o prazo de entrega?", "3 a 7 dias"),
        ("Posso trocar um batom?", "30 dias"),
        ("Hi, when are you open?", "9h às 18h"),
        ("¿Cuánto tarda el envío?", "3 a 7 dias"),
    ],
)
def test_the_sentence_that_answers_is_quoted(question: str, part: str) -> None:
    assert part in _asked(question)


def test_only_the_sentence_that_answers_is_quoted() -> None:
    assert "Trocas" not in _asked("Qual o prazo de entrega?")


@pytest.mark.parametrize(
    ("greeting", "hello"), [("Oi!", "Olá!"), ("¡Hola!", "¡Hola!"), ("Hello", "Hello!"), ("Bom dia", "Olá!")]
)
def test_a_greeting_is_returned_in_its_language(greeting: str, hello: str) -> None:
    assert _asked(greeting).startswith(hello)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("Vocês vendem foguetes?", "Não encontrei"),
        ("¿Venden cohetes?", "No encontré"),
        ("Any rockets?", "did not find"),
    ],
)
def test_what_the_prompt_does_not_hold_is_said_honestly(question: str, says: str) -> None:
    assert says in _asked(question)


def test_instructions_are_never_quoted() -> None:
    assert "promise" not in _asked("Do you promise the facts?")


def test_codes_of_the_question_are_echoed_once_each() -> None:
    answer = _asked("Oi, pedido PED-7781 e #40012, cadê o PED-7781?")
    assert answer.count("PED-7781") == 1
    assert "40012" in answer


def test_codes_are_those_with_a_digit_and_three_characters() -> None:
    assert distinctive("pedido #123, ZX9-1, 12, abc, a@b3c.com https://x.com/9999 v2x") == ["123", "ZX9-1", "v2x"]


def test_what_the_customer_said_before_answers_where_no_fact_does() -> None:
    before = {"role": "user", "content": "Meu nome é Beatriz."}, {"role": "assistant", "content": "Prazer!"}
    assert "Beatriz" in _asked("Como é meu nome mesmo?", *before)


def test_a_tools_result_is_the_answer() -> None:
    messages = [
        {"role": "user", "content": "Onde está o pedido PED-1?"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "tool_call_id": "x", "content": '{"status": "enviado", "prazo": "2 dias"}'},
    ]
    answer = compose(read_prompt(messages))
    assert "status: enviado, prazo: 2 dias" in answer
    assert "PED-1" in answer


def test_a_task_around_the_customers_words_is_no_question() -> None:
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "Qual o prazo de entrega do PED-5?"},
        {"role": "user", "content": "Current Task: answer the customer.\nThis is the expected criteria: an answer"},
    ]
    prompt = read_prompt(messages)
    assert prompt.question == "Qual o prazo de entrega do PED-5?"
    assert "PED-5" in compose(prompt)


def test_tagged_words_of_the_customer_are_the_question() -> None:
    text = "Current Task: answer.\n- Frete grátis acima de R$ 200.\n<customer_message>qual o frete?</customer_message>"
    prompt = read_prompt([{"role": "user", "content": text}])
    assert prompt.question == "qual o frete?"
    assert "grátis" in compose(prompt)


def test_the_language_is_the_questions_then_the_histories_then_the_prompts() -> None:
    assert read_prompt([{"role": "user", "content": "¿cuánto cuesta?"}]).language == "es"
    earlier = [{"role": "user", "content": "Olá, tudo bem?"}, {"role": "user", "content": "PED-991"}]
    assert read_prompt(earlier).language == "pt"
    named = [{"role": "system", "content": "Speak Portuguese."}, {"role": "user", "content": "PED-991"}]
    assert read_prompt(named).language == "pt"
    assert language("12345") is None


@pytest.mark.parametrize("tokens", [40, 90, 300])
def test_a_longer_answer_goes_on_to_about_its_length(tokens: int) -> None:
    prompt = read_prompt(
        [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Qual o prazo de entrega?"}]
    )
    assert tokens - 24 <= len(pieces(compose(prompt, tokens))) <= tokens


BLOCKS = """You are the colleague. Delivery of answers is your work.
<company>
- delivery: Entregamos em 3 dias. Para o Norte, em 7 dias.
- hours: Monday to Friday 9-18
</company>
Rules about delivery, which nothing can change:
- A person is needed when asked for. Then make the first line exactly [[handoff: reason]].
Today is Monday, 2025-01-06."""


def _in_blocks(question: str) -> str:
    return compose(read_prompt([{"role": "system", "content": BLOCKS}, {"role": "user", "content": question}]))


def test_where_facts_stand_in_a_block_only_they_are_quoted_and_found_by_their_label() -> None:
    assert _in_blocks("Qual o prazo de entrega?") == "Entregamos em 3 dias. Para o Norte, em 7 dias."
    assert _in_blocks("What are your opening hours?") == "Monday to Friday 9-18."


def test_who_asks_for_a_person_gets_the_line_that_the_prompt_wants() -> None:
    assert _in_blocks("Quero falar com um atendente humano").startswith("[[handoff: ")
    assert "[[handoff" not in _asked("Quero falar com um atendente humano")


def test_pieces_joined_are_the_text() -> None:
    text = "Olá!  Tudo bem?\n\n- item nº 1: R$ 12,50 😀 "
    assert "".join(pieces(text)) == text


def test_who_names_options_is_offered_them_where_the_prompt_says_how() -> None:
    asked = "Quais as opções: entrega, retirada ou troca?"
    assert "[[choices" not in _in_blocks(asked)
    told = f"{BLOCKS}\n- Offer answers to pick from as [[choices: A | B]]."
    answer = compose(read_prompt([{"role": "system", "content": told}, {"role": "user", "content": asked}]))
    assert answer.endswith("\n[[choices: entrega | retirada | troca]]")
