"""The texts within values that configuration holds."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel


def texts_in(value: object) -> Iterator[str]:
    """Return all texts in a value, however deep: of settings, lists and mappings' values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from texts_in(vars(value))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)
