"""A conversation as an endpoint takes it: which roles follow which, and what of a message it knows. Pure.

Many chat templates raise an error unless user and assistant take turns, or know no system role; some servers refuse a
list of parts, an empty content, or a field of a message. What an endpoint refused is adapted in the next request:

- `no_own`: the model's own message comes back without the fields that we do not know.
- `no_names`: a tool's result without its tool's name.
- `no_null`, `no_empty`: a call's message with an empty text, or with a mark, in place of no content.
- `texts`: each content as one text; an image as the word for it.
- `no_system`: the instructions stand before the first user message's words.
- `alternate`: neighbours of one role are one message, and the user begins.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crews.model_calls.call import Call, Chat, Own

_BEGINS = "(The conversation begins with our message.)"
_NOTED = "Noted."
_MARK = "…"

_REFUSALS = {
    "no_system": (
        r"system (?:role|message|prompt|instruction)s?\b.{0,40}(?:\bnot|n't|\bun).{0,24}(?:support|allow|enable|permit)"
        r"|(?:\bnot|n't) (?:support|allow).{0,40}\bsystem\b|only user and assistant"
        r"|(?:unsupported|invalid|unknown) role\W{0,5}system|no system role"
        r"|role\W{0,6}system\W.{0,40}(?:\bnot|invalid|unsupported)|developer instruction is not enabled"
        r"|system\W{0,3} is not (?:one of|a valid|supported)"
    ),
    "alternate": (
        r"alternat|interleav|(?:successive|consecutive) (?:\S+ ){0,3}(?:user|assistant|messages|roles)"
        r"|roles? in a row|first (?:non-system )?message\b.{0,60}\buser\b"
        r"|(?:start|begin)s? with an? (?:\W?user)|unexpected role|expected last role"
        r"|immediately after a user turn|(?:invalid|wrong|incorrect) (?:message |role )?(?:order|sequence)"
        r"|must end with an? \W?user"
    ),
    "texts": (
        r"content\b.{0,60}(?:must|should|to) be (?:an? )?(?:valid )?string|sequence, expected a string"
        r"|expected a string, got"
        r"|(?:images?|vision|multi-?modal|image_url)\b.{0,60}(?:not|n't|un|invalid|unknown|0)\b.{0,30}(?:support"
        r"|allow|enable|variant|provided)|(?:not|n't) support (?:image|vision|multi)|support image input"
        r"|unknown variant .image_url|at most 0 image|unsupported content type"
        r"|content type.{0,20}not supported"
    ),
    "no_null": (
        r"content\b.{0,60}(?:\bnull\b|\bnone\b|field required|is required|missing|undefined|nonetype)"
        r"|missing field .content"
    ),
    "no_empty": (
        r"non-?empty content|content\b.{0,60}(?:be empty|be blank|non-?empty|is empty)|empty content"
        r"|must not be empty"
    ),
    "no_names": (
        r"messages?\b.{0,40}\bname\b|property .name. is (?:unsupported|not)"
        r"|.name. is not (?:allowed|supported|permitted)"
    ),
}
_PATTERNS = {name: re.compile(words, re.IGNORECASE | re.DOTALL) for name, words in _REFUSALS.items()}
_NOT_BOTH = re.compile(r"cannot pass both content and thinking", re.IGNORECASE)
_OF_A_FIELD = re.compile(
    r"unsupported|not permitted|forbidden|unknown|unrecogni|not allowed|unexpected|extra|additional", re.IGNORECASE
)


def adaptation(said: str, call: Call, known: frozenset[str]) -> str | None:
    """Return what a refusal in these words asks for, beyond what is `known` already; None where it asks for none."""
    names = _own_names(call)
    if "no_own" not in known and names:
        of_them = _OF_A_FIELD.search(said) and any(name in said for name in names)
        if of_them or _NOT_BOTH.search(said):
            return "no_own"
    for name, pattern in _PATTERNS.items():
        if name not in known and _has(name, call) and pattern.search(said):
            return name
    return None


def messages_for(call: Call, known: frozenset[str]) -> list[Chat]:
    """Return the call's messages as an endpoint takes them of which this is `known`."""
    chat: list[Chat] = [_given_back(message, call, known) for message in call.messages]
    if "no_names" in known:
        chat = [{name: value for name, value in message.items() if name != "name"} for message in chat]
    if "texts" in known:
        chat = [{**message, "content": as_text(message.get("content"))} for message in chat]
    if known & {"no_null", "no_empty"}:
        filler = _MARK if "no_empty" in known else ""
        chat = [{**message, "content": message.get("content") or filler} for message in chat]
    if "no_system" in known:
        chat = _without_system(chat)
    return _alternating(chat) if "alternate" in known else chat


