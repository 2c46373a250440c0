"""The contact that is looked for: their conversations and turns, and by which words they can be recognised."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Final

from chatwootai.model.message.delivery import Contact
from chatwootai.stores import keys

_SHORTEST: Final = 6
"""Characters of a word that is looked for in all values: shorter ones stand in everybody's."""
_KINDS: Final = ("names", "phones", "mails", "identifiers")


@dataclass(slots=True)
class Subject:
    """One contact of one account. `conversations`: display ids; `at_ms`: until when they are erased, 0: not yet."""

    account: str
    contact: int
    conversations: set[int] = field(default_factory=set)
    turns: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    mails: set[str] = field(default_factory=set)
    identifiers: set[str] = field(default_factory=set)
    at_ms: int = 0

    @property
    def convs(self) -> set[str]:
        """Return the names of their conversations."""
        return {keys.conv(self.account, one) for one in self.conversations}

    def owns(self, account: object, conversation: object) -> bool:
        """Tell whether a conversation is theirs."""
        return (
            str(account) == self.account
            and str(conversation).isdigit()
            and int(str(conversation)) in self.conversations
        )

    def owns_job(self, job: str) -> bool:
        """Tell whether a job (`turn:<conv>:<number>`) is of one of their conversations."""
        conv, _, number = job.removeprefix("turn:").rpartition(":")
        account, _, conversation = conv.rpartition(":")
        return job.startswith("turn:") and number.isdigit() and self.owns(account, conversation)

    def learn(self, contact: Contact) -> None:
        """Take note of who they are, as a delivery says it."""
        said = (contact.name, contact.phone, contact.email, contact.identifier)
        for kind, value in zip(_KINDS, said, strict=True):
            if value and value.strip():
                getattr(self, kind).add(value.strip())

    def needles(self) -> dict[str, str]:
        """Return what to look for in any text, in lower case, by the kind of it: no part of a name alone."""
        found: dict[str, str] = {}
        for kind in _KINDS:
            for value in getattr(self, kind):
                if kind != "names" or " " in value:
                    found[value.casefold()] = kind
                if kind == "phones":
                    found["".join(each for each in value if each.isdigit())] = kind
        return {value: kind for value, kind in found.items() if len(value) >= _SHORTEST}

    def merge(self, other: "Subject") -> None:
        """Add what another look has found of the same contact."""
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, set):
                value.update(getattr(other, one.name))
        self.at_ms = max(self.at_ms, other.at_ms)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept while an erasure is under way."""
        return {one.name: _listed(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Subject":
        """Return the contact of such a record."""
        known = {one.name for one in fields(cls)}
        read: dict[str, Any] = {
            name: set(value) if isinstance(value, list) else value for name, value in raw.items() if name in known
        }
        return cls(**read)


def _listed(value: object) -> object:
    return sorted(value) if isinstance(value, set) else value


def conversations_of(names: Iterable[str]) -> set[int]:
    """Return the display ids in names of conversations."""
    return {keys.split_conv(name)[1] for name in names}
