"""Secrets that stand in a file as they are: in a field for secrets, anywhere in a value, or in a comment.

A secret in a value is a problem. One in a comment is nobody's mistake to die of: what looks like one is blotted out
where the file is read, so that no copy of it travels, and every line and column stays where it was.
"""

import re
from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

from config.document.problems import Problem
from config.document.tree import Node, Scalar, Sequence, leaves
from config.secrets.references import CIPHER, REFERENCE
from config.secrets.secret import Secret

_REMEDY = "Write ${NAME}, ${file:/path} or ENC:<ciphertext>, and change the secret: it has been seen."
_KNOWN = (
    # Products begin like keys too: their codes shout or lack a digit, and in addresses they are made of short words.
    r"(?<![\w/-])(?-i:sk|pk|rk)[-_](?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}"
    r"|(?<=/)(?-i:sk|pk|rk)[-_](?:\w{1,9}-){0,4}(?=[A-Za-z_]*[0-9])\w{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|\bglpat-[A-Za-z0-9_-]{16,}|\bxox[abeprs]-[\w-]{10,}|(?-i:\bAKIA[0-9A-Z]{16}\b)|\bAIza[\w-]{30,}"
    r"|(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_WITH_USER = r"(?<=://)[\w.+-]{1,99}:(?!\$\{)[^\s/@]{3,200}@"
_NAMED = r"(?:api[_-]?key|access[_-]?key|token|secret|password|passwd|pwd|senha|authorization|bearer)"
_ASSIGNED = (
    rf"(?<![A-Za-z0-9]){_NAMED}s?\b[\"']?(?:\s{{0,9}}[:=]\s*|\s{{1,9}}(?=\S*[0-9]))[\"']?"
    r"(?:(?:bearer|basic)\s+)?(?P<said>[^\s\"',;&]{6,})"
)
_MIXED = r"(?-i:\b(?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])[A-Za-z0-9]{20,}\b)"
_RANDOM = rf"{_MIXED}|\b(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{{32,}}\b"

HARMLESS = frozenset({"accept", "accept-language", "content-type", "user-agent", "path", "lang"})
"""Headers and variables that hold no secret and may be written out."""

VARIABLES = "env"
"""The field whose values are secrets where their names or they themselves say so."""

IN_VALUES = re.compile(rf"{_KNOWN}|[?&](?:{_NAMED}|key(?==[^\s&]*[0-9]))=(?!\$?\{{)[^\s&{{}}]{{6,}}", re.IGNORECASE)
"""What is a secret wherever it stands: keys of well-known makers, private keys, addresses with a secret in them."""

_SUSPECT = re.compile(rf"{IN_VALUES.pattern}|{_NAMED}".encode(), re.IGNORECASE)
_IN_COMMENTS = re.compile(rf"(?P<known>{_KNOWN}|{_WITH_USER})|{_ASSIGNED}|(?P<random>{_RANDOM})", re.IGNORECASE)
_NAME = re.compile(rf"^{_NAMED}$|_{_NAMED}$", re.IGNORECASE)
_SECRET_VARIABLE = re.compile(
    rf"(?:^|_)(?:{_NAMED}|key|pass|pat|auth|cookie|credentials?|dsn|pin|salt|seed|private|signature)s?(?:_|$)",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\r\n]*", re.MULTILINE)
_SHOWN = re.compile(r"^(?:\$\{|ENC:|https?://)")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def plain_secrets(kind: Any, node: Node, at: str = "") -> list[Problem]:
    """Secrets in fields that are for secrets. What is found counts as failed: nothing more is said of it."""
    return [
        problem
        for path, scalar in _fields(kind, node)
        if not _is_plain_variable(path, scalar) and (problem := _of_field(scalar, _at(at, path)))
    ]


def secret_values(node: Node, data: bytes, at: str = "") -> list[Problem]:
    """Find secrets by their look, in any value of a tree. `data`: the file's bytes, looked through first."""
    if not _SUSPECT.search(data):
        return []
    return [each for path, scalar in leaves(node) if (each := _of_value(scalar, _at(at, path)))]


def _is_plain_variable(path: tuple[str, ...], scalar: Scalar) -> bool:
    """Tell whether a program's variable holds no secret, by its name and its look: a path, a level, a number."""
    name = path[-1]
    if path[-2:-1] != (VARIABLES,) or _SECRET_VARIABLE.search(name):
        return False
    # Beside what a secret looks like anywhere: nothing random, and no user with a password in an address.
    return not IN_VALUES.search(scalar.written) and not _IN_COMMENTS.search(scalar.written)


def _at(at: str, path: tuple[str, ...]) -> str:
    return ".".join((at, *path) if at else path)[:120]


def _fields(kind: Any, node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Scalar]]:
    """Every scalar under a field that is a secret's by its type."""
    kinds = _alternatives(kind)
    if isinstance(node, Scalar):
        if Secret in kinds:
            yield path, node
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _fields(_of_all(kinds), item, (*path, str(index)))
    else:
        model = next((each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)), None)
        below = _secret_fields(model) if model else dict.fromkeys(node.items, _of_all(kinds))
        for key in below.keys() & node.items.keys():
            if below[key] is not None and key.lower() not in HARMLESS:
                yield from _fields(below[key], node.items[key], (*path, key))


