"""What of a draft is borne out by what the crew was given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.policy.grounding import check_grounding

PRICES = "Frete grátis acima de R$ 99. Kit de hidratação: R$ 1.249,90 à vista ou 12x de R$ 104,16. Troca em 7 dias."
PLACE = (
    "Rua das Flores, 1200. Telefone (31) 3333-4444. https://loja.example/trocas ou contato@loja.example. "
    "Das 08:00 às 18h."
)
GIVEN = (PRICES, PLACE, "Meu pedido é o 8812, comprei em 12/10/2026")


@pytest.mark.parametrize(
    "said",
    [
        "Sim, o frete é grátis acima de R$ 99!",
        "O kit sai por R$ 1249,90.",
        "O kit sai por R$ 1,249.90.",
        "São 12 parcelas de R$ 104,16.",
        "Fica na Rua das Flores, 1200, telefone 31 3333-4444.",
        "Veja https://loja.example/trocas.",
        "Escreva para Contato@loja.example, das 8:00 às 18:00.",
        "Seu pedido 8812 é de 12/10/2026.",
        "1. Escolha\n2. Pague\n3. Receba",
        "Temos 3 cores e 2 tamanhos.",
        "Claro! Como posso ajudar?",
    ],
)
def test_what_was_given_may_be_said(said: str) -> None:
    found = check_grounding(said, GIVEN)
    assert (found.text, found.missing) == (said, ())


@pytest.mark.parametrize(
    ("said", "left", "missing"),
    [
        ("O kit sai por R$ 199.", "", ("199",)),
        ("Sim, temos. O kit sai por R$ 199. Posso separar um?", "Sim, temos. Posso separar um?", ("199",)),
        ("Veja https://golpe.example/pix agora.", "", ("https://golpe.example/pix",)),
        ("Veja https://loja.example/promo.", "", ("https://loja.example/promo",)),
        ("Ligue (11) 9999-0000.\nAté logo!", "Até logo!", ("11) 9999-0000"[4:],)),
        ("Escreva a vendas@loja.example.", "", ("vendas@loja.example",)),
        ("Desconto de 15%! Boas compras.", "Boas compras.", ("15",)),
        ("Chega em 20/12/2026.", "", ("20/12/2026",)),
        ("Nossos preços:\nkit R$ 250", "", ("250",)),
    ],
)
def test_what_stands_nowhere_goes_with_its_sentence(said: str, left: str, missing: tuple[str, ...]) -> None:
    found = check_grounding(said, GIVEN)
    assert found.text == left
    assert missing[0] in " ".join(found.missing)


@given(st.text(max_size=300), st.lists(st.text(max_size=100), max_size=3))
def test_nothing_is_added_and_what_is_left_is_borne_out(said: str, known: list[str]) -> None:
    found = check_grounding(said, known)
    assert set(found.text.split()) <= set(said.split())
    assert check_grounding(found.text, known).missing == ()


@given(st.text(max_size=300))
def test_a_text_bears_out_itself(said: str) -> None:
    assert check_grounding(said, (said,)).missing == ()


@pytest.mark.parametrize(
    "said",
    ["Das 08h00 às 18h.", "Ligue para +55 31 3333-4444.", "R$ 1\u00a0249,90 à vista.", "Custa R$ １２４９，９０.",
     "١٢٤٩٫٩٠",
     "104 reais e 16 centavos", "Das 8h00min às 18:00"],
)  # fmt: skip
def test_a_figure_in_another_spelling_is_borne_out(said: str) -> None:
    assert check_grounding(said, GIVEN).missing == ()


@pytest.mark.parametrize("said", ["Ligue para +55 31 3333-4445.", "Às 19h45.", "104 reais e 61 centavos", "R$ １２４"])
def test_another_figure_in_that_spelling_is_not(said: str) -> None:
    assert check_grounding(said, GIVEN).missing != ()
