"""Base of every group of keys (strict, frozen), and plain kinds of values."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, LiteralString
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"  # becomes part of a path: nothing else may
_NUMBER = re.compile(r"^[-+]?(0|[1-9][0-9]{0,17})?(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,2})?$")
_DATE = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
LANGUAGE_CODES = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st "
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu".split()
)
"""Codes of languages, of ISO 639-1, that a configuration may name."""
_forms: dict[str, str] = {}


def invalid(rule: LiteralString, message: str, remedy: str, *path: str | int) -> PydanticCustomError:
    """A mistake at `path` below the value that is checked, with what to write instead."""
    return PydanticCustomError(rule, "{said}", {"said": message, "remedy": remedy, "path": path})


def matching(pattern: str, remedy: str, **limits: Any) -> FieldInfo:
    """Return a field whose text must match; `remedy` tells how it is written, which a pattern tells nobody at 3 a.m.

    Raises:
        ValueError: the pattern has another remedy elsewhere, and which is shown would depend on what is imported.
    """
    if _forms.setdefault(pattern, remedy) != remedy:
        raise ValueError(f"two remedies for one pattern: {remedy}")
    found: FieldInfo = Field(pattern=pattern, **limits)
    return found


def remedy_of(pattern: str) -> str:
    """Return what to write where a pattern is not matched."""
    return _forms.get(pattern, f"It must match {pattern}")


def _number(value: Any) -> Any:
    """YAML's true is Python's 1, and `017` is 15 to some readers: neither is taken for a number."""
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.match(value.strip() or "-")):
        raise invalid("type", "a number is needed", "Write digits, as 500 or 0.3, without units or leading zeros.")
    return value


def _flag(value: Any) -> Any:
    """The environment has only text, so its `true` and `false` count; `yes`, `1` and the like do not."""
    known = {"true": True, "false": False}
    found = known.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise invalid("type", "true or false is needed", "Write true or false, without quotes.")
    return found


def _date(value: Any) -> Any:
    """Digits alone would be taken for seconds since 1970."""
    if isinstance(value, date) or (isinstance(value, str) and _DATE.match(value)):
        return value
    raise invalid("type", "a date is needed", "Write it as 2026-12-25.")


def _known_code(value: str) -> str:
    if value.partition("-")[0] not in LANGUAGE_CODES:
        remedy = "Write two letters of ISO 639, as pt, es or en; with a country, pt-BR."
        raise invalid("format", "no language has this code", remedy)
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        found = bool(parts.hostname) and parts.port != 0
    except ValueError:
        found = False
    if not found:
        raise invalid(
            "format", "no address of a machine", "Write it as https://chat.example.com, with a port up to 65535."
        )
    return value


@dataclass(frozen=True)
class OneOf:
    """Annotation of a text that must be one of certain words, where the words are known only at run time."""

    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema that `Literal` of the words would have."""
        return core_schema.literal_schema(list(self.words))


class ForMachines:
    """Annotation of a text that machines alone read, never people or a model, so it may be a reference."""


FOR_MACHINES = ForMachines()
NUMBER = BeforeValidator(_number)  # stands after a Field with limits, or they are lost from the JSON Schema
ADDRESS = AfterValidator(_web_address)
Flag = Annotated[bool, BeforeValidator(_flag)]
Date = Annotated[date, BeforeValidator(_date)]
Line = Annotated[str, Field(max_length=300)]
Text = Annotated[str, Field(max_length=20_000)]
Word = Annotated[str, Field(min_length=1, max_length=300)]
Words = Annotated[str, Field(min_length=1, max_length=20_000)]
Language = Annotated[
    str,
    matching(r"^[a-z]{2}(-[A-Z]{2})?$", "Write two small letters, as pt, es or en; with a country, pt-BR."),
    AfterValidator(_known_code),
    FOR_MACHINES,
]
Machine = Annotated[Word, FOR_MACHINES]
Url = Annotated[
    str, matching(r"^https?://[^\s@]+$", "Write it as https://api.example.com/v1, without a user's name."), ADDRESS
]


class Section(BaseModel):
    """A group of keys: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
