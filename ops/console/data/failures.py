"""Dead letters grouped by cause, and what is done to a whole group, through the same functions as the verbs."""

import argparse
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chatwootai.stores.operators.dead_letters import DeadLetter, DeadLetters
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.server.connection import Connection
from config.snapshot import Account
from ops.access import CommandError, acting
from ops.console.data.conversation import owner_by
from ops.events.audit import write_down
from ops.jobs.job_actions import drop_letter, ensure_pending, retry_letter

_MOST_READ: Final = 5_000
_EXAMPLES: Final = 5
_LONGEST_CAUSE: Final = 300
_MOST_OWNERS: Final = 1_000
_LAST_STEPS: Final = 20
AT_ONCE: Final = 200
"""Letters that one request works through; more of a group are left for the next."""
_SECONDS: Final = 20.0


@dataclass(slots=True)
class Group:
    """Letters of one cause. `first`, `last`: unix seconds; `accounts`: letters by account; `examples`: newest first."""

    cause: str
    count: int = 0
    first: float = 0.0
    last: float = 0.0
    accounts: Counter[str] = field(default_factory=Counter)
    conversations: set[str] = field(default_factory=set)
    examples: list[tuple[str, str]] = field(default_factory=list)

    def take(self, letter: DeadLetter) -> None:
        """Count a letter in."""
        self.count += 1
        self.first = min(self.first or letter.at, letter.at)
        self.last = max(self.last, letter.at)
        self.accounts[_account(letter)] += 1
        self.conversations.add(letter.conv)
        if len(self.examples) < _EXAMPLES:
            self.examples.append((letter.conv, letter.turn))


def cause_of_group(cause: str) -> str:
    """Return what letters of one cause share: a status of three digits stays, other numbers may be anybody's ids."""
    without_ids = re.sub(r"\b[0-9a-f]{12,}(?:-[0-9a-f]+)*\b", "#", cause)
    return re.sub(r"\b(?:\d{1,2}|\d{4,})\b", "#", without_ids)[:_LONGEST_CAUSE]


async def read_impact(connection: Connection, account: str | None, cause: str) -> dict[str, Any]:
    """Return what an action on a group touches: `letters`, `conversations`, `accounts`; `people`: how many they have.

    Of more than 1,000 conversations only that many are looked at, `looked_at`.

    Raises:
        StoreUnavailable: Redis is away.
    """
    group = next((one for one in await read_groups(connection, account) if one.cause == cause), Group(cause))
    looked_at = list(group.conversations)[:_MOST_OWNERS]
    lives = await ConversationHistories(connection).latest(looked_at, _LAST_STEPS) if looked_at else []
    return {
        "cause": cause,
        "letters": group.count,
        "conversations": len(group.conversations),
        "accounts": len(group.accounts),
        "looked_at": len(looked_at),
        "people": sum(owner_by(steps) == "people" for steps in lives),
    }


async def read_groups(connection: Connection, account: str | None) -> list[Group]:
    """Return the dead letters of an account, or of all, by cause, most first; the newest 5,000 are looked at.

    Raises:
        StoreUnavailable: Redis is away.
    """
    groups: dict[str, Group] = {}
    seen = 0
    async for letter in DeadLetters(connection).all():
        seen += 1
        if account in {None, _account(letter)}:
            cause = cause_of_group(letter.cause)
            groups.setdefault(cause, Group(cause)).take(letter)
        if seen >= _MOST_READ:
            break
    return sorted(groups.values(), key=lambda one: one.count, reverse=True)


def groups_as_json(groups: list[Group]) -> list[dict[str, Any]]:
    """Return groups as `GET /api/failures` has them."""
    return [
        {
            "cause": one.cause,
            "count": one.count,
            "conversations": len(one.conversations),
            "accounts": dict(one.accounts.most_common()),
            "first": one.first,
            "last": one.last,
            "examples": [{"conversation": conv, "turn": turn} for conv, turn in one.examples],
        }
        for one in groups
    ]


class Bulk:
    """Actions of one person on groups. `by`: for histories; `account`: the only one whose letters are touched."""

    def __init__(
        self, connection: Connection, config: Path, accounts: Mapping[str, Account], account: str | None, by: str
    ) -> None:
        self._connection = connection
        self._arguments = argparse.Namespace(config=config, force=False, hand_back=False)
        self._accounts = accounts
        self._account = account
        self._by = by

    async def act(self, action: str, cause: str, *, hand_back: bool) -> dict[str, Any]:
        """Retry or drop the letters of a cause, the oldest first; how many were `done`, `skipped`, and are `left`.

        Raises:
            StoreUnavailable: Redis is away.
        """
        self._arguments.hand_back = hand_back
        letters = [one async for one in DeadLetters(self._connection).all() if self._is_meant(one, cause)][::-1]
        until, done, told = time.monotonic() + _SECONDS, 0, Counter[str]()
        worked = 0
        for letter in letters[:AT_ONCE]:
            if time.monotonic() > until:
                break
            worked += 1
            with acting(self._by) as said:
                try:
                    failed = await self._one(action, letter)
                except CommandError as error:
                    failed = 1
                    said.append(str(error))
            done += not failed
            told.update(one.replace(letter.conv, "…").replace(letter.turn, "…") for one in said[-1:] if failed)
        if done:
            details = {"cause": cause, "hand_back": hand_back}
            with acting(self._by):
                await write_down(self._connection, action, account=self._account or "", count=done, details=details)
        return {"done": done, "skipped": worked - done, "left": len(letters) - worked, "why": [*told][:_EXAMPLES]}

    async def _one(self, action: str, letter: DeadLetter) -> int:
        if action == "drop":
            return await drop_letter(self._connection, letter)
        assignee = await ensure_pending(letter.conv, self._arguments, self._accounts)
        return await retry_letter(self._connection, letter, assignee)

    def _is_meant(self, letter: DeadLetter, cause: str) -> bool:
        return cause_of_group(letter.cause) == cause and self._account in {None, _account(letter)}


def _account(letter: DeadLetter) -> str:
    return letter.conv.rpartition(":")[0]
