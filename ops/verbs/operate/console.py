"""`chatwootai console`: pages for people, and the tokens and sessions with which they are entered."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from ops.options import a_count, takes_account, takes_config, takes_json
from ops.parsing import add_action
from ops.printing import as_json, table

if TYPE_CHECKING:
    from chatwootai.stores.operators.console_sessions import ConsoleSession
    from chatwootai.stores.operators.console_tokens import ConsoleToken
    from chatwootai.stores.server.connection import Connection

SUMMARY = "serve the console, pages that say what happens and why; make tokens to enter it"
EXAMPLES = """\
  chatwootai console token add --role operator --name ana
  chatwootai console                                           at http://127.0.0.1:9200, until Ctrl-C
  chatwootai console token add --role lead --account 1 --days 30
  chatwootai console session list"""
DEFAULT = "serve"
ROLES = ("viewer", "lead", "operator")
_DAYS = 90
_DAY_SECONDS = 86_400.0
_ADD_EXAMPLES = """\
  chatwootai console token add --role operator --name ana
  chatwootai console token add --role lead --account 1 --days 30
  chatwootai console token add --role operator --without-words --name developers"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`serve` (default); `token add|list|revoke`; `session list|revoke`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    served = add_action(
        actions, "serve", "serve the pages until SIGTERM or Ctrl-C", "chatwootai console serve --port 9300"
    )
    takes_config(served)
    served.add_argument("--host", help="where to listen (default: CONSOLE_HOST, else 127.0.0.1)")
    served.add_argument("--port", help="on which port (default: CONSOLE_PORT, else 9200; 0: a free one)")
    served.add_argument("--base-path", metavar="PATH", help="below which a proxy shows it (default: CONSOLE_BASE_PATH)")
    token = add_action(actions, "token", "make, list and revoke tokens", "chatwootai console token list")
    _token_actions(token.add_subparsers(dest="token_action", metavar="ACTION", required=True))
    session = add_action(actions, "session", "list and end sessions", "chatwootai console session list")
    _session_actions(session.add_subparsers(dest="session_action", metavar="ACTION", required=True))


