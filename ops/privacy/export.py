"""Does `export`: all that is kept of a contact as one JSON document."""

import argparse
import time
from pathlib import Path
from typing import Any

from chatwootai.stores.privacy.export import ContactExport
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.shards import Shard
from ingress.journal import erasing as journals
from ops.access import current_shard
from ops.events.audit import write_down
from ops.privacy import cases
from ops.privacy.contacts import account_of, as_user, ask_chatwoot, journal_folder, refuse_unknown
from ops.privacy.other_shards import shards_left
from ops.privacy.outside import outside
from ops.times import format_moment


async def export(connection: Connection, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return all that is kept of a contact; written down in the audit without saying of whom.

    `on_shards_left`: what the account has left on other shards, by their names, where it has moved: its history.

    Raises:
        CommandError: nothing is known of them, or a move of the account has not ended.
        StoreUnavailable: Redis is away.
    """
    key, account = account_of(arguments)
    subject = Subject(key, arguments.contact)
    async with as_user(account) as admin, shards_left(key) as left:
        not_asked = await ask_chatwoot(subject, admin)
        found = await ContactExport(connection).read(subject)
        elsewhere = {name: await ContactExport(each).read(subject) for name, each in left.items()}
    kept = [found, *elsewhere.values()]
    known = bool(subject.conversations or subject.names or any(one["places"] for one in kept))
    refuse_unknown(subject, arguments, known=known)
    if elsewhere:
        found["shard"], found["on_shards_left"] = (current_shard() or Shard("", "")).name, elsewhere
    found["exported_at"] = format_moment(time.time())
    found["records_in_journals"] = journals.count(Path(journal_folder()), subject)
    found["evaluation_cases"] = cases.found(arguments.config, subject)
    found["outside"] = outside(account) + ([not_asked] if not_asked else [])
    count = sum(place["found"] for one in kept for place in one["places"])
    await write_down(connection, "export", account=key, count=count)
    return found
