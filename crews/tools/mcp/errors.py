"""Why a server of the Model Context Protocol gave no answer, and what that means for the call."""


class Away(Exception):
    """The server cannot be had now: nothing was sent. The message says why, for an operator."""


class Ended(Exception):
    """The session ended under a call. `untouched`: the call surely was not made, and may be made anew."""

    def __init__(self, why: str, *, untouched: bool) -> None:
        super().__init__(why)
        self.untouched = untouched


class Late(Exception):
    """No answer came in time; whether the call was made is not known."""
