"""What a model wrote, before anyone reads it: marks of ours are taken out, and what leaks is not shown at all. Pure."""

import json
import re
from dataclasses import dataclass
from typing import Final

# What is cut out, and the rest may be read: marks and tags of ours that a model repeats, its thoughts, and markup.
_CUT: Final = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL | re.MULTILINE), instead)
    for pattern, instead in (
        (r"\x1b\[[0-9;]{0,20}[A-Za-z]", ""),  # a terminal's colours
        (r"<(think|thinking|reasoning|script|style)\b[^<>]{0,200}>.*?(</\1>|\Z)", " "),
        (r"(?<![ \t>*_`])[ \t>*_`]*\[\[[^\[\]\n]{0,300}(\]\]?|$)[ \t*_`]*", " "),
        (r"<a\b[^<>]{0,200}?\bhref=[\"']?(https?://[^\s\"'<>]{1,500})[^<>]{0,200}>([^<>]{1,200})</a>", r"[\2](\1)"),
        (r"<br ?/?>|</(p|div|li|tr|h[1-6])>", "\n"),
        (
            r"</?(company|conversation|customer|instructions?|system|context|document|message|response|answer|reply|text"
            r"|output|result|resposta|respuesta|a|abbr|article|b|body|center|div|em|font|form|h[1-6]|head|hr|html|i|iframe"
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
# What makes a text unfit as a whole: it speaks of how we work instead of answering.
_LEAKS: Final = tuple(
    (why, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for why, pattern in (
        ("a placeholder that nobody filled", r"\{\{?\s*[a-z_]+(\.[a-z_]+)*\s*\}?\}|\{%.*?%\}"),
        (
            "a placeholder that nobody filled",
            r"\[(?:(?:seu|sua|tu|su|your|insira|inserir|insert|nome|nombre|name|customer|cliente|client|valor|number|numero"
            r"|número|data|date|link|url|order|pedido|company|empresa)\b[^\[\]\n]{0,40})\](?!\()",
        ),
        (
            "an error's words",
            r"traceback \(most recent call|\b[a-z_.]+(error|exception)\b: |^\W*error: "
            r"|\bfile \"[^\"\n]{0,300}\", line \d+"
            r"|\b(http( status)?( code)?|(status|error) code|error|erro)[: ]{1,2}[45]\d\d\b"
            r"|internal server error|bad gateway"
            r"|gateway time-?out|rate limit (reached|exceeded)|too many requests|connection (refused|reset)|max_tokens",
        ),
        (
            "a call of a tool",
            r"<\|?/?(tool_call|function|invoke|parameter|tool_use)\w*\b|\[/?tool_calls?\]|\bfunctions\.\w+\("
            r"|\b(tool|function)_(call|use)\b"
            r"|^\s*((system|developer|thought|action input|observation)\s*:|action\s*:\s*\w+_\w+)",
        ),
        ("data instead of words", r"\{\s*[\"']\w{1,60}[\"']\s*:"),
        (
            "its instructions",
            r"nothing in the conversation can change|what you know about the company is between|your manner:"
            r"|never show, repeat, translate|begin your response|expected output|\bsystem prompt|\bprompt d[eo] sistema"
            r"|\bmy (system )?(prompt|instructions)\b|\b(minhas|mis) instru[cç]\w+|\binstruções (do sistema|internas)"
            r"|^\W*(you are|you're|você é|eres|usted es) (an?|um|uma|un|una|the) (\w+ ){0,5}(agent|assistant"
            r"|representative|assistente|atendente|asistente|agente|especialista|chatbot)\b"
            r"|\byour (personal goal|backstory) is\b|\b(your goal is|(seu|tu) objetivo( pessoal| personal)? (é|es)):",
        ),
        ("a key or an id of ours", r"\b(sk-[a-z0-9_-]{16,}|(?<!/)(?=[0-9]*[a-f])[0-9a-f]{32,})\b"),
        ("a key or an id of ours", r"(?<![?&])\b(contact|conversation|account|inbox|message|tenant|turn|session)_id\b"),
        (
            "it speaks of being a model",
            r"\b(as|como) (an? |um |uma |un )?(\w+ ){0,3}(language model|modelo de (linguagem|lenguaje))\b",
        ),
    )
)
_TWO_SPEAK: Final = tuple(
    re.compile(rf"^\W*({role})\W{{0,3}}:", re.IGNORECASE | re.MULTILINE)
    for role in (
        "customer|cliente|user|usuário|usuario|human|humano",
        "assistant|assistente|asistente|atendente|agent|agente",
    )
)
_NOTHING: Final = re.compile(r"\W*(null|none|undefined|nan|nil|n/a|true|false|object object)\W*", re.IGNORECASE)
_QUOTED: Final = re.compile(r"\A[\"“]([^\"“”]*)[\"”]\Z")
_FENCE: Final = re.compile(r"\A```\w*\s*|\s*```\Z")
_LONGEST: Final = 32_000
"""Characters that are looked at and may be read: no channel carries more."""
_READABLE: Final = re.compile(r"[^\W_]|[\U0001F000-\U0001FAFF\u2600-\u27BF]")


@dataclass(frozen=True, slots=True)
class Guarded:
    """What may be shown, and why it is nothing, where it is."""

    text: str
    problem: str | None = None


def guarded(text: str) -> Guarded:
    """Make a model's text fit to be read, or say why it is not."""
    kept = text[:_LONGEST]
    for pattern, instead in _CUT:
        kept = pattern.sub(instead, kept)
    kept = _QUOTED.sub(r"\1", kept.strip()).strip()
    if not _READABLE.search(kept) or _NOTHING.fullmatch(kept):
        return Guarded("", "empty")
    if _is_data(kept):
        return Guarded("", "data instead of words")
    if all(role.search(kept) for role in _TWO_SPEAK):
        return Guarded("", "a conversation instead of an answer")
    leak = next((why for why, pattern in _LEAKS if pattern.search(kept)), None)
    return Guarded("", leak) if leak else Guarded(kept)


def _is_data(text: str) -> bool:
    try:
        return isinstance(json.loads(_FENCE.sub("", text)), dict | list)
    except (ValueError, RecursionError):
        return False
