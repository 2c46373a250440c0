"""Lists the keys that hold something of contacts, with the time for which an account's are kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatwootai.stores import lifetimes
from chatwootai.stores.key_list import key_kinds
from chatwootai.stores.privacy.retention import CONTEXT, KIND_OF_KEY
from config.settings.pacing import Retention
from workers.account.retention import retained_ms

if TYPE_CHECKING:
    from config.snapshot import Account

SETTING_OF: Final[Mapping[str, str]] = {
    **{name.rpartition("_")[0]: f"privacy.retention.{name}" for name in Retention.model_fields},
    CONTEXT: "context.ttl_hours",
}
"""Settings by the kind of data whose time they say."""
_MOST_CONTEXT_MS: Final = 365 * lifetimes.DAY
_UNITS: Final = ((lifetimes.DAY, "day"), (3600 * lifetimes.SECOND, "hour"))


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A kind of key that holds something of people, or counts. `kept`, `most`: as words.

    `most`, `setting`: the longest time that a tenant may set and where; empty where it is the same for all.
    """

    key: str
    of_person: str
    kept: str
    most: str
    setting: str


def kept_keys(account: "Account") -> Iterator[KeptKey]:
    """Yield the kinds of keys that hold something of an account's contacts, and its counts."""
    wanted = retained_ms(account)
    for row in key_kinds():
        kind = KIND_OF_KEY.get(row.pattern)
        if kind is not None:
            most = _MOST_CONTEXT_MS if kind == CONTEXT else lifetimes.RETAINED[kind]
            yield KeptKey(row.pattern, row.of_person, in_words(wanted[kind]), in_words(most), SETTING_OF[kind])
        elif row.of_person in {"words", "ids"}:
            yield KeptKey(row.pattern, row.of_person, row.lifetime, "", "")


def in_words(ms: int) -> str:
    """Return milliseconds as whole days, else as hours."""
    for unit, name in _UNITS:
        if ms % unit == 0:
            return f"{ms // unit} {name}{'' if ms == unit else 's'}"
    return f"{ms / _UNITS[-1][0]:g} hours"
