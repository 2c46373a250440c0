"""`chatwootai connect`: bot, bindings, webhook, secrets and mapping of one Chatwoot account, from its administrator."""

import argparse
import sys
from getpass import getpass
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING

from ops.options import an_address, ids, takes_config, takes_json
from ops.printing import as_json, complain

if TYPE_CHECKING:
    from ops.connect.procedure import ConnectWork

SUMMARY = "connect a Chatwoot account: bot, inboxes, webhook, secrets and mapping; shows first what it will do"
EXAMPLES = """\
  export CHATWOOT_ADMIN_TOKEN=...        an administrator's, from Chatwoot's profile page; never an argument
  chatwootai connect --url https://chat.example.com --account 1 --ours https://ai.example.com --domain retail
  chatwootai connect ... --user-token --yes    its token serves catch-up, history and sync too
  chatwootai connect ... --inboxes 11,12 --secrets /etc/chatwootai/secrets.env --yes
  chatwootai connect --url https://chat.example.com --account 1 --remove --yes"""
TOKEN = "CHATWOOT_ADMIN_TOKEN"  # noqa: S105 - a variable's name


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the addresses of Chatwoot and of ourselves, and what goes where."""
    takes_config(parser)
    takes_json(parser)
    parser.add_argument("--url", required=True, type=an_address, help="Chatwoot's address")
    parser.add_argument("--account", required=True, type=int, metavar="ID", help="Chatwoot's number of the account")
    parser.add_argument("--key", metavar="KEY", help="last segment of the webhook address (default: the number)")
    parser.add_argument("--ours", type=an_address, metavar="URL", help="the ingress's address, as Chatwoot reaches it")
    parser.add_argument("--inboxes", type=ids, metavar="IDS", help="numbers, separated by commas (default: all)")
    parser.add_argument("--domain", help="line of business of a new account, as retail")
    parser.add_argument("--tenant", help="its folder under the domain")
    parser.add_argument("--crew", help="the function that answers")
    parser.add_argument("--installation", default="default", metavar="NAME", help="its name under `chatwoot:`")
    parser.add_argument("--bot-name", default="ChatwootAI", metavar="NAME", help="default: ChatwootAI")
    parser.add_argument("--secrets", type=Path, metavar="FILE", help="file for secrets (default: .env in this folder)")
    parser.add_argument("--encrypt", action="store_true", help="ENC: values in the mapping instead of that file")
    parser.add_argument("--user-token", action="store_true", help="the administrator's serves catch-up and sync too")
    parser.add_argument("--remove", action="store_true", help="undo it")
    parser.add_argument("--yes", action="store_true", help="do it; without, only show it")


def run(arguments: argparse.Namespace) -> int:
    """Show or do it; 1 where Chatwoot refuses or the mapping cannot be edited, 2 where something is left out."""
    from config.mapping.mapping_edit import NotEditable
    from config.secrets.encryption import EncryptionError
    from ops.connect.steps import UnknownInbox
    from workers.chatwoot.errors import AdminError

    if not arguments.remove and not arguments.ours:
        complain("--ours is needed: the ingress's address, as Chatwoot reaches it")
        return 2
    if not _safe(arguments):
        return 2
    try:
        import asyncio

        return asyncio.run(_run(arguments))
    except (AdminError, UnknownInbox, EncryptionError) as error:
        complain(error)
    except NotEditable as error:
        complain(f"{arguments.config}/chatwoot_mapping.yaml: {error}")
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}")
    return 1


def _safe(arguments: argparse.Namespace) -> bool:
    """Tell whether secrets may go where they are to go; a word on stderr where not, and of others that lie badly."""
    from ops.connect.secret_places import DEFAULT, package_around, stray_secrets, warnings

    target = arguments.secrets = arguments.secrets or DEFAULT
    for path in stray_secrets(arguments.config):
        if path.absolute() != target.absolute():
            for line in warnings(path):
                complain(line)
    if arguments.encrypt or arguments.remove:
        return True
    if package := package_around(target):
        complain(
            f"{target}: nothing was done, since {package.name}/ is a Python package, which wheels and images are made "
            "of: run it from a folder that is none, or name another file with --secrets"
        )
        return False
    for line in warnings(target):
        complain(line)
    return True


async def _run(arguments: argparse.Namespace) -> int:
    import aiohttp

    from config.mapping.mapping_edit import MappingEdit
    from ops.connect.procedure import ConnectWork, connect, remove
    from ops.connect.secrets_file import SecretsFile
    from ops.connect.steps import Connected
    from ops.connect.user_token import asked_token
    from workers.chatwoot.admin import Admin

    async with aiohttp.ClientSession() as session:
        admin = Admin(session, arguments.url, arguments.account, token := _token())
        work = ConnectWork(
            arguments,
            arguments.key or str(arguments.account),
            admin,
            await admin.setup(),
            MappingEdit.read(arguments.config / "chatwoot_mapping.yaml"),
            SecretsFile(arguments.secrets),
            Connected(),
            user_token=asked_token(environ, token, own=arguments.user_token, ask=_asks(arguments)),
        )
        code = await (remove(work) if arguments.remove else connect(work))
        if arguments.json:
            as_json({"account": work.key, "steps": [step.description for step in work.steps], "told": work.reported})
        if arguments.yes and code == 0 and (work.steps or work.edit.diff("")):
            await _write_down(work)
        return code


async def _write_down(work: "ConnectWork") -> None:
    """Append to the audit what was done; a word where no Redis takes it, as before the first start."""
    from ops.events.audit import write_down_apart

    what = "disconnect" if work.arguments.remove else "connect"
    details = {"chatwoot": work.arguments.url}
    told = await write_down_apart(what, account=work.key, count=len(work.steps) or 1, details=details)
    if not told and not environ.get("REDIS_URL") and not work.arguments.json:
        print("`chatwootai audit` does not tell of this: no Redis runs yet (REDIS_URL names none)")


def _asks(arguments: argparse.Namespace) -> bool:
    """Tell whether to offer a teammate's token: where a connection is made, and its account has none yet."""
    from config.mapping.mapping_edit import MappingEdit

    key = arguments.key or str(arguments.account)
    edit = MappingEdit.read(arguments.config / "chatwoot_mapping.yaml")
    has_one = edit.written_value("accounts", key, "user_token") is not None
    return arguments.yes and not arguments.remove and not arguments.json and not has_one


def _token() -> str:
    """Never an argument: those stand in the process list and the shell's history."""
    known = environ.get(TOKEN)
    if known:
        return known
    return getpass("An administrator's token: ") if sys.stdin.isatty() else sys.stdin.read().strip()
