"""Does `chatwootai connect`: steps in Chatwoot, then secrets, then the mapping; or shows what it would do."""

import argparse
import re
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.printing import complain

if TYPE_CHECKING:
    from config.mapping.mapping_edit import MappingEdit
    from ops.connect.secrets_file import SecretsFile
    from ops.connect.steps import Connected, Step
    from workers.chatwoot.admin import Admin, Setup


@dataclass
class ConnectWork:
    """One run: what is in Chatwoot, in the mapping, in the file of secrets, and what is to change."""

    arguments: argparse.Namespace
    key: str
    admin: "Admin"
    setup: "Setup"
    edit: "MappingEdit"
    secrets: "SecretsFile"
    made: "Connected"
    steps: "list[Step]" = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    user_token: str = ""

    @property
    def mapping(self) -> Path:
        """Return the path of the mapping."""
        return Path(self.arguments.config) / "chatwoot_mapping.yaml"

    @property
    def variable(self) -> str:
        """Return how the account's variables begin: `CHATWOOT_3`."""
        return f"CHATWOOT_{re.sub(r'[^A-Za-z0-9]', '_', self.key).upper()}"

    def sourced(self) -> str:
        """Return the file of secrets as `.` of a shell finds it, which looks along PATH for a bare name."""
        path = str(self.secrets.path)
        return path if "/" in path else f"./{path}"

    @property
    def variables(self) -> dict[str, str]:
        """Return the variables that processes will have: the environment's, and those of the file of secrets."""
        return {**environ, **self.secrets.values()}


def _report(work: ConnectWork, line: str) -> None:
    """Say a line at once, or keep it where everything is said as JSON in the end."""
    work.reported.append(line.strip())
    if not work.arguments.json:
        print(line)


async def connect(work: ConnectWork) -> int:
    """Show or do what connects the account. Returns the exit code."""
    from config.document.problems import suggestion
    from ops.connect.steps import ConnectRequest, plan_connect

    if not work.arguments.domain and not work.edit.has_account(work.key):
        complain("--domain is needed for an account that the mapping does not have: retail, health, ...")
        return 2
    if work.arguments.domain and (domains := _domains(work.arguments.config)) and work.arguments.domain not in domains:
        make = (
            f"To make one: {work.arguments.config}/domains/NAME/config.yaml, as `chatwootai init --domain` writes it."
        )
        complain(f"there is no domain {work.arguments.domain}. {suggestion(work.arguments.domain, domains)} {make}")
        return 2
    if not _fits_installation(work):
        return 2
    chosen = work.arguments.inboxes
    wish = ConnectRequest(key=work.key, ours=work.arguments.ours, inboxes=chosen, bot_name=work.arguments.bot_name)
    work.steps = plan_connect(work.admin, work.setup, wish, work.made)
    for line in [step.description for step in work.steps] + _drop_examples(work):
        _report(work, f"  {line}")
    if not work.arguments.yes:
        return _show_plan(work, _plan_lines(work, chosen))
    for step in work.steps:
        await step.do()
    if work.made.bot is not None and not work.made.bot.secret:
        complain("This Chatwoot signs nothing (before 4.13): the account is written with `signature: optional`.")
    return _write_all(work, chosen)


def _fits_installation(work: ConnectWork) -> bool:
    """Tell whether --url is the address of the installation that is meant, or may become it."""
    from ops.connect.examples import ADDRESS, address_of

    name, url = work.arguments.installation, work.arguments.url
    written = address_of(work.edit, name, work.variables)
    if written in {None, url} or work.edit.written_value("chatwoot", name, "url") == ADDRESS:
        return True
    complain(
        f"installation `{name}` is at {written} in {work.mapping}: name another with --installation, or mend it there"
    )
    return False


def _drop_examples(work: ConnectWork) -> list[str]:
    """Take what the mapping shipped as examples out of it, as far as nobody uses it; what is done, as sentences."""
    from ops.connect.examples import ADDRESS, address_of, unused_examples

    done = []
    for key, name in unused_examples(work.edit, work.variables).items():
        work.edit.remove_account(key)
        done.append(f"take the example account {key} `{name}` out of {work.mapping}")
    name, url = work.arguments.installation, work.arguments.url
    if (
        work.edit.written_value("chatwoot", name, "url") == ADDRESS
        and address_of(work.edit, name, work.variables) != url
    ):
        work.edit.move_installation(name, url)
        done.append(f"installation `{name}` is at {url}")
    return done


def _domains(folder: Path) -> list[str]:
    from config.loading.loader import inspect

    return inspect(folder, environ).library.names()


def _plan_lines(work: ConnectWork, numbers: tuple[int, ...] | None) -> list[str]:
    """Return what would be written, when all secrets are known; else that it will be."""
    if work.made.bot is not None and work.made.webhook is not None:
        secrets = _write(work, numbers)
        return [*_describe_changes(work, secrets), *([work.edit.diff(str(work.mapping))] if work.edit.diff("") else [])]
    where = "as ENC: values" if work.arguments.encrypt else f"to {work.secrets.path}"
    return [f"  write its secrets {where}", f"  write account {work.key} to {work.mapping}"]


