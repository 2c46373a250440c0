"""`python -m crews.knowledge.ingest`: one ingest of what is due, of the account that comes on standard input.

A process of its own, at the lowest priority, so that no customer waits for it; it ends with what went wrong on stderr.
"""

import asyncio
import os
import sys
import time
from contextlib import suppress

from chatwootai.stores.models.knowledge import Superseded, TooLarge
from chatwootai.stores.server.connection import DEFAULT_URL, StoreUnavailable, connect
from chatwootai.telemetry import log
from crews.encoding.encoder import EncoderUnavailable
from crews.knowledge.encoders import AccountEncoders
from crews.knowledge.ingest import handover
from crews.knowledge.ingest.assemble import TooManyPassages
from crews.knowledge.ingest.ingest import Ingest, IngestRunning
from crews.knowledge.search.engine import IndexUnavailable
from crews.knowledge.storage import IndexStorage

_NICE = 15
_log = log.get("knowledge")


async def _run() -> int:
    around = handover.unpack_context(sys.stdin.buffer.read())
    connection = connect(os.environ.get("REDIS_URL") or DEFAULT_URL, timeout=5.0)
    encoders, storage = AccountEncoders(connection), IndexStorage(connection)
    account = around.account
    try:
        encoder = await encoders.encoder_for(account.key, account.settings)
        work = Ingest(connection, around, encoder, storage=storage)
        report = await work.run(due_at=time.time())
    except IngestRunning:
        return 0
    except (Superseded, TooLarge, TooManyPassages, EncoderUnavailable, IndexUnavailable, StoreUnavailable) as error:
        _log.warning("knowledge_not_ingested", account=account.key, error=str(error))
        return 1
    finally:
        await encoders.aclose()
        await storage.aclose()
        await connection.aclose()
    for each in report.sources:
        if each.state != "unchanged":
            _log.info(
                "knowledge_ingested", account=account.key, source=each.source, state=each.state,
                documents=each.documents, added=each.added, changed=each.changed, removed=each.removed,
                problems=len(each.problems), version=report.version,
            )  # fmt: skip
    return 0


def main() -> int:
    """Ingest; 1 where it could not be done."""
    log.configure(os.environ.get("LOG_LEVEL") or "INFO", os.environ.get("LOG_FORMAT") or None, process="knowledge")
    with suppress(OSError):
        os.nice(_NICE)
    return asyncio.run(_run())


if __name__ == "__main__":
    sys.exit(main())
