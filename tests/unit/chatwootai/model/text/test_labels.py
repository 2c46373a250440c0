"""Labels of any script, as Chatwoot allows them, in settings and from a crew."""

import unicodedata

import pytest
from pydantic import ValidationError

from chatwootai.model.text.labels import MOST_LABEL, composed, is_label, to_label
from config.settings.handoff import Handoff

GOOD = [
    *"handoff atenção reclamação año-2026 größe_l жалоба παράπονο 投诉 クレーム 불만 شكوى תלונה 2026 a1".split(),
    "x" * MOST_LABEL,
]
BAD = [
    "", "a b", "a\n", "\u200bab", "a\u00a0b", "x" * (MOST_LABEL + 1), unicodedata.normalize("NFD", "atenção"),
    *"a -a _a Atenção ATENÇÃO a,b a/b 🔥🔥 क्षेत्र #ab".split(),
]  # fmt: skip


@pytest.mark.parametrize("label", GOOD)
def test_what_chatwoot_takes_stays_as_it_is(label: str) -> None:
    assert is_label(label)
    assert to_label(label) == label
    assert Handoff(label=label).label == label


@pytest.mark.parametrize("label", BAD)
def test_what_chatwoot_refuses_is_told(label: str) -> None:
    assert not is_label(label)


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("reclamação", "reclamação"),
        (unicodedata.normalize("NFD", "Reclamação"), "reclamação"),
        ("Troca & Devolução!", "troca-devolução"),
        ("  Pós venda ", "pós-venda"),
        ("ÜBER-GROß", "über-groß"),
        ("Жалоба клиента", "жалоба-клиента"),
        ("退货 退款", "退货-退款"),
        ("शिकायत", "शिकायत"),
        ("a/b,c", "a-b-c"),
        ("--_x_--", ""),
        ("!", ""),
        ("", ""),
        ("x" * 999, "x" * MOST_LABEL),
    ],
)
def test_what_a_crew_says_becomes_a_label(said: str, label: str) -> None:
    assert to_label(said) == label


def test_a_label_in_a_file_is_written_with_accents_in_one_or_two_characters() -> None:
    assert Handoff(label=unicodedata.normalize("NFD", "atenção")).label == composed("atenção")
    assert Handoff(label="").label == ""


@pytest.mark.parametrize(
    ("label", "remedy"),
    [("Atenção", "Write `atenção`."), ("pós venda", "Write `pós-venda`."), ("🔥", "Chatwoot allows letters")],
)
def test_the_remedy_says_what_to_write(label: str, remedy: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Handoff(label=label)
    assert raised.value.errors()[0]["ctx"]["remedy"].startswith(remedy)
