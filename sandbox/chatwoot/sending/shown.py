"""A message as the contact sees it, a tree of harmless nodes: the page builds it without ever parsing HTML.

A node is a string or `{"tag": name, "href"?: address, "children": [nodes]}`; tags and address schemes are drawn from
short lists, so that hostile content can show nothing but text.
"""

import re
from html.parser import HTMLParser
from typing import Any, Final

Node = str | dict[str, Any]
_KEPT: Final = frozenset(
    [
        "p",
        "br",
        "strong",
        "em",
        "b",
        "i",
        "u",
        "s",
        "del",
        "code",
        "pre",
        "a",
        "blockquote",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
    ]
)
_ALIKE: Final = {"b": "strong", "i": "em", "s": "del", "h5": "h4", "h6": "h4"}
_SWALLOWED: Final = frozenset(
    ["script", "style", "template", "iframe", "object", "embed", "svg", "math", "noscript", "title", "head", "textarea"]
)
_EMPTY: Final = frozenset({"br", "hr"})
_SAFE: Final = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_DEEPEST: Final = 40
_TELEGRAM: Final = frozenset(
    ["b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote", "span", "tg-spoiler"]
)
_MARKED: Final = re.compile(
    r"```(?P<pre>.+?)```|`(?P<code>[^`\n]+)`|(?P<link>https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]])"
    r"|(?<![\w*])\*(?P<strong>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<em>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<del>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])",
    re.DOTALL,
)
_LINKS: Final = re.compile(r"(?P<link>https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]])")


def from_html(source: str) -> list[Node]:
    """Read HTML into harmless nodes: unknown elements lose their tags, dangerous ones their contents."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    return reader.root


def from_marks(source: str) -> list[Node]:
    """Read WhatsApp's own marks: *bold*, _italic_, ~struck~, `code` and bare links."""
    return _split(_MARKED, source)


def from_text(source: str) -> list[Node]:
    """Read plain text, in which only addresses become links."""
    return _split(_LINKS, source)


def text_of(nodes: list[Node]) -> str:
    """Return the text that a tree shows: what Telegram counts."""
    return "".join(node if isinstance(node, str) else text_of(node.get("children", [])) for node in nodes)


def show(markup: str, source: str) -> list[Node]:
    """Read what a channel was sent, as that channel's client would show it."""
    match markup:
        case "html" | "telegram":
            return from_html(source)
        case "whatsapp":
            return from_marks(source)
        case _:
            return from_text(source)


def telegram_refuses(source: str) -> str | None:
    """Return why Telegram would not parse this as HTML, or None: unknown tags and stray brackets are errors there."""
    for match in re.finditer(r"<(/?)([a-zA-Z][\w-]*)?([^<>]*)(>?)", source):
        if match[2] is None or match[2].lower() not in _TELEGRAM or not match[4]:
            return f"Bad Request: can't parse entities: unsupported start tag at byte offset {match.start()}"
    return None


def _split(pattern: re.Pattern[str], source: str) -> list[Node]:
    nodes: list[Node] = []
    at = 0
    for match in pattern.finditer(source):
        nodes += [source[at : match.start()]] if match.start() > at else []
        kind = match.lastgroup or ""
        inside = match[kind]
        nodes.append(_link(inside) if kind == "link" else _marked_node(pattern, kind, inside))
        at = match.end()
    return nodes + ([source[at:]] if at < len(source) else [])


def _marked_node(pattern: re.Pattern[str], kind: str, inside: str) -> Node:
    literal = kind in ("code", "pre")
    return {"tag": kind, "children": [inside] if literal else _split(pattern, inside)}


def _link(address: str) -> Node:
    return {"tag": "a", "href": address, "children": [address]}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: list[Node] = []
        self.open: list[tuple[str, list[Node]]] = []
        self.hidden = 0

    def _here(self) -> list[Node]:
        return self.open[-1][1] if self.open else self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SWALLOWED:
            self.hidden += 1
        if self.hidden or tag not in _KEPT or len(self.open) >= _DEEPEST:
            return
        node: dict[str, Any] = {"tag": _ALIKE.get(tag, tag), "children": []}
        address = (dict(attrs).get("href") or "").strip() if tag == "a" else ""
        if _SAFE.match(address):
            node["href"] = address
        self._here().append(node)
        if tag not in _EMPTY:
            self.open.append((tag, node["children"]))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SWALLOWED:
            self.hidden = max(0, self.hidden - 1)
        depth = next((at for at in range(len(self.open) - 1, -1, -1) if self.open[at][0] == tag), None)
        if depth is not None and not self.hidden:
            del self.open[depth:]

    def handle_data(self, data: str) -> None:
        if not self.hidden and data:
            self._here().append(data)
