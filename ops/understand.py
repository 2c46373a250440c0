"""Does `chatwootai understand`: reads messages as a worker would, for one account, and prints what it told."""

import argparse
import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from ops.parsing import lines_of_stdin
from ops.printing import as_json, complain, table

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from config.settings.settings import Settings
    from config.snapshot import Account
    from crews.answer.curated import CuratedAnswers
    from crews.knowledge.knowledge import Knowledge
    from crews.understanding.message_reader import MessageReader


def understand(arguments: argparse.Namespace, account: "Account", environ: Mapping[str, str]) -> int:
    """Read the message, or each line of stdin, and print what is told; 0, or 1 where there is no such inbox."""
    inbox = account.inboxes.get(arguments.inbox) if arguments.inbox else None
    if arguments.inbox and inbox is None:
        known = ", ".join(map(str, sorted(account.inboxes))) or "none"
        complain(f"the mapping names no inbox {arguments.inbox} of account {account.key}; it names: {known}")
        return 1
    settings = inbox.settings if inbox else account.settings
    from chatwootai.telemetry import log

    log.configure("CRITICAL", environ.get("LOG_FORMAT") or None, process="ops")  # what fails is said in a sentence
    asyncio.run(_all(arguments, account, settings, environ))
    return 0


async def _all(
    arguments: argparse.Namespace, account: "Account", settings: "Settings", environ: Mapping[str, str]
) -> None:
    async with AsyncExitStack() as stack:
        desk = await _Desk.open(stack, account, settings, environ)
        if arguments.message == "-":
            async for line in lines_of_stdin():
                print(json.dumps(await desk.told(line), ensure_ascii=False), flush=True)
            return
        told = await desk.told(arguments.message)
    if arguments.json:
        as_json(told)
    else:
        table(("WHAT", "TOLD"), [(name, json.dumps(value, ensure_ascii=False)) for name, value in told.items()])


class _Desk:
    """Holds what a worker has before it when a message of one account comes. `settings`: of the inbox it comes by."""

    def __init__(
        self,
        account: "Account",
        settings: "Settings",
        reader: "MessageReader",
        curated: "CuratedAnswers",
        knowledge: "Knowledge | None",
    ) -> None:
        self._account = account
        self._settings = settings
        self._reader = reader
        self._curated = curated
        self._knowledge = knowledge

    @classmethod
    async def open(
        cls, stack: AsyncExitStack, account: "Account", settings: "Settings", environ: Mapping[str, str]
    ) -> "_Desk":
        from crews.answer.by_meaning import ByMeaning
        from crews.answer.curated import CuratedAnswers, ExactFinder
        from crews.encoding.embedded import EmbeddedEncoder
        from crews.matching.matcher import Matcher
        from crews.understanding.message_reader import MessageReader

        encoder = EmbeddedEncoder()
        stack.callback(encoder.close)
        await encoder.warm()
        curated = CuratedAnswers([ExactFinder(), ByMeaning(Matcher(encoder), seconds=10)])
        knowledge = await _knowledge(stack, settings, environ)
        return cls(account, settings, MessageReader(encoder, seconds=10), curated, knowledge)

    async def told(self, text: str) -> dict[str, Any]:
        """Return what is told of one message, by the names that scripts read."""
        from chatwootai.model.policy.meaning import is_angry, is_asking
        from chatwootai.model.text.language import language_of
        from crews.understanding.language import guess_language
        from workers.handoff.build import topic_examples

        settings = self._settings
        language = language_of(text, (), None, settings.language, settings.spoken, guess_language)
        meaning = await self._reader.read(text, topic_examples(settings))
        person, angry = bool(is_asking(text, meaning)), is_angry(text, meaning, language)
        return {
            "language": language,
            "person": person,
            "angry": angry,
            "person_score": max(meaning.person, float(person and meaning.person == 0)),
            "anger_score": max(meaning.angry, float(angry and meaning.angry == 0)),
            "thanks_score": meaning.thanks,
            "goodbye_score": meaning.goodbye,
            "topic": meaning.topic,
            "answer": await self._answer(text, language),
            "documents": await self._documents(text),
        }

    async def _answer(self, text: str, language: str) -> str | None:
        """Return the name of the curated answer that a customer would get who writes through an API inbox."""
        from chatwootai.model.message.origin import Origin
        from chatwootai.model.message.turn import Question

        question = Question(
            turn="", origin=Origin(account=self._account.key, channel="api"), folder="", domain="", function="",
            text=text, history=(), deadline=time.time() + 10, language=language,
        )  # fmt: skip
        found = await self._curated.find(question, self._settings)
        return found.name if found else None

    async def _documents(self, text: str) -> list[str]:
        """Return the ids of what would be offered to a crew, the nearest first; none where Redis is away."""
        from chatwootai.stores.server.connection import StoreUnavailable

        if self._knowledge is None:
            return []
        try:
            hits = await self._knowledge.search(self._account.key, self._settings, text)
        except StoreUnavailable:
            return []
        return list(dict.fromkeys(hit.passage.document for hit in hits))


async def _knowledge(stack: AsyncExitStack, settings: "Settings", environ: Mapping[str, str]) -> "Knowledge | None":
    """Return the account's knowledge, where it has any and its Redis answers."""
    if not settings.knowledge.sources:
        return None
    from chatwootai.stores.server.connection import DEFAULT_URL, StoreUnavailable, connect
    from chatwootai.stores.server.examination import CannotUse, examine
    from crews.knowledge.encoders import AccountEncoders
    from crews.knowledge.knowledge import Knowledge

    connection: Connection = connect(environ.get("REDIS_URL") or DEFAULT_URL, timeout=5.0)
    stack.push_async_callback(connection.aclose)
    try:
        await examine(connection)
    except (StoreUnavailable, CannotUse) as error:
        complain(f"no documents are looked for: {error}")
        return None
    encoders = AccountEncoders(connection)
    stack.push_async_callback(encoders.aclose)
    return Knowledge(connection, encoders.encoder_for)
