"""A file read in a process of its own: without our secrets, within bounds, and killed when nobody waits."""

import asyncio
import json
from typing import Final

from crews import confined
from crews.knowledge.reading import document_formats
from crews.knowledge.reading.document_formats import Unreadable

KINDS: Final = {"htm": "html", "html": "html", "pdf": "pdf", "docx": "docx", "xlsx": "xlsx", "csv": "csv"}
"""Endings of names, and the kind of file that each stands for."""
PLAIN: Final = frozenset({"md", "markdown", "txt"})
"""Endings of files that are text as they stand, safe to read anywhere."""
_SECONDS: Final = document_formats.CHILD_SECONDS + 10.0


async def read_file(data: bytes, ending: str) -> tuple[str, str]:
    """Return title and text, as Markdown, of a file whose name has an ending of KINDS or PLAIN.

    Raises:
        Unreadable: another kind of file, a damaged one, or one without words.
    """
    if ending in PLAIN:
        return "", document_formats.plain_text(data)
    if ending not in KINDS:
        known = ", ".join(sorted({*KINDS, *PLAIN}))
        raise Unreadable(f"files of this kind are not read; known are {known}")
    title, text, _ = await read_page(data, KINDS[ending])
    return title, text


async def read_page(data: bytes, kind: str = "html", charset: str = "") -> tuple[str, str, list[str]]:
    """Return title, text and the addresses that links lead to, as they are written, of a page or a file.

    `charset`: what a server says that a page is in.

    Raises:
        Unreadable: it is damaged, or without words.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            about = json.dumps({"kind": kind, "charset": charset}).encode()
            said = await confined.ask(document_formats.__file__, about + b"\n" + data)
    except TimeoutError:
        raise Unreadable("it could not be read in time") from None
    try:
        found = json.loads(said)
    except ValueError:  # it ended at one of its bounds
        raise Unreadable("it is too large or unusual to be read") from None
    if "text" not in found:
        raise Unreadable(str(found.get("problem")))
    return str(found["title"]), str(found["text"]), [str(each) for each in found.get("links", ())]
