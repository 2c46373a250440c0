import re
import time

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from chatwootai.channels.outgoing.render import render
from chatwootai.channels.outgoing.text.parse import parse
from chatwootai.channels.registry import all_capabilities

CHANNELS = st.sampled_from(sorted(all_capabilities()))
MARKUP = st.sampled_from(
    ["*", "**", "_", "__", "`", "```", "~~", "[", "](", ")", "](https://x.example/z)", "<", ">", "> ", "- ", "1. ",
     "# ", "\n", "\n\n", " ", "    ", "\t", "\\", "&amp;", "&#123;", "{", "}", "{{", "}}", "{%", "%}", "|", "|-|-|",
     "---", "===", "palavra", "b c", "é", "👨‍👩‍👧", "🇧🇷", "![x](https://x.example/y)", "[@A](mention://user/1/A)",
     "https://x.example/a_b", "a@b.example", "\u200b", "\u00a0", "\x00", "\ud800", "fim. ", "\r", "\u2028"]
)  # fmt: skip
MARKDOWN = st.lists(MARKUP | st.text(max_size=6), max_size=60).map("".join)
WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1, max_size=400)
PAIR = re.compile(r"\{\{|\{%|%\}|\}\}|\{`")
quick = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(CHANNELS, MARKDOWN)
def test_parts_are_few_not_empty_not_too_long_and_hold_no_liquid(channel, markdown):
    shape = all_capabilities()[channel]
    parts = render(channel, markdown)
    assert len(parts) <= shape.parts
    for part in parts:
        assert part.strip()
        assert shape.measure(part) <= shape.length
        assert not PAIR.search(part)
        assert "mention://" not in part
        part.encode("utf-8")
    assert channel == "sms" or not PAIR.search("".join(parts))  # a space is what breaks a pair there


@quick
@given(CHANNELS, MARKDOWN, st.sampled_from([0, 120, 300]))
def test_limits_hold_for_any_length(channel, markdown, length):
    shape = all_capabilities()[channel]
    for part in render(channel, markdown, length=length or None):
        assert part.strip()
        assert shape.measure(part) <= (length or shape.length)


@quick
@given(CHANNELS, MARKDOWN)
def test_rendering_a_part_again_changes_nothing(channel, markdown):
    assume(not all_capabilities()[channel].raw)  # what Chatwoot does not read as Markdown is no Markdown
    for part in render(channel, markdown):
        assert render(channel, part) == (part,)


@quick
@given(CHANNELS, WORDS, st.sampled_from([" ", "\n", "\n\n", ". ", "\n- ", "\n1. "]))
def test_no_word_is_lost(channel, words, between):
    parts = render(channel, between.join(words), length=8000, parts=3)
    assert re.findall("[a-h]+", " ".join(parts)) == words


@quick
@given(CHANNELS, WORDS)
def test_a_shortened_answer_is_a_beginning(channel, words):
    parts = render(channel, " ".join(words), length=100)
    kept = re.findall("[a-h]+", " ".join(parts))
    assert kept == words[: len(kept)]
    assert kept == words or parts[-1].endswith(all_capabilities()[channel].ellipsis)


@quick
@given(CHANNELS, MARKDOWN)
def test_no_word_is_lost_among_markup(channel, markdown):
    assume(not re.search(r"]\s*\(|```|~~~", markdown))  # an address, or the name of a language, may hold it
    text = "".join(render(channel, markdown, length=8000))
    assert text.count("palavra") == markdown.count("palavra")


@quick
@given(
    st.lists(
        st.sampled_from("ab é.:,;!?()'\"%$@/1-+=#>\n\u00a0\u3000{}^") | st.sampled_from(["1.", "12)", "--", "\n\n"])
    ).map("".join)
)
def test_text_without_markup_is_what_the_parser_makes_of_it(text):
    beside_code = parse(f"{text}\n\n`x`")  # markup anywhere has the parser read all of it
    assert parse(text) == beside_code[:-1]


HOSTILE = {
    "brackets": "[" * 100_000,
    "images": "![" * 50_000,
    "links": "[](" * 33_000,
    "stars": "*a **b " * 14_000,
    "ticks": " ".join("`" * i for i in range(1, 440)),
    "angles": "<" * 100_000,
    "quotes": ">" * 100_000,
    "lists": "- " * 50_000,
    "lines": "a\n" * 50_000,
    "control": "\x00\x07\x1b" * 33_000,
    "surrogates": "\ud800" * 100_000,
    "braces": "{{" * 50_000,
    "marks": "a" + "\u0301" * 100_000,
    "joiners": "\u200d" * 100_000,
    "nested": "\n".join(" " * i + "- a" for i in range(300)),
    "table": "|a|b|\n|-|-|\n" + "|c|d|\n" * 15_000,
    "backslashes": "\\\n" * 50_000,
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.parametrize("channel", ["email", "webchat", "whatsapp", "sms"])
def test_hostile_input_never_raises_and_stays_quick(name, channel):
    began = time.process_time()
    parts = render(channel, HOSTILE[name])
    assert time.process_time() - began < 3.0  # measured: under one; two busy cores are slow
    assert all(all_capabilities()[channel].measure(part) <= all_capabilities()[channel].length for part in parts)
