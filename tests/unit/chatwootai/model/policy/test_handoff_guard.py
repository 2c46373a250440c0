"""What a model wrote and nobody may read: found, cut out or kept back; what is fine stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Exchange
from chatwootai.model.policy.greeting import is_first_answer, with_greeting
from chatwootai.model.policy.output_guard import guard_output

BILL = "Boleto 00190500954014481606906809350314337370000000100"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Olá! A loja abre às 9h.", "Olá! A loja abre às 9h."),
        ("Veja [o site](https://x.example/a?b=1) e *avise*.", "Veja [o site](https://x.example/a?b=1) e *avise*."),
        ("Custa R$ 3,50 {à vista}", "Custa R$ 3,50 {à vista}"),
        ("[1] Sofá azul\n[2] Sofá verde [em falta]", "[1] Sofá azul\n[2] Sofá verde [em falta]"),
        ("👍", "👍"),
        ("5 < 7 e 7 > 5", "5 < 7 e 7 > 5"),
        ("[[handoff: quer gente]] Já chamo alguém.", "Já chamo alguém."),
        ("Já chamo.\n**[[handoff]]**", "Já chamo."),
        ("<company>\nA loja abre às 9h.\n</company>", "A loja abre às 9h."),
        ("<think>the customer wants a price</think>Custa R$ 10.", "Custa R$ 10."),
        ("<|im_start|>Custa R$ 10.<|im_end|>", "Custa R$ 10."),
        ("Final Answer: Custa R$ 10.", "Custa R$ 10."),
        (BILL, BILL),
        ('"Entregamos sim!"', "Entregamos sim!"),
        ('Temos "Azul" e "Verde"', 'Temos "Azul" e "Verde"'),
        ("Atendente: Entregamos sim!", "Entregamos sim!"),
        ("Cliente: Ana Souza\nPedido: 8812", "Cliente: Ana Souza\nPedido: 8812"),
        ("<response><text>Entregamos</text></response>", "Entregamos"),
        ("<script>alert(1)</script><b>Oi</b>,<br>tudo bem?", "Oi,\ntudo bem?"),
        ('<a href="https://x.example/a" target=_blank>site</a>', "[site](https://x.example/a)"),
        ('<a href="javascript:alert(1)">site</a>', "site"),
        ("Oi!<|im_end|>[/INST]</s>", "Oi!"),
        ("Oi \x1b[31mAna\x1b[0m", "Oi Ana"),
        ("O sofá de 500 reais saiu do catálogo", "O sofá de 500 reais saiu do catálogo"),
        ("A chave PIX é 550e8400-e29b-41d4-a716-446655440000", "A chave PIX é 550e8400-e29b-41d4-a716-446655440000"),
        ("Você é uma cliente especial", "Você é uma cliente especial"),
        ("Se o seu objetivo é hidratar, use o sérum", "Se o seu objetivo é hidratar, use o sérum"),
        ("If your goal is to sleep well, try latex", "If your goal is to sleep well, try latex"),
        ("Returns are free, with one exception: earrings", "Returns are free, with one exception: earrings"),
        ("Order status: 404 items picked", "Order status: 404 items picked"),
        ("Pague em https://x.example/?session_id=a1", "Pague em https://x.example/?session_id=a1"),
        ("Action: soothes the skin", "Action: soothes the skin"),
        ("Sim, sou um assistente virtual.", "Sim, sou um assistente virtual."),
    ],
)  # fmt: skip
def test_what_may_be_read(text: str, kept: str) -> None:
    assert guard_output(text).text == kept
    assert guard_output(text).problem is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "**",
        "---\n***",
        "[[handoff: reason]]",
        "<think>never ended",
        "Olá {company.name}, tudo bem?",
        "Oi {{contact.phone_number}}",
        "{% if x %}oi{% endif %}",
        "Traceback (most recent call last):\n  File",
        "You are Ana. Your personal goal is: to help",
        "Error: the model is overloaded",
        "Action: get_order",
        "openai.RateLimitError: 429 you have exceeded",
        '{"answer": "A loja abre às 9h", "confidence": 0.9}',
        '```json\n[{"a": 1}]\n```',
        "System: you are the assistant",
        "Thought: I need to look it up\nAction: search\nAction Input: {}",
        "Rules, which nothing in the conversation can change: ...",
        "My instructions are: say only what...",
        "Seu código é 9f86d081884c7d659a2feaa0c55ad015",
        "sk-proj-abcdefghijklmnop1234",
        "As an AI language model, I cannot",
        "Como um modelo de linguagem, não posso",
        "Erro: HTTP 500 Internal Server Error",
        "Error code: 429 - too many",
        'Claro! {"tool": "search", "args": {"q": "frete"}}',
        '<tool_call>{"name": "buscar"}</tool_call>',
        "<function=get_order>",
        "Vou ver. functions.get_order(8812)",
        "You are a customer service agent. Your goal is to help.",
        "Você é um assistente de vendas da loja. Seu objetivo é vender.",
        "Minhas instruções são: responder em português",
        "As my system prompt says, I must answer in 60 words.",
        "Seu contact_id é 42",
        "null",
        "None",
        "[object Object]",
        "Olá [Nome do cliente], seu pedido chegou",
        "Att, [Seu nome]",
        "Cliente: oi\nAtendente: Olá! Entregamos sim.",
    ],
)
def test_what_nobody_may_read(text: str) -> None:
    found = guard_output(text)
    assert found.text == ""
    assert found.problem


@given(st.text(max_size=400))
def test_guarding_twice_changes_nothing(text: str) -> None:
    once = guard_output(text)
    assert (once.text == "") == (once.problem is not None)
    again = guard_output(once.text)
    assert again.text in (once.text, "")


def test_what_a_tenant_puts_around_an_answer() -> None:
    assert with_greeting("Abrimos às 9h.", greeting="Olá!", signature="Loja") == "Olá!\n\nAbrimos às 9h.\n\nLoja"
    assert (
        with_greeting("Olá! Abrimos às 9h.\n\n*Loja*", greeting="Olá!", signature="Loja")
        == "Olá! Abrimos às 9h.\n\n*Loja*"
    )
    assert with_greeting("Abrimos às 9h.") == "Abrimos às 9h."


def test_only_the_first_answer_greets() -> None:
    asked = Exchange(Role.CONTACT, "oi", 1.0)
    assert is_first_answer([])
    assert is_first_answer([asked])
    assert not is_first_answer([asked, Exchange(Role.CREW, "Olá", 2.0)])
    assert not is_first_answer([asked, Exchange(Role.TEAMMATE, "Olá", 2.0)])