def _given_back(message: Chat, call: Call, known: frozenset[str]) -> Chat:
    """Return a message of the model's that asked for tools, as it came from this target."""
    own = _own(message, call)
    if own is None or own.target != call.target.name or "no_own" in known:
        return message
    calls = [_with_extra(each, own.calls.get(str(each.get("id")), {})) for each in message["tool_calls"]]
    return {**own.fields, **message, "content": own.content, "tool_calls": calls}


def _own(message: Chat, call: Call) -> Own | None:
    if not call.own or not message.get("tool_calls"):
        return None
    return call.own.get(str(message["tool_calls"][0].get("id")))


def _with_extra(call: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    function = {**extra.get("function", {}), **call["function"]}
    return {**extra, **call, "function": function}


def _own_names(call: Call) -> set[str]:
    found: set[str] = set()
    for message in call.messages:
        if (own := _own(message, call)) is not None and own.target == call.target.name:
            found |= set(own.fields) | {name for extra in own.calls.values() for name in extra if name != "function"}
    return found


def _has(adaptation: str, call: Call) -> bool:
    """Tell whether a call holds what an adaptation would change."""
    messages = call.messages
    if adaptation == "no_system":
        return any(message.get("role") == "system" for message in messages)
    if adaptation == "texts":
        return any(isinstance(message.get("content"), list) for message in messages)
    if adaptation in ("no_null", "no_empty"):
        return any(not message.get("content") for message in messages)
    return adaptation != "no_names" or any("name" in message for message in messages)


def _without_system(chat: Sequence[Chat]) -> list[Chat]:
    told = "\n\n".join(as_text(each.get("content")) for each in chat if each.get("role") == "system")
    rest = [each for each in chat if each.get("role") != "system"]
    instructions: Chat = {"role": "user", "content": told}
    if not rest or rest[0].get("role") != "user":
        return [instructions, *rest] if told else rest
    return [_merge(instructions, rest[0]), *rest[1:]]


def _alternating(chat: Sequence[Chat]) -> list[Chat]:
    made: list[Chat] = []
    for message in chat:
        role, before = message.get("role"), made[-1].get("role") if made else None
        if before in (None, "system") and role == "assistant":
            made.append({"role": "user", "content": _BEGINS})
        elif before == "tool" and role == "user":
            made.append({"role": "assistant", "content": _NOTED})
        elif before == role and role in ("user", "assistant", "system") and not made[-1].get("tool_calls"):
            made[-1] = _merge(made[-1], message)
            continue
        made.append(message)
    return made


def _merge(one: Chat, other: Chat) -> Chat:
    """Return two messages of one role as one."""
    first, second = one.get("content"), other.get("content")
    if isinstance(first, list) or isinstance(second, list):
        content: Any = [*_parts(first), *_parts(second)]
    else:
        content = "\n\n".join(str(each) for each in (first, second) if each)
    return {**one, **other, "content": content}


def _parts(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [{"type": "text", "text": str(content)}] if content else []


def as_text(content: Any) -> str:
    """Return the words of a content; an image as the word for it."""
    if not isinstance(content, list):
        return str(content or "")
    return "\n".join(str(part.get("text", "[image]")) for part in content)
