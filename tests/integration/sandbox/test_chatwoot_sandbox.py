"""The client against a Chatwoot that behaves as the real one: what it may call, what it stores, what it reads back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from sandbox.chatwoot import app
from sandbox.chatwoot.driver import Driver
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from workers.chatwoot.client import Chatwoot, MarkPresence
from workers.chatwoot.errors import Gone, MissingUserToken, Refused, TokenRefused
from workers.chatwoot.records import Mark


@dataclass
class Place:
    """A sandbox, a client with both tokens, one with the bot's alone, and a conversation."""

    both: Chatwoot
    bot: Chatwoot
    driver: Driver
    conversation: int
    first: int
    url: str
    session: aiohttp.ClientSession


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    world = seed.plant(World())
    made = app.create(world, carrier_delay=0.005)
    secrets = seed.environ(world)
    bot, user = secrets["CHATWOOT_1_BOT_TOKEN"], secrets["CHATWOOT_1_USER_TOKEN"]
    async with app.serve(made, world) as served, Driver(served.url) as driver, aiohttp.ClientSession() as session:
        sent = await driver.write(1, "whatsapp", "Oi, meu pedido não chegou")
        yield Place(
            Chatwoot(session, url=served.url, account=1, bot_token=bot, user_token=user),
            Chatwoot(session, url=served.url + "/", account=1, bot_token=bot),
            driver, sent.conversation, sent.message, served.url, session,
        )  # fmt: skip


async def test_a_message_is_stored_as_the_bots_with_our_mark(place: Place) -> None:
    number = await place.bot.create_message(place.conversation, "Olá, {{contact.name}}!", mark=Mark("turn-1", 0))
    (stored,) = [m for m in await place.both.messages(place.conversation) if m.id == number]
    assert (stored.type, stored.private, stored.sender_type, stored.mark) == (
        "outgoing", False, "agent_bot", Mark("turn-1", 0),
    )  # fmt: skip
    assert stored.content == "Olá, {\u200b{contact.name}\u200b}!"


async def test_a_note_is_private(place: Place) -> None:
    number = await place.bot.note(place.conversation, "resumo")
    (stored,) = [m for m in await place.both.messages(place.conversation) if m.id == number]
    assert stored.private


async def test_a_conversation_is_read_and_handed_over(place: Place) -> None:
    assert (await place.bot.conversation(place.conversation)).status == "pending"
    assert await place.bot.set_status(place.conversation, "open") == "open"
    shown = await place.bot.conversation(place.conversation)
    assert (shown.status, shown.can_reply, shown.blocked) == ("open", True, False)
    assert place.conversation in [found.id for found in await place.both.conversations(status="open")]


async def test_labels_are_added_without_losing_others(place: Place) -> None:
    await place.bot.set_labels(place.conversation, ["billing"])
    assert set(await place.bot.add_labels(place.conversation, ["handoff", "billing"])) == {"billing", "handoff"}
    assert set(await place.bot.labels(place.conversation)) == {"billing", "handoff"}


async def test_priority_typing_and_attributes_are_taken(place: Place) -> None:
    await place.bot.set_priority(place.conversation, "urgent")
    await place.bot.typing(place.conversation, on=True)
    await place.bot.typing(place.conversation, on=False)
    await place.bot.set_custom_attributes(place.conversation, {"order": "8812"})
    shown = await place.bot.conversation(place.conversation)
    assert (shown.priority, shown.custom) == ("urgent", {"order": "8812"})


async def test_history_needs_the_users_token(place: Place) -> None:
    with pytest.raises(MissingUserToken, match="user_token"):
        await place.bot.messages(place.conversation)
    with pytest.raises(MissingUserToken):
        await place.bot.conversations()


async def test_a_mark_is_found_or_known_to_be_absent_with_the_users_token(place: Place) -> None:
    assert (await place.both.find_mark(place.conversation, "turn-1", 0)).presence is MarkPresence.ABSENT
    number = await place.bot.create_message(place.conversation, "a", mark=Mark("turn-1", 0))
    for filler in range(45):
        await place.bot.create_message(place.conversation, f"b{filler}")
    for after in (None, place.first):
        found = await place.both.find_mark(place.conversation, "turn-1", 0, after=after)
        assert (found.presence, found.message) == (MarkPresence.FOUND, number)
        assert (
            await place.both.find_mark(place.conversation, "turn-2", 0, after=after)
        ).presence is MarkPresence.ABSENT


async def test_with_the_bots_token_alone_a_mark_may_be_unsure(place: Place) -> None:
    look = place.bot.find_mark
    assert (await look(place.conversation, "turn-1", 0, after=place.first)).presence is MarkPresence.ABSENT
    assert (await look(place.conversation, "turn-1", 0)).presence is MarkPresence.UNSURE
    number = await place.bot.create_message(place.conversation, "a", mark=Mark("turn-1", 1))
    found = await look(place.conversation, "turn-1", 1, after=place.first)
    assert (found.presence, found.message) == (MarkPresence.FOUND, number)
    assert (
        await look(place.conversation, "turn-1", 0)
    ).presence is MarkPresence.FOUND  # the part before it was posted before
    assert (await look(place.conversation, "turn-1", 2, after=place.first)).presence is MarkPresence.UNSURE


async def test_a_wrong_token_is_refused_and_a_missing_conversation_is_gone(place: Place) -> None:
    stranger = Chatwoot(place.session, url=place.url, account=1, bot_token="wrong")
    with pytest.raises(TokenRefused) as refused:
        await stranger.conversation(place.conversation)
    assert refused.value.status == 401
    with pytest.raises(Gone) as missing:
        await place.bot.conversation(999_999)
    assert missing.value.status == 404


async def test_what_chatwoot_finds_too_long_is_refused(place: Place) -> None:
    with pytest.raises(Refused) as refused:
        await place.bot.create_message(place.conversation, "a" * 150_001)
    assert refused.value.status == 422
