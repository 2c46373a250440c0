"""Reasons to put a turn off, with the time at which it may go on."""


class ChatwootAway(Exception):
    """Chatwoot cannot be asked now: put the job off. Both in unix seconds.

    `waiting_since`: when this reply should have arrived; `until`: before that there is no use in asking, 0: not known.
    """

    def __init__(self, why: str, waiting_since: float, until: float = 0.0) -> None:
        super().__init__(why)
        self.waiting_since = waiting_since
        self.until = until


class AccountClosed(Exception):
    """Chatwoot does not take the account's bot token: put the job off, no model is asked meanwhile.

    `after`: seconds until this job looks whether it is taken again; None: another looks, and this one waits for that.
    """

    def __init__(self, why: str, after: float | None) -> None:
        super().__init__(why)
        self.after = after