def _show_plan(work: ConnectWork, planned: list[str]) -> int:
    for line in planned:
        _report(work, line)
    _report(work, "Nothing was changed: add --yes to do it." if work.steps or planned else "Nothing to do.")
    return 0


def _write_all(work: ConnectWork, numbers: tuple[int, ...] | None) -> int:
    from ops.connect.ending import ending

    changed = _write(work, numbers)
    for line in _describe_changes(work, changed):
        _report(work, line)
    if changed and not work.arguments.encrypt:
        work.secrets.save()
    is_new = bool(work.steps or changed or work.edit.diff(""))
    code = _save(work, done=bool(work.steps or changed))
    if changed and not work.arguments.encrypt:
        _report(
            work,
            f"Docker Compose reads a .env beside it by itself; a shell does so: set -a; . {work.sourced()}; set +a",
        )
    for line in ending(work.edit, work.key, "" if work.arguments.encrypt else work.sourced()) if is_new else ():
        _report(work, line)
    return code


def _save(work: ConnectWork, *, done: bool) -> int:
    difference = work.edit.diff(str(work.mapping))
    if difference:
        work.edit.save(work.mapping)
        _report(work, difference)
    _report(work, "Done." if done or difference else "Nothing to do.")
    return 0


def _describe_changes(work: ConnectWork, changed: list[str]) -> list[str]:
    if not changed:
        return []
    return [f"  write {', '.join(changed)} {'encrypted' if work.arguments.encrypt else f'to {work.secrets.path}'}"]


def _write(work: ConnectWork, numbers: tuple[int, ...] | None) -> list[str]:
    """Lay secrets and account on what is edited; the names of secrets that are new."""
    assert work.made.bot is not None  # noqa: S101 - the steps have made both
    assert work.made.webhook is not None  # noqa: S101 - as above
    name = work.variable
    shown = {
        f"{name}_SECRET": work.made.bot.secret,
        f"{name}_WEBHOOK_SECRET": work.made.webhook.secret,
        f"{name}_BOT_TOKEN": work.made.bot.token,
        f"{name}_USER_TOKEN": work.user_token,
    }
    values = {each: value for each, value in shown.items() if value}
    if work.arguments.encrypt:
        written, changed = _ciphertexts(work, values)
    else:
        written, changed = {each: f"${{{each}}}" for each in values}, work.secrets.set(values)
    _map_account(work, written, numbers)
    return changed


def _ciphertexts(work: ConnectWork, values: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """New ciphertexts, unless the account is there already: one never looks like another of the same value."""
    from config.secrets.encryption import encrypt

    if work.edit.has_account(work.key):
        return dict.fromkeys(values, ""), []
    return {name: encrypt(value, environ) for name, value in values.items()}, list(values)


def _map_account(work: ConnectWork, written: dict[str, str], numbers: tuple[int, ...] | None) -> None:
    """Lay the account on the mapping. `written`: what stands there for each secret, by its variable."""
    arguments = work.arguments
    secrets = [value for name, value in written.items() if name.endswith("SECRET")]
    token, user = (written.get(f"{work.variable}_{each}_TOKEN", "") for each in ("BOT", "USER"))
    work.edit.installation(arguments.installation, arguments.url.rstrip("/"))
    values: dict[str, Any] = {}
    if arguments.installation != "default":
        values["chatwoot"] = arguments.installation
    if work.key != str(arguments.account):
        values["id"] = arguments.account
    values["name"] = work.setup.name
    values |= {key: value for key in ("domain", "tenant", "crew") if (value := getattr(arguments, key))}
    if token:
        signed = {"webhook_secrets": secrets} if secrets else {"signature": "optional"}
        values |= {**signed, "bot_token": _quote(token)}
    if user:
        values["user_token"] = _quote(user)
    work.edit.account(work.key, values)
    for door in work.setup.inboxes:
        if numbers is None or door.id in numbers:
            work.edit.inbox(work.key, door.id, door.name)


def _quote(text: str) -> Any:
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    return DoubleQuotedScalarString(text)


async def remove(work: ConnectWork) -> int:
    """Show or do what undoes a connection. Returns the exit code."""
    from ops.connect.secret_places import OLD_NAME
    from ops.connect.secrets_file import SecretsFile
    from ops.connect.steps import plan_removal

    work.steps = plan_removal(work.admin, work.setup, work.key)
    names = [f"{work.variable}_{each}" for each in ("SECRET", "WEBHOOK_SECRET", "BOT_TOKEN", "USER_TOKEN")]
    files = {file.path: file for file in (work.secrets, SecretsFile(Path(work.arguments.config) / OLD_NAME))}
    gone = {path: taken for path, file in files.items() if (taken := file.remove(names))}
    work.edit.remove_account(work.key)
    for step in work.steps:
        _report(work, f"  {step.description}")
    for path, taken in gone.items():
        _report(work, f"  take {', '.join(taken)} out of {path}")
    if not work.arguments.yes:
        return _show_plan(work, [difference] if (difference := work.edit.diff(str(work.mapping))) else [])
    for step in work.steps:
        await step.do()
    for path in gone:
        files[path].save()
    return _save(work, done=bool(work.steps or gone))
