"""Differences between the mapping and Chatwoot: inboxes that came, went or were renamed, bots unbound or moved."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.telemetry import log
from config.files.sources import MAPPING
from config.live.live import Live
from config.mapping.mapping_edit import MappingEdit
from config.snapshot import Account, Snapshot, SyncPlan
from workers.chatwoot.admin import Admin, Setup, address
from workers.chatwoot.errors import AdminError

_LOOK_SECONDS = 10.0
_log = log.get("sync")

FILE_KINDS = frozenset({"new", "gone", "renamed"})
"""Differences that a change of the file settles."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `kind`: new, gone, renamed, unbound, moved, no-bot or no-webhook."""

    kind: str
    account: str
    inbox: int | None
    said: str
    name: str = ""

    def __str__(self) -> str:
        """Return one line for people."""
        where = f"account {self.account}" + (f", inbox {self.inbox}" if self.inbox is not None else "")
        return f"{where}: {self.said}"


def differences(account: Account, setup: Setup, names: dict[int, str | None], ours: str | None) -> list[Difference]:
    """Compare. `names`: the inboxes that the mapping names, with the names it has for them; `ours`: our address."""
    found = [*_inboxes(account, setup, names), *_binding_differences(account, setup, names)]
    wanted = address(ours, account.key) if ours else None
    for kind, what in (("bot", setup.bot(account.key)), ("webhook", setup.webhook(account.key))):
        if what is None:
            found.append(Difference(f"no-{kind}", account.key, None, f"Chatwoot has no {kind} that reports to us"))
        elif wanted is not None and what.address != wanted:
            said = f"the {kind} reports to {what.address}, not to {wanted}"
            found.append(Difference("moved", account.key, None, said))
    return found


def _inboxes(account: Account, setup: Setup, names: dict[int, str | None]) -> Iterable[Difference]:
    inboxes = {inbox.id: inbox for inbox in setup.inboxes}
    for number, name in names.items():
        if number not in inboxes:
            yield Difference("gone", account.key, number, "the mapping names it, and Chatwoot no longer has it")
        elif name is not None and name != inboxes[number].name:
            now = inboxes[number].name
            yield Difference("renamed", account.key, number, f"`{name}` is called `{now}` now", now)
    for inbox in setup.inboxes:
        if inbox.id not in names:
            said = f"`{inbox.name}` ({inbox.channel}) is not in the mapping"
            yield Difference("new", account.key, inbox.id, said, inbox.name)


def _binding_differences(account: Account, setup: Setup, names: dict[int, str | None]) -> Iterable[Difference]:
    bot = setup.bot(account.key)
    for inbox in setup.inboxes:
        if bot is not None and inbox.id in names and inbox.bot != bot.id:
            by = "nobody" if inbox.bot is None else f"bot {inbox.bot}"
            yield Difference("unbound", account.key, inbox.id, f"`{inbox.name}` is answered by {by}, not by our bot")


def settle(edit: MappingEdit, found: Iterable[Difference]) -> None:
    """Make the file say what Chatwoot has."""
    for each in found:
        if each.inbox is None or each.kind not in FILE_KINDS:
            continue
        if each.kind == "gone":
            edit.remove_inbox(each.account, each.inbox)
        else:
            edit.inbox(each.account, each.inbox, each.name)


async def keep_in_step(live: Live, connection: Connection, session: aiohttp.ClientSession) -> None:
    """Compare as often as the mapping's `sync:` says, one worker at a time, for ever. Without it, do nothing."""
    while True:
        plan = live.snapshot.sync
        try:
            if plan is not None and await ConfigVersions(connection).due(plan.seconds):
                await compare(live.snapshot, plan, live.folder / MAPPING, session)
        except StoreUnavailable as error:
            _log.debug("sync_put_off", error=str(error))
        except Exception:  # noqa: BLE001 - a report that fails is made again later
            _log.exception("sync_failed")
        await asyncio.sleep(_LOOK_SECONDS)


async def compare(
    snapshot: Snapshot, plan: SyncPlan, mapping: Path, session: aiohttp.ClientSession
) -> list[Difference]:
    """Report every difference, and bring the file up to date where the operator said so. Asks with user tokens."""
    edit = await asyncio.to_thread(MappingEdit.read, mapping)
    found: list[Difference] = []
    for account in snapshot.accounts.values():
        if account.user_token is None:
            continue
        try:
            admin = Admin(session, account.installation.url, account.id, account.user_token.reveal())
            found += differences(account, await admin.setup(), edit.inboxes(account.key), plan.address)
        except AdminError as error:
            _log.warning("sync_not_asked", account=account.key, error=str(error))
    for each in found:
        _log.warning("sync_difference", kind=each.kind, account=each.account, inbox=each.inbox, said=each.said)
    if plan.write and edit.before:
        await asyncio.to_thread(_write, edit, found, mapping)
    return found


def _write(edit: MappingEdit, found: list[Difference], mapping: Path) -> None:
    settle(edit, found)
    if edit.diff(mapping.name):
        edit.save(mapping)
        _log.info("sync_written", file=str(mapping))
