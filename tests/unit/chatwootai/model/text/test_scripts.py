"""Which marks are accents and which are part of a word, script by script; and how many may stand in a row."""

import sys
import unicodedata

import pytest

from chatwootai.model.text.marks import MOST_IN_A_ROW, composed, limited, without_accents
from chatwootai.model.text.normalize import LONGEST, abridge, normalize
from config.settings.answers import normalise_question

_ALL = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Accents of Latin, Greek and Cyrillic letters
        ("Não dá!", "nao da"),
        ("GARÇON", "garcon"),
        ("e\u0301", "é"),
        ("Ώρες λειτουργίας", "ωρεσ λειτουργιας"),
        ("ещё", "еще"),
        ("Łódź, Ørsted", "lodz orsted"),
        ("İstanbul ıslak", "istanbul islak"),
        # Vietnamese is Latin too: people type it without marks about as often as with them.
        ("Giờ mở cửa là mấy giờ?", "gio mo cua la may gio"),
        ("đường", "duong"),
        # Vowel points and cantillation, which nearly nobody types; hamza, madda and kashida.
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("أسعار", "اسعار"),
        ("آسف", "اسف"),
        ("مرحـــبا", "مرحبا"),
        ("ܫܠܵܡܵܐ", "ܫܠܡܐ"),
        # Joiners shape glyphs, words they do not make
        ("می\u200cخواهم", "میخواهم"),
        ("क\u094d\u200dष", "क\u094dष"),
        # One spelling of the same letters
        ("ガギグ", "ｶﾞｷﾞｸﾞ"),
        ("한국어", unicodedata.normalize("NFD", "한국어")),
        ("ＡＢＣ１２３", "abc123"),
        ("\u0958", "\u0915\u093c"),
        ("straße", "STRASSE"),
        ("ﬁm", "fim"),
    ],
)
def test_one_word(one: str, other: str) -> None:
    assert normalize(one) == normalize(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("तेल", "तिल"),  # Devanagari: oil, sesame
        ("चिता", "चीता"),
        ("कल", "कला"),
        ("फल", "फ़ल"),
        ("கல்", "கால்"),  # Tamil: stone, leg
        ("மரம்", "மாரம்"),
        ("ไก่", "ไข่"),  # Thai: hen, egg
        ("ใกล้", "ไกล"),  # near, far
        ("มา", "ม้า"),
        ("দিন", "দান"),  # Bengali: day, gift
        ("বই", "বাই"),
        ("ਦਿਲ", "ਦਾਲ"),  # Gurmukhi
        ("દિલ", "દાલ"),  # Gujarati
        ("పాలు", "పులు"),  # Telugu
        ("ಹಾಲು", "ಹುಲು"),  # Kannada
        ("പാൽ", "പുൽ"),  # Malayalam
        ("කල", "කිල"),  # Sinhala
        ("ປາ", "ປ້າ"),  # Lao
        ("ဆား", "ဆေး"),  # Myanmar
        ("ទឹក", "ទុក"),  # Khmer
        ("ཞི", "ཞུ"),  # Tibetan
        ("か", "が"),
        ("は", "ぱ"),
        ("ハ", "バ"),
        ("한", "하"),
        ("값", "갑"),
        ("ދަތް", "ދިތް"),  # Thaana
        ("𑄌𑄋𑄴𑄟", "𑄌𑄋𑄟"),  # Chakma, beyond the first plane
        ("1ª", "2ª"),
    ],
)
def test_two_words(one: str, other: str) -> None:
    assert normalize(one) != normalize(other)
    assert normalise_question(one) != normalise_question(other)


@pytest.mark.parametrize("text", ["तेल की कीमत क्या है", "எண்ணெய் விலை என்ன", "ราคาน้ำมันเท่าไหร่", "তেলের দাম কত", "ទឹកដោះគោ"])
def test_a_word_is_whole(text: str) -> None:
    """A vowel sign is no sign between words."""
    assert len(normalize(text).split()) == len(text.split())


def test_every_mark_of_this_python_is_known() -> None:
    marks = [each for each in _ALL if unicodedata.category(each) in {"Mn", "Mc", "Me"}]
    assert [hex(ord(each)) for each in marks if len(limited(each * 40)) != MOST_IN_A_ROW] == []


def test_nothing_that_decomposes_into_marks_stands_in_long_rows() -> None:
    """Sorting is what costs: whatever becomes marks alone when it is decomposed, is limited before."""
    become = [each for each in _ALL if all(map(unicodedata.combining, unicodedata.normalize("NFKD", each)))]
    assert [hex(ord(each)) for each in become if len(limited(each * 40)) != MOST_IN_A_ROW] == []


@pytest.mark.parametrize("text", ["", *(each * 100 for each in ("abc", "é", "한", "😀", "𐍈", "क्षि", "\u1100"))])
def test_what_has_no_long_rows_stays_as_it_is(text: str) -> None:
    assert limited(text) == text
    assert composed(text) == unicodedata.normalize("NFC", text)


def test_the_first_marks_of_a_row_stay() -> None:
    assert limited("a" + "\u0301\u0323" * 100 + "b") == "a" + "\u0301\u0323" * (MOST_IN_A_ROW // 2) + "b"
    assert limited("\U00011301" * 99 + "𐍈" * 99) == "\U00011301" * MOST_IN_A_ROW + "𐍈" * 99


@pytest.mark.parametrize("text", ["\u0301\u0323" * 50_000, "a" + "\u0315\u0323" * 75_000, "\ufdfa" * 150_000])
def test_folding_is_bounded(text: str) -> None:
    assert len(normalize(text)) <= 2 * LONGEST + len(text)
    assert len(without_accents(text[:100])) <= 1_800


def test_what_is_abridged_keeps_its_beginning_and_its_end() -> None:
    text = "beginning " + "a" * 200_000 + " end"
    short = abridge(text)
    assert len(short) == LONGEST
    assert short.startswith("beginning ")
    assert short.endswith(" end")
    assert abridge("short") == "short"
