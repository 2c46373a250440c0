"""Puts an earlier version of an account's knowledge in force, for the verb and the console; the audit tells of it."""

from typing import TYPE_CHECKING

from ops.access import CommandError, NotFound

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection


async def roll_back(connection: "Connection", account: str, to: int | None) -> tuple[int, int]:
    """Put a version in force, None: the one before; return it, and the one that was in force.

    Raises:
        CommandError: there is none before it.
        NotFound: it is not kept any more.
        StoreUnavailable: Redis is away.
    """
    from chatwootai.stores.models.knowledge import KnowledgeStore
    from ops.events.audit import write_down

    store = KnowledgeStore(connection)
    kept, current = [*await store.versions(account)], await store.version(account)
    wanted = to if to is not None else next((number for number in kept if number < current), None)
    if wanted is None:
        nothing = f"nothing is known yet: run `chatwootai knowledge ingest --account {account}` first"
        raise CommandError(f"there is no version before {current}" if current else nothing)
    if not await store.roll_back(account, wanted):
        raise NotFound(f"version {wanted} is not kept; there are {', '.join(map(str, kept)) or 'none'}")
    await write_down(connection, "knowledge rollback", account=account, of=str(wanted), details={"before": current})
    return wanted, current
