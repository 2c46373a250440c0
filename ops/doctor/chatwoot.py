"""Asks an account's Chatwoot: is it there, what time has it, whose are our tokens, what does it report where."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from config.secrets.secret import Secret
from config.snapshot import Account
from ops.doctor.verdict import Verdict, off, ok, problem, warning
from workers.chatwoot.access_token import Token
from workers.chatwoot.admin import EVENTS, Admin, Setup
from workers.chatwoot.errors import AdminError
from workers.chatwoot.request import send_once

_SECONDS = 15.0
_FAILING = 500
_BUSY = 429
MEND_CHATWOOT = "Look at Chatwoot and what stands before it; answers wait meanwhile, and are posted by themselves"
_MOST_APART = 60.0
"""Seconds that two clocks may differ: a signature is refused from 300 on."""


@dataclass
class AccountLook:
    """Answers of Chatwoot about one account. `setup`: None without an administrator's token; `role`: the user's."""

    account: Account
    lines: list[Verdict] = field(default_factory=list)
    setup: Setup | None = None
    role: str | None = None

    def say(self, line: Verdict) -> None:
        """Keep a line, as one of this account's."""
        self.lines.append(Verdict(line.state, line.topic, line.said, line.remedy, self.account.key))


async def look_at_tokens(session: aiohttp.ClientSession, account: Account) -> AccountLook:
    """Say whom an account's tokens belong to, and what they may."""
    look = AccountLook(account)
    await _bot_token(session, look)
    await _user_token(session, look)
    return look


def _sendable(look: AccountLook, name: str, secret: Secret) -> Token | None:
    """Return a token; None, with a line that says so, where no header takes it."""
    try:
        return Token(name, secret.reveal())
    except ValueError as error:
        look.say(problem(name, str(error), "Look for a space or a line break that was copied along"))
        return None


async def _bot_token(session: aiohttp.ClientSession, look: AccountLook) -> None:
    """A bot may look at conversations and nothing else: one that cannot exist is not found by a token that holds."""
    account = look.account
    url = f"{account.installation.url}/api/v1/accounts/{account.id}/conversations/0"
    token = _sendable(look, "bot_token", account.bot_token)
    if token is None:
        return
    answer = await send_once(session, "GET", url, token, None, seconds=_SECONDS)
    if answer.good or (answer.status == 404 and answer.own):
        look.say(ok("bot_token", "Chatwoot takes it"))
    elif answer.status in {401, 403} and answer.own:
        said = f"Chatwoot refuses it: {answer.excerpt or answer.status}"
        look.say(problem("bot_token", said, "`chatwootai connect` fetches the one that is right"))
    else:
        look.say(_no_answer("bot_token", account, answer.status, answer.fault))


def _no_answer(topic: str, account: Account, status: int, fault: str) -> Verdict:
    url = account.installation.url
    if status >= _FAILING or status == _BUSY:
        return problem(topic, f"{url} answers {status}: not looked at", MEND_CHATWOOT)
    said = f"{url} does not answer as Chatwoot does ({status or fault})"
    return problem(topic, said, "Put the address right under `chatwoot:` in the mapping, or look at Chatwoot")


async def _user_token(session: aiohttp.ClientSession, look: AccountLook) -> None:
    account = look.account
    if account.user_token is None:
        said = "there is none: no catch-up, no history of older messages, no help centre, no sync"
        look.say(off("user_token", said, "Add one: `chatwootai connect --user-token`"))
        return
    token = _sendable(look, "user_token", account.user_token)
    if token is None:
        return
    url = f"{account.installation.url}/api/v1/profile"
    answer = await send_once(session, "GET", url, token, None, seconds=_SECONDS)
    if answer.status in {401, 403} and answer.own:
        said = f"Chatwoot refuses it: {answer.excerpt or answer.status}"
        look.say(problem("user_token", said, "Copy the access token from the profile page of its owner"))
    elif not answer.good or not isinstance(answer.body, dict):
        look.say(_no_answer("user_token", account, answer.status, answer.fault))
    else:
        look.say(_whose(look, answer.body))


def _whose(look: AccountLook, profile: Mapping[str, Any]) -> Verdict:
    where = [each for each in profile.get("accounts") or () if isinstance(each, dict)]
    here = next((each for each in where if each.get("id") == look.account.id), None)
    name = profile.get("name") or profile.get("email") or "?"
    if here is None:
        return problem("user_token", f"{name}'s, who is not in account {look.account.id}", "Use a teammate's of it")
    look.role = str(here.get("role") or "agent")
    if look.role == "administrator":
        return ok("user_token", f"{name}'s, an administrator: catch-up, history and sync")
    return warning(
        "user_token", f"{name}'s, an {look.role}: catch-up and history, but no sync", "It needs an administrator's"
    )


