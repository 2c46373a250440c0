"""The words of an operator's file as Markdown: HTML, office documents, sheets and PDFs, headings and tables kept.

Files come from elsewhere, so this file is also the program of a child process that reads one (document_process.py): it
stands on nothing of ours, follows nothing, and ends where its bounds are. XML with declarations of its own is refused.
"""

import csv
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

LONGEST: Final = 2_000_000
"""Characters of one document."""
CHILD_SECONDS: Final = 60
CHILD_BYTES: Final = 900 << 20  # of addresses: Python and the libraries take a third
PAGES: Final = 1_000
_ROWS, _COLUMNS, _SHEETS = 20_000, 200, 100
_LINKS: Final = 2_000
_ENTRIES: Final = 4_000
_UNPACKED: Final = 200 << 20  # bytes, of a whole package
_XML: Final = 40 << 20  # bytes, of what is read in it
_LEAST_WORDS: Final = 0.6
_MOST_ACCENTED: Final = 0.5  # of the letters of a text in a Western European encoding
_DECLARED: Final = re.compile(rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})")
_CHARSETS: Final = re.compile(
    "utf-?8|iso-?8859-\\d+|latin-?1|(windows-|cp)(125\\d|874)|koi8-[ru]|tis-620|shift[_-]jis|euc-(jp|kr)|"
    "iso-2022-jp|gb2312|gbk|gb18030|big5", re.IGNORECASE)  # fmt: skip
_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TITLE: Final = re.compile(r"(?:heading|t[ií]tulo|überschrift|titre)\s?([1-6])$|(title|t[ií]tulo)$", re.IGNORECASE)
_UNSAID: Final = ("script", "style", "noscript", "template", "nav", "footer", "aside", "form", "iframe", "svg",
                  "button", "dialog", "[hidden]", "[aria-hidden=true]", "[role=navigation]", "[role=banner]",
                  "[role=contentinfo]", "[role=search]", "[role=dialog]")  # fmt: skip
_BLOCKS: Final = frozenset("p div section article main li ul ol dl dt dd blockquote pre figure figcaption br hr "
                           "details summary address body header tr".split())  # fmt: skip


class Unreadable(Exception):
    """There are no words to be had; the message says why, in words for an operator."""


def to_markdown(data: bytes, kind: str, charset: str = "") -> dict[str, Any]:
    """Return `text` as Markdown, `title`, and of a page its `links`, of a file of a kind: html, pdf, docx, xlsx or csv.

    `charset`: what a server says that a page is in.

    Raises:
        Unreadable: it is damaged or locked, or there are no words in it.
    """
    try:
        if kind == "html":
            data = decoded(data, charset or _declared_charset(data)).encode()
        title, text = _KINDS[kind](data)
        links = _links(data) if kind == "html" else []
    except Unreadable:
        raise
    except (MemoryError, RecursionError):
        raise Unreadable("it is too large to be read") from None
    except Exception as error:  # noqa: BLE001 - four libraries meet strange bytes: whatever they say, it means the same
        raise Unreadable(f"it is damaged or locked ({type(error).__name__})") from None
    text = _checked(re.sub(r"[ \t]+\n", "\n", re.sub(r"\n{3,}", "\n\n", _whole(text))))
    return {"title": " ".join(_whole(title).split())[:300], "text": text, "links": links}


def plain_text(data: bytes, charset: str = "") -> str:
    """Return the text of a file that is text as it stands. `charset`: what a server says that it is in.

    Raises:
        Unreadable: it is no text, in an unknown encoding, too long, or without words.
    """
    return _checked(decoded(data, charset))


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise Unreadable("no words could be read in it")
    if len(text) > LONGEST:
        raise Unreadable(f"it is longer than {LONGEST:,} characters: cut it into several files")
    return text


