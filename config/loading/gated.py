"""Tells which accounts that demand a gate would answer otherwise by another configuration."""

from collections.abc import Mapping

from config.inheritance.load_cache import LoadCache
from config.loading.digest import hash_settings
from config.snapshot import Account, Snapshot


def gated_changes(before: Snapshot, after: Snapshot, cache: LoadCache | None = None) -> dict[str, tuple[str, ...]]:
    """Return, by account that both have and that would answer otherwise, the sets that it demands.

    Demanded by either: a change may take the demand away too. What is no answer's does not count: a shard, a priority,
    the secrets of webhooks and tokens.
    """
    known = cache or LoadCache()
    found = {}
    for key, new in after.accounts.items():
        old = before.accounts.get(key)
        if old is None or not (sets := _demanded(old, new)):
            continue
        if _answering(old, known) != _answering(new, known):
            found[key] = sets
    return found


def _demanded(*accounts: Account) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for account in accounts for name in account.settings.gate.sets))


def _answering(account: Account, known: LoadCache) -> list[object]:
    inboxes: Mapping[int, list[object]] = {
        number: [box.domain, box.folder, box.crew, hash_settings(box.settings, known)]
        for number, box in account.inboxes.items()
    }
    place = [account.domain, account.folder, account.crew, dict(account.special_numbers)]
    return [*place, hash_settings(account.settings, known), inboxes]