def _token_actions(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_action(actions, "add", "make a token, which is printed this once", _ADD_EXAMPLES)
    takes_config(added)
    takes_json(added)
    takes_account(added, "the only one that its holder sees")
    added.add_argument("--role", choices=ROLES, required=True, help="viewer: figures; lead: one account; operator: all")
    added.add_argument("--days", type=a_count, default=_DAYS, help=f"how long it is valid (default: {_DAYS})")
    added.add_argument("--name", help="who holds it, for lists and histories (default: its role and account)")
    added.add_argument("--without-words", action="store_true", help="its holder may not read what customers wrote")
    takes_json(
        add_action(actions, "list", "list tokens, never themselves", "chatwootai console token list"), names=True
    )
    revoked = add_action(
        actions, "revoke", "end a token and its sessions", "chatwootai console token revoke 0f6c7f0e7a7b"
    )
    revoked.add_argument("id", help="its id, as `token list` has it")


def _session_actions(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    takes_json(add_action(actions, "list", "list open sessions", "chatwootai console session list"), names=True)
    ended = add_action(actions, "revoke", "end a session", "chatwootai console session revoke 3f9a3a1c2b11")
    ended.add_argument("id", help="its id, as `session list` has it")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 2 where nobody could log in, 3 where nothing has the id."""
    from ops.access import with_redis

    if arguments.action == "serve":
        return _serve(arguments)
    if arguments.action == "session":
        act = {"list": _list_sessions, "revoke": _revoke_session}[arguments.session_action]
    else:
        act = {"add": _add, "list": _list, "revoke": _revoke}[arguments.token_action]
    return with_redis(lambda connection: act(connection, arguments))


def _serve(arguments: argparse.Namespace) -> int:
    import asyncio

    from chatwootai.stores.server.connection import BadRedisUrl, StoreUnavailable
    from chatwootai.telemetry import log
    from ops.access import REDIS_AWAY, CommandError, away_message
    from ops.console.environment import BadEnvironment, Environment
    from ops.console.server import serve

    try:
        log.configure_from(process="console")
        environment = Environment.read(
            config=arguments.config, host=arguments.host, port=arguments.port, base_path=arguments.base_path
        )
        if sys.platform == "win32":
            return asyncio.run(serve(environment))
        import uvloop

        return uvloop.run(serve(environment))
    except StoreUnavailable as error:
        return _say(away_message(error), REDIS_AWAY)
    except CommandError as error:
        return _say(error, error.code)
    except (BadEnvironment, BadRedisUrl, log.LogSettingsError) as error:
        return _say(error, 2)
    except OSError as error:
        return _say(f"cannot listen on CONSOLE_HOST and CONSOLE_PORT: {error.strerror or error}", 2)


def _say(text: object, code: int) -> int:
    from ops.printing import complain

    complain(text)
    return code


async def _add(connection: "Connection", arguments: argparse.Namespace) -> int:
    from chatwootai.stores.operators.console_tokens import ConsoleTokens
    from ops.events.audit import write_down

    account = _account_of(arguments)
    words = arguments.role != "viewer" and not arguments.without_words
    name = arguments.name or " ".join(filter(None, (arguments.role, account)))
    token, made = await ConsoleTokens(connection).add(
        role=arguments.role, account=account, words=words, name=name[:100], seconds=arguments.days * _DAY_SECONDS
    )
    await write_down(connection, "console token add", account=account or "", of=made.id, details={"role": made.role})
    if arguments.json:
        as_json({"token": token, **_row(made)})
        return 0
    print(token)
    print(
        f"\nIt is shown this once: type it at /login. `chatwootai console token revoke {made.id}` ends it.",
        file=sys.stderr,
    )
    return 0


def _account_of(arguments: argparse.Namespace) -> str | None:
    """Return the key of the account that `--account` names, and see to it that the role goes with it."""
    from ops.access import UsageError, sound_accounts
    from ops.accounts import resolve_account

    if arguments.role == "lead" and not arguments.account:
        raise UsageError("a lead leads one account: name it with --account")
    if arguments.role == "operator" and arguments.account:
        raise UsageError("an operator sees all accounts: leave --account out, or make a lead")
    if not arguments.days:
        raise UsageError("a token of 0 days opens nothing: --days takes 1 or more")
    if not arguments.account:
        return None
    return resolve_account(sound_accounts(arguments.config), arguments.account).key


async def _list(connection: "Connection", arguments: argparse.Namespace) -> int:
    from chatwootai.stores.operators.console_tokens import ConsoleTokens
    from ops.times import format_moment

    found = [_row(one) for one in await ConsoleTokens(connection).all()]
    if arguments.json:
        as_json(found, "id")
        return 0
    rows = [
        (one["id"], one["name"], one["role"], one["account"] or "all", "yes" if one["words"] else "no",
         format_moment(one["used"]) if one["used"] else "never", format_moment(one["expires"]))
        for one in found
    ]  # fmt: skip
    table(("ID", "NAME", "ROLE", "ACCOUNT", "WORDS", "USED", "VALID UNTIL"), rows)
    return 0


def _row(one: "ConsoleToken") -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "role": one.role, "account": one.account, "words": one.words,
        "created": one.created, "expires": one.expires, "used": one.used or None,
    }  # fmt: skip


async def _revoke(connection: "Connection", arguments: argparse.Namespace) -> int:
    from chatwootai.stores.operators.console_tokens import ConsoleTokens
    from ops.access import NotFound
    from ops.events.audit import write_down

    if not await ConsoleTokens(connection).revoke(arguments.id):
        raise NotFound(f"there is no token {arguments.id}; `chatwootai console token list` lists them")
    await write_down(connection, "console token revoke", of=arguments.id)
    print(f"token {arguments.id} opens nothing any more, nor do its sessions")
    return 0


async def _list_sessions(connection: "Connection", arguments: argparse.Namespace) -> int:
    from chatwootai.stores.operators.console_sessions import ConsoleSessions
    from ops.times import format_moment

    found = [_session_row(one) for one in await ConsoleSessions(connection).all()]
    if arguments.json:
        as_json(found, "id")
        return 0
    rows = [(one["id"], one["by"], format_moment(one["began"]), format_moment(one["ends"])) for one in found]
    table(("ID", "BY", "BEGAN", "ENDS AT THE LATEST"), rows)
    return 0


def _session_row(one: "ConsoleSession") -> dict[str, Any]:
    by = f"token {one.who['token']}" if "token" in one.who else one.who["identity"]["name"]
    return {"id": one.id, "by": by, "began": one.began, "ends": one.ends}


async def _revoke_session(connection: "Connection", arguments: argparse.Namespace) -> int:
    from chatwootai.stores.operators.console_sessions import ConsoleSessions
    from ops.access import NotFound

    if not await ConsoleSessions(connection).revoke(arguments.id):
        raise NotFound(f"there is no session {arguments.id}; `chatwootai console session list` lists them")
    print(f"session {arguments.id} has ended")
    return 0
