"""Addresses that one reader takes for a known host and another does not: nothing of them is left on any channel."""

import html
import re
import time
import unicodedata

import pytest

from chatwootai.channels.outgoing.links import keep_known_links
from chatwootai.channels.outgoing.render import render, rendered_text
from chatwootai.channels.registry import names

KNOWN = frozenset({"loja.example"})
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")

NAME_BEFORE_HOST = (
    r"[a](https://loja.example\@evil.com)",
    "[a](<https://loja.example @evil.com>)",
    "[a](<https://loja.example\t@evil.com>)",
    "[a](https://loja.example:&#64;evil.com)",
    "https://loja.example:a&commat;evil.com/x",
    "https://loja.example'@evil.com/",
    "https://loja.example`@evil.com/",
    "https://loja.example)@evil.com/",
    'https://loja.example"@evil.com/',
    "https://loja.example:80@evil.com/",
    "[a][1]\n\n[1]: https://loja.example\\@evil.com",
    "https://loja.example\uff0f@evil.com",
)
READ_AS_SOMETHING_ELSE = (
    "evil&#46;com/x",
    "evil&amp;period;com/login",
    r"evil\.com/login",
    r"https\://evil.com",
    "https&colon;//evil.com",
    r"https://loja.example\.evil.com/",
    "**evil**.com",
    "ev*il*.com/x",
    "~~evil~~.com",
    "htt**ps://evil.com**",
    "\uff48ttps://evil.com",
    "evil\u2024com/x",
    "evil\u2066.com/x",
    "evil\ufe0f.com/x",
    "evil\u034f.com",
)
WITHOUT_A_PLAIN_SCHEME = (
    "https:/evil.com/x",
    "https:evil.com/x",
    '<a href="https:/evil.com/">x</a>',
    "<img src=//evil.com/p.png>",
    "éhttps://evil.com/x",
    "1https://evil.com/x",
    "_https://evil.com_",
    "x://evil.com/x",
    "..evil.com/x",
    "mailto:x@evil.com?body=what-was-read",
    "evil.solutions",
    "evil.xn--p1ai",
)
JOINED_BY_WHAT_IS_TAKEN_OUT = ("evil.<https://x.com>com/y", "evil.(https://x.com)com/y", "ev[il.com/a](https://x.com)")
SENT_ON_BY_A_KNOWN_HOST = (
    "https://loja.example/redirect?to=https://evil.com/a",
    "https://loja.example/r?u=https%253A%252F%252Fevil.com",
    "[a](https://loja.example/r?u=//evil.com)",
)
ALL = (
    *NAME_BEFORE_HOST,
    *READ_AS_SOMETHING_ELSE,
    *WITHOUT_A_PLAIN_SCHEME,
    *JOINED_BY_WHAT_IS_TAKEN_OUT,
    *SENT_ON_BY_A_KNOWN_HOST,
)


def as_read(text: str) -> str:
    """Return a text as the most forgiving reader may have it."""
    plain = _ESCAPED.sub(r"\1", html.unescape(html.unescape(text)))
    seen = "".join(sign for sign in plain if unicodedata.category(sign) not in {"Cf", "Mn"})
    return re.sub("[*_~`]", "", unicodedata.normalize("NFKC", seen)).casefold()


@pytest.mark.parametrize("text", ALL)
def test_nothing_of_it_is_left_on_any_channel(text: str) -> None:
    for channel in names():
        kept = keep_known_links(rendered_text(channel, f"Olá! {text} fim"), KNOWN).text
        posted = "\n".join(map(str, render(channel, kept)))
        assert "evil" not in as_read(posted), (channel, posted)


@pytest.mark.parametrize(
    "text",
    [
        "https://loja.example/login?next=https://loja.example/pedidos",
        "https://loja.example/a@b e <https://loja.example>, sac@outra.example",
        "Escreva a **sac@outra.example** ou a ana@outra.solutions.",
        "https://loja.example#@evil.com/",
        "*Atenção*: 3.50 &amp; 2.5; `pedido_1`",
    ],
)
def test_what_leads_nowhere_else_stands(text: str) -> None:
    assert keep_known_links(text, KNOWN).text == text


@pytest.mark.parametrize("unit", ["[a](<", "[a](", "[a](< ", "![", "a.", "evil.<", "&amp;", "https:", "%25"])
def test_no_text_keeps_it_busy(unit: str) -> None:
    began = time.process_time()
    keep_known_links(unit * (32_000 // len(unit)), KNOWN)
    assert time.process_time() - began < 5, "seconds, where it once was forty"
