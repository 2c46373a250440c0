"""Errors of Redis, classed by what the caller must do next; no other module decides that.

StoreUnavailable (away): no connection, no answer in time, and whatever Redis refuses: BUSY, NOPERM, OOM, LOADING,
READONLY, a plan's limit and words that we have never met. The caller waits, or does without: it passes.

StoreMisused (ours to mend): WRONGTYPE, what Lua or a command meets inside a script of ours, arguments that mean
nothing. The caller fails loudly: asking again does not mend it.

What is told at the start instead (a user without the rights, a server too old) stands in examination.py.
"""

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    DataError,
    ExecAbortError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from chatwootai.stores.server.fullness import CODE as FULL
from chatwootai.stores.server.state import ServerState, state_of
from chatwootai.telemetry import mask

NOPERM: Final = "NOPERM"
_MOVED: Final = "ACCOUNT_MOVED"
_STRIPPED: Final[dict[type[Exception], str]] = {
    BusyLoadingError: "LOADING",
    ReadOnlyError: "READONLY",
    OutOfMemoryError: "OOM",
    NoPermissionError: NOPERM,
    ExecAbortError: "EXECABORT",
    NoScriptError: "NOSCRIPT",
}
"""redis-py takes these words from the front of a message."""
_CODE: Final = re.compile(r"^-?([A-Z][A-Z_]+)\s+(.*)$", re.DOTALL)
_INSIDE: Final = re.compile(r"-(OOM|MISCONF|READONLY|LOADING|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|NOPERM) ")
"""What a command inside a script met, where the script's own error stands before it (Redis 6.2)."""
_MAY_NOT: Final = re.compile(r"The user executing the script can't|ACL failure in script")
"""How Redis 7.0, and Valkey and later ones, say NOPERM of a command inside a script."""
_SCRIPT: Final = re.compile(r"user_script|user_function|Error compiling script|from script")
_PLACE: Final = re.compile(r",? script: [0-9a-f]{40}, on @user_script:(\d+)\.?\s*$")
_ARGUMENTS: Final = re.compile(r",? with args beginning with:.*$", re.DOTALL)
_TLS: Final = re.compile(r"\[SSL: ([A-Z0-9_]+)\] (.*?)(?: \(_ssl\.c:\d+\))?\.?$", re.DOTALL)
_CLOSED: Final = "the handler is closed"
"""What uvloop says (a RuntimeError) of a connection that broke while something was written to it."""
_TAKEN_AWAY: Final = re.compile(
    r"'NoneType' object has no attribute '(writelines|drain|close|wait_closed|read\w*|at_eof)'"
)
"""The words of an AttributeError where redis-py closed a connection that was being taken from its pool: it closes
what rests there when the primary is another one."""
_LONGEST: Final = 200


class StoreUnavailable(Exception):
    """Redis is away: gone, frozen, full, or refusing. Whether the command ran is unknown; each bears a second run.

    `code`: Redis' own word for it (OOM, BUSY, ...), or the name of the error that there was no answer with.
    `reason`: its words, without secrets.
    """

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(f"{code}: {reason}" if reason and reason != code else code)
        self.code = code
        self.reason = reason


class AccountMoved(StoreUnavailable):
    """The account that was written to is not on this shard: it has moved, or is being moved. Nothing was written.

    `mark`: what stands in `cw:moved:{account}`. It is no outage: this Redis answers, and serves its other accounts.
    """

    def __init__(self, mark: str) -> None:
        super().__init__(_MOVED, mark)
        self.mark = mark


class StoreMisused(Exception):
    """Redis did not understand us: a mistake of ours, or a key that somebody else wrote. Asking again does not mend it.

    `script`: the script of ours in which it happened; empty for a plain command.
    """

    def __init__(self, reason: str, script: str = "") -> None:
        super().__init__(f"{script}.lua: {reason}" if script else reason)
        self.reason = reason
        self.script = script


