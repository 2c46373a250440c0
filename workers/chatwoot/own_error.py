"""Tells an error that Chatwoot itself reports from what others answer in its place. Pure.

While Chatwoot is replaced, moved or guarded, a proxy's 404, a firewall's 403, a login page or a gateway's JSON comes
instead: none of that is said of a message, a conversation or a token.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

_KEYS: Final = frozenset({"error", "errors", "message", "attributes", "success"})
"""All that stands in an error of Chatwoot's. Rails' own errors and those of gateways have others, beside or instead."""
_PHRASES: Final = frozenset(status.phrase.lower() for status in HTTPStatus) | {"access denied"}
"""What any server says of a status. Chatwoot says more."""
_STATUS: Final = re.compile(r"^\s*(?:http[ /]?)?[45]\d\d\b[\s:.-]{0,4}", re.IGNORECASE)
_NOT_THERE: Final = "resource could not be found"
_NO_TOKEN: Final = "no token arrived: does a proxy drop the headers Api-Access-Token and api_access_token?"  # noqa: S105 - no token


def own_error(status: int, kind: str, body: object) -> str | None:
    """Return what Chatwoot says went wrong; None where it was not Chatwoot who answered.

    `kind` is the answer's content type without parameters, empty where it names none; `body` its JSON.
    """
    if kind not in {"", "application/json"} or not isinstance(body, dict) or not body or not body.keys() <= _KEYS:
        return None
    said = body.get("error")
    match status:
        case HTTPStatus.UNPROCESSABLE_ENTITY:  # no gateway says so
            return said if isinstance(said, str) else _of_a_record(body)
        case HTTPStatus.UNAUTHORIZED if listed := _lines(body.get("errors")):
            return f"{listed} ({_NO_TOKEN})"
        case HTTPStatus.NOT_FOUND:
            return said if isinstance(said, str) and _NOT_THERE in said.lower() else None
    return said if isinstance(said, str) and _STATUS.sub("", said).strip(" .!").lower() not in _PHRASES else None


def _of_a_record(body: Mapping[str, Any]) -> str:
    """Return what is wrong with a record, as Rails reports it."""
    said = body.get("message")
    return said if isinstance(said, str) else _lines(body.get("errors"))


def _lines(value: object) -> str:
    return "; ".join(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else ""
