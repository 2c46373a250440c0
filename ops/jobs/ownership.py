"""Does `jobs hand-over` and `jobs give-back`: who has a conversation, people or the crew."""

import argparse
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chatwootai.stores.keys import split_conv
from chatwootai.stores.server.connection import Connection
from ops.access import ChatwootRefused, NotFound, UsageError, chatwoot_clients, sound_accounts
from ops.accounts import suggest_account
from ops.events.audit import write_down
from ops.jobs.lookup import CONVERSATION
from ops.printing import tell

if TYPE_CHECKING:
    from config.snapshot import Account

_PATIENCE = 5.0
_SAID = {
    "open": "conversation {conv} is open: people have it, and the crew says nothing more",
    "pending": "conversation {conv} is pending: the crew answers what comes next",
}


async def change_owner(connection: Connection, arguments: argparse.Namespace) -> int:
    """Do what the command line says; always 0.

    Raises:
        NotFound: the mapping has no such account, or Chatwoot no such conversation.
        ChatwootRefused: Chatwoot refuses, or does not answer.
    """
    accounts = sound_accounts(arguments.config)
    change = {"hand-over": hand_over, "give-back": give_back}[arguments.action]
    await change(connection, arguments.what, accounts)
    return 0


async def hand_over(connection: Connection, conv: str, accounts: "Mapping[str, Account]") -> None:
    """Give a conversation to people: Chatwoot opens it, and a turn that runs ends itself. Raises as `change_owner`."""
    await _set(conv, "open", accounts)
    await write_down(connection, "hand-over", account=split_conv(conv)[0], of=conv)


async def give_back(connection: Connection, conv: str, accounts: "Mapping[str, Account]") -> None:
    """Give a conversation back to the crew, which answers what comes next. Raises as `change_owner`."""
    await _set(conv, "pending", accounts)
    await write_down(connection, "give-back", account=split_conv(conv)[0], of=conv)


async def _set(conv: str, status: str, accounts: "Mapping[str, Account]") -> None:
    from workers.chatwoot.errors import ChatwootError, Gone

    if not CONVERSATION.fullmatch(conv):
        raise UsageError(f"{conv} is no conversation; one is written 1:25")
    key, _, conversation = conv.rpartition(":")
    account = accounts.get(key)
    if account is None:
        raise NotFound(f"account {key} is not in the mapping. {suggest_account(accounts, key)}")
    async with chatwoot_clients() as client:
        try:
            await client(account).set_status(int(conversation), status, deadline=time.time() + _PATIENCE)
        except Gone:
            raise NotFound(f"Chatwoot has no conversation {conversation} in account {key}") from None
        except ChatwootError as error:
            raise ChatwootRefused(f"Chatwoot was asked to set {conv} to {status}: {error}") from error
    tell(_SAID[status].format(conv=conv))
