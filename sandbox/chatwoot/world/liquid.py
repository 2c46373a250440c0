"""Liquid in outgoing messages: drops interpolate, unknown ones vanish, tags are eaten.

Only as much of the language as a bot's text can trip over. As in Chatwoot, text between backticks is spared and a
template with a syntax error is left as it is.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_SPARED: Final = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
_PIECE: Final = re.compile(r"(\{\{.*?\}\}\}?|\{%.*?%\})", re.DOTALL)
_BLOCKS: Final = frozenset({"if", "unless", "case", "for", "tablerow", "comment", "raw", "capture", "ifchanged"})
_INNER: Final = frozenset({"else", "elsif", "when"})
_SINGLE: Final = frozenset(
    {"assign", "increment", "decrement", "cycle", "break", "continue", "echo", "liquid", "render", "include"}
)
_QUOTED: Final = re.compile(r"""^(['"])(.*)\1$""", re.DOTALL)


class _SyntaxError(ValueError):
    pass


def render(text: str, drops: Mapping[str, Any]) -> str:
    """Render a message's content with these drops, or return it untouched where it is no valid template."""
    if "{{" not in text and "{%" not in text:
        return text
    parts = _SPARED.split(text)
    try:
        return "".join(part if at % 2 else _Template(part, dict(drops)).render() for at, part in enumerate(parts))
    except _SyntaxError:
        return text


class _Template:
    def __init__(self, text: str, scope: dict[str, Any]) -> None:
        self.pieces = _PIECE.split(text)
        self.scope = scope
        self.at = 0

    def render(self) -> str:
        return self._until(frozenset())[0]

    def _until(self, ends: frozenset[str]) -> tuple[str, str]:
        """Render up to one of the tags in `ends`; returns the text and the tag's body."""
        out: list[str] = []
        while self.at < len(self.pieces):
            piece, index = self.pieces[self.at], self.at
            self.at += 1
            if index % 2 == 0:
                out.append(_plain(piece))
            elif piece.startswith("{{"):
                out.append(_as_text(self._value(piece.strip("{}"))))
            else:
                body = piece[2:-2].strip(" -\n\t")
                name = body.split(None, 1)[0] if body else ""
                if name in ends:
                    return "".join(out), body
                out.append(self._tag(name, body))
        if ends:
            raise _SyntaxError
        return "".join(out), ""

    def _tag(self, name: str, body: str) -> str:
        if name in _BLOCKS:
            return self._block(name, body)
        if name == "assign" and "=" in body:
            key, _, value = body.removeprefix("assign").partition("=")
            self.scope[key.strip()] = self._value(value)
        elif name == "echo":
            return _as_text(self._value(body.removeprefix("echo")))
        elif name not in _SINGLE:
            raise _SyntaxError
        return ""

    def _block(self, name: str, body: str) -> str:
        if name == "raw":
            return self._raw()
        condition = body.removeprefix(name).strip()
        truth = name in ("if", "unless", "capture") and self._holds(condition) != (name == "unless")
        kept, ends = "", _INNER | {f"end{name}"}
        while True:
            inside, end = self._until(ends)
            kept = kept or (inside if truth else "")
            if end.startswith("end"):
                return "" if name in ("comment", "capture") else kept
            truth = not kept and name in ("if", "unless") and (end == "else" or self._holds(end[5:]))

    def _raw(self) -> str:
        start = self.at
        while self.at < len(self.pieces):
            self.at += 1
            if re.fullmatch(r"\{%-?\s*endraw\s*-?%\}", self.pieces[self.at - 1]):
                return "".join(self.pieces[start : self.at - 1])
        raise _SyntaxError

    def _holds(self, condition: str) -> bool:
        left, operator, right = [*re.split(r"\s*(==|!=)\s*", condition.strip(), maxsplit=1), "", ""][:3]
        if not operator:
            return self._value(left) not in (None, False)
        return bool(self._value(left) == self._value(right)) == (operator == "==")

    def _value(self, expression: str) -> Any:
        head, *filters = (part.strip(" -\n\t") for part in expression.split("|"))
        value = self._lookup(head)
        for name in filters:
            value = _apply_filter(name, value)
        return value

    def _lookup(self, path: str) -> Any:
        if quoted := _QUOTED.match(path):
            return quoted[2]
        if re.fullmatch(r"-?\d+", path):
            return int(path)
        value: Any = self.scope
        for key in path.split("."):
            value = value.get(key.strip()) if isinstance(value, Mapping) else None
        return value


def _plain(piece: str) -> str:
    if "{{" in piece or "{%" in piece:  # a pair that nobody closes
        raise _SyntaxError
    return piece


def _as_text(value: Any) -> str:
    return "" if value is None or isinstance(value, Mapping) else str(value)


def _apply_filter(name: str, value: Any) -> Any:
    word, _, argument = name.partition(":")
    match word.strip():
        case "upcase":
            return _as_text(value).upper()
        case "downcase":
            return _as_text(value).lower()
        case "capitalize":
            return _as_text(value).capitalize()
        case "default":
            return value if value not in (None, "", False) else argument.strip().strip("'\"")
        case _:
            return value
