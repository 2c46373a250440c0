"""Pauses of accounts: their messages are taken and wait, no turn of theirs starts, and all go on by themselves after.

A turn that runs as the pause begins ends as ever. Claiming looks (claim.lua), and the sweep ends what is over.
"""

import time
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, batch
from chatwootai.stores.server.scripts import Runner

LONGEST_SECONDS: Final = 7 * 86_400.0
"""As long as messages are known to have been admitted."""
_SLACK_SECONDS: Final = 60.0
_MOST_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause of an account. `until` and `since`: unix seconds; `why`: in the words of who did it."""

    account: str
    until: float
    since: float
    who: str
    why: str = ""


class Pauses:
    """All accounts that are paused now."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)

    async def pause(self, account: str, until: float, *, who: str, why: str = "") -> Pause:
        """Pause an account until then (unix seconds), or move the end of its pause; return the pause.

        Raises:
            StoreUnavailable: Redis is away.
            ValueError: that is over, or further away than a week.
        """
        now = time.time()
        if not now < until <= now + LONGEST_SECONDS + _SLACK_SECONDS:
            raise ValueError("a pause ends in the future, and within seven days")
        made = Pause(account=account, until=until, since=now, who=who[:_MOST_CHARACTERS], why=why[:_MOST_CHARACTERS])
        about = orjson.dumps(asdict(made))
        await self._runner.run("pause", account=account, until_ms=int(until * 1000), about=about)
        return made

    async def resume(self, account: str) -> bool:
        """Let an account go on now; False if it was not paused.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return bool(await self._runner.run("resume", account=account))

    async def all(self) -> list[Pause]:
        """Return the pauses, the next to end first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (about,) = await batch(self._connection, ("HVALS", keys.PAUSED_ABOUT))
        pauses = (Pause(**orjson.loads(one)) for one in about)
        return sorted((one for one in pauses if one.until > time.time()), key=lambda one: one.until)
