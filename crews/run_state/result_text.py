"""A tool's result as a model is shown it: bounded, and marked as material that instructs nobody. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from chatwootai.model.policy.tool_words import NEVER_REPEAT, OUTSIDE

LONGEST = 8_000
"""Characters of a result that a model is shown."""

_CUT = " ... [cut]"


def result_text(source: str, result: object, advice: str = "") -> str:
    """Return the result as JSON between marks that nothing in it can close, and our own advice below them."""
    text = _without_lone_surrogates(json.dumps(result, ensure_ascii=False, default=str))
    text = text if len(text) <= LONGEST else text[: LONGEST - len(_CUT)] + _CUT
    text = text.replace("<", "\\u003c")
    below = f"{advice}. {NEVER_REPEAT}.\n{OUTSIDE}" if advice else OUTSIDE
    return f'<data source="{source}">\n{text}\n</data>\n{below}'


def project(value: Any, paths: Mapping[str, str]) -> Any:
    """Return what is wanted of a result: names to dotted paths; all of it where none are given."""
    if not paths:
        return value
    return {name: _value_at(value, path.split(".")) for name, path in paths.items()}


def _without_lone_surrogates(text: str) -> str:
    """Return the text with halves of characters joined or replaced: a lone half cannot be sent to any model."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _value_at(value: Any, path: list[str]) -> Any:
    for place, step in enumerate(path):
        if step == "*":
            rest = path[place + 1 :]
            return [_value_at(each, rest) for each in value] if isinstance(value, list) else []
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.lstrip("-").isdigit() and -len(value) <= int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