@contextmanager
def store_errors(client: object) -> Iterator[None]:
    """Turn every error of a client's Redis into one of the two, and note that it is away, or that it answers.

    Raises:
        StoreUnavailable: what happened counts as away.
        StoreMisused: it is a mistake of ours.
    """
    try:
        yield
    except Exception as error:
        meant = understood(error)
        if meant is None:
            raise
        if isinstance(meant, StoreUnavailable):
            _tell(meant, state_of(client))
        raise meant from error
    else:
        state_of(client).outage.note_answer()


def _tell(error: StoreUnavailable, state: ServerState) -> None:
    if isinstance(error, AccountMoved):
        state.outage.note_answer()
    elif error.code == FULL:
        state.fullness.note_refusal(str(error))
        state.outage.note_answer()
    else:
        state.outage.note_failure(str(error))


def understood(error: BaseException) -> StoreUnavailable | StoreMisused | None:
    """Return what an error means for the caller; None: it is not about Redis."""
    if isinstance(error, StoreUnavailable | StoreMisused):
        return error
    if isinstance(error, DataError):
        return StoreMisused(_one_line(str(error)))
    if isinstance(error, ResponseError):
        return _refusal(error)
    broke = isinstance(error, RuntimeError) and _CLOSED in str(error)
    broke = broke or (isinstance(error, AttributeError) and _TAKEN_AWAY.fullmatch(str(error)) is not None)
    return _connection_error(error) if broke or isinstance(error, RedisError | OSError | EOFError) else None


def _refusal(error: ResponseError) -> StoreUnavailable | StoreMisused:
    code, text = _code(error)
    if code == "WRONGTYPE" or (code == "ERR" and _SCRIPT.search(text)):
        return StoreMisused(_one_line(text))
    return AccountMoved(text) if code == _MOVED else StoreUnavailable(code, _one_line(text))


def _code(error: ResponseError) -> tuple[str, str]:
    """Redis' word for it, and the rest. What redis-py has taken from the front is put back."""
    text = str(error).rpartition(" of pipeline caused error: ")[2]  # before it redis-py repeats the command
    if stripped := next((code for kind, code in _STRIPPED.items() if isinstance(error, kind)), None):
        return stripped, text.removeprefix(f"{stripped} ")
    found = _CODE.match(text)
    code, text = (found[1], found[2]) if found else ("ERR", text)
    if _MAY_NOT.search(text):
        return NOPERM, text
    inside = _INSIDE.search(text)
    return (inside[1], text) if inside else (code, text)


def _connection_error(error: BaseException) -> StoreUnavailable:
    """Return the error of a connection that brought no answer: broken, not trusted, or not logged in."""
    if isinstance(error, RuntimeError | AttributeError):
        return StoreUnavailable("ConnectionError", "it broke while something was sent")
    if certificate := _certificate(error):
        return certificate
    timed_out = isinstance(error, RedisTimeoutError | asyncio.TimeoutError)
    word = "LOADING" if isinstance(error, BusyLoadingError) else "TimeoutError" if timed_out else _login(error)
    return StoreUnavailable(word or type(error).__name__, _one_line(str(error)))


def _certificate(error: BaseException) -> StoreUnavailable | None:
    """Return what is wrong with a certificate, from the innermost cause; None where nothing is."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return StoreUnavailable("CERTIFICATE_VERIFY_FAILED", _one_line(cause.verify_message))
        if found := _TLS.search(str(cause)):
            return StoreUnavailable(found[1], _one_line(found[2].removeprefix("certificate verify failed: ")))
        cause = cause.__cause__
    return None


def _login(error: BaseException) -> str:
    if not isinstance(error, AuthenticationError):
        return ""
    return "NOAUTH" if "required" in str(error) else "WRONGPASS" if "pair" in str(error) else ""


def _one_line(text: str) -> str:
    """Return one line of a message, with the line of the script, without arguments and secrets."""
    text = _PLACE.sub(r" (line \1)", _ARGUMENTS.sub("", text.strip()))
    return mask.text(" ".join(text.split()))[:_LONGEST].rstrip(".")
