"""Draft configurations: an answer written into an account's draft, what it changes, and putting it in force."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chatwootai.stores.installation.config_drafts import ConfigDrafts, KeptDraft
from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.server.connection import Connection
from config.document.problems import Problem
from config.files.drafts import CannotApply, ConfigDraft, apply_draft, pack_draft, unpack_draft
from config.files.sources import DOMAINS, Sources, shipped
from config.inheritance.answers_edit import CannotEdit, WrittenAnswer, with_answer
from config.inheritance.records_edit import WrittenRecord
from config.settings.answers import FILE, Answer
from config.settings.knowledge import RECORDS_FILE
from config.snapshot import Account, Snapshot
from ops.access import CommandError, NotFound, operator_name
from ops.accounts import resolve_account
from ops.events.audit import write_down
from ops.printing import tell
from ops.versions.differences import differences
from ops.versions.draft_records import record_remarks, with_drafted_record
from ops.versions.publishing import current_version, is_sound, publish_version, read_version

Gate = Callable[[Snapshot], Awaitable[bool]]
_MOST_PROBLEMS: Final = 5


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft beside what is in force. `conflict`: why it cannot be laid upon that; `difference`: a unified diff.

    `answers`: the account's curated answers as they would be; `shared`: other accounts that its files are of too.
    `remarks`: a sentence for each answer or record that one of its records repeats or contradicts.
    """

    kept: KeptDraft
    difference: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    conflict: str = ""
    answers: Mapping[str, Answer] | None = None
    shared: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Drafts:
    """The drafts of one installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._drafts = ConfigDrafts(connection)
        self._versions = ConfigVersions(connection)

    async def all(self) -> Sequence[KeptDraft]:
        """Return the drafts, the newest first.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return await self._drafts.all()

    async def add_answer(self, account: Account, one: WrittenAnswer) -> None:
        """Write an answer into the account's draft, in the place of the one of its name.

        Raises:
            CommandError: it cannot be written so.
            StoreUnavailable: Redis is away.
        """

        def change(draft: ConfigDraft, sources: Sources) -> ConfigDraft:
            path = f"{_folder(account)}/{FILE}"
            text = draft.files.get(path, sources.folder.files.get(path, b"")).decode("utf-8", "replace")
            return draft.change(path, with_answer(text, one).encode(), sources)

        await self._write(account, change, one.name)

    async def add_record(self, account: Account, one: WrittenRecord) -> None:
        """Write a record of knowledge into the account's draft, in the place of the one of its source and id.

        Raises:
            CommandError: it cannot be written so, or the account has no such source.
            StoreUnavailable: Redis is away.
        """

        def change(draft: ConfigDraft, sources: Sources) -> ConfigDraft:
            return with_drafted_record(draft, sources, account, _folder(account), one)

        await self._write(account, change, f"{one.source}/{one.id}")

    async def _write(self, account: Account, change: Callable[[ConfigDraft, Sources], ConfigDraft], of: str) -> None:
        """Change the account's draft, and write down of what."""
        sources, draft = await self.in_force(), await self.draft(account.key) or ConfigDraft()
        try:
            draft = change(_with_own_folder(draft, sources, account), sources)
            apply_draft(draft, sources)
        except (CannotEdit, CannotApply) as error:
            raise CommandError(str(error)) from None
        await self._drafts.write(account.key, pack_draft(draft, os.environ), by=operator_name())
        await write_down(self._connection, "config draft", account=account.key, of=of)

    async def view(self, account: str) -> DraftView | None:
        """Return the account's draft beside what is in force; None where it has none.

        Raises:
            CommandError: nothing is in force, or the draft is encrypted and no key here opens it.
            StoreUnavailable: Redis is away.
        """
        kept = await self._drafts.read(account)
        if kept is None:
            return None
        before, draft = await self.in_force(), self._unpack(kept)
        try:
            after = apply_draft(draft, before)
        except CannotApply as error:
            return DraftView(kept, conflict=str(error))
        return await asyncio.to_thread(_view, kept, account, before, after)

    async def drop(self, account: str) -> None:
        """Forget the account's draft.

        Raises:
            NotFound: it has none.
            StoreUnavailable: Redis is away.
        """
        if not await self._drafts.drop(account):
            raise NotFound(_no_draft(account))
        await write_down(self._connection, "config draft drop", account=account)
        tell(f"the draft of account {account} is dropped")

    async def demanded(self, account: str) -> tuple[Sources, tuple[str, ...]] | None:
        """Return the configuration with the account's draft, and the accounts that it changes, where one has a gate.

        None: no account that it changes demands cases, or it has no draft.

        Raises:
            CommandError: what it changes was changed meanwhile.
            StoreUnavailable: Redis is away.
        """
        draft = await self.draft(account)
        if draft is None:
            return None
        try:
            after = apply_draft(draft, await self.in_force())
        except CannotApply as error:
            raise CommandError(str(error)) from None
        snapshot, _ = await asyncio.to_thread(_snapshot, after)
        changed = tuple(key for key in (account, *_others(snapshot, account)) if snapshot.account(key))
        return (after, changed) if any(snapshot.accounts[key].settings.gate.sets for key in changed) else None

    async def publish(
        self, account: str, *, alone: bool = False, gate: Gate | None = None, judged: str | None = None
    ) -> bool:
        """Put the account's draft in force everywhere, and forget it.

        Returns False, and tells of it, where it has problems; and where a shard is away, which is without it then.

        `alone`: only where no other account's answers change with it. `gate`: tells whether the cases that accounts
        demand are green with it; None: they cannot be run here. `judged`: digest of the configuration that they were
        green with.

        Raises:
            NotFound: it has none.
            CommandError: what it changes was changed meanwhile, or is other accounts' too.
            StoreUnavailable: Redis is away.
        """
        kept = await self._drafts.read(account)
        if kept is None:
            raise NotFound(_no_draft(account))
        current = await current_version(self._versions)
        before = await read_version(self._versions, current.number)
        try:
            after = apply_draft(draft := self._unpack(kept), before)
        except CannotApply as error:
            raise CommandError(str(error)) from None
        if not await asyncio.to_thread(is_sound, after):
            return False
        snapshot, _ = await asyncio.to_thread(_snapshot, after)
        if alone and (others := _others(snapshot, account)):
            raise CommandError(f"its folder is also that of {', '.join(others)}: an operator has to publish it")
        if judged is not None and judged != after.digest():
            raise CommandError("the configuration has changed while its cases ran: publish it once more")
        if gate is None and judged is None:
            _refuse_gated(snapshot, account)
        elif gate is not None and not await gate(snapshot):
            return False
        aside = tuple(each for each in {*current.overrules, current.digest} if each != after.digest())
        everywhere = await publish_version(self._versions, after, "publish", f"draft of account {account}", aside)
        await self._drafts.drop(account)
        tell("The folders stay as they are: take the difference over there, for their next change is put in force.")
        if any(path.endswith(f"/{RECORDS_FILE}") for path in draft.files):
            tell(f"Workers read its records into the index now: `chatwootai knowledge status --account {account}`")
        return everywhere

    async def in_force(self) -> Sources:
        """Return the configuration in force, as it was written.

        Raises:
            CommandError: there is none, or it is encrypted and no key here opens it.
            StoreUnavailable: Redis is away.
        """
        current = await current_version(self._versions)
        try:
            return await read_version(self._versions, current.number)
        except ValueError as error:
            raise CommandError(str(error)) from None

    async def draft(self, account: str) -> ConfigDraft | None:
        """Return the files of the account's draft; None where it has none.

        Raises:
            CommandError: it is encrypted and no key here opens it.
            StoreUnavailable: Redis is away.
        """
        kept = await self._drafts.read(account)
        return self._unpack(kept) if kept else None

    def _unpack(self, kept: KeptDraft) -> ConfigDraft:
        try:
            return unpack_draft(kept.packed, os.environ)
        except ValueError as error:
            raise CommandError(str(error)) from None


