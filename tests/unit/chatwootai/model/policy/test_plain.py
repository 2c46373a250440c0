"""A stranger's words in a note, and in a button's title: text, whatever they are written in."""

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatwootai.channels.outgoing.choices import button_title, render_choices
from chatwootai.model.message.delivery import Role
from chatwootai.model.message.outbox import ActionKind
from chatwootai.model.message.turn import Exchange, Outcome, SideAction, Verdict
from chatwootai.model.policy import notes, outcome
from chatwootai.model.policy.handoff import Need
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.text.plain import JOINT, as_plain_text, as_quotation
from tests.unit.chatwootai.model.message.test_model_turn import question

CHATWOOTS = MarkdownIt(
    "js-default", {"html": False, "breaks": True}
)  # as its dashboard, less what makes links of words
LINKED = re.compile(
    r"[a-z]:(?=[^\s:\u200b])|//|[^\W_]\.[^\W\d_]|[^\W_]@[^\W_]", re.IGNORECASE
)  # what a linkifier begins with: a scheme, a host, an address
HOSTILE = [
    "![x](https://evil.example/t.png)", "[Ana](mention://user/1/Ana)", "https://evil.com/a?b=1", "www.evil.com x.co",
    "ana@evil.com", "<https://evil.com>", "<b>x</b>", "<img src=x onerror=alert(1)>", "# title", "- a\n- b",
    "1. a\n2) b", "a\n===", "a\n---", "> q", "    code", "\tcode", "```\ncode\n```", "`c`", "``c``",
    "*a* _b_ **c** __d__ ~~e~~", "|a|b|\n|-|-|\n|c|d|", ":-: | x\n:-:", "[x]: http://a.b\n[x]", "[x][y]",
    "&lt;b&gt; &#60;", "javascript:alert(1)", "tel:+5531", "mailto:a@b.co", "//evil.com", "\\[x](y)", "\\", "+ a",
    "* * *", "HTTP://EVIL.COM", "a https://á.com", "http://1.2.3.4/x", "!![a](b)", "![a][b]", "[a](<b c>)", "*" * 400,
    "[" * 400, "(mention://team/2/x)",
]  # fmt: skip
FINE = ["Oi, tudo bem?", "pedido_8812: R$ 1.99 às 10:30", "São 3 > 2!", "C:\\x", "não... sim", "Ele disse: não."]
TAGS = {"p", "br"}


def tags(html: str) -> set[str]:
    return set(re.findall(r"<([a-z0-9]+)", html))


def read(html: str) -> str:
    bare = re.sub(r"<br>\n|</?[a-z]+>", lambda found: "\n" if "br" in found[0] else "", html)
    return unescape(bare).replace(JOINT, "").strip()


@pytest.mark.parametrize("text", HOSTILE + FINE)
def test_what_is_written_is_read_and_nothing_else(text: str) -> None:
    shown, below = CHATWOOTS.render(as_plain_text(text)), CHATWOOTS.render(as_quotation(text))
    assert tags(shown) <= TAGS
    assert tags(below) <= TAGS | {"blockquote"}
    assert below.count("<blockquote>") == 1
    assert not LINKED.search(unescape(re.sub(r"</?[a-z]+>", "", shown)))
    as_written = [line.strip() for line in text.splitlines()]
    assert read(shown).split("\n") == as_written or set(text) <= set("-*. \n=abc")  # typographers join dashes


@given(st.text(alphabet=st.sampled_from("ab[]()!<>*_`~|#+-=.:/@\\&;1 \n\"'{}"), max_size=80))
def test_no_text_becomes_markup(text: str) -> None:
    assert tags(CHATWOOTS.render(as_plain_text(text))) <= TAGS
    assert tags(CHATWOOTS.render(as_quotation(text))) <= TAGS | {"blockquote"}


@pytest.mark.parametrize("text", HOSTILE)
def test_so_it_is_in_every_note(text: str) -> None:
    said = (Exchange(Role.CONTACT, text, 1.0), Exchange(Role.CREW, text, 2.0))
    asked = replace(question(text), history=said)
    handed = notes.handover_note(Need(Cause.CREW, text), asked, "pt")
    assert tags(CHATWOOTS.render(handed)) <= TAGS | {"strong", "blockquote"}
    assert not LINKED.search(handed.replace("Motivo:", "").replace("Resumo:", "").replace("tentado:", ""))
    failed = outcome.failure_note(text, "Oi", "pt")
    assert tags(CHATWOOTS.render(failed)) <= TAGS | {"strong", "blockquote"}
    made = Outcome(verdict=Verdict.REPLY, parts=("Oi",), asides=(SideAction(ActionKind.NOTE, text=text),))
    note = next(each for each in outcome.actions(made, asked) if each.kind is ActionKind.NOTE)
    assert tags(CHATWOOTS.render(note.text)) <= TAGS


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("[Ana](mention://user/1/Ana)", "Ana"),
        ("![x](https://evil.example/t.png) Sim", "x Sim"),
        ("**Sim**", "Sim"),
        ("_Não_, `obrigada`", "Não, obrigada"),
        ("mention://user/1/Ana", f"mention:{JOINT}//user/1/Ana"),
        ("{{ contact.name }}", f"{{{JOINT}{{ contact.name }}{JOINT}}}".replace("}" + JOINT + "}", "}" + JOINT + "}")),
        ("P_M * 2", "P_M * 2"),
        ("  Sim \n senhor ", "Sim senhor"),
        ("![](x)", ""),
    ],
)
def test_a_buttons_title_is_text(said: str, shown: str) -> None:
    assert button_title(said) == shown
    _, buttons = render_choices("webchat", "Qual?", (said, "Outro"), lambda text: text)
    assert buttons == tuple(filter(None, (shown, "Outro")))
