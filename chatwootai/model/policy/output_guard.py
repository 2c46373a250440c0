"""Checks a model's text before anyone reads it: our marks are taken out, and what leaks is not shown. Pure.

Only for what a model drafted: an operator's own words are posted as they are written.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chatwootai.model.message.turn import Told
from chatwootai.model.policy.unfit import PATTERNS, Excuse, Pattern, Unfit, folded
from chatwootai.model.policy.vocabulary import Level
from chatwootai.model.text.disguises import recites_in_disguise
from chatwootai.model.text.normalize import LONGEST
from chatwootai.model.text.recitation import recites_instructions, repeats_itself

_HREF: Final = re.compile(r"\bhref=[\"']?(https?://[^\s\"'<>]{1,500})", re.IGNORECASE)


def _link_text(link: re.Match[str]) -> str:
    """Return a link of HTML as one of Markdown; its words alone where it leads nowhere."""
    leads = _HREF.search(link[1])
    return f"[{link[2]}]({leads[1]})" if leads else link[2]


# What is cut out, and the rest may be read: marks and tags of ours that a model repeats, its thoughts, and markup.
_CUT: Final = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL | re.MULTILINE), instead)
    for pattern, instead in (
        (r"【\d{1,3}(?::\d{1,3})?†[^】\n]{0,80}】|\ue200[^\ue201\n]{0,200}\ue201", ""),  # where a model found it
        (r"<!--.*?(?:-->|\Z)", " "),
        (r"(?:<0x[0-9A-F]{2}>)+", " "),  # bytes that a tokenizer could not join
        (r"\x1b\[[0-9;]{0,20}[A-Za-z]", ""),  # a terminal's colours
        (r"<(think|thinking|reasoning|script|style)\b[^<>]{0,200}>.*?(</\1>|\Z)", " "),
        (r"\A.*</(?:think|thinking|reasoning)>", " "),  # of thoughts whose beginning the template had
        (r"\A.*<\|channel\|>\s{0,4}final\s{0,4}<\|message\|>", " "),
        (r"(?<![ \t>*_`])[ \t>*_`]*\[\[[^\[\]\n]{0,300}(\]\]?|$)[ \t*_`]*", " "),
        (r"<a\b([^<>]{0,900})>([^<>]{1,200})</a>", _link_text),
        (r"<br ?/?>|</(p|div|li|tr|h[1-6])>", "\n"),
        (
            r"</?(company|conversation|customer|facts|now|rules|situation|task|data|instructions?|system|context"
            r"|document|message"
            r"|response|answer|reply|text"
            r"|output|result|resposta|respuesta|a|abbr|article|b|body|center|div|em|font|form|h[1-6]|head|hr|html|i"
            r"|iframe"
            r"|img|input|li|link|meta|object|ol|p|s|section|small|span|strong|sub|sup|svg|table|tbody|td|th|tr|u|ul)"
            r"\b[^<>\n]{0,300}>",
            "",
        ),
        (r"<\|[^|<>\n]{0,60}\|>|<</?SYS>>|\[/?INST\]|</?s>|<(start|end)_of_turn>|\[(BOS|EOS)\]", " "),
        (
            r"\A[\s*_#>]{0,4}(final answer|resposta final|respuesta final|assistant|assistente|asistente|atendente"
            r"|agente|resposta|respuesta|answer|reply)[ *_]{0,3}:[ \t*_]*",
            "",
        ),
    )
)
_THINKS: Final = re.compile(r"<\|channel\|>\s{0,4}(?!final)\w")
"""A channel that no final one followed."""
_DATA_TAG: Final = re.compile(r"<data source=", re.IGNORECASE)
_TWO_SPEAK: Final = tuple(
    re.compile(rf"^[^\w\n]{{0,20}}({role})[^\w\n]{{0,3}}:", re.IGNORECASE | re.MULTILINE)
    for role in (
        "customer|cliente|user|usuário|usuario|human|humano",
        "assistant|assistente|asistente|atendente|agent|agente|bot|chatbot|ai|ia",
    )
)
_LABEL: Final = re.compile(r"^[^\w\n]{0,20}([^\W\d]\w{1,20})[^\w\n]{0,3}:", re.MULTILINE)
_NOTHING: Final = re.compile(r"\W*(null|none|undefined|nan|nil|n/a|true|false|object object)\W*", re.IGNORECASE)
_QUOTED: Final = re.compile(r"\A[\"“]([^\"“”]*)[\"”]\Z")
_FENCE: Final = re.compile(r"\A```\w*|```\Z")
_KNOWN: Final = 64_000
"""Characters of what an answer may repeat that are looked at."""
_READABLE: Final = re.compile(r"[^\W_]|[\U0001F000-\U0001FAFF\u2600-\u27BF]")
_BLANKS: Final = re.compile(r"\s+")
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class GuardResult:
    """Text that may be shown, and the problem if it is none."""

    text: str
    problem: Unfit | None = None


def guard_output(text: str, level: Level = Level.STRICT, told: Told | None = None) -> GuardResult:
    """Make a model's text fit to be read, or say why it is not."""
    cut = text[:LONGEST]
    kept = cut
    for pattern, instead in _CUT:
        kept = pattern.sub(instead, kept)
    kept = _QUOTED.sub(r"\1", kept.strip()).strip()
    if not _READABLE.search(kept) or _NOTHING.fullmatch(kept):
        return GuardResult("", Unfit.EMPTY)
    if level is Level.NONE:
        return GuardResult(kept)
    found = _check_whole(cut, kept, level) or _find_pattern(kept, level, told or Told())
    return GuardResult("", found) if found else GuardResult(kept)


