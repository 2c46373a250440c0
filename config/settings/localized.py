"""Texts in several languages: one for the tenant's own, or one for each."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from config.schema.base import Language, Line, Text, Word, Words


def _shape(value: Any) -> str:
    return "[languages]" if isinstance(value, Mapping) else "[text]"


SaidText = Annotated[
    Annotated[Text, Tag("[text]")] | Annotated[Mapping[Language, Words], Tag("[languages]")], Discriminator(_shape)
]
"""A text for the tenant's own language, or language to text."""

SaidLine = Annotated[
    Annotated[Line, Tag("[text]")] | Annotated[Mapping[Language, Word], Tag("[languages]")], Discriminator(_shape)
]


def without_country(language: str) -> str:
    """A language without its country: `pt` of `pt-BR`."""
    return language.replace("_", "-").partition("-")[0].lower()


def matching_language(known: Iterable[str], language: str) -> str | None:
    """Return the language of several that is meant: the very same, else one of another country, else None."""
    names = list(known)
    same = (each for each in names if without_country(each) == without_country(language))
    return language if language in names else next(same, None)


def in_language(said: str | Mapping[str, str], language: str, own: str) -> str:
    """Return the text in a language; empty where there is none. A plain text is in the tenant's `own`."""
    if isinstance(said, str):
        return said if without_country(language) == without_country(own) else ""
    found = matching_language(said, language)
    return said[found] if found else ""
