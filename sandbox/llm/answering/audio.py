"""Transcriptions: the words hidden in an audio file as plain text (a comment in it), for want of ears."""

import re
from dataclasses import dataclass

import orjson
from aiohttp import BodyPartReader, web

from sandbox.llm.answering.words import language
from sandbox.llm.errors import invalid

_SPOKEN = re.compile(r"[\w ,.!?¿¡'’:;-]{8,}")
_SILENCE = "..."


@dataclass(frozen=True, slots=True)
class Recording:
    """An uploaded recording, and the words found in it."""

    model: str
    name: str
    text: str
    format: str


async def read_recording(request: web.Request) -> Recording:
    """Read an upload.

    Raises:
        Refused: 400, there is no file or no model in it.
    """
    if not request.content_type.startswith("multipart/"):
        raise invalid("A multipart form with 'file' and 'model' is needed.", "file")
    fields: dict[str, bytes] = {}
    name = ""
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name:
            fields[part.name] = bytes(await part.read())
            name = part.filename or name
    if "file" not in fields or "model" not in fields:
        raise invalid("'file' and 'model' are needed.", "model" if "file" in fields else "file")
    asked = fields.get("response_format", b"json").decode(errors="replace")
    return Recording(fields["model"].decode(errors="replace"), name, spoken(fields["file"]), asked)


def spoken(audio: bytes) -> str:
    """Return the longest run of words in a file's bytes."""
    runs = _SPOKEN.findall(audio.decode("utf-8", errors="replace"))
    return max((run.strip() for run in runs), key=len, default=_SILENCE)


def answer(recording: Recording, headers: dict[str, str]) -> web.Response:
    """Answer in the format asked for: json, verbose_json or text."""
    if recording.format == "text":
        return web.Response(text=f"{recording.text}\n", headers=headers)
    said: dict[str, object] = {"text": recording.text}
    if recording.format == "verbose_json":
        said |= {"task": "transcribe", "language": language(recording.text) or "pt", "duration": 1.0, "segments": []}
    return web.Response(body=orjson.dumps(said), content_type="application/json", headers=headers)
