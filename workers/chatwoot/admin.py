"""Chatwoot's set-up as an administrator sees it: agent bots, the inboxes they answer, webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import orjson

from workers.chatwoot.access_token import Token
from workers.chatwoot.errors import AdminError
from workers.chatwoot.request import RequestBody, send_once
from workers.chatwoot.response import Response

EVENTS: Final = (
    "conversation_created", "conversation_typing_on", "conversation_typing_off", "contact_created", "contact_updated",
)  # fmt: skip
"""What an agent bot is never told of: the account's webhook brings it."""

_SECONDS: Final = 15
_EXPLAINED: Final = {
    401: "the token may not do this: it must be an administrator's. If it is, a proxy may have dropped its header",
    403: "the token may not do this: it must be an administrator's, of an account whose plan has the API",
    404: "there is no such thing: is this Chatwoot's address, and the number its account's?",
}
_ANOTHERS: Final = "that is not Chatwoot's answer, but a proxy's, a firewall's or a login's before it"


@dataclass(frozen=True, slots=True)
class Bot:
    """An agent bot. `secret` and `token` are only shown to administrators."""

    id: int
    name: str
    address: str
    secret: str
    token: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """An account's webhook."""

    id: int
    address: str
    secret: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InboxBinding:
    """An inbox, and the bot that answers there."""

    id: int
    name: str
    channel: str
    bot: int | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """All of an account's set-up."""

    name: str
    bots: tuple[Bot, ...]
    webhooks: tuple[Webhook, ...]
    inboxes: tuple[InboxBinding, ...]

    def bot(self, key: str) -> Bot | None:
        """Return the bot that reports to us for an account's key, whatever our address was."""
        return next((each for each in self.bots if _is_ours(each.address, key)), None)

    def webhook(self, key: str) -> Webhook | None:
        """Return the webhook that reports to us for an account's key."""
        return next((each for each in self.webhooks if _is_ours(each.address, key)), None)


