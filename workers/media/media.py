"""Attachments read before the turn: voice notes transcribed, files read, images fetched for models that see.

What cannot be had is said in its place, so that a crew answers honestly. Readings are kept with their message.
"""

import asyncio
import base64
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import aiohttp

from chatwootai.channels.incoming.attachments import UNSUPPORTED
from chatwootai.model.message.delivery import Attachment, Delivery
from chatwootai.model.text.marks import limited
from chatwootai.stores import keys
from chatwootai.stores.conversation.media import Reading, Readings
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import FAILED_OPEN, MEDIA
from config.settings.settings import Settings
from crews.transcription import Recording, TranscriptionFailed, transcribe, transcription_endpoint
from workers.account.tenant import Tenant
from workers.media.attached_file import Unreadable
from workers.media.attached_file_process import DocumentReader
from workers.media.fetch import Fetched, Fetcher, Trusted, Unfetchable
from workers.media.slots import AccountSlots
from workers.turn_signals import TurnSignals, wait_for_either

_MB: Final = 1 << 20
_IMAGE_BYTES: Final = 4 * _MB
_IMAGES: Final = 4  # a burst's newest
_HEARD_AT_ONCE: Final = 16
_SHARE: Final = 0.6  # of the time left, for reading: the rest is for the answer
_FILE: Final = "file"
_KEPT: Final = frozenset({"transcript", "content"})
_SIGHTS: Final = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))
_BLIND: Final = re.compile(r"gpt-3\.5|o1-mini|o3-mini|deepseek|mixtral|mistral-7b|llama-?3(?:\.1|:|-8b|$)")
_log = log.get("media")


@dataclass(frozen=True, slots=True)
class ReadBurst:
    """A burst with what was read in its attachments, and its images as data URLs."""

    deliveries: tuple[Delivery, ...]
    images: tuple[str, ...] = ()


class Superseded(Protocol):
    """The part of a turn that reading needs: its signals, and whether it was superseded."""

    @property
    def signals(self) -> TurnSignals:
        """Return the signals of the turn."""
        ...

    def overtaken(self) -> bool:
        """Tell whether to break off."""
        ...


