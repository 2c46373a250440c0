"""Answers that people write into drafts, and what becomes of a draft, through the same functions as the verbs."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from chatwootai.model.text.normalize import normalized_words
from chatwootai.stores.installation.config_drafts import ConfigDrafts, KeptDraft
from chatwootai.stores.server.connection import Connection
from config.files.sources import Sources
from config.inheritance.answers_edit import WrittenAnswer
from config.inheritance.records_edit import WrittenRecord
from config.snapshot import Account
from ops.access import CommandError, NotFound, acting
from ops.versions.draft_records import record_sources
from ops.versions.drafts import Drafts, DraftView

_NAME: Final = re.compile(r"[^a-z0-9]+")
_WORDS, _LONGEST = 6, 60


def written_answer(sent: Mapping[str, Any]) -> WrittenAnswer:
    """Return the answer of a form or of JSON; a name that is left out is made of its first question."""
    said = sent.get("questions") or ""
    lines = [line for line in said if line is not None] if isinstance(said, list) else str(said).splitlines()
    questions = tuple(dict.fromkeys(" ".join(str(line).split()) for line in lines if str(line).strip()))
    answer = str(sent.get("answer") or "").replace("\r\n", "\n").strip()
    name = str(sent.get("name") or "").strip() or _name(questions[0] if questions else "")
    return WrittenAnswer(name, questions, answer, str(sent.get("language") or "").strip())


def written_record(sent: Mapping[str, Any]) -> WrittenRecord:
    """Return the record of a form or of JSON; an id that is left out is made of its first question, or its title."""
    same = written_answer(sent)
    title = " ".join(str(sent.get("title") or "").split())
    name = str(sent.get("record") or "").strip() or _name((*same.questions, title)[0])
    content, source = str(sent.get("content") or same.answer), str(sent.get("source") or "").strip()
    return WrittenRecord(source, name, same.questions, content, title, str(sent.get("url") or "").strip())


def _name(question: str) -> str:
    words = _NAME.sub("_", "_".join(normalized_words(question)[:_WORDS])).strip("_")[:_LONGEST].strip("_")
    return words if words[:1].isalpha() else f"answer_{words}".strip("_")


class AnswerDesk:
    """Drafts as one person handles them. `alone`: they lead one account, and change no other's with it."""

    def __init__(self, connection: Connection, accounts: Mapping[str, Account], by: str, *, alone: bool) -> None:
        self._connection = connection
        self._accounts = accounts
        self._by = by
        self._alone = alone

    async def add(self, account: str, one: WrittenAnswer) -> None:
        """Write an answer into the account's draft.

        Raises:
            CommandError: it cannot be written so, or the account is not in the configuration that is read here.
            StoreUnavailable: Redis is away.
        """
        with acting(self._by):
            await Drafts(self._connection).add_answer(self._known(account), one)

    async def add_record(self, account: str, one: WrittenRecord) -> None:
        """Write a record of knowledge into the account's draft; without a source it goes into the account's only one.

        Raises:
            CommandError: it cannot be written so, or the account is not in the configuration that is read here.
            StoreUnavailable: Redis is away.
        """
        known = self._known(account)
        sources = record_sources(known)
        one = replace(one, source=sources[0]) if not one.source and len(sources) == 1 else one
        with acting(self._by):
            await Drafts(self._connection).add_record(known, one)

    def _known(self, account: str) -> Account:
        known = self._accounts.get(account)
        if known is None:
            raise NotFound(f"the configuration that this console reads has no account {account}")
        return known

    async def view(self, account: str) -> DraftView | None:
        """Return the account's draft beside what is in force; None where it has none.

        Raises:
            CommandError: nothing is in force, or it is encrypted and no key here opens it.
            StoreUnavailable: Redis is away.
        """
        return await Drafts(self._connection).view(account)

    async def all(self) -> list[KeptDraft]:
        """Return the drafts of all accounts, the newest first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return list(await ConfigDrafts(self._connection).all())

    async def has_draft(self, account: str) -> bool:
        """Tell whether the account has a draft.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return await ConfigDrafts(self._connection).read(account) is not None

    async def demanded(self, account: str) -> tuple[Sources, tuple[str, ...]] | None:
        """Return what is to be judged before the account's draft is published; None where nothing is.

        Raises:
            CommandError: it cannot be laid upon what is in force; or it is other accounts' too, and theirs is one.
            StoreUnavailable: Redis is away.
        """
        found = await Drafts(self._connection).demanded(account)
        if found is not None and self._alone and len(found[1]) > 1:
            raise CommandError("its folder is also that of other accounts: an operator has to publish it")
        return found

    async def publish_judged(self, account: str, digest: str) -> list[str]:
        """Publish the account's draft, whose cases were green with the configuration of this digest.

        Raises:
            CommandError: it cannot be done; the message says why.
            StoreUnavailable: Redis is away.
        """
        return await self._do_as_asker(
            lambda: Drafts(self._connection).publish(account, alone=self._alone, judged=digest)
        )

    async def act(self, action: str, account: str) -> list[str]:
        """Publish or drop the account's draft, and return what was done, a sentence each.

        Raises:
            CommandError: it cannot be done; the message says why.
            StoreUnavailable: Redis is away.
        """
        return await self._do_as_asker(lambda: ACTIONS[action](self, account))

    async def _do_as_asker(self, do: Callable[[], Awaitable[bool]]) -> list[str]:
        """Do a thing as who asks for it, and return what was told of it; raise CommandError with that if it failed."""
        with acting(self._by) as told:
            done = await do()
        if not done:
            raise CommandError(" ".join(told))
        return told

    async def _publish(self, account: str) -> bool:
        return await Drafts(self._connection).publish(account, alone=self._alone)

    async def _drop(self, account: str) -> bool:
        await Drafts(self._connection).drop(account)
        return True


ACTIONS: Final[Mapping[str, Callable[[AnswerDesk, str], Awaitable[bool]]]] = {
    "publish": AnswerDesk._publish,
    "drop": AnswerDesk._drop,
}
"""Actions by the last segment of their address."""
COMMANDS: Final = {
    "publish": "chatwootai config publish --draft {account}",
    "drop": "chatwootai config draft drop {account}",
}
"""The line of each on the command line."""
