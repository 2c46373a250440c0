"""Redaction: surrogates of the same shape and with check digits, and a second look that finds nothing."""

from hypothesis import given
from hypothesis import strategies as st

from ops.evaluation.redaction.check_digits import cpf_digits, is_card, is_cnpj, is_cpf, is_iban
from ops.evaluation.redaction.identifiers import find_identifiers
from ops.evaluation.redaction.redactor import KnownContact, Redactor

JOANA = KnownContact("Joana D'Ávila Prado", "+5531987654321", "joana@exemplo.com", ("CLI-77812", "vip"))


def test_what_is_known_of_the_contact_goes_in_every_spelling() -> None:
    redactor = Redactor(JOANA, "seed")
    text = "sou a JOANA prado (joana davila), joana@exemplo.com, 31 98765-4321, +55 (31) 98765 4321, código CLI-77812"
    said = redactor.redact(text).casefold()
    assert [each for each in ("joana", "prado", "98765", "cli-77812", "exemplo.com,") if each in said] == []
    assert redactor.residual([said]) == redactor.residual([])


def test_surrogates_keep_shape_and_check_digits() -> None:
    redactor = Redactor(KnownContact(), "seed")
    text = "529.982.247-25 e 11.222.333/0001-81 e 4111 1111 1111 1111 e DE89 3704 0044 0532 0130 00 e 30120-080"
    cpf, cnpj, card, iban, cep = redactor.redact(text).split(" e ")
    assert is_cpf(cpf.replace(".", "").replace("-", ""))
    assert is_cnpj("".join(sign for sign in cnpj if sign.isalnum()))
    assert is_card(card.replace(" ", ""))
    assert is_iban(iban.replace(" ", ""))
    assert (len(cpf), cpf[3], len(cep), cep[5]) == (14, ".", 9, "-")
    assert redactor.redact(text).split(" e ") == [cpf, cnpj, card, iban, cep], "the same has the same"
    assert redactor.residual([cpf, cnpj, card, iban, cep]) == []


def test_a_second_look_finds_what_was_not_redacted() -> None:
    redactor = Redactor(JOANA, "seed")
    found = redactor.residual(["fale com Joana", "CPF 529.982.247-25", "joana@exemplo.com"])
    assert {"CPF", "e-mail address", "the contact's name"} <= set(found)


@given(st.text("0123456789", min_size=9, max_size=9).filter(lambda body: len(set(body)) > 1), st.text(max_size=40))
def test_no_identifier_survives(body: str, around: str) -> None:
    cpf = body + cpf_digits(body)
    redactor = Redactor(KnownContact(), "seed")
    said = redactor.redact(f"{around} cpf {cpf} ok")
    assert cpf not in said or all(each.kind != "CPF" for each in find_identifiers(f"{around} cpf {cpf} ok"))
    assert redactor.residual([said]) == []
