"""Thoughts that a model marks by words, or by Markdown and HTML, in place of tags. Pure, linear.

"Thinking: ... Answer: ...", a fenced block called `thinking`, a fold that is called "Thought for 3 seconds": only where
the answer begins so. Text without such a beginning stays as it is.
"""

import re

_THOUGHT = (
    r"(?:my )?(?:thinking(?: process)?|thoughts?(?: process)?|reasoning|internal (?:analysis|monologue|reasoning)"
    r"|pensamentos?|pensando|racioc[ií]nio|pensamientos?|razonamiento|思考(?:过程)?)"
)
_ANSWER = r"(?:final |my |resposta |respuesta )?(?:answer|response|reply|resposta|respuesta|final|回答|答案)(?: final)?"
_EDGE = r"[\s*_#>]{0,8}"
_LABELLED = re.compile(
    rf"\A{_EDGE}{_THOUGHT}[*_ ]{{0,4}}[:：].*?^[*_# ]{{0,8}}{_ANSWER}[*_ ]{{0,4}}[:：][*_ ]{{0,4}}",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_HERE_IS = re.compile(  # Granite
    r"\s*Here(?: is|'s) my thought process:(?:.*?Here(?: is|'s) my response:\s*|.*\Z)", re.DOTALL | re.IGNORECASE
)
_FENCED = re.compile(
    rf"\A\s*```+ ?(?:think|{_THOUGHT})[ \t]*\n(?:.*?^```+[ \t]*$\s*|.*\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE
)
_FOLDED = re.compile(
    rf"\A\s*<details\b[^<>]{{0,200}}>\s*<summary>[^<>]{{0,40}}\b{_THOUGHT}\b[^<>]{{0,60}}</summary>(?:.*?</details>\s*|.*\Z)",
    re.DOTALL | re.IGNORECASE,
)
_ASIDE = re.compile(
    rf"^(?P<sign>[*(_]{{1,2}})(?:{_THOUGHT}|thinks) ?[:：][^\n]{{0,2000}}[*)_][ \t]*(?:\n|\Z)",
    re.MULTILINE | re.IGNORECASE,
)


def without_labelled(text: str) -> str:
    """Return the text without a thought that stands before it under a name, or in a line of its own in brackets."""
    for pattern in (_HERE_IS, _LABELLED, _FENCED, _FOLDED):
        if (found := pattern.match(text)) is not None:
            return text[found.end() :]
    return _ASIDE.sub("", text)
