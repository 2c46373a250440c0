"""Reasons why a server of the Model Context Protocol gave no answer, and what each means for the call."""


class ServerUnavailable(Exception):
    """The server cannot be had now: nothing was sent. The message says why, for an operator."""


class SessionEnded(Exception):
    """The session ended under a call.

    `not_sent`: the call surely was not made, and may be made anew; `too_long`: the server said more than is read.
    """

    def __init__(self, why: str, *, not_sent: bool, too_long: bool = False) -> None:
        super().__init__(why)
        self.not_sent, self.too_long = not_sent, too_long


class CallTimedOut(Exception):
    """No answer came in time; whether the call was made is not known."""
