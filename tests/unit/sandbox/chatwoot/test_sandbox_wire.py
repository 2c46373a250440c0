"""What leaves for a channel, and that what is shown of it is harmless whatever it holds."""

import json
from typing import Any

import pytest

from sandbox.chatwoot.sending import shown
from sandbox.chatwoot.sending.wire import wire
from sandbox.chatwoot.world.media import MEDIA

TEXT = "# Frete\n\nOi **Ana**, é _hoje_: [site](https://a.example/x)\nlinha\n\n- um\n- dois\n\n1. a\n2. b\n\n`x < y`"


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (
            "whatsapp",
            "Frete\n\nOi *Ana*, é _hoje_: https://a.example/x\nlinha\n\n- um\n- dois\n\n1. a\n2. b\n\n`x < y`",
        ),
        ("instagram", "Frete\n\nOi *Ana*, é _hoje_: https://a.example/x\nlinha\n\n- um\n- dois\n\n1. a\n2. b\n\nx < y"),
        ("sms", "Frete\n\nOi Ana, é hoje: site https://a.example/x\nlinha\n\n- um\n- dois\n\n1. a\n2. b\n\nx < y"),
        ("api", TEXT),
    ],
)
def test_markdown_leaves_in_the_channels_own_markup(channel: str, expected: str) -> None:
    assert wire(MEDIA[channel], TEXT) == expected


def test_telegram_gets_its_html_with_literal_text_unescaped() -> None:
    sent = wire(MEDIA["telegram"], "**a** `x < y` [z](https://z.example)")
    assert sent == '<strong>a</strong> <code>x &lt; y</code> <a href="https://z.example">z</a>'
    assert shown.telegram_refuses(sent) is None
    assert shown.telegram_refuses(wire(MEDIA["telegram"], "custa < 10")) is not None
    assert shown.telegram_refuses("<table>") is not None


def test_mail_and_widget_get_html() -> None:
    assert wire(MEDIA["email"], "**a**\n\n- b") == "<p><strong>a</strong></p>\n<ul>\n<li>b</li>\n</ul>"


def walk(nodes: list[Any]) -> list[dict[str, Any]]:
    found = [node for node in nodes if isinstance(node, dict)]
    return found + [inner for node in found for inner in walk(node.get("children", []))]


TAGS = set("p br strong em u del code pre a blockquote ul ol li h1 h2 h3 h4 hr".split())
HOSTILE = [
    "<script>alert(1)</script>after",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    '<a href=" jAvAsCrIpT:alert(1)" onclick="alert(1)">x</a>',
    "<svg><script>alert(1)</script></svg>",
    "<iframe src='https://evil.example'></iframe>",
    "<style>*{display:none}</style>",
    "<p style='position:fixed'>x",
    "[x](javascript:alert(1)) [y](data:text/html,<b>)",
    "<<script>script>alert(1)</script>",
    "<b><i></b></i><u>",
    "<div " * 500 + ">" + "<b>" * 500,
    "<math><mtext></p><style><img src=x onerror=alert(1)>",
]


@pytest.mark.parametrize("channel", ["email", "webchat", "telegram", "whatsapp", "sms"])
@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_written_only_harmless_nodes_are_shown(channel: str, text: str) -> None:
    medium = MEDIA[channel]
    nodes = shown.show(medium.markup, wire(medium, text))
    for node in walk(nodes):
        assert set(node) <= {"tag", "children", "href"}
        assert node["tag"] in TAGS
        assert node.get("href", "https://").startswith(("https://", "http://", "mailto:", "tel:"))
    json.dumps(nodes)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("*Belo* _Horizonte_ ~não~ `x`", ["strong", "em", "del", "code"]),
        ("2 * 3 * 4 e a_b_c", []),
        ("*_os dois_*", ["strong", "em"]),
        ("veja https://a.example/b_c_d, ok", ["a"]),
        ("* lista\n* lista", []),
    ],
)
def test_whatsapps_marks_are_read_as_whatsapp_reads_them(text: str, tags: list[str]) -> None:
    assert [node["tag"] for node in walk(shown.from_marks(text))] == tags


def test_the_text_of_a_tree_is_what_is_read() -> None:
    assert shown.text_of(shown.from_html("<p>a <b>b</b></p><script>c</script>")) == "a b"
