import subprocess
import sys

import pytest

from chatwootai.channels.capabilities.length import segments, utf8, utf16
from chatwootai.channels.outgoing.render import render
from chatwootai.channels.outgoing.text.graphemes import graphemes
from chatwootai.channels.outgoing.text.liquid import neutral

Z = "\u200b"


def one(channel: str, markdown: str) -> str:
    (part,) = render(channel, markdown)
    return part


@pytest.mark.parametrize(
    ("channel", "markdown", "expected"),
    [
        ("whatsapp", "**a** *b* ~~c~~ `d`", "**a** _b_ c `d`"),
        ("instagram", "**a** *b* ~~c~~ `d`", "a b c d"),
        ("facebook", "**a** *b* `d`", "**a** _b_ d"),
        ("sms", "**a** *b* `d`", "a b d"),
        ("telegram", "**a** ~~c~~ `d`", "**a** ~~c~~ `d`"),
        ("whatsapp", "# Title\ntext", "**Title**\n\ntext"),
        ("sms", "# Title\ntext", "Title\n\ntext"),
        ("webchat", "Title\n===\ntext", "# Title\n\ntext"),
        ("webchat", "# C#", "# C\\#"),
        ("whatsapp", "[site](https://x.example/a)", "site: https://x.example/a"),
        ("whatsapp", "[x.example/a](https://x.example/a/)", "https://x.example/a/"),
        ("telegram", "[site](https://x.example/a)", "[site](https://x.example/a)"),
        ("sms", "[mail](mailto:a@b.example)", "mail: a@b.example"),
        ("webchat", "[site](loja.example/x)", "[site](https://loja.example/x)"),
        ("webchat", "[Ana](mention://user/1/Ana)", "Ana"),
        ("webchat", "[x](javascript:alert(1))", "x"),
        ("webchat", "[x](/etc/passwd)", "x"),
        ("whatsapp", "![photo](https://x.example/p.png)", "photo: https://x.example/p.png"),
        ("webchat", "!\\[a](b)", "\\![a\\](b)"),
        ("whatsapp", "1. a\n   - b\n2. c", "1. a\n• b\n2. c"),
        ("webchat", "1. a\n   - b\n2. c", "1. a\n   - b\n2. c"),
        ("telegram", "- a\n- b", "• a\n• b"),
        ("line", "1. a\n2. b", "1\\. a  \n2\\. b"),
        ("line", "a\nb", "a  \nb"),
        ("email", "a\nb", "a  \nb"),
        ("email", "- a\n- b", "- a\n- b"),
        ("whatsapp", "> a\n> b", "\\> a\n\\> b"),
        ("webchat", "> a\n> b", "> a\n> b"),
        ("whatsapp", "| h | i |\n|--|--|\n| a | b |", "- h: a; i: b"),
        ("whatsapp", "```py\na = 1\n\nb = 2\n```", "`a = 1`\n`b = 2`"),
        ("webchat", "```py\na = 1\n\nb = 2\n```", "```py\na = 1\n\nb = 2\n```"),
        ("telegram", "a < b & c", "a ＜ b & c"),
        ("sms", "“a” – b…", '"a" - b...'),
        ("whatsapp", "a\n\n---\n\nb", "a\n\nb"),
        ("whatsapp", "[Note]: tomorrow", "[Note\\]: tomorrow"),
        ("default", "2 * 3 * 4 = snake_case #1 ~5", "2 * 3 * 4 = snake_case #1 ~5"),
        ("webchat", "<b>x</b> &amp; <!-- y -->", "\\<b>x\\</b> & \\<!-- y -->"),
        ("whatsapp", "\\- a", "\\- a"),
        ("whatsapp", "R$\u00a010", "R$\u00a010"),
    ],
)
def test_markdown_becomes_what_the_channel_carries(channel, markdown, expected):
    assert one(channel, markdown) == expected


@pytest.mark.parametrize("nothing", ["", "  \n\t", "---", "\x00", "[](javascript:x)", "```\n```"])
def test_nothing_to_say_is_no_part(nothing):
    assert render("whatsapp", nothing) == render("email", nothing) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{a}}", f"{{{Z}{{a}}{Z}}}"),
        ("{%a%}", f"{{{Z}%a%{Z}}}"),
        ("{{{", f"{{{Z}{{{Z}{{"),
        ("{`a`", f"{{{Z}`a`"),  # Chatwoot puts {% raw %} before the backtick
        ("mention://user/1/A", f"mention:{Z}//user/1/A"),
        ("{ { 50% }", "{ { 50% }"),
    ],
)
def test_liquid_and_mentions_are_broken(text, expected):
    assert neutral(text) == expected
    assert neutral(expected) == expected


