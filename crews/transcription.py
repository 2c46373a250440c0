"""Voice notes as text, by an OpenAI-compatible transcription endpoint."""

import os
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import orjson

from chatwootai.attempts import attempts
from chatwootai.net import Forbidden, is_private
from config.settings.settings import Settings
from crews.errors import CrewError

_LONGEST: Final = 8_000  # characters
_MOST_BYTES: Final = 1 << 20  # of an answer
_PAUSES: Final = (0.3,)
_DEFAULT: Final = "https://api.openai.com/v1"


class TranscriptionFailed(CrewError):
    """Answer without the recording: the message says why, in words that may stand before a crew."""


@dataclass(frozen=True, slots=True)
class TranscriptionEndpoint:
    """Endpoint that transcribes a tenant's recordings."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    public: bool = False
    """Whether it may be reached at public addresses alone."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A voice note as it was fetched."""

    data: bytes = field(repr=False)
    name: str
    content_type: str


def transcription_endpoint(settings: Settings) -> TranscriptionEndpoint:
    """Return the endpoint of a tenant's settings. A key goes nowhere but to the endpoint that it was given for.

    Raises:
        TranscriptionFailed: it must be at a public address, and is a private one as it is messages_for.
    """
    hearing, model = settings.media.hearing, settings.model
    key = hearing.api_key.reveal() if hearing.api_key else None
    base = hearing.base_url
    if base is None and model.base_url is not None:
        base, key = model.base_url, key or (model.api_key.reveal() if model.api_key else None)
    elif base is None:
        base = os.environ.get("OPENAI_BASE_URL") or _DEFAULT
        key = key or (model.api_key.reveal() if model.api_key else os.environ.get("OPENAI_API_KEY"))
    public = settings.is_public_only(base)
    if public and is_private(urlsplit(base).hostname or ""):
        raise TranscriptionFailed("recordings are not heard at a private address")
    return TranscriptionEndpoint(f"{base.rstrip('/')}/audio/transcriptions", hearing.name, key, public)


async def transcribe(
    session: aiohttp.ClientSession, at: TranscriptionEndpoint, recording: Recording, deadline: float
) -> str:
    """Return what is said in a recording. `deadline`: unix seconds.

    Raises:
        TranscriptionFailed: the endpoint refuses, is away, is too slow, or heard nothing.
    """
    async for _ in attempts(_PAUSES, until=deadline):
        status, text = await _request_once(session, at, recording, deadline)
        if 200 <= status < 300:
            if not text:
                raise TranscriptionFailed("nothing could be heard in it")
            return text[:_LONGEST]
        if status != 0 and status not in (408, 429) and status < 500:
            break
    raise TranscriptionFailed("it could not be listened to just now")


async def _request_once(
    session: aiohttp.ClientSession, at: TranscriptionEndpoint, recording: Recording, deadline: float
) -> tuple[int, str]:
    """Make one request; return its HTTP status (0: none came) and text.

    No error of the wire is chained: it would hold the key.
    """
    form = aiohttp.FormData()
    form.add_field("model", at.model)
    form.add_field("response_format", "json")
    form.add_field("file", recording.data, filename=recording.name, content_type=recording.content_type)
    headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {at.key}"} if at.key else {})}
    timeout = aiohttp.ClientTimeout(total=max(0.05, deadline - time.time()))
    try:
        async with session.post(at.url, data=form, headers=headers, timeout=timeout, allow_redirects=False) as answer:
            raw = await answer.content.read(_MOST_BYTES)
            while not answer.content.at_eof() and len(raw) < _MOST_BYTES:
                raw += await answer.content.read(_MOST_BYTES - len(raw))
            return answer.status, _parse_text(raw) if answer.status < 300 else ""
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, Forbidden):
        return 0, ""


def _parse_text(raw: bytes) -> str:
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return ""
    text = said.get("text") if isinstance(said, dict) else None
    return " ".join(text.split()) if isinstance(text, str) else ""
