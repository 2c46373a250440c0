"""Answers that may serve questions alike, by account and scope, and what became of such questions.

A scope is a digest of all that two questions must have in common. Bytes are bounded over all accounts: the scopes that
were longest not written leave first, so that answers kept here can never push out a message. Rows for people hold
display ids of conversations, and no word of anybody's.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, batch, store_errors
from chatwootai.stores.server.scripts import Runner

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_ENTRIES: Final = 100
"""Entries of one scope: all of them are read for a question."""
MOST_ROWS: Final = 50


class SemanticAnswers:
    """Answers of all accounts, with what was counted. `most_bytes`: of all entries."""

    def __init__(self, connection: Connection, *, most_bytes: int = MOST_BYTES) -> None:
        self._connection = connection
        self._runner = Runner.of(connection)
        self._most_bytes = most_bytes

    async def entries(self, account: str, scope: str) -> dict[int, bytes]:
        """Return what is kept of a scope, by the conversation that it comes from.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (found,) = await batch(self._connection, ("HGETALL", keys.alike(account, scope)))
        return {int(conversation): entry for conversation, entry in _pairs(found).items()}

    async def keep(self, account: str, scope: str, conversation: int, entry: bytes, *, keep_ms: int) -> int:
        """Keep an answer; return how many scopes had to leave for it. A scope that is full takes no more.

        Raises:
            StoreUnavailable: Redis is away, or full.
        """
        bounds = (keep_ms, MOST_ENTRIES, self._most_bytes)
        return int(await self._runner.run("alike_keep", account, scope, conversation, entry, *bounds))

    async def tell(
        self, account: str, group: str, verdict: str, *, saved_ms: int, saved_tokens: int, row: Mapping[str, Any] | None
    ) -> None:
        """Count a verdict of a group, and keep a row for people to look at.

        Raises:
            StoreUnavailable: Redis is away.
        """
        said = json.dumps(row) if row is not None else ""
        bounds = (said, MOST_ROWS, lifetimes.ALIKE_TOLD_MS)
        await self._runner.run("alike_told", account, group, verdict, saved_ms, saved_tokens, *bounds)

    async def verdict_counts(self, account: str) -> dict[str, dict[str, int]]:
        """Return what was counted, by group: verdicts, `ms`, `tokens`.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (found,) = await batch(self._connection, ("HGETALL", keys.alike_told(account)))
        groups: dict[str, dict[str, int]] = {}
        for name, number in _pairs(found).items():
            group, _, what = name.decode().rpartition(":")
            groups.setdefault(group, {})[what] = int(number)
        return groups

    async def rows(self, account: str) -> list[dict[str, Any]]:
        """Return the rows for people, the newest first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        (found,) = await batch(self._connection, ("LRANGE", keys.alike_rows(account), 0, -1))
        return [json.loads(row) for row in found]

    async def review(self, account: str, asked: int, answered: int, verdict: str) -> int:
        """Replace the verdicts of the rows about two conversations by a person's; return how many there were.

        Raises:
            StoreUnavailable: Redis is away.
        """
        done = 0
        for row in await self.rows(account):
            if (row["asked"], row["answered"]) == (asked, answered):
                (gone,) = await batch(self._connection, ("LREM", keys.alike_rows(account), 1, json.dumps(row)))
                if gone:
                    group, told = row["group"], keys.alike_told(account)
                    await batch(self._connection, ("HINCRBY", told, f"{group}:{row['verdict']}", -1))
                    await batch(self._connection, ("HINCRBY", told, f"{group}:{verdict}", 1))
                    done += 1
        return done

    async def accounts(self) -> set[str]:
        """Return the keys of the accounts of which something was counted.

        Raises:
            StoreUnavailable: Redis is away.
        """
        start = keys.alike_told("")
        with store_errors(self._connection):
            return {
                name.decode(errors="replace").removeprefix(start)
                async for name in self._connection.scan_iter(f"{start}*", count=1000, _type="hash")
            }

    async def sizes(self) -> dict[str, int]:
        """Return the number of scopes kept and their bytes.

        Raises:
            StoreUnavailable: Redis is away.
        """
        scopes, size = await batch(self._connection, ("ZCARD", "cw:alike"), ("HGET", "cw:alike:sizes", "*"))
        return {"scopes": int(scopes), "bytes": int(size or 0), "most_bytes": self._most_bytes}

    async def drop(self, account: str, scope: str, conversation: int) -> None:
        """Forget one answer, which has served or would have served a wrong question.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._runner.run("alike_forget", account, scope, conversation)

    async def purge(self, account: str | None = None, conversation: int | None = None) -> int:
        """Forget all answers, or one account's, or those from one conversation of it; return how many there were.

        What was counted stays; rows of that account or conversation go.

        Raises:
            StoreUnavailable: Redis is away.
        """
        gone = 0
        async for owner, scope in self._scopes(account):
            only = "" if conversation is None else conversation
            gone += int(await self._runner.run("alike_forget", owner, scope, only))
        for owner in [account] if account is not None else sorted(await self.accounts()):
            await self._forget_rows(owner, conversation)
        return gone

    async def _forget_rows(self, account: str, conversation: int | None) -> None:
        if conversation is None:
            await batch(self._connection, ("DEL", keys.alike_rows(account)))
            return
        for row in await self.rows(account):
            if conversation in {row.get("asked"), row.get("answered")}:
                await batch(self._connection, ("LREM", keys.alike_rows(account), 0, json.dumps(row)))

    async def _scopes(self, account: str | None) -> AsyncIterator[tuple[str, str]]:
        with store_errors(self._connection):
            async for name, _ in self._connection.zscan_iter("cw:alike"):
                owner, _, scope = name.decode(errors="replace").rpartition(":")
                if account is None or owner == account:
                    yield owner, scope


def _pairs(found: Any) -> dict[bytes, bytes]:
    return found if isinstance(found, dict) else dict(zip(found[::2], found[1::2], strict=True))