@pytest.mark.parametrize(
    "hidden",
    ["{**{** a }}", "{\\{a}}", "&#123;&#123;a}}", "{[{](mention://x)", "`{{a}}`", "[{{](https://x.example/{{a}})"],
)
def test_no_pair_is_formed_where_markup_goes_away(hidden):
    for channel in ("sms", "whatsapp", "webchat"):
        part = one(channel, hidden)
        assert "{{" not in part.replace("*", "").replace("\\", "")
        assert "}}" not in part


def test_an_address_with_a_style_inside_keeps_its_characters():
    assert one("webchat", "`x` https://x.example/a\\_b\\*c d") == "`x` <https://x.example/a_b*c> d"
    assert one("whatsapp", "https://x.example/a_b_c") == "https://x.example/a_b_c"


def test_a_long_answer_is_cut_at_paragraphs_then_sentences():
    paragraph = "Uma frase curta. " * 50
    parts = render("whatsapp", f"{paragraph}\n\n{paragraph}\n\n{paragraph}")
    assert [len(part) for part in parts] == [849, 849, 849]
    parts = render("whatsapp", "Uma frase curta. " * 150)
    assert all(part.endswith(".") for part in parts)


def test_what_is_left_over_is_shortened_at_a_sentence():
    *_, last = parts = render("sms", "Uma frase curta. " * 150)
    assert len(parts) == 3
    assert last.endswith("curta. ...")


def test_mail_is_one_part():
    (part,) = render("email", "Uma frase curta. " * 3000)
    assert len(part) <= 25_000
    assert part.endswith("curta. …")


def test_emphasis_is_closed_and_opened_again_across_a_cut():
    first, second, *_ = render("whatsapp", f"**{' '.join(['palavra'] * 300)}**")
    assert first.startswith("**palavra")
    assert first.endswith("palavra**")
    assert second.startswith("**palavra")


@pytest.mark.parametrize("whole", ["[um link comprido](https://x.example/aaaa)", "`um codigo comprido`"])
def test_links_and_code_are_never_cut(whole):
    for before in range(60, 100):
        parts = render("telegram", f"{'a' * before} {whole} fim", length=100)
        assert sum(part.count(whole) for part in parts) == 1


def test_half_an_address_is_never_posted():
    (part,) = render("sms", f"veja https://x.example/{'a' * 400} agora")
    assert part == "veja ... agora"
    assert render("telegram", f"[veja](https://x.example/{'a' * 5000})") == ("veja …",)


def test_a_word_too_long_is_cut_between_what_a_reader_takes_for_characters():
    family = "👨‍👩‍👧"
    parts = render("instagram", family * 300)
    for part in parts[:-1]:
        assert part == family * (len(part) // len(family))


def test_styles_that_would_not_be_read_back_are_given_up_but_not_the_words():
    assert "negrito" in one("whatsapp", 'a**"negrito"**b')


def test_graphemes_keep_together_what_belongs_together():
    clusters = ["e\u0301", "👍🏽", "👨‍👩‍👧", "🇧🇷", "🇵🇹", "각", "x"]
    assert list(graphemes("".join(clusters))) == clusters


def test_measures_count_as_the_providers_do():
    assert (utf16("aé👍"), utf8("aé👍")) == (4, 7)
    assert [segments(text) for text in ("a" * 160, "a" * 161, "€" * 80, "€" * 81, "ã" * 70, "ã" * 71)] == [
        1, 2, 1, 2, 1, 2,
    ]  # fmt: skip


def test_words_do_not_bring_the_parser_into_the_door():
    code = (
        "import sys, chatwootai.channels.incoming.channel_names as names; "
        "names.channel_of('x'); print('markdown_it' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("channel", ["whatsapp", "sms", "instagram", "telegram", "webchat"])
@pytest.mark.parametrize(
    ("markdown", "read"),
    [("Mede 10*20*30 cm", "Mede 10*20*30 cm"), ("Temos:\n\n+ de 10 cores", "+ de 10 cores"), ("`5*3*2`", "5*3*2")],
)
def test_signs_that_are_no_markup_to_people_stay(channel: str, markdown: str, read: str) -> None:
    assert read in "\n".join(render(channel, markdown)).replace("\\", "")


def test_a_sentences_end_is_no_part_of_the_address_before_it() -> None:
    assert render("telegram", "https://x.example/a_b.") == ("<https://x.example/a_b>.",)
