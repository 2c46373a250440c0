"""Verdict on a response: done, refused for good, refused for this token, or to be tried again. Pure.

Only what Chatwoot itself says (own_error.py) is final. What others say in its place is an outage, and is
waited out.
"""

from http import HTTPStatus
from typing import Final

from workers.chatwoot.errors import FateUnknown, Gone, Refused, TokenRefused
from workers.chatwoot.operations import SHOW, Operation
from workers.chatwoot.response import Response

_ONE_CALL: Final = ("not authorized for bots", "not authorized to do this action")
"""What is refused so is this call, and not the token: an older Chatwoot allows a bot less."""


def raise_final_error(operation: Operation, answer: Response) -> None:
    """Raise what an answer says for good; return where it was done, or is to be asked for again.

    Raises:
        FateUnknown: it may have been done, and must not be done twice.
        Gone: there is no such conversation, or account.
        Refused: never this.
        TokenRefused: nothing with this token.
    """
    status = answer.status
    if is_undecided(operation, answer) and answer.sent and not operation.repeatable:
        # A 500 that came whole is the end of its request; a gateway's 502 or 504 leaves one that may go on.
        ended = status == HTTPStatus.INTERNAL_SERVER_ERROR and not answer.fault
        raise FateUnknown(operation.name, answer.fault or f"HTTP {status} after it was sent", ended=ended)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:  # whoever says so will say it again
        raise Refused(operation.name, status, answer.excerpt)
    if 400 <= status < 500 and answer.own and not _is_passing(answer):
        raise _final_error(operation, answer)


def is_undecided(operation: Operation, answer: Response) -> bool:
    """Tell whether a response leaves open that the operation was done."""
    status = answer.status
    if answer.good:
        return bool(answer.fault) or (operation.says and answer.body is None) or _denies(answer.body)
    return not status or status >= 500 or status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}


def _denies(body: object) -> bool:
    """Tell whether a body says that nothing was done, whatever its status says: gateways answer 200 to everything."""
    if body is None or isinstance(body, list):
        return False
    if not isinstance(body, dict):
        return True
    failed = any(body.get(name) for name in ("error", "errors")) or body.get("success") is False
    return bool(failed) and not any(name in body for name in ("id", "payload", "data"))


def _is_passing(answer: Response) -> bool:
    return answer.limited or answer.status in {
        HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY,
    }  # fmt: skip


def _final_error(operation: Operation, answer: Response) -> Exception:
    status, said = answer.status, answer.excerpt
    if status == HTTPStatus.NOT_FOUND:
        return Gone(operation.name, status, said)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        if operation != SHOW and any(words in said.lower() for words in _ONE_CALL):
            return Refused(operation.name, status, said)
        return TokenRefused(operation.name, operation.owner, status, said)
    return Refused(operation.name, status, said)


def is_barred(answer: Response) -> bool:
    """Tell whether a server before Chatwoot refused the request."""
    return 400 <= answer.status < 500 and not answer.own and not _is_passing(answer)


def describe(answer: Response) -> str:
    """Say in a few words what came, for whoever waits it out."""
    if answer.fault:
        return answer.fault
    if 300 <= answer.status < 400:
        return f"HTTP {answer.status}: redirects to {answer.excerpt}: if that is for good, put it into the mapping"
    if is_barred(answer):
        return f"HTTP {answer.status}, not Chatwoot's own ({answer.kind or 'no content type'})"
    return f"HTTP {answer.status}"
