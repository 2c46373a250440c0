"""The words in a file: text, HTML, office documents, and PDFs.

Files are hostile, so this file is also the program of a child process that reads one (attached_file_process.py): it
stands on nothing of ours, follows nothing, and ends where its bounds are. XML with declarations of its own is refused.
"""

import html
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

LONGEST: Final = 6_000
"""Characters of a file that a crew reads."""
CHILD_SECONDS: Final = 10
CHILD_BYTES: Final = 300 << 20  # of addresses: Python and the libraries take a third
_PAGES: Final = 30
_ROWS, _COLUMNS = 400, 40
_ENTRIES: Final = 2_000
_UNPACKED: Final = 40 << 20  # bytes, of a whole package
_XML: Final = 8 << 20  # bytes, of what is read in it
_DEEPEST: Final = 100
_TEXT: Final = frozenset({"txt", "csv", "tsv", "md", "json", "xml", "log", "yaml", "yml", "ics", "vcf", "rst"})
_OFFICE: Final = re.compile(r"word/document\.xml|ppt/slides/slide\d+\.xml|content\.xml")
_SHEETS: Final = "xl/workbook.xml"
_NEW_LINE: Final = frozenset({"p", "h", "tr", "table-row", "br", "line-break"})
_NEW_CELL: Final = frozenset({"tc", "table-cell", "tab"})
_HOLDS_WORDS: Final = frozenset({"t", "p", "h", "span", "a"})
_UNSAID: Final = frozenset({"annotation", "tracked-changes", "instrText", "delText"})
_TAGS: Final = re.compile(r"<(script|style)\b.*?(?:</\1\s{0,9}>|\Z)|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_LEAST_WORDS: Final = 0.6


class Unreadable(Exception):
    """There are no words to be had; the message says why, in words that may stand before a crew."""


def is_plain(data: bytes, name: str, content_type: str) -> bool:
    """Tell whether a file is text as it stands: cheap and safe to read anywhere."""
    packed = data.startswith(b"PK\x03\x04") or b"%PDF-" in data[:1024]
    return not packed and not _is_html(name, content_type)


def extract_text(data: bytes, name: str, content_type: str) -> str:
    """Return the words in a file, at most LONGEST characters of them.

    Raises:
        Unreadable: a kind that is not read, a damaged file, or one without words.
    """
    try:
        text = _words(data, name, content_type)
    except Unreadable:
        raise
    except (MemoryError, RecursionError):
        raise Unreadable("it is too large to be read") from None
    except Exception:  # noqa: BLE001 - three libraries meet a stranger's bytes: whatever they say, it means the same
        raise Unreadable("it is damaged or locked") from None
    lines = (" ".join(line.split()) for line in text.splitlines())
    text = "\n".join(line for line in lines if line)
    if not text:
        raise Unreadable("no words could be read in it")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… (cut)"


def _words(data: bytes, name: str, content_type: str) -> str:
    if b"%PDF-" in data[:1024]:
        return _pdf(data)
    if data.startswith(b"PK\x03\x04"):
        return _package(data)
    if _is_html(name, content_type):
        return html.unescape(_TAGS.sub(" ", _decode(data)))
    if _extension(name) in _TEXT or content_type.startswith("text/") or content_type == "application/json":
        return _decode(data)
    raise Unreadable("this kind of file cannot be read")


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _is_html(name: str, content_type: str) -> bool:
    return _extension(name) in ("html", "htm") or content_type.startswith("text/html")


def _decode(data: bytes) -> str:
    data = data[: 8 * LONGEST]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        cut = error.start > len(data) - 4  # a character that the bound has parted
        text = data[: error.start].decode() if cut else data.decode("cp1252", "replace")
    if "\x00" in text:
        raise Unreadable("this kind of file cannot be read")
    return text


def _enough(pieces: Iterable[str]) -> str:
    """Join pieces until nobody would read more."""
    kept, size = [], 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size > 4 * LONGEST:
            break
    return "".join(kept)


def _package(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        entries = package.infolist()
        if len(entries) > _ENTRIES or sum(entry.file_size for entry in entries) > _UNPACKED:
            raise Unreadable("it is too large to be read")
        names = [entry.filename for entry in entries]
        if _SHEETS in names:
            return _sheets(data)
        wanted = sorted((name for name in names if _OFFICE.fullmatch(name)), key=lambda name: (len(name), name))
        if not wanted:
            raise Unreadable("this kind of file cannot be read")
        return _enough(piece for name in wanted[:_PAGES] for piece in (*_entry(package, name), "\n"))


def _entry(package: zipfile.ZipFile, name: str) -> Iterator[str]:
    from defusedxml.ElementTree import fromstring

    with package.open(name) as entry:
        content = entry.read(_XML + 1)
    if len(content) > _XML:
        raise Unreadable("it is too large to be read")
    return _xml(fromstring(content, forbid_dtd=True))


def _xml(element: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts of an element, in the order of the file: paragraphs as lines, cells apart."""
    tag = element.tag.rpartition("}")[2]
    if tag in _UNSAID or depth > _DEEPEST:
        return
    yield "\n" if tag in _NEW_LINE else "\t" if tag in _NEW_CELL else " " if tag == "s" else ""
    if tag in _HOLDS_WORDS:
        yield element.text or ""
    for child in element:
        yield from _xml(child, depth + 1)
        if tag in _HOLDS_WORDS:
            yield child.tail or ""


def _sheets(data: bytes) -> str:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    return _enough(line for sheet in book.worksheets[:_PAGES] for line in _rows(sheet))


def _rows(sheet: Any) -> Iterator[str]:
    for row in sheet.iter_rows(max_row=_ROWS, max_col=_COLUMNS, values_only=True):
        yield "\t".join("" if value is None else str(value) for value in row) + "\n"


def _pdf(data: bytes) -> str:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):  # many are locked against changes only
        raise Unreadable("it is locked")
    text = _enough(f"{page.extract_text()}\n" for _, page in zip(range(_PAGES), reader.pages, strict=False))
    letters = sum(each.isalnum() or each.isspace() for each in text)
    if letters < _LEAST_WORDS * len(text):  # letters in a code of the file's own
        raise Unreadable("no words could be read in it")
    return text


def _limit_resources() -> None:
    """Limit this process, so that a file that eats time or memory ends it, and no other."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (CHILD_SECONDS, CHILD_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_BYTES, CHILD_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory ends, this is what goes


def answer(given: BinaryIO) -> dict[str, str]:
    """Read the file that follows a line of JSON about it."""
    about = json.loads(given.readline())
    try:
        return {"text": extract_text(given.read(), about["name"], about["content_type"])}
    except Unreadable as error:
        return {"problem": str(error)}


if __name__ == "__main__":
    with suppress(ImportError):  # no limits on systems without them; the parent kills in any case
        _limit_resources()
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer)))
