"""A JSON object that a model answers with where words were asked for: which of it is the answer. Pure.

Models that were trained on structured output write `{"reasoning": "...", "answer": "..."}` unasked. What they call
their thoughts is for nobody to read.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from crews.model_calls.response.content import THOUGHT_FIELDS

_ANSWERS: Final = ("answer", "final_answer", "response", "reply", "message", "content", "text", "output", "final")
_ANSWERS_TOO: Final = ("resposta", "mensagem", "respuesta", "mensaje")
_THOUGHTS: Final = frozenset({*THOUGHT_FIELDS, "thoughts", "analysis", "reflection", "chain_of_thought", "scratchpad"})
_FENCE: Final = re.compile(r"\A\s*```\w*\n(.*?)\n?```\s*\Z", re.DOTALL)


def answer_text(text: str) -> str:
    """Return a text's words: of an object, its answer alone; empty where it holds thoughts and no answer.

    Objects that name neither are returned as they are: they may be what was asked for.
    """
    found = _parse_object(text)
    if found is None:
        return text
    said = {str(name).lower(): value for name, value in found.items()}
    for name in (*_ANSWERS, *_ANSWERS_TOO):
        if isinstance(said.get(name), str):
            return str(said[name])
    return "" if _THOUGHTS & said.keys() else text


def _parse_object(text: str) -> Mapping[str, Any] | None:
    fenced = _FENCE.match(text)
    bare = (fenced[1] if fenced else text).strip()
    if bare[:1] != "{" or bare[-1:] != "}":
        return None
    try:
        found = json.loads(bare, strict=False)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
