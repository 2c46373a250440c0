"""Texts as knowledge: terms, blocks, passages, windows; and files of every kind in their process."""

import io
import zipfile
from itertools import pairwise

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crews.knowledge.cutting.blocks import blocks
from crews.knowledge.cutting.passages import LEAST, MOST, cut_passages
from crews.knowledge.cutting.sentences import sentences, tokens, windows
from crews.knowledge.index.terms import count_terms
from crews.knowledge.passage import Document
from crews.knowledge.reading.document_formats import Unreadable, plain_text
from crews.knowledge.reading.document_process import read_file, read_page


def terms(text: str, *languages: str) -> set[str]:
    return set(count_terms(text, languages or ("pt",)))


def cut(text: str, **about: object) -> list[tuple[str, str]]:
    return [(each.heading, each.text) for each in cut_passages(Document(id="d", text=text, **about), "s")]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "languages"),
    [
        ("entregamos", "entrega", ("pt",)),
        ("devoluções", "devolucao", ("pt",)),
        ("envíos", "envio", ("es",)),
        ("deliveries", "delivery", ("en",)),
        ("参加退货政策", "退货", ("zh",)),
        ("นโยบายการคืนสินค้า", "คืนสินค้า", ("th",)),
        ("वापसी की नीति", "वापसी", ("hi",)),
        ("доставляем", "доставлять", ("ru",)),
        ("o modelo SC-1042/B", "sc1042b", ("pt",)),
    ],
)
def test_what_is_said_alike_shares_terms(one: str, other: str, languages: tuple[str, ...]) -> None:
    shared = {each.lstrip("#") for each in terms(one, *languages)} & terms(other, *languages)
    assert {each for each in shared if each[0] != "="}


def test_accents_tell_apart_what_is_written_and_unite_what_is_meant() -> None:
    assert terms("avó") != terms("avô")
    assert {"=avó"} == terms("avó") - terms("avo")
    assert "#sc1042" in terms("SC-1042")
    assert {"sc", "1042"} <= terms("SC-1042")


@settings(deadline=None)
@given(st.text(max_size=400), st.sampled_from([("pt",), ("en", "es"), ()]))
def test_any_text_has_terms_in_time_and_the_same_each_time(text: str, languages: tuple[str, ...]) -> None:
    found = count_terms(text, languages)
    assert found == count_terms(text, languages)
    assert all(number > 0 and 0 < len(term) <= 66 for term, number in found.items())


def test_a_table_is_rows_that_name_their_columns() -> None:
    text = "# Preços\n\n| Tamanho | Preço |\n|---|---|\n| 40 x 60 | R$ 199 |\n| 80 x 90 | R$ 399 |\n\nSem frete."
    assert [each.text for each in blocks(text)] == [
        "Tamanho: 40 x 60; Preço: R$ 199", "Tamanho: 80 x 90; Preço: R$ 399", "Sem frete.",
    ]  # fmt: skip
    assert all(each.headings == ("Preços",) for each in blocks(text))


def test_headings_lead_the_way_and_part_what_is_long() -> None:
    long = "Uma frase sobre prazos de entrega em dias úteis. " * 30
    found = cut(f"# Loja\n\n## Frete\n\n{long}\n\n## Trocas\n\n{long}", title="Loja")
    assert [heading for heading, _ in found] == ["Loja > Frete", "Loja > Trocas"]


def test_short_sections_are_one_passage_that_keeps_their_headings() -> None:
    ((heading, text),) = cut("# A\n\nUm.\n\n## B\n\nDois.\n\n## C\n\nTrês.")
    assert (heading, text) == ("A", "Um.\nB\nDois.\nC\nTrês.")


def test_code_setext_and_lists_stay_as_they_are() -> None:
    text = "Título\n======\n\n- um\n- dois\n\n```\n# no heading\n```\n\n~~~\nopen"
    assert [(each.headings, each.text) for each in blocks(text)] == [
        (("Título",), "- um\n- dois"), (("Título",), "# no heading"), (("Título",), "open"),
    ]  # fmt: skip


_LINE = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)
_TEXT = st.lists(st.one_of(_LINE, st.sampled_from(["# T", "## U", "", "| a | b |", "|---|---|", "```"])), max_size=60)


@settings(deadline=None)
@given(_TEXT)
def test_passages_are_bounded_and_nothing_said_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = cut_passages(Document(id="d", text=text), "s")
    assert all(tokens(each.text) <= MOST + LEAST and each.text for each in found)
    said = "".join("".join((*each.headings, each.text)) for each in found)
    for block in blocks(text):
        if not block.row:
            assert all(letter in said for letter in block.text if letter.isalnum())


