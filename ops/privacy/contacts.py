"""Finds the contact that is meant, and asks Chatwoot for what it knows of them."""

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from chatwootai.stores.privacy.subject import Subject
from ops.access import CommandError, NotFound, sound_accounts
from ops.accounts import resolve_account

if TYPE_CHECKING:
    from config.snapshot import Account
    from workers.chatwoot.admin import Admin


def account_of(arguments: argparse.Namespace) -> "tuple[str, Account | None]":
    """Return the key of the account that is named, and the account; None of one that has left the mapping."""
    accounts = sound_accounts(arguments.config)
    try:
        found = resolve_account(accounts, arguments.account)
    except NotFound:
        if arguments.account not in accounts and ":" not in arguments.account:
            return str(arguments.account), None
        raise
    return found.key, found


@asynccontextmanager
async def as_user(account: "Account | None") -> "AsyncIterator[Admin | None]":
    """Yield a hand on the account's Chatwoot by its user token; None where there is none."""
    import aiohttp

    from workers.chatwoot.admin import Admin

    if account is None or account.user_token is None:
        yield None
        return
    async with aiohttp.ClientSession() as session:
        yield Admin(session, account.installation.url, account.id, account.user_token.reveal())


async def ask_chatwoot(subject: Subject, admin: "Admin | None") -> str | None:
    """Add to a subject what Chatwoot knows of them; return why it could not be asked, None where it was."""
    from workers.chatwoot.errors import AdminError

    if admin is None:
        return "the account has no user_token: conversations from before the index of contacts may be missing"
    try:
        known = await admin.contact(subject.contact)
        subject.conversations |= await admin.conversations_of(subject.contact)
    except AdminError as error:
        return f"Chatwoot could not be asked for the contact's conversations: {error}"
    for kind, name in (
        ("names", "name"),
        ("phones", "phone_number"),
        ("mails", "email"),
        ("identifiers", "identifier"),
    ):
        value = (known or {}).get(name)
        if isinstance(value, str) and value.strip():
            getattr(subject, kind).add(value.strip())
    return None


def a_contact(text: str) -> int:
    """Return the id of a contact."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 53:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no contact; write the number in Chatwoot's address of the contact"
        )
    return int(text)


def takes_contact(parser: argparse.ArgumentParser) -> None:
    """Take the contact's id."""
    what = "the contact's id, as it stands in Chatwoot's address (…/contacts/93)"
    parser.add_argument("--contact", type=a_contact, required=True, metavar="ID", help=what)


def journal_folder() -> str:
    """Return the folder of the journals of doors on this machine."""
    return os.environ.get("JOURNAL_DIR") or "var/journal"


def refuse_unknown(subject: Subject, arguments: argparse.Namespace, *, known: bool) -> None:
    """Complain where neither our stores nor Chatwoot know the contact, lest a wrong number passes for an erasure.

    Raises:
        NotFound: nobody knows them, and the mapping has no such account; the nearest name is proposed.
        CommandError: nobody knows them.
    """
    if not known:
        resolve_account(sound_accounts(arguments.config), arguments.account)
        raise CommandError(f"nothing is kept of contact {subject.contact} of account {subject.account}")
