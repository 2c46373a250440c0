"""The provider behind a channel: takes what Chatwoot sends, and reports delivery or failure."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from sandbox.chatwoot.sending import shown
from sandbox.chatwoot.sending.wire import wire
from sandbox.chatwoot.world import payloads, writing
from sandbox.chatwoot.world.media import Medium
from sandbox.chatwoot.world.records import OUTGOING, TEMPLATE, Conversation, Event, Message
from sandbox.chatwoot.world.world import World

_WINDOW: Final = (
    "Message not sent because the WhatsApp 24-hour customer service window is closed and no template parameters "
    "were provided. Send an approved template message instead."
)


@dataclass(slots=True)
class Carrier:
    """Carries outgoing messages to contacts, `delay` seconds after they were stored."""

    world: World
    delay: float = 0.02
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def notice(self, event: Event) -> None:
        """Take up a new message that is meant for the contact."""
        message, thread = event.message, event.conversation
        if event.name != "message_created" or message is None or thread is None:
            return
        if message.message_type not in (OUTGOING, TEMPLATE) or message.private:
            return
        medium = self.world.medium(thread.inbox_id)
        message.wire = wire(medium, message.content) if message.content else None
        if message.source_id is None:  # a message that has an id already came from the channel
            task = asyncio.get_running_loop().create_task(self._carry(medium, thread, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, medium: Medium, thread: Conversation, message: Message) -> None:
        await asyncio.sleep(self.delay)
        if why := self._refusal(medium, thread, message):
            writing.fail(self.world, thread, message, why)
            return
        if not medium.source_id:
            return
        writing.edit(self.world, thread, message, source_id=f"{medium.key}.{message.id:016X}")
        if medium.confirms:
            await asyncio.sleep(self.delay)
            writing.edit(self.world, thread, message, status="delivered")

    def _refusal(self, medium: Medium, thread: Conversation, message: Message) -> str | None:
        if "template_params" not in message.additional_attributes and not payloads.can_reply(self.world, thread):
            return _WINDOW if medium.key == "whatsapp" else "The channel's messaging window is closed."
        text = message.wire or ""
        if medium.markup == "telegram":
            if why := shown.telegram_refuses(text):
                return why
            text = shown.text_of(shown.from_html(text))
        if medium.markup == "html":
            text = message.content or ""
        if len(text) > medium.limit:
            return f"Message is too long for {medium.label}: {len(text)} characters, at most {medium.limit}."
        return None

    async def close(self) -> None:
        """Let what is under way be done with."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
