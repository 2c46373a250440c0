"""Tool calls put together from what endpoints stream: whole or in pieces, numbered or not, named or not. Pure."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import orjson

from crews.model_calls.call import ToolCall
from crews.model_calls.response.json_text import NotJson, object_text, parse
from crews.model_calls.response.surrogates import join_surrogates

_KNOWN = frozenset({"index", "id", "type", "function"})
_KNOWN_FUNCTION = frozenset({"name", "arguments", "parameters", "input"})
_MOST = 256  # calls of one answer


@dataclass(slots=True)
class _Pending:
    """A call under way: its arguments come in pieces, or as an object. `extra`: fields that we do not know."""

    slot: object
    id: str = ""
    name: str = ""
    arguments: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    function_extra: dict[str, Any] = field(default_factory=dict)

    def add(self, piece: "_Pending") -> None:
        """Take a further piece in, whose arguments may also be all of them once again."""
        self.id = self.id or piece.id
        self.name += piece.name if not self.name or self.is_named_by(piece) else ""
        self.extra.update(piece.extra)
        self.function_extra.update(piece.function_extra)
        if self.arguments.strip() == "{}" and piece.arguments.lstrip()[:1] == "{":
            self.arguments = piece.arguments  # an empty object, before the pieces of the true one
        elif piece.arguments != self.arguments or not self.is_whole:
            self.arguments += piece.arguments

    def is_named_by(self, piece: "_Pending") -> bool:
        """Tell whether a piece is the rest of the name.

        It has the same number, nothing else, and no arguments came yet.
        """
        same = self.slot is not None and piece.slot == self.slot
        bare = not (piece.id or piece.arguments or self.arguments)
        return same and bare and bool(self.id) and bool(self.name) and piece.name not in ("", self.name)

    @property
    def is_whole(self) -> bool:
        """Tell whether the arguments are an object already."""
        return _is_object(self.arguments)


class ToolCalls:
    """The calls of one answer, in the order in which they began."""

    def __init__(self) -> None:
        self._calls: list[_Pending] = []

    def __bool__(self) -> bool:
        return bool(self._calls)

    def feed(self, raw: Any) -> None:
        """Take in the calls, or pieces of calls, of one event."""
        for each in [raw] if isinstance(raw, dict) else raw:
            self._piece(each)

    def legacy(self, raw: dict[str, Any]) -> None:
        """Take in a `function_call`, as it was before there were several."""
        self._piece({"function": raw})

    def calls(self) -> tuple[ToolCall, ...]:
        """Return each call that has a name; a missing or repeated id is one of our own."""
        taken: set[str] = set()
        found: list[ToolCall] = []
        for each in self._calls:
            if not each.name:
                continue
            made = each.id if each.id and each.id not in taken else f"call_{secrets.token_hex(8)}"
            taken.add(made)
            given = join_surrogates(each.arguments)
            arguments = object_text("{}" if given.strip() in ("", "null", "None", "[]") else given)
            found.append(ToolCall(made, each.name, arguments, _given_back(each)))
        return tuple(found)

    def _piece(self, raw: dict[str, Any]) -> None:
        function = raw.get("function") or {}
        piece = _Pending(
            _number(raw.get("index")),
            id=str(raw.get("id") or ""),
            name=_plain_name(function.get("name") or raw.get("name") or ""),
            arguments=_text(_first(function, "arguments", "parameters", "input") or raw.get("arguments")),
            extra={key: value for key, value in raw.items() if key not in _KNOWN and value is not None},
            function_extra={
                key: value for key, value in function.items() if key not in _KNOWN_FUNCTION and value is not None
            },
        )
        before = self._before(piece)
        if before is not None:
            before.add(piece)
        elif len(self._calls) < _MOST:
            self._calls.append(piece)
        else:
            raise ValueError("too many tool calls")

    def _before(self, piece: _Pending) -> _Pending | None:
        """Return the call that a piece belongs to; None where it begins another."""
        numbered = [each for each in self._calls if piece.slot is None or each.slot == piece.slot]
        if not piece.id and not piece.name:
            found = numbered or self._calls  # some number the pieces instead of the calls
            return found[-1] if found else None
        if not numbered:
            return None
        same = [each for each in numbered if piece.id and each.id == piece.id] or numbered
        return None if _begins_another(same[-1], piece) else same[-1]


def _begins_another(before: _Pending, piece: _Pending) -> bool:
    """Tell whether a piece with an id or a name is not the rest of the call before it.

    - Another id begins another call; an id that comes late belongs to the call that has none.
    - Without an id, or with the same one, another name does; so does the same name with other arguments, once those
      before are whole. The same name while they are under way, or with the same arguments again, is a repetition.
    """
    if piece.id and before.id and piece.id != before.id:
        return True
    if not piece.name or not before.name or before.is_named_by(piece):
        return False
    return piece.name != before.name or (before.is_whole and piece.arguments != before.arguments)


def _number(slot: Any) -> Any:
    """Return a call's number, which some write as text."""
    return int(slot) if isinstance(slot, str) and slot.isascii() and slot.isdigit() and len(slot) < 5 else slot


def _first(function: dict[str, Any], *names: str) -> Any:
    return next((function[name] for name in names if function.get(name) is not None), None)


def _text(given: Any) -> str:
    """Return arguments as JSON text: some endpoints give the object itself."""
    if given is None:
        return ""
    return given if isinstance(given, str) else orjson.dumps(given, default=str).decode()


def _plain_name(name: Any) -> str:
    """Return a tool's name without what gpt-oss writes around it."""
    return str(name).partition("<|")[0].strip().removeprefix("functions.")


def _is_object(text: str) -> bool:
    if text.rstrip()[-1:] != "}":
        return False
    try:
        return isinstance(parse(text.strip().encode("utf-8", "surrogatepass")), dict)
    except NotJson:
        return False


def _given_back(call: _Pending) -> dict[str, Any]:
    """Return what its next request must hold of a call beside id, name and arguments."""
    function = {"function": call.function_extra} if call.function_extra else {}
    return {**call.extra, **function}
