"""Actions on one conversation, through the same functions as the verbs; what these would print is returned."""

import argparse
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from chatwootai.stores.server.connection import Connection
from config.snapshot import Account
from ops.access import acting
from ops.jobs import job_actions
from ops.jobs.ownership import give_back, hand_over


class Desk:
    """The actions of one person on conversations. `by`: who acts, for histories."""

    def __init__(self, connection: Connection, config: Path, accounts: Mapping[str, Account], by: str) -> None:
        self._connection = connection
        self._config = config
        self._accounts = accounts
        self._by = by

    async def act(self, action: str, conv: str, *, hand_back: bool = False) -> list[str]:
        """Do one of `ACTIONS`, and return what was done, a sentence each.

        Raises:
            CommandError: it cannot be done; the message says why, and what to do.
            StoreUnavailable: Redis is away.
        """
        with acting(self._by) as told:
            await ACTIONS[action](self, conv, hand_back)
        return told

    async def _retry(self, conv: str, hand_back: bool) -> None:
        await job_actions.retry(self._connection, self._arguments(conv, hand_back))

    async def _replay(self, conv: str, hand_back: bool) -> None:
        await job_actions.replay(self._connection, self._arguments(conv, hand_back))

    async def _hand_over(self, conv: str, _: bool) -> None:
        await hand_over(self._connection, conv, self._accounts)

    async def _give_back(self, conv: str, _: bool) -> None:
        await give_back(self._connection, conv, self._accounts)

    def _arguments(self, conv: str, hand_back: bool) -> argparse.Namespace:
        return argparse.Namespace(what=conv, config=self._config, force=False, hand_back=hand_back, yes=True)


ACTIONS: Final[Mapping[str, Callable[[Desk, str, bool], Awaitable[None]]]] = {
    "retry": Desk._retry,
    "replay": Desk._replay,
    "hand-over": Desk._hand_over,
    "give-back": Desk._give_back,
}
"""Actions by the last segment of their address."""
COMMANDS: Final = {
    "retry": "chatwootai jobs retry {conv}",
    "replay": "chatwootai replay {conv}",
    "hand-over": "chatwootai jobs hand-over {conv}",
    "give-back": "chatwootai jobs give-back {conv}",
}
"""The line of each on the command line."""