@settings(deadline=None)
@given(_LINE)
def test_windows_overlap_by_a_sentence_and_hold_every_sentence(text: str) -> None:
    found = windows(text * 3)
    assert all(len(each) <= 1400 for each in found)
    assert all(first[-1:] != "" and second for first, second in pairwise(found))
    assert not sentences(text) or found


async def test_files_are_read_with_their_headings_and_tables() -> None:
    page = b"<title>T</title><nav>menu</nav><main><h1>Trocas</h1><p>Em 30&nbsp;dias.</p><table><tr><th>A<th>B"
    title, text, links = await read_page(
        page + b"<tr><td>1<td>2</table><a href='/x#y'>x</a></main><footer>rodape</footer>"
    )
    assert (title, links) == ("Trocas", ["/x#y"])
    assert "| A | B |\n|---|---|\n| 1 | 2 |" in text
    assert "menu" not in text
    assert "rodape" not in text
    assert await read_file("nome;preço\nbatom;R$ 29\n".encode("cp1252"), "csv") == (
        "", "| nome | preço |\n|---|---|\n| batom | R$ 29 |",
    )  # fmt: skip


async def test_office_files_keep_headings_and_tables() -> None:
    head = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    title = '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Garantia</w:t></w:r></w:p>'
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    row = "<w:tr>" + cell + cell + "</w:tr>"
    body = title + "<w:p><w:r><w:t>Um ano.</w:t></w:r></w:p><w:tbl>" + row.format("Peça", "Prazo")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr(
            "word/document.xml", head + body + row.format("motor", "2 anos") + "</w:tbl></w:body></w:document>"
        )
    name, text = await read_file(made.getvalue(), "docx")
    assert name == "Garantia"
    assert [each.text for each in blocks(text)] == ["Um ano.", "Peça: motor; Prazo: 2 anos"]
    book = openpyxl.Workbook()
    book.active.append(["Produto", "Preço"])
    book.active.append(["Batom", 29.9])
    book.save(sheet := io.BytesIO())
    assert "| Batom | 29.9 |" in (await read_file(sheet.getvalue(), "xlsx"))[1]


@pytest.mark.parametrize(
    ("data", "ending", "said"),
    [
        (b"%PDF-1.7 broken", "pdf", "damaged"),
        (b"PK\x03\x04broken", "docx", "damaged"),
        (b"", "html", "no words"),
        (b"\x00\x01", "txt", "no text"),
        (b" \n ", "md", "no words"),
        (b"Uma frase. " * 200_000, "md", "longer than"),
        ("Доставка занимает два дня.".encode("cp1251"), "txt", "unknown encoding"),
        ("商品,納期\n椅子,二日\n".encode("shift_jis"), "csv", "unknown encoding"),
        (b"item,preco\n" + b"mesa,10\n" * 20_000, "csv", "more than 20,000 rows"),
        (b"x," * 201 + b"x\n", "csv", "more than 200 columns"),
        (b"x", "exe", "not read"),
    ],
)
async def test_what_cannot_be_read_says_why(data: bytes, ending: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        await read_file(data, ending)


@pytest.mark.parametrize(
    ("said", "encoding"),
    [
        ('<meta charset="shift_jis"><p>配送は二日かかります。</p>', "shift_jis"),
        ('<meta content="text/html; charset=windows-1251"><p>Доставка занимает два дня.</p>', "cp1251"),
        ('<meta charset="utf-8"><p>Já são três: ação, não?</p>', "cp1252"),
        ("<p>Já são três: ação, não?</p>", "cp1252"),
        ("<p>Já são três: ação, não?</p>", "utf-16"),
    ],
)
async def test_a_page_is_read_in_the_encoding_that_it_names(said: str, encoding: str) -> None:
    _, text, _ = await read_page(said.encode(encoding))
    assert text == said.partition("<p>")[2].removesuffix("</p>")


def test_what_a_server_names_counts_and_a_strange_name_does_not() -> None:
    said = "Доставка занимает два дня."
    assert plain_text(said.encode("koi8-r"), "KOI8-R") == said
    assert plain_text("é só isso".encode("cp1252"), "punycode") == "é só isso"
    assert plain_text("é só isso".encode("cp1252"), "iso-8859-99") == "é só isso"


async def test_a_bomb_ends_its_own_process_and_no_other() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b"\0" * (220 << 20))
    with pytest.raises(Unreadable, match="too large"):
        await read_file(made.getvalue(), "docx")
