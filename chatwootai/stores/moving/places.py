"""Counts what a shard has of each account."""

from collections import Counter

from chatwootai.stores.moving.ways import goes_whole
from chatwootai.stores.privacy.key_shapes import kind_of
from chatwootai.stores.server.connection import Connection, store_errors

_PAGE = 1_000


async def count_keys(connection: Connection) -> Counter[str]:
    """Return, by account, how many keys name it and would go with it; caches and records of turns are not counted.

    Raises:
        StoreUnavailable: Redis is away.
    """
    found: Counter[str] = Counter()
    with store_errors(connection):
        async for raw in connection.scan_iter(match="*:*", count=_PAGE):
            known = kind_of(raw.decode("utf-8", "replace"))
            if known is not None and goes_whole(known[0].pattern):
                found[_owner(known[1].get("account"), known[1].get("job") or "")] += 1
    del found[""]
    return found


def _owner(account: str | None, job: str) -> str:
    """Return the account in a key's name, or in that of a job (`turn:<account>:<conversation>:<number>`)."""
    if account is not None:
        return account
    parts = job.split(":")
    return parts[1] if len(parts) == 4 and parts[0] == "turn" else ""
