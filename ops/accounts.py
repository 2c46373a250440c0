"""Finds the account that an operator means: by its key, its folder, or `domain/folder`."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from ops.access import CommandError
from ops.printing import complain

if TYPE_CHECKING:
    from config.loading.loader import Inspection
    from config.snapshot import Account


class UnknownAccount(CommandError):
    """No account has this name."""


def find_account(found: "Inspection", name: str) -> "Account | None":
    """The account of that key or, where no key is that, of that folder; None, and a word on stderr, else."""
    accounts = found.snapshot.accounts
    try:
        return resolve_account(accounts, name, folders="none" if name in accounts else "too")
    except CommandError as error:
        complain(error)
        return None


def resolve_account(
    accounts: "Mapping[str, Account]", name: str, *, folders: Literal["none", "too"], others: Iterable[str] = ()
) -> "Account":
    """Return the account whose key, or with `folders` whose folder or `domain/folder`, is `name`.

    `others`: further keys that are proposed where there is none.

    Raises:
        Unknown: there is none; the nearest name is proposed.
        CommandError: there are several.
    """
    from config.schema.validation import did_you_mean as nearest_of

    spelled = {key: {key} for key in accounts}
    if folders == "too":
        spelled = {key: {key, each.folder, f"{each.domain}/{each.folder}"} for key, each in accounts.items()}
    fitting = [key for key, spellings in spelled.items() if name in spellings]
    if len(fitting) == 1:
        return accounts[fitting[0]]
    if fitting:
        raise CommandError(f"several accounts are served by {name}: name one of {', '.join(fitting)}")
    kinds = "account or tenant" if folders == "too" else "account"
    raise UnknownAccount(
        f"there is no {kinds} {name}. {nearest_of(name, sorted({*accounts, *others}.union(*spelled.values())))}"
    )
