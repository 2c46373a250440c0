"""Tokens and sessions of the console, and the audit of what people did."""

from typing import Any, Final

from chatwootai.stores.operators.audit import AuditEntry, AuditLog, entry_as_json
from chatwootai.stores.operators.console_sessions import ConsoleSessions
from chatwootai.stores.operators.console_tokens import ConsoleTokens
from chatwootai.stores.server.connection import Connection
from ops.access import NotFound, acting
from ops.events.audit import write_down

_MOST_ENTRIES: Final = 200

Json = dict[str, Any]


async def read_people(connection: Connection) -> Json:
    """Return the tokens and the sessions there are, as `GET /api/access` has them. Never a token or a cookie.

    Raises:
        StoreUnavailable: Redis is away.
    """
    names = ("id", "name", "role", "account", "words", "created", "expires", "used", "over")
    tokens = await ConsoleTokens(connection).all()
    sessions = await ConsoleSessions(connection).all()
    return {
        "tokens": [{name: getattr(one, name) for name in names} for one in tokens],
        "sessions": [
            {
                "id": one.id,
                "by": one.who["token"] if "token" in one.who else one.who["identity"]["name"],
                "token": "token" in one.who,
                "began": one.began,
                "ends": one.ends,
            }
            for one in sessions
        ],
    }


async def read_audit(connection: Connection, who: str, what: str, account: str | None) -> list[Json]:
    """Return the newest entries of the audit that were done by whose name holds `who`, at most 200.

    `what`: what was done; empty: anything. `account`: only what was done to it.

    Raises:
        StoreUnavailable: Redis is away.
    """

    def takes(entry: AuditEntry) -> bool:
        return (
            who.casefold() in entry.who.casefold()
            and what in {"", entry.what}
            and (account is None or account in entry.account.split(","))
        )

    return [entry_as_json(one) for one in await AuditLog(connection).newest(takes, _MOST_ENTRIES)]


async def read_chain(connection: Connection) -> Json:
    """Follow the audit's chain, and return whether it is whole: `entries`, `first`, `last`, `digest`, `faults`.

    Raises:
        StoreUnavailable: Redis is away.
    """
    found = await AuditLog(connection).verify()
    names = ("entries", "first", "last", "digest", "faults")
    return {name: getattr(found, name) for name in names}


async def revoke(connection: Connection, kind: str, name: str, by: str) -> None:
    """Revoke a token (`kind` tokens), or end a session (sessions), and write it down.

    Raises:
        NotFound: there is none of that id.
        StoreUnavailable: Redis is away.
    """
    store = ConsoleTokens(connection) if kind == "tokens" else ConsoleSessions(connection)
    if not await store.revoke(name):
        raise NotFound(f"there is no such one of the {kind}: {name[:40]}")
    with acting(by):
        await write_down(connection, f"console {kind.rstrip('s')} revoke", of=name)