def _whole(text: str) -> str:
    """Return a text without halves of characters: damaged PDFs hold some, and nothing can store them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _table(rows: Iterable[list[str]]) -> str:
    """Return rows as a table of Markdown, its first row the head; empty rows and columns left out."""
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    width = max(map(len, kept), default=0)
    padded = [[*row, *[""] * (width - len(row))] for row in kept]
    used = [column for column in range(width) if any(row[column].strip() for row in padded)]
    lines = ["| " + " | ".join(" ".join(row[at].split()).replace("|", "\\|") for at in used) + " |" for row in padded]
    return "\n".join((lines[0], "|" + "---|" * len(used), *lines[1:])) if lines else ""


def _csv(data: bytes) -> tuple[str, str]:
    text = decoded(data)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    return "", _table(_bounded(csv.reader(io.StringIO(text), dialect)))


def _bounded(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """Yield the rows that are not empty; raises Unreadable where there are too many, or too wide ones."""
    number = 0
    for row in rows:
        if not any(map(str.strip, row)):
            continue
        number += 1
        if number > _ROWS:
            raise Unreadable(f"it has more than {_ROWS:,} rows: cut it into several files")
        if len(row) > _COLUMNS and any(map(str.strip, row[_COLUMNS:])):
            raise Unreadable(f"it has more than {_COLUMNS} columns: leave some out")
        yield row[:_COLUMNS]


def decoded(data: bytes, charset: str = "") -> str:
    """Return bytes as text: UTF-8 or UTF-16 by their mark, else in `charset`, else Western European.

    Raises:
        Unreadable: it is no text, or in an encoding that nobody names.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _decoded_as(data, charset) or _western(data)
    if "\x00" in text:
        raise Unreadable("it is no text")
    return text


def _decoded_as(data: bytes, charset: str) -> str:
    """Return bytes as text of an encoding that was named; empty where it is none of a page, or they are not in it."""
    text = ""
    with suppress(LookupError):  # one of such a name that there is not
        text = data.decode(charset, "replace") if _CHARSETS.fullmatch(charset) else ""
    return text if 100 * text.count("\ufffd") <= len(text) else ""


def _western(data: bytes) -> str:
    """Return bytes as Western European text; raises Unreadable where they would be letters of no such language."""
    text = data.decode("cp1252", "replace")
    letters = [each for each in text[:100_000] if each.isalpha()]
    accented = sum(not each.isascii() for each in letters)
    if "\x00" not in text and ("\ufffd" in text or accented > _MOST_ACCENTED * max(1, len(letters))):
        raise Unreadable("it is in an unknown encoding: save it as UTF-8")
    return text


def _declared_charset(data: bytes) -> str:
    """Return what a page says at its beginning that it is in; empty where it says nothing."""
    said = _DECLARED.search(data[:4096])
    return said[1].decode("ascii", "replace") if said else ""


def _html(data: bytes) -> tuple[str, str]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(decoded(data))
    head = tree.css_first("title")
    first = tree.css_first("h1")
    title = (first.text() if first is not None else "") or (head.text() if head is not None else "")
    for selector in _UNSAID:
        for node in tree.css(selector):
            node.decompose()
    whole = tree.css_first("main") or tree.css_first("[role=main]")
    articles = tree.css("article")
    whole = whole or (articles[0] if len(articles) == 1 else None) or tree.body
    return title, "".join(_node(whole, 0)) if whole is not None else ""


def _links(data: bytes) -> list[str]:
    from selectolax.lexbor import LexborHTMLParser

    found = (node.attributes.get("href") for node in LexborHTMLParser(decoded(data)).css("a[href]"))
    return list(dict.fromkeys(link[:2000] for link in found if link))[:_LINKS]


def _node(node: Any, depth: int) -> Iterator[str]:
    """Yield the words of an element, in the order of the page."""
    if depth > 200:
        return
    tag = node.tag
    if tag == "-text":
        yield re.sub(r"\s+", " ", node.text(deep=False))
    elif tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
        yield f"\n\n{'#' * int(tag[1])} {' '.join(node.text().split())}\n\n"
    elif tag == "table" and not node.css("table table"):
        rows = ([cell.text() for cell in row.css("th, td")][:_COLUMNS] for row in node.css("tr")[:_ROWS])
        yield f"\n\n{_table(rows)}\n\n"
    else:
        around = (
            "\n\n" if tag in {"p", "div", "section", "article", "details", "dl"} else "\n" if tag in _BLOCKS else ""
        )
        yield around + ("- " if tag == "li" else "")
        child = node.child
        while child is not None:
            yield from _node(child, depth + 1)
            child = child.next
        yield around


def _package(data: bytes) -> zipfile.ZipFile:
    package = zipfile.ZipFile(io.BytesIO(data))
    entries = package.infolist()
    if len(entries) > _ENTRIES or sum(entry.file_size for entry in entries) > _UNPACKED:
        raise Unreadable("it is too large to be read")
    return package


