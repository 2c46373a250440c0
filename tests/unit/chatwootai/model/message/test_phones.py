"""One line, written in several ways: a table that holds in both directions, and lines that are never confused."""

import itertools

import pytest

from chatwootai.model.message.phones import _COUNTRIES, normal, spellings

SAME = [
    ("+5531999990000", "+553199990000"),
    ("+5511987654321", "+551187654321"),
    ("+5584966661234", "+558466661234"),
    ("+5215512345678", "+525512345678"),
    ("+5219981234567", "+529981234567"),
    ("+5491112345678", "+541112345678", "+54111512345678"),
    ("+5493511234567", "+543511234567", "+54351151234567"),
    ("+5492966123456", "+542966123456", "+54296615123456"),
    ("+5492944123456", "+542944123456", "+54294154123456"),
    ("+5493764123456", "+543764123456", "+54376154123456"),
    ("+22997123456", "+2290197123456"),
    ("+491712345678", "+4901712345678"),
    ("+447911123456", "+4407911123456"),
    ("+33612345678", "+330612345678"),
]
OTHERS = [
    ("+553132345678", "+5531932345678"),  # a landline of Belo Horizonte, and a mobile that ends alike
    ("+551143215678", "+5511943215678"),
    ("+5531999990000", "+5521999990000"),
    ("+5531999990000", "+55319999900001"),
    ("+553199990000", "+5530999990000"),
    ("+5520999990000", "+552099990000"),  # no area of Brazil
    ("+525512345678", "+5255123456789"),
    ("+521551234567", "+52551234567"),  # too short
    ("+541112345678", "+541112345679"),
    ("+5411123456789", "+549111234567"),
    ("+12125550100", "+112125550100"),
    ("+390612345678", "+39612345678"),  # Italy keeps its zero
    ("+2250701234567", "+225701234567"),
    ("+5531", "+55319"),
    ("+3519123456", "+35109123456"),
]


@pytest.mark.parametrize("line", SAME, ids=lambda line: line[0])
def test_every_spelling_of_a_line_finds_every_other(line: tuple[str, ...]) -> None:
    for one, other in itertools.permutations(line, 2):
        assert other in spellings(one)
    assert len({frozenset(spellings(each)) for each in line}) == 1
    assert all(spellings(each)[0] == each for each in line)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_two_lines_are_never_one(one: str, other: str) -> None:
    assert not {*spellings(one)} & {*spellings(other)}


def test_what_is_no_number_has_no_spelling() -> None:
    assert spellings("") == spellings("ana") == ()
    assert spellings("+55 (31) 9.9999-0000")[0] == normal("55 31 99999 0000") == "+5531999990000"


def test_no_country_code_begins_another() -> None:
    assert [pair for pair in itertools.permutations(_COUNTRIES, 2) if pair[1].startswith(pair[0])] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("005511987654321", "+551187654321"), ("+972 050 1234567", "+972501234567"), ("+212 06 12345678", "+212612345678"),
     ("+595 0981 123456", "+595981123456"), ("+84 091 1234567", "+84911234567")],
)  # fmt: skip
def test_a_zero_that_is_dialled_alone_makes_no_other_line(one: str, other: str) -> None:
    assert other in spellings(one)
    assert "+39612345678" not in spellings("+390612345678")  # in Italy it is part of the number
