"""The words in a file: text, HTML, office documents, and PDFs as far as they can be read without a library.

Files are hostile: every entry and stream is unpacked to a bound, XML with declarations of its own is refused, and
nothing in them is followed or run. Pure, and slow enough for a thread.
"""

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree

LONGEST: Final = 6_000
"""Characters of a file that a crew reads."""
_MOST: Final = 4 << 20  # bytes unpacked, of a whole file
_ENTRIES: Final = 30
_STREAMS: Final = 200
_TEXT: Final = frozenset({"txt", "csv", "tsv", "md", "json", "xml", "log", "yaml", "yml", "ics", "vcf", "rst"})
_OFFICE: Final = {
    "docx": re.compile(r"word/document\.xml"),
    "xlsx": re.compile(r"xl/(?:sharedStrings|worksheets/sheet\d+)\.xml"),
    "pptx": re.compile(r"ppt/slides/slide\d+\.xml"),
    "odt": re.compile(r"content\.xml"),
    "ods": re.compile(r"content\.xml"),
    "odp": re.compile(r"content\.xml"),
}
_PARAGRAPHS: Final = frozenset({"p", "h", "row", "tr", "table-row", "br", "si"})
_CELLS: Final = frozenset({"c", "tc", "table-cell", "tab"})
_TAGS: Final = re.compile(r"<(script|style)\b.{0,20000}?</\1\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_STREAM: Final = re.compile(rb"stream\r?\n")
_SHOWN: Final = re.compile(
    rb"\[(?:[^\[\]\\]|\\.)*\]\s*TJ|"
    rb"\((?:[^()\\]|\\.)*\)\s*(?:Tj|'|\")|T\*|(?:Td|TD|ET)\b",
    re.DOTALL,
)
_LITERAL: Final = re.compile(rb"\(((?:[^()\\]|\\.)*)\)|(-?\d+(?:\.\d+)?)", re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPES: Final = {b"n": b"\n", b"r": b"\n", b"t": b"\t", b"b": b"", b"f": b"", b"\n": b"", b"\r\n": b"", b"\r": b""}
_WORD_GAP: Final = -200.0
_LEAST_WORDS: Final = 0.6


class Unreadable(Exception):
    """There are no words to be had; the message says why, in words that may stand before a crew."""


def read(data: bytes, name: str, content_type: str) -> str:
    """The words in a file, at most LONGEST characters of them.

    Raises:
        Unreadable: a kind that is not read, a damaged file, or one without words.
    """
    extension = name.rpartition(".")[2].lower()
    try:
        text = _words(data, extension, content_type)
    except (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, ValueError, KeyError, NotImplementedError,
            RuntimeError, EOFError, RecursionError):  # fmt: skip
        raise Unreadable("it is damaged or locked") from None
    lines = (" ".join(line.split()) for line in text.splitlines())
    text = "\n".join(line for line in lines if line)
    if not text:
        raise Unreadable("no words could be read in it")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… (cut)"


def _words(data: bytes, extension: str, content_type: str) -> str:
    if data.startswith(b"%PDF"):
        return _pdf(data)
    if data.startswith(b"PK") and extension in _OFFICE:
        return _office(data, _OFFICE[extension])
    if extension in ("html", "htm") or content_type == "text/html":
        return html.unescape(_TAGS.sub(" ", _decoded(data)))
    if extension in _TEXT or content_type.startswith("text/") or content_type == "application/json":
        return _decoded(data)
    raise Unreadable("this kind of file cannot be read")


def _decoded(data: bytes) -> str:
    data = data[: 8 * LONGEST]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\x00" in text:
        raise Unreadable("this kind of file cannot be read")
    return text


def _office(data: bytes, wanted: re.Pattern[str]) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = [name for name in package.namelist() if wanted.fullmatch(name)][:_ENTRIES]
        if sum(package.getinfo(name).file_size for name in names) > _MOST:
            raise Unreadable("it is too large to be read")
        return "\n".join(_xml(_entry(package, name)) for name in names)


def _entry(package: zipfile.ZipFile, name: str) -> bytes:
    with package.open(name) as entry:
        content = entry.read(package.getinfo(name).file_size + 1)  # what it says of its size may be a lie
    if len(content) > package.getinfo(name).file_size or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Unreadable("it is too large or unusual to be read")
    return content


def _xml(content: bytes) -> str:
    pieces: list[str] = []
    for element in ElementTree.fromstring(content).iter():  # noqa: S314 - no DOCTYPE, so no entities; bounded
        tag = element.tag.rpartition("}")[2]
        pieces += ["\n"] if tag in _PARAGRAPHS else ["\t"] if tag in _CELLS else []
        if tag in ("t", "v", "p", "h", "span", "a") and element.text:
            pieces.append(element.text)
        if tag in ("span", "a", "tab", "s", "line-break") and element.tail:
            pieces.append(element.tail)
    return "".join(pieces)


def _pdf(data: bytes) -> str:
    if b"/Encrypt" in data:
        raise Unreadable("it is locked")
    text = "\n".join(_shown(content) for content in _streams(data) if b"BT" in content)
    letters = sum(each.isalnum() or each.isspace() for each in text)
    if not text.strip() or letters < _LEAST_WORDS * len(text):  # a scan, or letters in a code of the file's own
        raise Unreadable("no words could be read in it")
    return text


def _streams(data: bytes) -> Iterator[bytes]:
    left = _MOST
    for number, found in enumerate(_STREAM.finditer(data)):
        if number >= _STREAMS or left <= 0:
            return
        about = data[max(0, found.start() - 400) : found.start()].rpartition(b"obj")[2]
        end = data.find(b"endstream", found.end())
        if b"/Image" in about or end < 0:
            continue
        raw = data[found.end() : end]
        if b"/FlateDecode" not in about:
            content = raw[:left]
        else:
            try:
                content = zlib.decompressobj().decompress(raw, left)
            except zlib.error:
                continue
        left -= len(content)
        yield content


def _shown(content: bytes) -> str:
    """What a page's content shows, in the order of the file: strings of the standard encodings, words and lines."""
    pieces: list[str] = []
    for found in _SHOWN.finditer(content):
        operation = found[0]
        if operation.endswith((b"Td", b"TD", b"T*", b"ET")):
            pieces.append("\n")
            continue
        for literal, number in _LITERAL.findall(operation):
            if number:
                pieces.append(" " if float(number) < _WORD_GAP else "")
            else:
                pieces.append(_ESCAPED.sub(_unescaped, literal).decode("cp1252", "replace"))
    return "".join(pieces)


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8) & 0xFF]) if code[:1].isdigit() and code[:1] < b"8" else _ESCAPES.get(code, code)