def _docx(data: bytes) -> tuple[str, str]:
    from defusedxml.ElementTree import fromstring

    with _package(data) as package, package.open("word/document.xml") as entry:
        content = entry.read(_XML + 1)
    if len(content) > _XML:
        raise Unreadable("it is too large to be read")
    body = fromstring(content, forbid_dtd=True).find(f"{_WORD}body")
    pieces = [] if body is None else [piece for child in body if (piece := _word_block(child))]
    title = next((piece.lstrip("# ") for piece in pieces if piece.startswith("# ")), "")
    return title, "\n\n".join(pieces)


def _word_block(element: Any) -> str:
    if element.tag == f"{_WORD}tbl":
        rows = element.iter(f"{_WORD}tr")
        return _table([_word_text(cell) for cell in row.findall(f"{_WORD}tc")] for row in rows)
    if element.tag != f"{_WORD}p":
        return "\n\n".join(filter(None, map(_word_block, element.iter(f"{_WORD}p")))) if len(element) else ""
    text = _word_text(element)
    style = element.find(f"{_WORD}pPr/{_WORD}pStyle")
    named = _TITLE.match(str(style.get(f"{_WORD}val"))) if style is not None else None
    return f"{'#' * int((named and named[1]) or 1)} {text}" if named and text else text


def _word_text(element: Any) -> str:
    pieces = []
    for each in element.iter():
        if each.tag == f"{_WORD}t":
            pieces.append(each.text or "")
        elif each.tag in (f"{_WORD}tab", f"{_WORD}br"):
            pieces.append(" ")
    return "".join(pieces).strip()


def _xlsx(data: bytes) -> tuple[str, str]:
    from openpyxl import load_workbook

    _package(data).close()
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    pieces = []
    if len(book.worksheets) > _SHEETS:
        raise Unreadable(f"it has more than {_SHEETS} sheets: cut it into several files")
    for sheet in book.worksheets:
        rows = (["" if value is None else str(value) for value in row] for row in sheet.iter_rows(values_only=True))
        if table := _table(_bounded(rows)):
            pieces.append(f"## {sheet.title}\n\n{table}" if len(book.worksheets) > 1 else table)
    return "", "\n\n".join(pieces)


def _pdf(data: bytes) -> tuple[str, str]:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):  # many are locked against changes only
        raise Unreadable("it is locked by a password")
    if len(reader.pages) > PAGES:
        raise Unreadable(f"it has more than {PAGES:,} pages: cut it into several files")
    text, size = [], 0
    for page in reader.pages:
        text.append(_joined_lines(page.extract_text()))
        size += len(text[-1])
        if size > LONGEST:
            break
    said = "\n\n".join(text)
    letters = sum(each.isalnum() or each.isspace() for each in said)
    if letters < _LEAST_WORDS * len(said):  # letters in a code of the file's own
        raise Unreadable("its letters are in a code of its own: no words could be read in it")
    title = reader.metadata.title if reader.metadata and isinstance(reader.metadata.title, str) else ""
    return title, said


def _joined_lines(text: str) -> str:
    """Return a page's lines as paragraphs: a line that ends no sentence goes on in the next."""
    return re.sub(r"(?<=[^\n.!?:;…])[ \t]*\n(?=[a-zà-ÿ(])", " ", re.sub(r"(?<=\w)-\n(?=[a-zà-ÿ])", "", text))


_KINDS: Final = {"csv": _csv, "html": _html, "docx": _docx, "xlsx": _xlsx, "pdf": _pdf}


def _limit_resources() -> None:
    """Limit the time and memory of this process: a file that eats either ends it, and no other."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (CHILD_SECONDS, CHILD_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_BYTES, CHILD_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory ends, this is what goes


def serve(given: BinaryIO) -> dict[str, Any]:
    """Read the file that follows a line of JSON about it."""
    about = json.loads(given.readline())
    try:
        return to_markdown(given.read(), about["kind"], about.get("charset", ""))
    except Unreadable as error:
        return {"problem": str(error)}


if __name__ == "__main__":
    with suppress(ImportError):  # no limits on systems without them; the parent kills in any case
        _limit_resources()
    sys.stdout.write(json.dumps(serve(sys.stdin.buffer)))
