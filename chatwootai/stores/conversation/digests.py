"""Puts the message of the day into an account's conversation, once a day whatever the number of workers."""

from datetime import date

from chatwootai.model.message.outbox import Action
from chatwootai.model.message.priority import LOWEST, boost_ms, lane_of
from chatwootai.stores import keys, lifetimes
from chatwootai.stores.conversation.entries import job_blob, pack_action
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.scripts import Runner


class Digests:
    """Digests on their way: mark and message are written in one script, so that neither is there without the other."""

    def __init__(self, connection: Connection) -> None:
        self._runner = Runner.of(connection)

    async def send(self, account: str, conversation: int, day: date, action: Action) -> bool:
        """Have a digest delivered as any reply is; False if that of this day was sent before.

        Raises:
            StoreUnavailable: Redis is away. Sending again is safe.
        """
        conv = keys.conv(account, conversation)
        sent = await self._runner.run(
            "digest",
            conv=conv,
            day=day.isoformat(),
            kept_ms=lifetimes.DIGEST_MS,
            account=account,
            lane=lane_of(LOWEST),
            boost_ms=boost_ms(LOWEST),
            blob=job_blob(conv, int(action.due * 1000)),
            job_ms=lifetimes.JOB_MS,
            state_ms=lifetimes.STATE_MS,
            entry=pack_action(action),
        )
        return bool(sent)
