"""Errors of Chatwoot, named by what the caller must do next: a turn's, and an administrator's. None holds a token.

What a response says is read in response.py; response_verdict.py raises these of it.
"""

from typing import ClassVar

from workers.chatwoot.operations import Owner


class ChatwootError(Exception):
    """Something went wrong in a call to Chatwoot; `operation` is which."""

    def __init__(self, operation: str, message: str) -> None:
        super().__init__(f"{operation}: {message}")
        self.operation = operation


class TryAgain(ChatwootError):
    """Nothing was changed, or repeating changes nothing more: call again, not before `at` (unix seconds).

    `barred`: somebody before Chatwoot has refused it (a 4xx that is not Chatwoot's own). Where only this call meets
    that, again and again, it is the call.
    """

    def __init__(self, operation: str, message: str, at: float, *, barred: bool = False) -> None:
        super().__init__(operation, message)
        self.at = at
        self.barred = barred


class FateUnknown(ChatwootError):
    """The request was sent and no usable answer came: it may have been stored. Look (`find_mark`) before repeating.

    `ended`: the server has answered it, with an error: what is not stored by now never will be.
    """

    def __init__(self, operation: str, message: str, *, ended: bool = False) -> None:
        super().__init__(operation, message)
        self.ended = ended


class Refused(ChatwootError):
    """Chatwoot itself will not take this, however often it is sent: change it, or give the conversation to a person.

    `status` is HTTP's, `excerpt` what Chatwoot said, shortened and without secrets.
    """

    def __init__(self, operation: str, status: int, excerpt: str) -> None:
        super().__init__(operation, f"HTTP {status}: {excerpt}" if excerpt else f"HTTP {status}")
        self.status = status
        self.excerpt = excerpt


class Gone(Refused):
    """Chatwoot's own 404: it has no such conversation, or no such account. Look at another conversation to tell."""

    STATUS: ClassVar = 404


class TokenRefused(ChatwootError):
    """Chatwoot itself does not take this token: nothing was changed. Wait until it does, or another one is configured.

    `owner`: whose token; `status` and `excerpt` as in Refused.
    """

    def __init__(self, operation: str, owner: Owner, status: int, excerpt: str) -> None:
        super().__init__(operation, f"HTTP {status}: {excerpt}")
        self.owner = owner
        self.status = status
        self.excerpt = excerpt


class MissingUserToken(ChatwootError):
    """This needs the account's `user_token`, and the mapping has none: do without, or add one."""

    def __init__(self, operation: str) -> None:
        super().__init__(operation, "needs the account's user_token in chatwoot_mapping.yaml; a bot's may not do this")


class OutOfTime(TryAgain):
    """Not sent, for it could not have ended before the deadline: call again with a later one, or give up."""

    def __init__(self, operation: str, at: float) -> None:
        super().__init__(operation, "not sent: the deadline is too near", at)


class AdminError(Exception):
    """Chatwoot did not do it; the message says what, without the token. `missing`: there is no such thing.

    `status`: Chatwoot's answer in HTTP; 0: none came.
    """

    def __init__(self, message: str, *, missing: bool = False, status: int = 0) -> None:
        super().__init__(message)
        self.missing = missing
        self.status = status