async def look_at_setup(session: aiohttp.ClientSession, look: AccountLook, admin_token: str | None) -> None:
    """Compare what Chatwoot reports to us, and with which secrets, with the mapping."""
    account = look.account
    own = account.user_token.reveal() if account.user_token and look.role == "administrator" else None
    token = own or admin_token
    if not token:
        said = "not looked at: only an administrator's token may read webhooks"
        look.say(off("set-up", said, "Set CHATWOOT_ADMIN_TOKEN, or give the account an administrator's user_token"))
        return
    try:
        look.setup = await Admin(session, account.installation.url, account.id, token).setup()
    except AdminError as error:
        failing = error.status >= _FAILING or error.status == _BUSY
        remedy = MEND_CHATWOOT if failing else "Use an administrator's token of this account"
        look.say(problem("set-up", str(error), remedy))
        return
    for line in _compare(account, look.setup):
        look.say(line)


def _compare(account: Account, setup: Setup) -> Iterator[Verdict]:
    bot, webhook = setup.bot(account.key), setup.webhook(account.key)
    if strange := sorted(set(account.inboxes) - {door.id for door in setup.inboxes}):
        numbers = ", ".join(map(str, strange))
        said = f"the mapping names {numbers}, and this account of Chatwoot has no such inbox: its settings serve nobody"
        yield problem("inboxes", said, "Put the number right; `chatwootai sync` shows those that there are")
    connect = "`chatwootai connect` puts it right"
    secrets = {each.reveal() for each in account.webhook_secrets}
    if bot is None:
        yield problem("bot", f"none reports to .../webhooks/chatwoot/{account.key}", connect)
    else:
        yield from _bot(account, setup, secrets, connect)
    if webhook is None:
        yield problem("webhook", "there is none: typing, new conversations and contacts are not told of", connect)
        return
    if webhook.secret and webhook.secret not in secrets:
        yield problem("webhook", f"its secret is not among webhook_secrets of account {account.key}", connect)
    elif missing := sorted(set(EVENTS) - set(webhook.events)):
        yield warning("webhook", f"does not report {', '.join(missing)}", connect)
    else:
        yield ok("webhook", f"reports to {webhook.address}")
    if bot is not None and webhook.address != bot.address:
        yield problem("webhook", f"reports to {webhook.address}, the bot to {bot.address}", connect)


def _bot(account: Account, setup: Setup, secrets: set[str], connect: str) -> Iterator[Verdict]:
    bot = setup.bot(account.key)
    assert bot is not None  # noqa: S101 - the caller has looked
    if bot.token and bot.token != account.bot_token.reveal():
        yield problem("bot", f"`{bot.name}` ({bot.id}) has another token than bot_token", connect)
    elif bot.secret and bot.secret not in secrets:
        yield problem("bot", f"the secret of `{bot.name}` ({bot.id}) is not among webhook_secrets", connect)
    else:
        yield ok("bot", f"`{bot.name}` ({bot.id}) reports to {bot.address}")
    bound = [door for door in setup.inboxes if door.bot == bot.id]
    others = [f"{door.id} `{door.name}`" for door in setup.inboxes if door.bot != bot.id]
    if not bound:
        yield problem("inboxes", "our bot answers none", "`chatwootai connect --inboxes ...` binds it")
    else:
        yield ok("inboxes", f"our bot answers {', '.join(f'{door.id} `{door.name}`' for door in bound)}")
    if others:
        yield off("inboxes", f"left to people: {', '.join(others)}")


async def look_at_installation(session: aiohttp.ClientSession, url: str) -> list[Verdict]:
    """Return a Chatwoot's version and how far its clock is from ours, by its Date header."""
    try:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with session.get(f"{url}/api", timeout=timeout, allow_redirects=False) as response:
            now, said = time.time(), response.headers.get("Date", "")
            body = await response.json(content_type=None) if response.status == 200 else None
    except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
        remedy = "Put the address right under `chatwoot:` in the mapping, or look at Chatwoot"
        return [problem(f"Chatwoot {url}", f"does not answer ({type(error).__name__})", remedy)]
    version = body.get("version") if isinstance(body, dict) else None
    lines = [ok(f"Chatwoot {url}", f"version {version}" if version else "answers, and does not tell its version")]
    return [*lines, *_clock(url, said, now)]


def _clock(url: str, date: str, now: float) -> Iterator[Verdict]:
    try:
        at = parsedate_to_datetime(date)
        apart = now - (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()  # HTTP knows no other zone
    except (TypeError, ValueError, OverflowError):
        yield off("clock", f"not compared: {url} sends no Date")
        return
    said = f"{abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} {url}"
    if abs(apart) > _MOST_APART:
        yield problem("clock", said, "Let NTP set this machine's clock: from 300 s on no signature holds")
    else:
        yield ok("clock", f"within {max(1, round(abs(apart)))} s of {url}")
