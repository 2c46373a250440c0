"""Identifiers: found by their check digits, and no number is taken for one that has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.evaluation.redaction import check_digits as digits
from ops.evaluation.redaction.identifiers import find_identifiers


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("meu CPF é 529.982.247-25", "CPF"),
        ("cpf 52998224725", "CPF"),
        ("CNPJ 11.222.333/0001-81", "CNPJ"),
        ("CNPJ 12.ABC.345/01DE-35", "CNPJ"),
        ("cartão 4111 1111 1111 1111", "card number"),
        ("escreva para ana.lima+x@exemplo.com.br", "e-mail address"),
        ("ligue (31) 98765-4321", "phone number"),
        ("+55 31 98765-4321", "phone number"),
        ("31987654321", "phone number"),
        ("CEP 30120-080", "CEP"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN"),
        ("chave 123e4567-e89b-12d3-a456-426614174000", "Pix key"),
        ("placa ABC1D23", "number plate"),
        ("https://loja.example/pedido?token=abc", "link with a token"),
    ],
)
def test_an_identifier_is_found(text: str, kind: str) -> None:
    assert [each.kind for each in find_identifiers(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "R$ 1.234,56 em 12 vezes",
        "pedido 4711",
        "de 9h às 18h30",
        "2026-11-29",
        "529.982.247-26",
        "4 a 9 dias úteis",
        "18/12/2026",
    ],
)
def test_what_is_no_identifier_stays(text: str) -> None:
    assert find_identifiers(text) == []


@given(st.text("0123456789", min_size=9, max_size=9).filter(lambda body: len(set(body)) > 1))
def test_check_digits_make_a_cpf_that_no_other_digits_make(body: str) -> None:
    made = body + digits.cpf_digits(body)
    assert digits.is_cpf(made)
    assert not digits.is_cpf(made[:-1] + str((int(made[-1]) + 1) % 10))


@given(st.text("0123456789", min_size=12, max_size=18).filter(lambda body: len(set(body)) > 1))
def test_luhn_tells_a_card_from_its_neighbours(body: str) -> None:
    made = body + digits.luhn_digit(body)
    assert digits.is_card(made)
    assert not digits.is_card(made[:-1] + str((int(made[-1]) + 1) % 10))
