"""Does `export`: all that is kept of a contact as one JSON document."""

import argparse
import time
from pathlib import Path
from typing import Any

from chatwootai.stores.privacy.export import ContactExport
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.server.connection import Connection
from ingress.journal import erasing as journals
from ops.events.audit import write_down
from ops.privacy import cases
from ops.privacy.contacts import account_of, as_user, ask_chatwoot, journal_folder, refuse_unknown
from ops.privacy.outside import outside
from ops.times import format_moment


async def export(connection: Connection, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return all that is kept of a contact; written down in the audit without saying of whom.

    Raises:
        CommandError: nothing is known of them.
        StoreUnavailable: Redis is away.
    """
    key, account = account_of(arguments)
    subject = Subject(key, arguments.contact)
    async with as_user(account) as admin:
        not_asked = await ask_chatwoot(subject, admin)
    found = await ContactExport(connection).read(subject)
    refuse_unknown(subject, arguments, known=bool(subject.conversations or subject.names or found["places"]))
    found["exported_at"] = format_moment(time.time())
    found["records_in_journals"] = journals.count(Path(journal_folder()), subject)
    found["evaluation_cases"] = cases.found(arguments.config, subject)
    found["outside"] = outside(account) + ([not_asked] if not_asked else [])
    count = sum(one["found"] for one in found["places"])
    await write_down(connection, "export", account=key, count=count)
    return found
