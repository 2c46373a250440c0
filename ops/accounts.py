"""Finds the account that an operator names: by key, folder, `domain/folder`, company's name or Chatwoot's number."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ops.access import CommandError, NotFound

if TYPE_CHECKING:
    from config.snapshot import Account


def resolve_account(accounts: "Mapping[str, Account]", name: str, *, others: Iterable[str] = ()) -> "Account":
    """Return the account that `name` names. A key goes before all else; then one account alone may have the name.

    `others`: further keys that are proposed where there is none.

    Raises:
        NotFound: there is none; the nearest name is proposed.
        CommandError: there are several.
    """
    from config.document.problems import suggestion

    if name in accounts:
        return accounts[name]
    names = {key: _names(account) for key, account in accounts.items()}
    fitting = [key for key, known in names.items() if name and name.casefold() in known]
    if len(fitting) == 1:
        return accounts[fitting[0]]
    if fitting:
        raise CommandError(f"several accounts are served by {name}: name one of {', '.join(fitting)}")
    known = {
        *accounts,
        *others,
        *(word for account in accounts.values() for word in (*_spellings(account), account.name)),
    }
    raise NotFound(f"there is no account {name}. {suggestion(name, known)}")


def suggest_account(accounts: "Mapping[str, Account]", name: str) -> str:
    """Return a remedy for a name that is no key: the key of the account that has it, or the nearest name."""
    from config.document.problems import suggestion

    fitting = [key for key, account in accounts.items() if name.casefold() in _names(account)]
    return f"Did you mean `{fitting[0]}`?" if fitting else suggestion(name, accounts)


def _names(account: "Account") -> set[str]:
    return {str(account.id), account.name.casefold(), *(word.casefold() for word in _spellings(account))}


def _spellings(account: "Account") -> tuple[str, ...]:
    return account.folder, f"{account.domain}/{account.folder}"