def _check_whole(raw: str, text: str, level: Level) -> Unfit | None:
    """Return what is wrong with a text as a whole, whatever was asked."""
    if _THINKS.search(raw) and "final<|message|>" not in raw.replace(" ", ""):
        return Unfit.THOUGHTS
    if _DATA_TAG.search(raw):
        return Unfit.TOOL_ERROR
    if _is_data(text) and not (level is Level.TECHNICAL and text.startswith("```")):
        return Unfit.DATA
    if _two_speak(text):
        return Unfit.DIALOGUE
    return Unfit.LOOP if repeats_itself(text) else None


def _two_speak(text: str) -> bool:
    """Return whether both sides of a conversation stand in a text, and not two lines of a form among others."""
    said = [role.search(text) for role in _TWO_SPEAK]
    if not all(said):
        return False
    labels = {found[1].casefold() for found in _LABEL.finditer(text)}
    return len(labels) <= len(_TWO_SPEAK) or any("?" in text[each.end() :].partition("\n")[0] for each in said if each)


def _find_pattern(text: str, level: Level, told: Told) -> Unfit | None:
    """Return the first sign that neither the tenant nor the question excuses."""
    same_case = folded(text)
    for pattern in PATTERNS:
        if (pattern.technical and level is Level.TECHNICAL) or not pattern.may_stand_in(same_case):
            continue
        found = [each[0] for each in pattern.sign.finditer(text)]
        if found and not _is_excused(pattern, found, told):
            return pattern.reason
    may_say = (*told.known, *told.results)
    if told.instructions and (
        recites_instructions(text, told.instructions, may_say) or recites_in_disguise(text, told.instructions, may_say)
    ):
        return Unfit.INSTRUCTIONS
    return None


def _is_excused(pattern: Pattern, found: Sequence[str], told: Told) -> bool:
    """Return whether each match is excused by what the draft may repeat."""
    known = _plain(told.known)
    if pattern.reason is Unfit.KEY:  # what a tool says may be an error: it excuses a parcel's number, no error's words
        known = f"{known} {_plain(told.results)}"
    if pattern.excuse is Excuse.NEVER or not known:
        return False
    return all(_one_excused(pattern, each, known) for each in found)


def _one_excused(pattern: Pattern, found: str, known: str) -> bool:
    if _plain((found,)) in known:
        return True
    if pattern.topic is None or not pattern.topic.search(known):
        return False
    return all(number in known for number in _NUMBER.findall(found))


def _plain(texts: Iterable[str]) -> str:
    return _BLANKS.sub(" ", "\n".join(texts)[:_KNOWN]).strip().casefold()


def _is_data(text: str) -> bool:
    try:
        return isinstance(json.loads(_FENCE.sub("", text.strip())), dict | list)
    except (ValueError, RecursionError):
        return False