@cache
def _secret_fields(model: type[BaseModel]) -> dict[str, Any]:
    """The fields of a model that are secrets or have some below them."""
    return {name: field.annotation for name, field in model.model_fields.items() if _has_secrets(field.annotation)}


def _has_secrets(kind: Any) -> bool:
    kinds = _alternatives(kind)
    models = [each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)]
    inner = _of_all(kinds)
    return (
        Secret in kinds or any(_secret_fields(each) for each in models) or (inner is not None and _has_secrets(inner))
    )


def _of_all(kinds: list[Any]) -> Any:
    """The kind of what a list or a map holds."""
    for each in kinds:
        arguments = [one for one in get_args(each) if one is not Ellipsis]
        if arguments:
            return arguments[-1]
    return None


def _alternatives(kind: Any) -> list[Any]:
    """A kind without `Annotated`, and each of a union."""
    if hasattr(kind, "__metadata__"):
        return _alternatives(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        return [found for each in get_args(kind) for found in _alternatives(each)]
    return [kind]


def _of_field(scalar: Scalar, at: str) -> Problem | None:
    if scalar.failed or (scalar.value is None and not scalar.hidden):
        return None
    defaults = [match["default"] for match in REFERENCE.finditer(scalar.written) if match["default"]]
    beside = REFERENCE.sub("", scalar.written)
    if scalar.written.startswith(CIPHER) and not defaults:
        return None
    if not defaults and beside != scalar.written and not _IN_COMMENTS.search(beside):
        return None
    return _fail(scalar, f"`{at}`: a secret stands in the file{', as a default' if defaults else ''}")


def _of_value(scalar: Scalar, at: str) -> Problem | None:
    if scalar.failed or not isinstance(scalar.value, str):
        return None
    beside = REFERENCE.sub(lambda match: match["default"] or "", scalar.written)
    named = _NAME.search(at.rpartition(".")[2]) and "query" in at and beside == scalar.written
    if not named and not IN_VALUES.search(beside):
        return None
    return _fail(scalar, f"`{at}`: what looks like a secret stands in the file")


def _fail(scalar: Scalar, message: str) -> Problem:
    scalar.failed, scalar.hidden, scalar.value = True, True, None
    return Problem(*scalar.mark, "plain-secret", message, _REMEDY)


def redact_comments(data: bytes) -> bytes:
    """A file's bytes with what looks like a secret in its comments as stars, one for each byte."""
    if b"#" not in data:
        return data
    try:
        text = data.decode()
        found = [span for comment in _COMMENT.finditer(text) for span in _secret_spans(comment)]
        if not found:
            return data
        inside = list(_scalars(text))
    except (UnicodeDecodeError, ValueError, yaml.YAMLError):
        return data  # such a file is a problem, and published nowhere
    for begin, end in reversed(found):
        if not any(first <= begin < last for first, last in inside):
            text = text[:begin] + "*" * len(text[begin:end].encode()) + text[end:]
    return text.encode()


def _secret_spans(comment: re.Match[str]) -> Iterator[tuple[int, int]]:
    for found in _IN_COMMENTS.finditer(comment[0]):
        group = next(name for name in ("known", "said", "random") if found[name])
        if not _SHOWN.match(found[group]):
            yield comment.start() + found.start(group), comment.start() + found.end(group)


def _scalars(text: str) -> Iterator[tuple[int, int]]:
    """Return the places of a document's scalars: a `#` in one of them begins no comment."""
    for token in yaml.scan(text, Loader=_Loader):
        if isinstance(token, yaml.ScalarToken):
            yield token.start_mark.index, token.end_mark.index
