"""Fields of a model's message that we do not know, gathered from its deltas, to be given back unchanged. Pure.

Several models refuse the result of a tool unless the message that asked for it comes back with what stood beside it:
DeepSeek's `reasoning_content`, OpenRouter's `reasoning_details`, Gemini's `extra_content`.
"""

from typing import Any

from crews.model_calls.response.content import THOUGHT_FIELDS

_OURS = frozenset({"role", "content", "tool_calls", "function_call", "refusal", "audio", "name", "index"})
_GROWS = frozenset({"text", "summary", "data", "thinking", "content"})
"""Texts of a typed detail that come in pieces."""
_MOST = 50_000  # pieces of one field


class OwnFields:
    """`fed`: whether the last delta brought any."""

    def __init__(self) -> None:
        self.fed = False
        self._texts: dict[str, list[str]] = {}
        self._others: dict[str, Any] = {}

    @property
    def fields(self) -> dict[str, Any]:
        """Return what has come so far."""
        return {**self._others, **{name: "".join(pieces) for name, pieces in self._texts.items()}}

    def feed(self, message: dict[str, Any]) -> None:
        """Take in a delta's, or a whole message's."""
        self.fed = False
        for name, value in message.items():
            if name in _OURS or value in (None, "", [], {}):
                continue
            self.fed = True
            if isinstance(value, str) and name in THOUGHT_FIELDS:
                self._texts.setdefault(name, []).append(value)
            else:
                self._others[name] = _merge(self._others.get(name), value)


def _merge(before: Any, value: Any) -> Any:
    if isinstance(before, list) and isinstance(value, list):
        return _merge_lists(before, value)
    if isinstance(before, dict) and isinstance(value, dict):
        return {**before, **{name: _merge(before.get(name), each) for name, each in value.items()}}
    return list(value) if isinstance(value, list) else value


def _merge_lists(before: list[Any], value: list[Any]) -> list[Any]:
    for each in value:
        if before and _continues(before[-1], each):
            before[-1] = _merge_detail(before[-1], each)
        elif len(before) < _MOST:
            before.append(each)
    return before


def _continues(before: Any, each: Any) -> bool:
    """Tell whether a detail is the next piece of the one before it: the same kind, and the same number."""
    if not (isinstance(before, dict) and isinstance(each, dict)) or each.get("index") is None:
        return False
    return before.get("type") == each.get("type") and before.get("index") == each["index"]


def _merge_detail(before: dict[str, Any], each: dict[str, Any]) -> dict[str, Any]:
    grown = dict(before)
    for name, value in each.items():
        if name in _GROWS and isinstance(grown.get(name), str) and isinstance(value, str):
            grown[name] += value
        elif value is not None:
            grown[name] = value
    return grown
