"""Writes down what an operator did, for `chatwootai audit`."""

import argparse
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ops.access import operator_name
from ops.printing import complain
from ops.times import format_moment

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection

_OPTIONS = ("cause", "since", "until", "all", "hand_back", "force", "rate", "hours", "opened_by_failure")


async def write_down(
    connection: "Connection",
    what: str,
    *,
    account: str = "",
    of: str = "",
    count: int = 1,
    details: Mapping[str, object] | None = None,
    quiet: bool = False,
) -> bool:
    """Append to the audit what was done; False where that fails, which a complaint says, unless `quiet`.

    What was done is not undone then.
    """
    from chatwootai.stores.operators.audit import AuditLog
    from chatwootai.stores.server.connection import StoreUnavailable

    said = {name: str(value) for name, value in (details or {}).items() if value not in (None, "", False)}
    try:
        await AuditLog(connection).append(operator_name(), what, account=account, of=of, count=count, details=said)
        return True
    except StoreUnavailable as error:
        if not quiet:
            complain(f"it was done, but the audit does not tell of it: {error}")
        return False


async def write_down_apart(
    what: str, *, account: str = "", count: int = 1, details: Mapping[str, object] | None = None
) -> bool:
    """Append to the audit where the verb itself needs no Redis; False where it could not be.

    A complaint says so where REDIS_URL names a Redis that is away.
    """
    from chatwootai.stores.server.connection import DEFAULT_URL, BadRedisUrl, connect
    from chatwootai.telemetry import log

    log.configure("CRITICAL", None, process="ops")  # that Redis is away is said in a sentence
    named = os.environ.get("REDIS_URL")
    try:
        connection = connect(named or DEFAULT_URL, timeout=1.0, retries=0)
    except BadRedisUrl as error:
        complain(f"it was done, but the audit does not tell of it: {error}")
        return False
    try:
        return await write_down(connection, what, account=account, count=count, details=details, quiet=not named)
    finally:
        await connection.aclose()


def options_used(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the options of a call that the audit names, those that were not given left out."""
    found: dict[str, object] = {name: getattr(arguments, name, None) for name in _OPTIONS}
    moments = {name: format_moment(at) for name in ("since", "until") if isinstance(at := found[name], float)}
    return {name: value for name, value in {**found, **moments}.items() if value not in (None, False, "")}
