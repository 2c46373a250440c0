"""Contradictions that only show when all accounts are seen together."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from chatwootai.model.message.phones import spellings
from config.document.problems import Problem, nearest
from config.document.tree import Mark, Sequence, find
from config.mapping.entries import AccountEntry
from config.mapping.mapping import Entries, Entry
from config.snapshot import Account

_PORTS = {"http": 80, "https": 443}


def contradictions(entries: Entries, accounts: Mapping[str, Account]) -> list[Problem]:
    """Two accounts with one webhook secret or one Chatwoot id; an empty or repeated secret; one line as two numbers."""
    return [*_shared_secrets(entries), *_same_account(entries, accounts), *_shared_phone_lines(entries)]


def _shared_phone_lines(entries: Entries) -> Iterator[Problem]:
    """Special numbers that are one phone line in two spellings, and name two crews."""
    for entry in entries.accounts.values():
        numbers = entry.said.special_numbers
        for phone, crew in numbers.items():
            other = next((each for each in spellings(phone)[1:] if numbers.get(each, crew) != crew), None)
            if other is not None and phone < other:
                message = f"`accounts.{entry.key}.special_numbers`: two spellings of one phone line name two crews"
                mark, _ = find(entry.node, ("special_numbers", other))
                yield Problem(*mark, "phone-twice", message, "Keep one of them: the other is found by it too.")


def _shared_secrets(entries: Entries) -> list[Problem]:
    problems: list[Problem] = []
    owners: dict[object, tuple[str, int, Mark]] = {}
    for entry in entries.accounts.values():
        problems += _empty_tokens(entry)
        for index, secret in enumerate(entry.said.webhook_secrets):
            mark = _item(entry, index)
            if not secret:
                message = f"`accounts.{entry.key}.webhook_secrets`: an empty secret"
                problems.append(Problem(*mark, "empty-secret", message, "Anyone could sign with it: give it a value."))
                continue
            owner, place, first = owners.setdefault(secret, (entry.key, index, mark))
            if (owner, place) == (entry.key, index):
                continue
            if owner == entry.key:
                message = f"`accounts.{entry.key}`: the same secret twice; first on line {first.line}"
                problems.append(Problem(*mark, "secret-twice", message, "Keep one of the two."))
            else:
                message = f"accounts {owner} (line {first.line}) and {entry.key} have one webhook secret"
                remedy = "Give each its own: with a shared one, each could sign for the other."
                problems.append(Problem(*mark, "shared-secret", message, remedy))
    return problems


def _empty_tokens(entry: Entry[AccountEntry]) -> list[Problem]:
    tokens = {"bot_token": entry.said.bot_token, "user_token": entry.said.user_token}
    return [
        Problem(
            *entry.at(key),
            "empty-secret",
            f"`accounts.{entry.key}.{key}` is empty",
            "Give it a value, or leave it out.",
        )
        for key, token in tokens.items()
        if token is not None and not token
    ]


def _item(entry: Entry[Any], index: int) -> Mark:
    node = entry.node.items.get("webhook_secrets")
    return node.items[index].mark if isinstance(node, Sequence) and index < len(node.items) else entry.mark


def _same_account(entries: Entries, accounts: Mapping[str, Account]) -> list[Problem]:
    problems: list[Problem] = []
    seen: dict[tuple[str, int], str] = {}
    for account in accounts.values():
        first = seen.setdefault((_normalised_address(account.installation.url), account.id), account.key)
        if first != account.key:
            message = f"accounts {first} and {account.key} are one and the same: {account.id} of that Chatwoot"
            mark = entries.accounts[account.key].at("id")
            problems.append(Problem(*mark, "account-twice", message, "Keep one, or mend `id:` or `chatwoot:`."))
    return problems


def _normalised_address(url: str) -> str:
    """An address as machines compare it."""
    parts = urlsplit(url.lower())
    return f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}{parts.path}"


def shared_folders(
    entries: Entries, accounts: Mapping[str, Account], folders: Mapping[str, list[str]]
) -> list[Problem]:
    """Accounts that get another's folder by their number alone: who shares one on purpose names it."""
    problems = []
    owners: dict[tuple[str, str], list[Account]] = {}
    for account in accounts.values():
        owners.setdefault((account.domain, account.folder), []).append(account)
    for (domain, folder), several in owners.items():
        implied = [each for each in several if not entries.accounts[each.key].says("tenant")]
        if len(several) > 1 and implied and folder in folders.get(domain, ()):
            first, other = implied[0], next(each for each in several if each is not implied[0])
            message = f"`accounts.{first.key}` gets the folder {domain}/{folder}, which account {other.key} has too"
            remedy = f"Write `tenant: {folder}` where that is meant, or a folder of its own."
            problems.append(Problem(*entries.accounts[first.key].mark, "shared-folder", message, remedy))
    return problems


def misspelt_tenants(
    entries: Entries, accounts: Mapping[str, Account], folders: Mapping[str, list[str]]
) -> list[Problem]:
    """Tenants without a folder, where a folder of nearly that name serves nobody: a slip, not a tenant without one."""
    problems = []
    used = {(each.domain, each.folder) for each in accounts.values()}
    free = {
        domain: [name for name in names if (domain, name) not in used] for domain, names in folders.items()
    }  # who is served is no slip, so this stays short however many tenants there are
    for account in accounts.values():
        names = [name for name in free.get(account.domain, []) if _digits(name) == _digits(account.folder)]
        if not names or not entries.accounts[account.key].says("tenant"):
            continue
        match = nearest(account.folder, names)
        if not match or account.folder in folders[account.domain]:
            continue
        message = f"`accounts.{account.key}`: the tenant {entries.accounts[account.key].quote('tenant')} has no folder"
        mark = entries.accounts[account.key].at("tenant")
        problems.append(Problem(*mark, "unknown-tenant", message, f"Did you mean `{match}`?"))
    return problems


def _digits(name: str) -> str:
    return re.sub(r"\D", "", name)