class Media:
    """Reads attachments. One for a worker."""

    def __init__(self, connection: Connection, inside: aiohttp.ClientSession, outside: aiohttp.ClientSession) -> None:
        self._readings = Readings(connection)
        self._inside, self._outside = inside, outside
        self._fetcher = Fetcher(inside, outside)
        self._reader = DocumentReader()
        self._hearing = AccountSlots(_HEARD_AT_ONCE, each=4)

    async def read(self, tenant: Tenant, deliveries: Sequence[Delivery], listen: Superseded, due: float) -> ReadBurst:
        """Read what came with a burst; broken off when something is heard that changes the turn.

        Args:
            tenant: whose burst it is.
            deliveries: the burst, oldest first.
            listen: what breaks the reading off.
            due: the turn's deadline, unix seconds.
        """
        if not any(map(_unread, (one for each in deliveries for one in each.message.attachments))):
            return ReadBurst(tuple(deliveries))
        until = time.time() + _SHARE * max(0.0, due - time.time())
        reading = asyncio.create_task(self._all(tenant, deliveries, until))
        try:
            while not reading.done() and not listen.overtaken():
                listen.signals.changed.clear()
                await wait_for_either(reading, listen.signals.changed)
            return reading.result() if reading.done() else ReadBurst(tuple(deliveries))
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _all(self, tenant: Tenant, deliveries: Sequence[Delivery], until: float) -> ReadBurst:
        found = await asyncio.gather(*(self._message(tenant, each, until) for each in deliveries))
        images = [image for _, several in found for image in several]
        return ReadBurst(tuple(delivery for delivery, _ in found), tuple(images[-_IMAGES:]))

    async def _message(self, tenant: Tenant, delivery: Delivery, until: float) -> tuple[Delivery, list[str]]:
        message = delivery.message
        if not any(map(_unread, message.attachments)):
            return delivery, []
        conv = keys.conv(delivery.account, delivery.conversation)
        known = await self._read_before(conv, message.id)
        one = _One(tenant, tenant.settings(delivery.inbox), until)
        read = await asyncio.gather(
            *(self._attachment(one, each, known.get(place)) for place, each in enumerate(message.attachments))
        )
        kept = {place: _reading(each) for place, (each, _) in enumerate(read) if _lasting(each)}
        if kept and kept != known:
            await self._keep(conv, message.id, kept)
        attachments = tuple(each for each, _ in read)
        return replace(delivery, message=replace(message, attachments=attachments)), [url for _, url in read if url]

    async def _attachment(self, one: "_One", attachment: Attachment, known: Reading | None) -> tuple[Attachment, str]:
        """Return the attachment as it was read, and its image."""
        if known is not None:
            return replace(attachment, transcript=known.get("transcript"), content=known.get("content")), ""
        if not _unread(attachment) or not one.wanted(attachment):
            return attachment, ""
        try:
            file = await self._fetch(one, attachment)
            read = await self._open_document(one, attachment, file)
        except (Unfetchable, TranscriptionFailed, Unreadable) as error:
            MEDIA.labels(_kind(attachment), "failed").inc()
            _log.info("media_not_read", kind=_kind(attachment), why=str(error))
            return replace(attachment, problem=str(error)), ""
        MEDIA.labels(_kind(attachment), "read").inc()
        return read

    async def _fetch(self, one: "_One", attachment: Attachment) -> Fetched:
        trusted = Trusted(one.tenant.account.installation.url, one.settings.media.hosts)
        most, account = one.settings.media.most_mb * _MB, one.tenant.account.key
        return await self._fetcher.fetch(attachment.url or "", trusted, most=most, until=one.until, account=account)

    async def _open_document(self, one: "_One", attachment: Attachment, file: Fetched) -> tuple[Attachment, str]:
        name = attachment.title or attachment.kind
        stated = attachment.content_type or file.content_type
        if attachment.kind == "audio":
            recording = Recording(file.data, name, stated)
            return replace(attachment, transcript=limited(await self._transcribe(one, recording))), ""
        if attachment.kind == "image":
            return attachment, _data_url(file.data)
        text = await self._reader.read(file.data, name, stated, one.until, one.tenant.account.key)
        return replace(attachment, content=limited(text)), ""

    async def _transcribe(self, one: "_One", recording: Recording) -> str:
        try:
            async with asyncio.timeout(one.until - time.time()), self._hearing.of(one.tenant.account.key):
                at = transcription_endpoint(one.settings)
                return await transcribe(self._outside if at.public else self._inside, at, recording, one.until)
        except TimeoutError:
            raise TranscriptionFailed("it could not be heard in time") from None

    async def _read_before(self, conv: str, message: int) -> dict[int, Reading]:
        try:
            found = await self._readings.known(conv, message)
        except StoreUnavailable:
            FAILED_OPEN.labels("media").inc()
            return {}
        return {
            place: reading for place, reading in found.items() if set(reading) <= {"transcript", "content", "problem"}
        }

    async def _keep(self, conv: str, message: int, readings: dict[int, Reading]) -> None:
        try:
            await self._readings.keep(conv, message, readings)
        except StoreUnavailable:
            FAILED_OPEN.labels("media").inc()


@dataclass(frozen=True, slots=True)
class _One:
    """The account and settings of attachments that are read, and until when (unix seconds)."""

    tenant: Tenant
    settings: Settings
    until: float

    def wanted(self, attachment: Attachment) -> bool:
        """Tell whether the tenant wants this kind read, and its model could take it."""
        media = self.settings.media
        sees = media.images and _BLIND.search(self.settings.model.name.lower()) is None
        return {"audio": media.voice, "image": sees, _FILE: media.files}[attachment.kind]


def only_unsupported(deliveries: Sequence[Delivery]) -> bool:
    """Tell whether a burst is nothing but what the channel could not pass on: no model can say more than that."""
    return all(
        not each.message.text and [one.kind for one in each.message.attachments] == [UNSUPPORTED] for each in deliveries
    )


def _unread(one: Attachment) -> bool:
    read = one.transcript or one.content or one.problem
    return bool(one.url) and one.kind in ("audio", "image", _FILE) and not read


def _kind(one: Attachment) -> str:
    return one.kind


def _lasting(one: Attachment) -> bool:
    """Tell whether a reading is final and worth keeping."""
    return bool(one.transcript or one.content)


def _reading(one: Attachment) -> Reading:
    return {"transcript": one.transcript} if one.transcript else {"content": one.content or ""}


def _data_url(data: bytes) -> str:
    """Return an image for a model, by its first bytes and not by its name.

    Raises:
        Unfetchable: too large for a prompt, or no image that models see.
    """
    kind = next((kind for start, kind in _SIGHTS if data.startswith(start)), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "image/webp"
    if kind is None:
        raise Unfetchable("it is no image that can be seen")
    if len(data) > _IMAGE_BYTES:
        raise Unfetchable("it is too large")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