class Admin:
    """One account's set-up, over HTTP. `token` is an administrator's; only reading may be done with a teammate's.

    Raises:
        AdminError: the token is empty, or none.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, account: int, token: str) -> None:
        self._session = session
        self._base = f"{url.rstrip('/')}/api/v1/accounts/{account}"
        try:
            self._token = Token("the administrator's token", token)
        except ValueError as error:
            raise AdminError(str(error)) from None

    async def setup(self) -> Setup:
        """Read everything.

        Raises:
            AdminError: Chatwoot refused or could not be reached.
        """
        account = _map(await self.call("GET", ""))
        bots = tuple(_bot(each) for each in _list(await self.call("GET", "/agent_bots")))
        webhooks = _list(_map(_map(await self.call("GET", "/webhooks")).get("payload")).get("webhooks"))
        inboxes = await self.inboxes()
        return Setup(str(account.get("name") or ""), bots, tuple(_webhook(each) for each in webhooks), inboxes)

    async def inboxes(self) -> tuple[InboxBinding, ...]:
        """Read the inboxes and who answers them.

        Raises:
            AdminError: Chatwoot refused or could not be reached.
        """
        raw = _list(_map(await self.call("GET", "/inboxes")).get("payload"))
        return tuple([await self._inbox_binding(each) for each in raw])

    async def _inbox_binding(self, raw: Mapping[str, Any]) -> InboxBinding:
        number = int(raw["id"])
        channel = str(raw.get("channel_type") or "")
        return InboxBinding(number, str(raw.get("name") or ""), channel, await self.bot_of(number))

    async def bot_of(self, inbox: int) -> int | None:
        """Return the id of the bot that answers an inbox; None where none does.

        Raises:
            AdminError: Chatwoot refused or could not be reached.
        """
        bot = _map(_map(await self.call("GET", f"/inboxes/{inbox}/agent_bot")).get("agent_bot")).get("id")
        return bot if isinstance(bot, int) else None

    async def create_bot(self, name: str, address: str) -> Bot:
        """Create an agent bot that reports to `address`."""
        body = {"name": name, "description": "Answers first.", "outgoing_url": address, "bot_type": 0}
        return _bot(_map(await self.call("POST", "/agent_bots", body)))

    async def move_bot(self, bot: int, address: str) -> None:
        """Give a bot another address."""
        await self.call("PATCH", f"/agent_bots/{bot}", {"outgoing_url": address})

    async def remove_bot(self, bot: int) -> None:
        """Delete a bot; it answers nowhere from now on."""
        await self.call("DELETE", f"/agent_bots/{bot}")

    async def bind(self, inbox: int, bot: int | None) -> None:
        """Let a bot answer an inbox; None: nobody but people."""
        await self.call("POST", f"/inboxes/{inbox}/set_agent_bot", {"agent_bot": bot})

    async def create_webhook(self, address: str) -> Webhook:
        """Create the account's webhook."""
        body = {"url": address, "name": "ChatwootAI", "subscriptions": list(EVENTS)}
        return _webhook(_map(_map(_map(await self.call("POST", "/webhooks", body)).get("payload")).get("webhook")))

    async def change_webhook(self, webhook: Webhook, address: str) -> None:
        """Give the webhook another address, and all events that are needed."""
        events = list(dict.fromkeys([*webhook.events, *EVENTS]))
        await self.call("PATCH", f"/webhooks/{webhook.id}", {"url": address, "subscriptions": events})

    async def remove_webhook(self, webhook: int) -> None:
        """Delete a webhook."""
        await self.call("DELETE", f"/webhooks/{webhook}")

    async def contact(self, contact: int) -> Mapping[str, Any] | None:
        """Return what Chatwoot knows of a contact; None where it has none of this id.

        Raises:
            AdminError: Chatwoot refused or could not be reached.
        """
        try:
            return _map(_map(await self.call("GET", f"/contacts/{contact}")).get("payload"))
        except AdminError as error:
            if error.missing:
                return None
            raise

    async def conversations_of(self, contact: int) -> frozenset[int]:
        """Return the display ids of a contact's conversations; none where there is no such contact.

        Raises:
            AdminError: Chatwoot refused or could not be reached.
        """
        try:
            found = _list(_map(await self.call("GET", f"/contacts/{contact}/conversations")).get("payload"))
        except AdminError as error:
            if error.missing:
                return frozenset()
            raise
        return frozenset(number for each in found if isinstance(number := _map(each).get("id"), int))

    async def contact_of(self, conversation: int) -> int | None:
        """Return the id of the contact whose conversation it is; None where there is no such conversation.

        Raises:
            AdminError: Chatwoot refused or could not be reached.
        """
        try:
            meta = _map(_map(await self.call("GET", f"/conversations/{conversation}")).get("meta"))
        except AdminError as error:
            if error.missing:
                return None
            raise
        found = _map(meta.get("sender")).get("id")
        return found if isinstance(found, int) else None

    async def remove_contact(self, contact: int) -> bool:
        """Delete a contact with all that Chatwoot has of them; False where there is none.

        Raises:
            AdminError: Chatwoot refused (only an administrator may) or could not be reached.
        """
        try:
            await self.call("DELETE", f"/contacts/{contact}")
        except AdminError as error:
            if error.missing:
                return False
            raise
        return True

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> object:
        """Make one call; the JSON of a good answer, None where it has none."""
        what = f"{method} {path or '/'} of {self._base}"
        data = None if body is None else RequestBody(orjson.dumps(body), content_type="application/json")
        answer = await send_once(self._session, method, self._base + path, self._token, data, seconds=_SECONDS)
        if not answer.status:
            raise AdminError(f"{what}: no answer ({answer.fault}); is the address right?")
        if 300 <= answer.status < 400:
            raise AdminError(f"{what}: it has moved to {answer.excerpt}: write that address")
        if not answer.good:
            missing = answer.own and answer.status == HTTPStatus.NOT_FOUND
            raise AdminError(
                f"{what}: HTTP {answer.status}: {_explanation(answer)}", missing=missing, status=answer.status
            )
        if answer.fault:
            raise AdminError(f"{what}: the answer is no JSON; is the address Chatwoot's?")
        return answer.body


_FAILING = 500


def _explanation(answer: Response) -> str:
    if not answer.own:
        return _ANOTHERS
    said = f"{answer.excerpt}: " if answer.excerpt else ""
    usual = "Chatwoot fails: look at it, and try again" if answer.status >= _FAILING else "Chatwoot refuses it"
    return said + _EXPLAINED.get(answer.status, usual)


def address(ours: str, key: str) -> str:
    """Return the webhook address of an account at our public address."""
    return f"{ours.rstrip('/')}/webhooks/chatwoot/{key}"


def _is_ours(address: str, key: str) -> bool:
    return address.partition("?")[0].rstrip("/").endswith(f"/webhooks/chatwoot/{key}")


def _bot(raw: Mapping[str, Any]) -> Bot:
    said = {name: str(raw.get(name) or "") for name in ("name", "outgoing_url", "secret", "access_token")}
    return Bot(int(raw["id"]), said["name"], said["outgoing_url"], said["secret"], said["access_token"])


def _webhook(raw: Mapping[str, Any]) -> Webhook:
    events = tuple(each for each in _list(raw.get("subscriptions")) if isinstance(each, str))
    return Webhook(int(raw["id"]), str(raw.get("url") or ""), str(raw.get("secret") or ""), events)


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
