"""A JSON value as bytes, also where a text in it holds half a character: no endpoint takes those. Pure."""

from typing import Any

import orjson

from crews.model_calls.response.surrogates import join_all_surrogates

_OPTIONS = orjson.OPT_NON_STR_KEYS


def to_json(value: Any, *, sorted_keys: bool = False) -> bytes:
    """Return the JSON bytes; a half of a character in a text is joined with its other half, or replaced."""
    options = _OPTIONS | (orjson.OPT_SORT_KEYS if sorted_keys else 0)
    try:
        return orjson.dumps(value, option=options)
    except TypeError:  # looked at only then, since nearly no text holds any
        return orjson.dumps(join_all_surrogates(value), option=options)