async def drafted_account(connection: Connection, name: str) -> Account:
    """Return an account as it would be with its draft laid upon what is in force, with the secrets of this machine.

    `name`: as `resolve_account` takes it.

    Raises:
        NotFound: there is no such account in force, or it has no draft.
        CommandError: nothing is in force, the draft has problems, or what it changes was changed meanwhile.
        StoreUnavailable: Redis is away.
    """
    from config.loading.loader import inspect_sources
    from config.loading.without_secrets import OF_THE_MACHINE

    drafts = Drafts(connection)
    before = await drafts.in_force()
    account = resolve_account((await asyncio.to_thread(inspect_sources, before, os.environ)).snapshot.accounts, name)
    draft = await drafts.draft(account.key)
    if draft is None:
        raise NotFound(_no_draft(account.key))
    try:
        found = await asyncio.to_thread(inspect_sources, apply_draft(draft, before), os.environ)
    except CannotApply as error:
        raise CommandError(str(error)) from None
    drafted = found.snapshot.account(account.key)
    wrong = [one for one in found.problems if one.rule not in OF_THE_MACHINE]
    if wrong or drafted is None:
        raise CommandError("; ".join(str(one) for one in (wrong or found.problems)[:_MOST_PROBLEMS]))
    return drafted


def _no_draft(account: str) -> str:
    return f"account {account} has no draft; `chatwootai config drafts` lists those there are"


