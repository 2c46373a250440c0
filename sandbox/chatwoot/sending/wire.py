"""Messages for a channel's provider: Chatwoot turns the stored Markdown into the channel's own markup."""

import html
from collections.abc import Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sandbox.chatwoot.world.media import Medium

_PARSER: Final = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("strikethrough")
_MARKS: Final = {
    "whatsapp": {"strong": "*", "em": "_", "s": "~", "code": "`"},
    "meta": {"strong": "*", "em": "_", "s": "~", "code": ""},
    "plain": {"strong": "", "em": "", "s": "", "code": ""},
}
_TAGS: Final = {"strong": "strong", "em": "em", "s": "del"}


def wire(medium: Medium, content: str) -> str:
    """Render a stored message for its channel: HTML for mail and widget, a subset for Telegram, else marked-up text."""
    match medium.markup:
        case "none":
            return content
        case "html":
            return str(_PARSER.render(content)).strip()
        case "telegram":
            return _Telegram().render(content)
        case _:
            return _Text(medium.markup).render(content)


class _Text:
    """Plain text with at most a channel's own marks; lists and single line breaks are kept, headings become text."""

    def __init__(self, markup: str) -> None:
        self.marks = _MARKS[markup]
        self.bare_links = markup != "plain"
        self.lists: list[int | None] = []

    def render(self, content: str) -> str:
        out: list[str] = []
        for token in _PARSER.parse(content):
            self._block(token, out)
        return "".join(out).strip("\n")

    def _block(self, token: Token, out: list[str]) -> None:
        match token.type:
            case "inline":
                out.append(self.inline(token.children or []))
            case "fence" | "code_block":
                out.append(self.fence(token.content))
            case "html_block":
                out.append(self.raw(token.content))
            case "ordered_list_open":
                self.lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_open":
                self.lists.append(None)
            case "ordered_list_close" | "bullet_list_close":
                self.lists.pop()
                out.append("" if self.lists else "\n")
            case "list_item_open":
                out.append(self._bullet())
            case "paragraph_close" | "heading_close":
                out.append("\n" if token.hidden or self.lists else "\n\n")
            case "hr":
                out.append("---\n\n")
            case _:
                out.append(self.around(token))

    def _bullet(self) -> str:
        indent, number = "  " * (len(self.lists) - 1), self.lists[-1]
        if number is None:
            return f"{indent}- "
        self.lists[-1] = number + 1
        return f"{indent}{number}. "

    def inline(self, tokens: Sequence[Token]) -> str:
        """Render what stands inside one block."""
        out: list[str] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.type == "link_open":
                end = next(i for i in range(at, len(tokens)) if tokens[i].type == "link_close")
                out.append(self.link(str(token.attrGet("href") or ""), self.inline(tokens[at + 1 : end])))
                at = end
            else:
                out.append(self.span(token))
            at += 1
        return "".join(out)

    def span(self, token: Token) -> str:
        """Render one inline token."""
        match token.type:
            case "softbreak" | "hardbreak":
                return "\n"
            case "code_inline":
                return f"{self.marks['code']}{token.content}{self.marks['code']}"
            case "image":
                return str(token.attrGet("src") or "")
            case "html_inline":
                return self.raw(token.content)
            case _:
                kind = token.type.rpartition("_")[0]
                return self.marks[kind] if kind in self.marks else self.text(token.content)

    def text(self, text: str) -> str:
        """Render literal text."""
        return text

    def raw(self, text: str) -> str:
        """Render HTML that stood in the source."""
        return text

    def fence(self, code: str) -> str:
        """Render a block of code."""
        tick = "```" if self.marks["code"] else ""
        return f"{tick}{code}{tick}\n"

    def link(self, target: str, label: str) -> str:
        """Render a link: its label is lost where the channel makes addresses clickable itself."""
        return target if self.bare_links or label == target else f"{label} {target}"

    def around(self, token: Token) -> str:
        """Render a block that only some markups know."""
        return ""


class _Telegram(_Text):
    """Telegram's HTML subset. Literal text is not escaped, as in Chatwoot: a stray `<` may be refused."""

    def __init__(self) -> None:
        super().__init__("plain")

    def span(self, token: Token) -> str:
        kind, _, edge = token.type.rpartition("_")
        if kind in _TAGS:
            return f"<{'/' if edge == 'close' else ''}{_TAGS[kind]}>"
        if token.type == "code_inline":
            return f"<code>{html.escape(token.content, quote=False)}</code>"
        return super().span(token)

    def fence(self, code: str) -> str:
        return f"<pre>{html.escape(code, quote=False)}</pre>\n"

    def link(self, target: str, label: str) -> str:
        return f'<a href="{html.escape(target)}">{label}</a>'

    def around(self, token: Token) -> str:
        return {"blockquote_open": "<blockquote>", "blockquote_close": "</blockquote>\n"}.get(token.type, "")
