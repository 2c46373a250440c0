"""A demo of an operator's own configuration: a sandbox Chatwoot with its accounts and inboxes, and a copy."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chatwootai.channels.registry import names
from config.loading.without_secrets import inspect_without_secrets, stand_ins
from config.snapshot import Account
from sandbox.chatwoot.world import records, seed
from sandbox.chatwoot.world.media import MEDIA
from sandbox.chatwoot.world.world import World

MAPPING = "chatwoot_mapping.yaml"
_USUAL = ("webchat", "email", "whatsapp")
_WORDS = {"mail": "email", "site": "webchat", "web": "webchat", "chat": "webchat", "insta": "instagram"}
_HELLO = {
    "pt": "Oi! Tudo bem?", "es": "¡Hola! ¿Qué tal?", "en": "Hello! What can you do for me?",
    "fr": "Bonjour ! Que pouvez-vous faire pour moi ?", "de": "Guten Tag! Was können Sie für mich tun?",
    "it": "Buongiorno! Che cosa potete fare per me?",
}  # fmt: skip
_SECRETS = ("webhook_secrets", "bot_token", "user_token")


class NotShown(ValueError):
    """There is no demo of this configuration; the message says why."""


@dataclass(frozen=True)
class OwnConfiguration:
    """An operator's folder, and the accounts that it serves."""

    folder: Path
    accounts: tuple[Account, ...]

    @classmethod
    def read(cls, folder: Path, environ: Mapping[str, str] = os.environ) -> "OwnConfiguration":
        """Read a folder; secrets need not be at hand.

        Raises:
            NotShown: it has problems, or serves nobody.
        """
        found = inspect_without_secrets(folder, environ).found
        if found.problems:
            lines = "\n".join(f"  {each}" for each in found.problems[:10])
            raise NotShown(f"{folder} has problems, `chatwootai check --no-secrets` lists them:\n{lines}")
        accounts: dict[int, Account] = {}
        for account in found.snapshot.accounts.values():
            accounts.setdefault(account.id, account)  # of two Chatwoots' accounts with one number, the first is shown
        if not accounts:
            raise NotShown(f"{folder} serves nobody: `chatwootai init` writes one that does")
        return cls(folder, tuple(accounts.values()))

    def plant(self, world: World, ingress: str | None = None) -> World:
        """Fill an empty world with these accounts, whose bots report to an ingress."""
        for account in self.accounts:
            url = f"{ingress.rstrip('/')}/webhooks/chatwoot/{account.key}" if ingress else ""
            _open(world, account, url)
        return world

    def question(self) -> tuple[int, int, str]:
        """Return account, inbox and text of a first message: the first curated question, or else a hello."""
        account = self.accounts[0]
        curated = (each.questions[0] for each in account.settings.answers.values())
        language = account.settings.language.partition("-")[0]
        inbox = next(iter(_inboxes(account)))
        return account.id, inbox, next(curated, _HELLO.get(language, _HELLO["en"]))

    def lay_out(self, target: Path) -> None:
        """Copy the folder, with a mapping that leads to the sandbox: an entry names its variables as `seed.environ`."""
        shutil.copytree(self.folder, target, dirs_exist_ok=True, ignore=_left_behind)
        raw: dict[str, Any] = yaml.safe_load((self.folder / MAPPING).read_text(encoding="utf-8"))
        served = {account.key: account.id for account in self.accounts}
        raw["chatwoot"] = {name: {"url": "${CHATWOOT_URL}"} for name in raw.get("chatwoot") or {"default": None}}
        raw["accounts"] = {
            key: _led_here(entry, served[str(key)]) for key, entry in raw["accounts"].items() if str(key) in served
        }
        raw.pop("sync", None)
        text = yaml.safe_dump(raw, sort_keys=False, allow_unicode=True)
        (target / MAPPING).write_text(text, encoding="utf-8")

    def environ(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return stand-ins for the variables that the folder names and nobody has set."""
        return stand_ins(self.folder, environ)


def _left_behind(folder: str, found: list[str]) -> set[str]:
    """Leave secrets and repositories where they are."""
    return {name for name in found if name in {".git", ".venv", "var"} or name.startswith(".env") or ".env" in name}


def _led_here(entry: Mapping[str, Any], number: int) -> dict[str, Any]:
    name = f"CHATWOOT_{number}"
    own = {
        "webhook_secrets": [f"${{{name}_SECRET}}", f"${{{name}_WEBHOOK_SECRET}}"],
        "bot_token": f"${{{name}_BOT_TOKEN}}",
        "user_token": f"${{{name}_USER_TOKEN}}",
    }
    return {**{key: value for key, value in entry.items() if key not in _SECRETS}, **own}


def _open(world: World, account: Account, url: str) -> None:
    settings = account.settings
    questions = [each.questions[0] for each in settings.answers.values()][:5]
    world.sequences["account"] = max(world.sequences.get("account", 0), account.id)
    world.accounts[account.id] = records.Account(
        id=account.id, name=account.name, domain=account.domain, tenant=account.folder, questions=questions
    )
    for role in ("administrator", "agent"):
        user = records.User(
            world.next_id("user"), account.id, role.capitalize(), f"{role}@{account.id}.example", role,
            world.token(account.id, role),
        )  # fmt: skip
        world.users[user.id] = user
    bot = records.AgentBot(
        id=world.next_id("agent_bot", 7), account_id=account.id, name="ChatwootAI", outgoing_url=url,
        secret=world.token(account.id, "bot_secret"), token=world.token(account.id, "bot_token"),
    )  # fmt: skip
    world.agent_bots[bot.id] = bot
    for number, (name, medium) in _inboxes(account).items():
        world.sequences["inbox"] = max(world.sequences.get("inbox", 0), number)
        world.inboxes[number] = records.Inbox(
            id=number, account_id=account.id, name=name, medium=medium, agent_bot_id=bot.id,
            secret=world.token(account.id, "inbox", number) if medium == "api" else "",
            lock_to_single=medium != "telegram",
        )  # fmt: skip
    if url:
        seed.add_webhook(world, account.id, url)


def _inboxes(account: Account) -> dict[int, tuple[str, str]]:
    """Return name and kind of each inbox by number: the mapping's, else one of each channel in the settings."""
    known = {each.id: each.name or f"Inbox {each.id}" for each in account.inboxes.values()}
    if known:
        return {number: (name, _medium(name, account)) for number, name in sorted(known.items())}
    channels = [name for name in account.settings.channels if name in MEDIA] or list(_USUAL)
    return {account.id * 100 + n: (MEDIA[name].label, name) for n, name in enumerate(channels, 1)}


def _medium(name: str, account: Account) -> str:
    """Return the kind of an inbox, as far as its name tells: the mapping does not say."""
    said = name.casefold()
    words: Iterable[tuple[str, str]] = [*((each, each) for each in names() if each in MEDIA), *_WORDS.items()]
    first = next((each for each in account.settings.channels if each in MEDIA), "whatsapp")
    return next((medium for word, medium in words if word in said), first)
