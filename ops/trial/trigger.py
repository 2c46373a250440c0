"""Sends a message through a whole installation: a conversation in Chatwoot, a signed delivery, and the reply to it."""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from config.snapshot import Account, Snapshot
from ops.access import ChatwootRefused, CommandError, NotFound
from ops.doctor.chatwoot import AccountLook
from ops.doctor.door import NoDelivery, deliver, secret_of
from ops.doctor.examine import public_address
from workers.chatwoot.admin import Admin, InboxBinding, Setup
from workers.chatwoot.errors import AdminError

_EVERY = 0.3
_SUITED = ("Channel::Api", "Channel::WebWidget", "Channel::Email")
"""Kinds of inboxes in which a contact needs no phone and no account elsewhere, the best first."""
_NAME = "ChatwootAI trigger"


@dataclass
class Trigger:
    """One message on its way. `tell`: hears of each step; `ours`: our address, None: as Chatwoot has it."""

    session: aiohttp.ClientSession
    account: Account
    snapshot: Snapshot
    text: str
    tell: Callable[[str], None]
    inbox: int | None = None
    ours: str | None = None
    within: float = 60.0
    began: float = field(default_factory=time.monotonic)

    async def run(self, admin_token: str | None) -> dict[str, Any]:
        """Do all of it. Returns conversation, delivery, replies and the status that the conversation ended in.

        Raises:
            ChatwootRefused: a call was refused.
            CommandError: there is no token or no address, the door did not take it, or no reply came in time.
        """
        own = self.account.user_token.reveal() if self.account.user_token else admin_token
        if not own:
            raise CommandError("a user_token is needed, or CHATWOOT_ADMIN_TOKEN: a conversation is made with it")
        try:
            admin = Admin(self.session, self.account.installation.url, self.account.id, own)
            setup = await _setup(admin)
            door = await self._chosen(admin, setup)
            url = self._address(setup)
            conversation, contact = await self._conversation(admin, door)
            try:
                return await self._delivered(admin, url, door, conversation, contact)
            finally:
                await self._resolve(admin, conversation)
        except AdminError as error:
            raise ChatwootRefused(str(error)) from None

    async def _resolve(self, admin: Admin, conversation: int) -> None:
        """Resolve the conversation; where that is refused say so, and let the trial's own end stand."""
        try:
            await admin.call("POST", f"/conversations/{conversation}/toggle_status", {"status": "resolved"})
        except AdminError as error:
            self._say(f"the conversation stays open: {error}")

    def _address(self, setup: Setup | None) -> str:
        look = AccountLook(self.account, setup=setup)
        if (found := public_address(look, self.snapshot, self.ours)) is None:
            raise CommandError("our public address is not known: name it with --ours, as https://ai.example.com")
        return found

    async def _chosen(self, admin: Admin, setup: Setup | None) -> InboxBinding:
        doors = setup.inboxes if setup else await admin.inboxes()
        if self.inbox is not None:
            if found := next((door for door in doors if door.id == self.inbox), None):
                return found
            raise NotFound(f"there is no inbox {self.inbox}; there are: {', '.join(str(door.id) for door in doors)}")
        suited = [door for kind in _SUITED for door in doors if door.channel == kind]
        if not suited:
            raise CommandError("no inbox is of a kind in which a contact can be made up: name one with --inbox")
        return suited[0]

    async def _conversation(self, admin: Admin, door: InboxBinding) -> tuple[int, int]:
        """Return the numbers of a new pending conversation and of its contact."""
        mail = f"trigger-{uuid.uuid4().hex[:8]}@chatwootai.invalid"
        made = _payload(await admin.call("POST", "/contacts", {"inbox_id": door.id, "name": _NAME, "email": mail}))
        contact, place = _map(made.get("contact")), _map(made.get("contact_inbox"))
        body = {
            "inbox_id": door.id, "contact_id": contact.get("id"), "source_id": place.get("source_id"),
            "status": "pending",
        }  # fmt: skip
        thread = _map(await admin.call("POST", "/conversations", body))
        number, who = thread.get("id"), contact.get("id")
        if not isinstance(number, int) or not isinstance(who, int):
            raise ChatwootRefused("Chatwoot made no conversation: it answered without a number")
        self._say(f"conversation {self.account.key}:{number} made in inbox {door.id} `{door.name}`")
        return number, who

    async def _delivered(
        self, admin: Admin, url: str, door: InboxBinding, conversation: int, contact: int
    ) -> dict[str, Any]:
        body = orjson.dumps(_webhook(self.account.id, door, conversation, contact, self.text))
        try:
            status, said = await deliver(self.session, url, secret_of(self.account), body)
        except NoDelivery as error:
            raise CommandError(f"{url}: {error}") from None
        if status != 200 or said.get("status") != "accepted":
            reason = said.get("error") or said.get("reason") or said.get("status") or ""
            raise CommandError(f"{url}: our door answers {status} {reason}; `chatwootai doctor` says more")
        self._say(f"delivered to {url}: accepted")
        replies, state = await self._replies(admin, conversation)
        self._say(f"replied; the conversation is {state}")
        return {
            "conversation": f"{self.account.key}:{conversation}", "address": url, "replies": replies, "status": state,
            "seconds": round(time.monotonic() - self.began, 3),
        }  # fmt: skip

    async def _replies(self, admin: Admin, conversation: int) -> tuple[list[str], str]:
        """Return what was posted, once there is any, and the conversation's status."""
        path = f"/conversations/{conversation}"
        until = time.monotonic() + self.within
        while time.monotonic() < until:
            found = _map(await admin.call("GET", f"{path}/messages")).get("payload")
            said = [_map(each) for each in found or ()]
            replies = [str(each.get("content") or "") for each in said if _is_reply(each)]
            if replies:
                thread = _map(await admin.call("GET", path))
                return replies, str(thread.get("status"))
            await asyncio.sleep(_EVERY)
        where = f"{self.account.key}:{conversation}"
        raise CommandError(f"no reply within {self.within:g} s: `chatwootai jobs show {where}` says how far it came")

    def _say(self, what: str) -> None:
        self.tell(f"{time.monotonic() - self.began:6.2f} s  {what}")


async def _setup(admin: Admin) -> Setup | None:
    """Return the account's set-up; None where the token is not an administrator's."""
    try:
        return await admin.setup()
    except AdminError:
        return None


def _webhook(account: int, door: InboxBinding, conversation: int, contact: int, text: str) -> dict[str, Any]:
    """Return a body as Chatwoot sends it for a contact's message. Its number is later than any that Chatwoot gave."""
    now = time.time()
    sender = {"id": contact, "name": _NAME, "type": "contact"}
    return {
        "event": "message_created",
        "id": int(now * 1000),
        "message_type": "incoming",
        "content_type": "text",
        "content": text,
        "created_at": int(now),
        "private": False,
        "sender": sender,
        "account": {"id": account},
        "inbox": {"id": door.id, "name": door.name},
        "conversation": {
            "id": conversation, "inbox_id": door.id, "status": "pending", "channel": door.channel,
            "meta": {"sender": sender},
        },
    }  # fmt: skip


def _is_reply(message: Mapping[str, Any]) -> bool:
    return message.get("message_type") in (1, "outgoing") and not message.get("private")


def _payload(raw: object) -> Mapping[str, Any]:
    return _map(_map(raw).get("payload"))


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
