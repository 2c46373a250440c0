"""Chatwoot's API, as far as we answer with it: a method a call. What goes wrong is one of workers.chatwoot.errors."""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import aiohttp

from chatwootai.channels.outgoing.text.liquid import neutral
from chatwootai.model.message.outbox import MARK
from workers.chatwoot import operations
from workers.chatwoot import records as read
from workers.chatwoot.errors import FateUnknown, TryAgain
from workers.chatwoot.http import Http, OnCall
from workers.chatwoot.operations import Operation, Owner
from workers.chatwoot.records import Conversation, Mark, Message

_PATIENCE: Final = 15.0
_PAGE_AFTER: Final = 100
_PAGE_LATEST: Final = 20
_PAGES: Final = 10


class MarkPresence(StrEnum):
    """Presence of our mark in a conversation. Only FOUND is final: a request under way may still be stored."""

    FOUND = "found"
    ABSENT = "absent"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class MarkSearch:
    """The answer of `find_mark`. `message` is its id where it was seen itself, not only a later part of its turn."""

    presence: MarkPresence
    message: int | None = None


class Chatwoot:
    """One account's API, with the bot's token; with the user's where a bot may not (docs/reference/chatwoot.md).

    Every call takes `deadline`, unix seconds, 15 s from now by default; what cannot end before it does not start.
    Calls are retried on 429, 5xx and connection faults where repeating is safe; creating a message is not. `on_call`
    hears of each.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        url: str,
        account: int,
        bot_token: str,
        user_token: str | None = None,
        on_call: OnCall = lambda _: None,
    ) -> None:
        self._http = Http(
            session, url=url, account=account, bot_token=bot_token, user_token=user_token, on_call=on_call
        )

    def __repr__(self) -> str:
        return f"Chatwoot({self._http!r})"

    @property
    def reads_history(self) -> bool:
        """Tell whether there is a user token, so that messages and conversations can be listed."""
        return self._http.has(Owner.USER)

    def worked_at(self, owner: Owner) -> float:
        """Return when a token last brought an answer of Chatwoot's, by time.monotonic(); 0: never."""
        return self._http.worked_at.get(owner, 0.0)

    async def create_message(
        self,
        conversation: int,
        content: str,
        *,
        mark: Mark | None = None,
        private: bool = False,
        content_attributes: Mapping[str, Any] | None = None,
        deadline: float | None = None,
        begin_by: float = math.inf,
        extra: Mapping[str, Any] | None = None,
    ) -> int:
        """Post a message as the bot; what Liquid or a mention would do in `content` is broken first.

        `mark` is how a later attempt finds it. `source_id` is never sent: with one, Chatwoot would not deliver it.
        Nothing is sent later than `begin_by` (unix seconds): until then the caller knows that nobody else posts it.
        `extra`: further keys of the body, as `content_type`, `cc_emails` and `template_params`.

        Returns:
            The message's id.

        Raises:
            FateUnknown: it may stand in the conversation; `find_mark` before posting again.
        """
        attributes = dict(content_attributes or {})
        if mark is not None:
            attributes[MARK] = {"turn": mark.turn, "part": mark.part}
        body = {
            "content_type": "text",
            **(extra or {}),
            "content": neutral(content),
            "message_type": "outgoing",
            "private": private,
            "content_attributes": attributes,
        }
        answer = read.mapping(
            await self._call(operations.CREATE_MESSAGE, conversation, deadline, body, begin_by=begin_by)
        )
        number = read.whole(answer.get("id"))
        if number is None:
            raise FateUnknown(operations.CREATE_MESSAGE.name, "answered without a message id")
        return number

    async def note(
        self, conversation: int, content: str, *, mark: Mark | None = None, deadline: float | None = None
    ) -> int:
        """Post a private note, which only teammates see. As `create_message`."""
        return await self.create_message(conversation, content, mark=mark, private=True, deadline=deadline)

    async def typing(self, conversation: int, *, on: bool, deadline: float | None = None) -> None:
        """Show, or no longer show, that somebody types."""
        body = {"typing_status": "on" if on else "off", "is_private": False}
        await self._call(operations.TYPING, conversation, deadline, body)

    async def set_status(
        self, conversation: int, status: str, *, snoozed_until: int | None = None, deadline: float | None = None
    ) -> str | None:
        """Set open, resolved, pending or snoozed. From pending to open, with the bot's token, it is a handoff.

        Returns:
            The status that Chatwoot says it has now.
        """
        body: dict[str, Any] = {"status": status}
        if snoozed_until is not None:
            body["snoozed_until"] = snoozed_until
        answer = read.mapping(await self._call(operations.STATUS, conversation, deadline, body))
        return read.text(read.mapping(answer.get("payload")).get("current_status"))

    async def set_priority(self, conversation: int, priority: str | None, *, deadline: float | None = None) -> None:
        """Set low, medium, high, urgent, or None."""
        await self._call(operations.PRIORITY, conversation, deadline, {"priority": priority})

    async def labels(self, conversation: int, *, deadline: float | None = None) -> tuple[str, ...]:
        """Read the labels."""
        answer = read.mapping(await self._call(operations.LABELS, conversation, deadline))
        return read.labels(_as_list(operations.LABELS, answer.get("payload")))

    async def set_labels(
        self, conversation: int, labels: Iterable[str], *, deadline: float | None = None
    ) -> tuple[str, ...]:
        """Replace all labels by these."""
        body = {"labels": list(dict.fromkeys(labels))}
        answer = read.mapping(await self._call(operations.SET_LABELS, conversation, deadline, body))
        return read.labels(answer.get("payload"))

    async def add_labels(
        self, conversation: int, labels: Iterable[str], *, deadline: float | None = None
    ) -> tuple[str, ...]:
        """Add labels and keep the others. Chatwoot only replaces: one that a teammate adds meanwhile is lost."""
        deadline = _deadline(deadline)
        present = await self.labels(conversation, deadline=deadline)
        wanted = tuple(dict.fromkeys((*present, *labels)))
        return present if wanted == present else await self.set_labels(conversation, wanted, deadline=deadline)

    async def assign_team(self, conversation: int, team: int, *, deadline: float | None = None) -> None:
        """Give the conversation to a team."""
        await self._call(operations.ASSIGN, conversation, deadline, {"team_id": team})

    async def assign_teammate(self, conversation: int, teammate: int | None, *, deadline: float | None = None) -> None:
        """Give the conversation to one person; None: to nobody."""
        await self._call(operations.ASSIGN, conversation, deadline, {"assignee_id": teammate})

    async def conversation(self, conversation: int, *, deadline: float | None = None) -> Conversation:
        """Look at a conversation: who owns it, may we reply, its last message."""
        found = read.conversation(await self._call(operations.SHOW, conversation, deadline))
        if found is None or found.id != conversation:  # a cache before it may give another one's
            raise _without(operations.SHOW, "this conversation")
        return found

    async def set_custom_attributes(
        self, conversation: int, attributes: Mapping[str, Any], *, deadline: float | None = None
    ) -> None:
        """Replace ALL custom attributes by these: Chatwoot keeps none of the others. Read them first, to add one."""
        body = {"custom_attributes": dict(attributes)}
        await self._call(operations.ATTRIBUTES, conversation, deadline, body)

    async def messages(
        self,
        conversation: int,
        *,
        after: int | None = None,
        before: int | None = None,
        deadline: float | None = None,
    ) -> tuple[Message, ...]:
        """Read one page, oldest first, private notes and activity too: 100 after an id, or 20 before one, or the last.

        Raises:
            MissingUserToken: a bot may not list messages.
        """
        query = {name: str(at) for name, at in (("after", after), ("before", before)) if at is not None}
        answer = read.mapping(await self._call(operations.MESSAGES, conversation, deadline, query=query))
        listed = _as_list(operations.MESSAGES, answer.get("payload"))
        return tuple(sorted(read.messages(listed), key=lambda message: message.id))

    async def conversations(
        self,
        *,
        status: str = "pending",
        inbox: int | None = None,
        label: str | None = None,
        page: int = 1,
        deadline: float | None = None,
    ) -> tuple[Conversation, ...]:
        """Read one page (25) of an account's conversations of a status (`all`: of any), of everybody's.

        Raises:
            MissingUserToken: a bot may not list conversations.
        """
        query = {"status": status, "assignee_type": "all", "page": str(page)}
        if inbox is not None:
            query["inbox_id"] = str(inbox)
        if label is not None:
            query["labels[]"] = label
        answer = read.mapping(await self._call(operations.CONVERSATIONS, None, deadline, query=query))
        listed = _as_list(operations.CONVERSATIONS, read.mapping(answer.get("data")).get("payload"))
        return tuple(found for found in map(read.conversation, listed) if found is not None)

    async def find_mark(
        self,
        conversation: int,
        turn: str,
        part: int,
        *,
        after: int | None = None,
        deadline: float | None = None,
        history: bool = True,
    ) -> MarkSearch:
        """Look whether a part of a turn stands in the conversation.

        With the user's token all messages are read; with the bot's only the last one, which mostly tells enough.

        Args:
            conversation: its display id.
            turn: the turn's id.
            part: which part; parts are posted in order, so a later one says that this one was posted.
            after: the id of a message that the part can only follow, such as the last that it answers.
            deadline: unix seconds.
            history: False where the user's token is not to be used.
        """
        wanted, deadline = Mark(turn, part), _deadline(deadline)
        if history and self.reads_history:
            return await self._search(conversation, wanted, after, deadline)
        shown = await self.conversation(conversation, deadline=deadline)
        found = _search_page(shown.last, wanted)
        if found is None:
            silent = after is not None and bool(shown.last) and shown.last[-1].id <= after
            found = MarkSearch(MarkPresence.ABSENT if silent else MarkPresence.UNSURE)
        return found

    async def _search(self, conversation: int, wanted: Mark, after: int | None, deadline: float) -> MarkSearch:
        before: int | None = None
        for _ in range(_PAGES):
            page = await self.messages(conversation, after=after, before=before, deadline=deadline)
            found = _search_page(page, wanted)
            if found is not None:
                return found
            if len(page) < (_PAGE_LATEST if after is None else _PAGE_AFTER):
                return MarkSearch(MarkPresence.ABSENT)
            after, before = (None, page[0].id) if after is None else (page[-1].id, None)
        return MarkSearch(MarkPresence.UNSURE)

    async def _call(
        self,
        operation: Operation,
        conversation: int | None,
        deadline: float | None,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        begin_by: float = math.inf,
    ) -> object:
        return await self._http.call(
            operation,
            deadline=_deadline(deadline),
            conversation=conversation,
            body=body,
            query=query,
            begin_by=begin_by,
        )


def _deadline(deadline: float | None) -> float:
    return time.time() + _PATIENCE if deadline is None else deadline


def _as_list(operation: Operation, value: object) -> list[Any]:
    """Return the list that was asked for; raise where there is none, which does not mean that it is empty."""
    if not isinstance(value, list):
        raise _without(operation, "a list")
    return value


def _without(operation: Operation, what: str) -> TryAgain:
    return TryAgain(operation.name, f"answered without {what}", time.time() + 1.0)


def _search_page(messages: Iterable[Message], wanted: Mark) -> MarkSearch | None:
    marks = [(message.mark, message.id) for message in messages if message.mark is not None]
    for mark, number in marks:
        if mark == wanted:
            return MarkSearch(MarkPresence.FOUND, number)
    later = any(mark.turn == wanted.turn and mark.part > wanted.part for mark, _ in marks)
    return MarkSearch(MarkPresence.FOUND) if later else None
