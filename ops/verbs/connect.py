"""`chatwootai connect`: bot, bindings, webhook, secrets and mapping of one Chatwoot account, from its administrator."""

import argparse
import re
import sys
from dataclasses import dataclass, field
from getpass import getpass
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.printing import an_address, as_json, complain, ids, takes_config, takes_json

if TYPE_CHECKING:
    from config.mapping.mapping_edit import MappingEdit
    from ops.connect.secrets_file import SecretsFile
    from ops.connect.steps import Connected, Step
    from workers.chatwoot.admin import Admin, Setup

SUMMARY = "connect a Chatwoot account: bot, inboxes, webhook, secrets and mapping; shows first what it will do"
EXAMPLES = """\
  export CHATWOOT_ADMIN_TOKEN=...        an administrator's, from Chatwoot's profile page; never an argument
  chatwootai connect --url https://chat.example.com --account 1 --ours https://ai.example.com --domain retail
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
    parser.add_argument("--remove", action="store_true", help="undo it")
    parser.add_argument("--yes", action="store_true", help="do it; without, only show it")


@dataclass
class _Work:
    """One run: what is in Chatwoot, in the mapping, in the file of secrets, and what is to change."""

    arguments: argparse.Namespace
    key: str
    admin: "Admin"
    setup: "Setup"
    edit: "MappingEdit"
    secrets: "SecretsFile"
    made: "Connected"
    steps: "list[Step]" = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def mapping(self) -> Path:
        return Path(self.arguments.config) / "chatwoot_mapping.yaml"

    @property
    def known(self) -> dict[str, str]:
        """Variables that processes will have: the environment's, and those of the file of secrets."""
        return {**environ, **self.secrets.values()}


def run(arguments: argparse.Namespace) -> int:
    """Show or do it; 1 where Chatwoot refuses or the mapping cannot be edited, 2 where something is left out."""
    from config.mapping.mapping_edit import NotEditable
    from config.secrets.encryption import EncryptionError
    from ops.connect.steps import UnknownInbox
    from workers.chatwoot.admin import AdminError

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
    from ops.connect.secrets_file import SecretsFile
    from ops.connect.steps import Connected
    from workers.chatwoot.admin import Admin

    async with aiohttp.ClientSession() as session:
        admin = Admin(session, arguments.url, arguments.account, _token())
        work = _Work(
            arguments,
            arguments.key or str(arguments.account),
            admin,
            await admin.setup(),
            MappingEdit.read(arguments.config / "chatwoot_mapping.yaml"),
            SecretsFile(arguments.secrets),
            Connected(),
        )
        code = await (_remove(work) if arguments.remove else _connect(work))
        if arguments.json:
            as_json({"account": work.key, "steps": [step.said for step in work.steps], "told": work.told})
        return code


def _report(work: _Work, line: str) -> None:
    """Say a line at once, or keep it where everything is said as JSON in the end."""
    work.told.append(line.strip())
    if not work.arguments.json:
        print(line)


def _token() -> str:
    """Never an argument: those stand in the process list and the shell's history."""
    known = environ.get(TOKEN)
    if known:
        return known
    return getpass("An administrator's token: ") if sys.stdin.isatty() else sys.stdin.read().strip()


async def _connect(work: _Work) -> int:
    from config.document.problems import suggestion
    from ops.connect.steps import ConnectRequest, plan_connect

    if not work.arguments.domain and not work.edit.has_account(work.key):
        complain("--domain is needed for an account that the mapping does not have: retail, health, ...")
        return 2
    if work.arguments.domain and (known := _domains(work.arguments.config)) and work.arguments.domain not in known:
        complain(f"there is no domain {work.arguments.domain}. {suggestion(work.arguments.domain, known)}")
        return 2
    if not _fits_installation(work):
        return 2
    chosen = work.arguments.inboxes
    wish = ConnectRequest(key=work.key, ours=work.arguments.ours, inboxes=chosen, bot_name=work.arguments.bot_name)
    work.steps = plan_connect(work.admin, work.setup, wish, work.made)
    for said in [step.said for step in work.steps] + _drop_examples(work):
        _report(work, f"  {said}")
    if not work.arguments.yes:
        return _shown(work, _planned(work, chosen))
    for step in work.steps:
        await step.do()
    if work.made.bot is not None and not work.made.bot.secret:
        complain("This Chatwoot signs nothing (before 4.13): the account is written with `signature: optional`.")
    return _written(work, chosen)


def _fits_installation(work: _Work) -> bool:
    """Tell whether --url is the address of the installation that is meant, or may become it."""
    from ops.connect.examples import ADDRESS, address_of

    name, url = work.arguments.installation, work.arguments.url
    known = address_of(work.edit, name, work.known)
    if known in {None, url} or work.edit.written_value("chatwoot", name, "url") == ADDRESS:
        return True
    complain(
        f"installation `{name}` is at {known} in {work.mapping}: name another with --installation, or mend it there"
    )
    return False


def _drop_examples(work: _Work) -> list[str]:
    """Take what the mapping shipped as examples out of it, as far as nobody uses it; what is done, as sentences."""
    from ops.connect.examples import ADDRESS, address_of, unused_examples

    done = []
    for key, name in unused_examples(work.edit, work.known).items():
        work.edit.remove_account(key)
        done.append(f"take the example account {key} `{name}` out of {work.mapping}")
    name, url = work.arguments.installation, work.arguments.url
    if work.edit.written_value("chatwoot", name, "url") == ADDRESS and address_of(work.edit, name, work.known) != url:
        work.edit.move_installation(name, url)
        done.append(f"installation `{name}` is at {url}")
    return done


