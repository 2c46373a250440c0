"""Groups of a company's own login, and what each may here: names are compared whole."""

from collections.abc import Iterable, Mapping

from ops.console.access.identity import Identity, Role
from ops.console.environment import BadEnvironment

Groups = Mapping[str, tuple[Role, str | None]]
"""The role of each group, and the account of a lead's."""


def parse_groups(text: str, variable: str) -> Groups:
    """Return what a text says: `name=viewer`, `name=lead:1` (an account's key), `name=operator`, between commas.

    Raises:
        BadEnvironment: a part of it means nothing; the message names the `variable`.
    """
    return dict(_group(one.strip(), variable) for one in text.split(",") if one.strip())


def _group(text: str, variable: str) -> tuple[str, tuple[Role, str | None]]:
    name, _, right = text.rpartition("=")
    role, _, account = right.partition(":")
    known = {one.value for one in Role}
    if not name or role not in known or (role == Role.LEAD) != bool(account):
        raise BadEnvironment(
            f"{variable}: {text!r} is written name=viewer, name=operator or name=lead:1 (the account's key)"
        )
    return name, (Role(role), account or None)


def identity_by_groups(name: str, named: Iterable[str], groups: Groups) -> Identity | None:
    """Return a person with the highest right of their groups; None where they are in none that is known."""
    rights = sorted((groups[one] for one in named if one in groups), key=lambda right: right[0].rank)
    if not rights:
        return None
    role, account = rights[-1]
    return Identity(role=role, account=account, words=role is not Role.VIEWER, name=name)