def _folder(account: Account) -> str:
    return f"{DOMAINS}/{account.domain}/{account.folder}"


def _with_own_folder(draft: ConfigDraft, sources: Sources, account: Account) -> ConfigDraft:
    """Return the draft with the account's folder as it ships, where that is what holds: a part of it would hide it."""
    head = f"{_folder(account)}/"
    if any(path.startswith(head) for path in (*sources.folder.files, *draft.files)):
        return draft
    for path, data in shipped().files.items():
        if path.startswith(head):
            draft = draft.change(path, data, sources)
    return draft


def _snapshot(sources: Sources) -> tuple[Snapshot, tuple[Problem, ...]]:
    from config.loading.without_secrets import inspect_sources_without_secrets

    found = inspect_sources_without_secrets(sources, os.environ).found
    return found.snapshot, found.problems


def _refuse_gated(snapshot: Snapshot, account: str) -> None:
    """Refuse where the account demands that cases are green.

    Raises:
        CommandError: it does.
    """
    own = snapshot.account(account)
    if own is not None and own.settings.gate.sets:
        sets = ", ".join(own.settings.gate.sets)
        line = f"chatwootai config publish --draft {account}"
        raise CommandError(f"its gate demands the cases of {sets}: `{line}` runs them, where they are")


def _others(snapshot: Snapshot, account: str) -> tuple[str, ...]:
    """Return the other accounts of the same folder."""
    own = snapshot.account(account)
    if own is None:
        return ()
    folder = _folder(own)
    return tuple(key for key, one in snapshot.accounts.items() if key != account and _folder(one) == folder)


def _view(kept: KeptDraft, account: str, before: Sources, after: Sources) -> DraftView:
    snapshot, problems = _snapshot(after)
    own = snapshot.account(account)
    return DraftView(
        kept,
        tuple(line for file in differences(before, after, ("in force", "draft")).values() for line in file),
        problems,
        answers=own.settings.answers if own else None,
        shared=_others(snapshot, account),
        remarks=tuple(_remarks(account, before, own)) if own and own.settings.records else (),
    )


def _remarks(account: str, before: Sources, drafted: Account) -> Iterator[str]:
    in_force = _snapshot(before)[0].account(account)
    yield from record_remarks(in_force.settings if in_force else None, drafted.settings)
