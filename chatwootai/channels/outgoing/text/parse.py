"""Markdown to a tree, by a real parser, whatever is thrown at it."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from chatwootai.channels.outgoing.text.clean import clean
from chatwootai.channels.outgoing.text.links import address
from chatwootai.channels.outgoing.text.tree import Block, Fence, Items, Kind, Paragraph, Quote, Run, Runs, Table
from chatwootai.model.text.normalize import LONGEST
from chatwootai.model.text.sentences import cut_at_sentence

_DEEP: Final = re.compile(r"^[ \t]*(?:(?:[>*+-]|\d{1,9}[.)])[ \t]*){16}", re.MULTILINE)
# Without any of this, no rule of Markdown applies: what is left are paragraphs and lines.
_MARKUP: Final = re.compile(r"[\\`*_~\[\]<>&#|]|^(?:[^\S\n]|[-+=:]|\d{1,9}[.)])|[^\S\n]$", re.MULTILINE)
# "10*20*30 cm" is no emphasis, which would make it "102030"; "+ de 10" in a line of its own is no list, which would
# make it "- de 10".
_TIMES: Final = re.compile(r"(?<=\d)\*(?=\d)")
_PLUS: Final = re.compile(r"(?:(?<=\n)|(?<=\A))(?<!\n\+ )([ ]{0,3})\+ (?=[^\n]*(?:\n(?![ ]{0,3}\+ )|\Z))")
_CODE: Final = re.compile(r"`|~~~|^(?: {4}|\t)", re.MULTILINE)
_MARKS: Final = re.compile(r"[\[\]<`&*_~\\|!]")
_MANY: Final = 1500
_STYLES: Final = {"strong": "strong", "em": "emphasis", "s": "strike"}


class _Parser(MarkdownIt):
    """CommonMark with tables and ~~strike~~, no HTML. Addresses are judged by us, not by the parser."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "maxNesting": 40})
        self.enable(["table", "strikethrough"])
        # "[Note]: tomorrow" is a sentence of a model far more often than a definition that nobody reads.
        self.disable("reference")

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser's name for it
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the parser's name for it
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - the parser's name for it
        return link


_PARSER: Final = _Parser()


def parse(markdown: str) -> tuple[Block, ...]:
    """Parse Markdown. Never raises; text that would be slow or deep to parse is taken as plain paragraphs."""
    text = _without_false_marks(clean(cut_at_sentence(markdown, LONGEST)))
    if not _MARKUP.search(text):
        return _paragraphs(text.strip("\n"))  # as the parser would, in a tenth of the time
    if len(_MARKS.findall(text)) > _MANY or _DEEP.search(text):
        return _paragraphs(text)
    return tuple(_blocks(_Cursor(_PARSER.parse(text))))


def _without_false_marks(text: str) -> str:
    """Escape signs that are none of Markdown to people; a text with code in it is left as it is."""
    return text if _CODE.search(text) else _PLUS.sub(r"\1\\+ ", _TIMES.sub(r"\\*", text))


def plain(text: str) -> tuple[Block, ...]:
    """Take a text as paragraphs and lines, no character of it as markup."""
    return _paragraphs(clean(cut_at_sentence(text, LONGEST)))


def _paragraphs(text: str) -> tuple[Block, ...]:
    groups = (group.splitlines() for group in re.split(r"\n\s*\n", text))
    return tuple(Paragraph(_lines(lines)) for lines in groups if any(map(str.strip, lines)))


def _lines(lines: Sequence[str]) -> Runs:
    runs = (run for line in lines for run in (Run(Kind.TEXT, line), Run(Kind.BREAK)))
    return tuple(runs)[:-1]


class _Cursor:
    """The parser's tokens, read once from the front."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def until(self, closing: str = "") -> Iterator[Token]:
        """Give tokens up to the one of that type, which is eaten."""
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.type == closing:
                return
            yield token


def _blocks(cursor: _Cursor, closing: str = "") -> Iterator[Block]:
    level = 0
    for token in cursor.until(closing):
        match token.type:
            case "heading_open":
                level = int(token.tag[1:])
            case "paragraph_open":
                level = 0
            case "inline":
                yield Paragraph(_runs(token.children or ()), level)
            case "fence" | "code_block":
                yield Fence(tuple(token.content.splitlines()), token.info.strip().partition(" ")[0])
            case "blockquote_open":
                yield Quote(tuple(_blocks(cursor, "blockquote_close")))
            case "bullet_list_open":
                yield Items(_items(cursor, "bullet_list_close"))
            case "ordered_list_open":
                yield Items(_items(cursor, "ordered_list_close"), int(token.attrGet("start") or 1))
            case "table_open":
                yield _table(cursor)


def _items(cursor: _Cursor, closing: str) -> tuple[tuple[Block, ...], ...]:
    opened = (token for token in cursor.until(closing) if token.type == "list_item_open")
    return tuple(tuple(_blocks(cursor, "list_item_close")) for _ in opened)


def _table(cursor: _Cursor) -> Table:
    rows: list[list[Runs]] = []
    for token in cursor.until("table_close"):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_runs(token.children or ()))
    header, *body = map(tuple, rows)
    return Table(header, tuple(body))


def _runs(tokens: Sequence[Token]) -> Runs:
    """Flatten nested inline tokens; styles become a set, which has one spelling where nesting has many."""
    runs: list[Run] = []
    styles: list[str] = []
    link: tuple[int, str] | None = None
    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if name in _STYLES:
            styles.append(_STYLES[name]) if token.nesting > 0 else styles.remove(_STYLES[name])
        elif token.type == "link_open":
            link = (len(runs), str(token.attrGet("href") or ""))
        elif token.type == "link_close" and link is not None:
            runs[link[0] :] = _link(runs[link[0] :], link[1], frozenset(styles))
            link = None
        else:
            runs.extend(_leaf(token, frozenset(styles)))
    return tuple(runs)


def _leaf(token: Token, styles: frozenset[str]) -> Iterator[Run]:
    match token.type:
        case "text" | "text_special" | "html_inline":
            yield Run(Kind.TEXT, token.content, styles)
        case "code_inline":
            yield Run(Kind.CODE, token.content, styles)
        case "softbreak" | "hardbreak":
            yield Run(Kind.BREAK)
        case "image":
            inner = _runs(token.children or ())
            yield from _link(inner, str(token.attrGet("src") or ""), styles)


def _link(inner: Sequence[Run], href: str, styles: frozenset[str]) -> Runs:
    """Return a link with a plain label; only its label where the address may not be linked."""
    label = " ".join("".join(" " if run.kind is Kind.BREAK else run.text for run in inner).split())
    url = address(href)
    if not url:
        return tuple(inner)
    label = url if label == href else label
    return (Run(Kind.LINK, label, styles, url),)