def _domains(folder: Path) -> list[str]:
    from config.loading.loader import inspect

    return inspect(folder, environ).library.names()


def _planned(work: _Work, numbers: tuple[int, ...] | None) -> list[str]:
    """Return what would be written, when all secrets are known; else that it will be."""
    if work.made.bot is not None and work.made.hook is not None:
        secrets = _write(work, numbers)
        return [*_said(work, secrets), *([work.edit.diff(str(work.mapping))] if work.edit.diff("") else [])]
    where = "as ENC: values" if work.arguments.encrypt else f"to {work.secrets.path}"
    return [f"  write its secrets {where}", f"  write account {work.key} to {work.mapping}"]


def _shown(work: _Work, planned: list[str]) -> int:
    for line in planned:
        _report(work, line)
    _report(work, "Nothing was changed: add --yes to do it." if work.steps or planned else "Nothing to do.")
    return 0


def _written(work: _Work, numbers: tuple[int, ...] | None) -> int:
    changed = _write(work, numbers)
    for line in _said(work, changed):
        _report(work, line)
    if changed and not work.arguments.encrypt:
        work.secrets.save()
    code = _save(work, done=bool(work.steps or changed))
    if changed and not work.arguments.encrypt:
        _report(
            work,
            f"Docker Compose reads a .env beside it by itself; a shell does so: set -a; . {_sourced(work)}; set +a",
        )
    return code


def _sourced(work: _Work) -> str:
    """The file of secrets as `.` of a shell finds it, which looks along PATH for a bare name."""
    path = str(work.secrets.path)
    return path if "/" in path else f"./{path}"


def _save(work: _Work, *, done: bool) -> int:
    difference = work.edit.diff(str(work.mapping))
    if difference:
        work.edit.save(work.mapping)
        _report(work, difference)
    _report(work, "Done." if done or difference else "Nothing to do.")
    return 0


def _said(work: _Work, changed: list[str]) -> list[str]:
    if not changed:
        return []
    return [f"  write {', '.join(changed)} {'encrypted' if work.arguments.encrypt else f'to {work.secrets.path}'}"]


def _write(work: _Work, numbers: tuple[int, ...] | None) -> list[str]:
    """Lay secrets and account on what is edited; the names of secrets that are new."""
    assert work.made.bot is not None  # noqa: S101 - the steps have made both
    assert work.made.hook is not None  # noqa: S101
    name = f"CHATWOOT_{re.sub(r'[^A-Za-z0-9]', '_', work.key).upper()}"
    shown = {
        f"{name}_SECRET": work.made.bot.secret,
        f"{name}_WEBHOOK_SECRET": work.made.hook.secret,
        f"{name}_BOT_TOKEN": work.made.bot.token,
    }
    values = {each: value for each, value in shown.items() if value}
    if work.arguments.encrypt:
        written, changed = _ciphertexts(work, values)
    else:
        written, changed = {each: f"${{{each}}}" for each in values}, work.secrets.set(values)
    _mapped(work, [written[each] for each in values if "SECRET" in each], written.get(f"{name}_BOT_TOKEN", ""), numbers)
    return changed


def _ciphertexts(work: _Work, values: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """New ciphertexts, unless the account is there already: one never looks like another of the same value."""
    from config.secrets.encryption import encrypt

    if work.edit.has_account(work.key):
        return dict.fromkeys(values, ""), []
    return {name: encrypt(value, environ) for name, value in values.items()}, list(values)


def _mapped(work: _Work, secrets: list[str], token: str, numbers: tuple[int, ...] | None) -> None:
    said = work.arguments
    work.edit.installation(said.installation, said.url.rstrip("/"))
    values: dict[str, Any] = {}
    if said.installation != "default":
        values["chatwoot"] = said.installation
    if work.key != str(said.account):
        values["id"] = said.account
    values["name"] = work.setup.name
    values |= {key: value for key in ("domain", "tenant", "crew") if (value := getattr(said, key))}
    if token:
        signed = {"webhook_secrets": secrets} if secrets else {"signature": "optional"}
        values |= {**signed, "bot_token": _quoted(token)}
    work.edit.account(work.key, values)
    for door in work.setup.doors:
        if numbers is None or door.id in numbers:
            work.edit.inbox(work.key, door.id, door.name)


def _quoted(text: str) -> Any:
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    return DoubleQuotedScalarString(text)


async def _remove(work: _Work) -> int:
    from ops.connect.secret_places import OLD_NAME
    from ops.connect.secrets_file import SecretsFile
    from ops.connect.steps import plan_removal

    work.steps = plan_removal(work.admin, work.setup, work.key)
    name = f"CHATWOOT_{re.sub(r'[^A-Za-z0-9]', '_', work.key).upper()}"
    names = [f"{name}_SECRET", f"{name}_WEBHOOK_SECRET", f"{name}_BOT_TOKEN"]
    files = {file.path: file for file in (work.secrets, SecretsFile(Path(work.arguments.config) / OLD_NAME))}
    gone = {path: taken for path, file in files.items() if (taken := file.remove(names))}
    work.edit.remove_account(work.key)
    for step in work.steps:
        _report(work, f"  {step.said}")
    for path, taken in gone.items():
        _report(work, f"  take {', '.join(taken)} out of {path}")
    if not work.arguments.yes:
        return _shown(work, [difference] if (difference := work.edit.diff(str(work.mapping))) else [])
    for step in work.steps:
        await step.do()
    for path in gone:
        files[path].save()
    return _save(work, done=bool(work.steps or gone))
