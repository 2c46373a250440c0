"""Reads what came with a message beside its words: files, places, cards, and what it answers to. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from chatwootai.model.message.delivery import Attachment
from chatwootai.model.message.fields import Object, coordinate, flag, items, line, mapping, text

UNSUPPORTED: Final = "unsupported"
"""The kind of an attachment that stands for what Chatwoot could not receive."""
_MOST: Final = 30
_ALWAYS_WHOLE: Final = frozenset({"webchat", "email", "api"})  # nothing of a message is fetched from a provider


def read_attachments(message: Object, channel: str) -> tuple[Attachment, ...]:
    """Return a message's attachments, and what stands in for those that did not arrive."""
    attributes = mapping(message.get("content_attributes"))
    if not attributes and not message.get("attachments") and message.get("content") is not None:
        return ()  # words and nothing else: nearly all messages
    found = tuple(_attachment(mapping(one)) for one in items(message.get("attachments"), _MOST))
    if message.get("content_type") == "sticker":
        found = tuple(replace(one, kind="sticker") for one in found)
    if flag(attributes.get("is_unsupported")) or _is_lost(message, found, channel):
        found = (*found, Attachment(kind=UNSUPPORTED))
    return (*_occasion(attributes), *found)


def _is_lost(message: Object, found: tuple[Attachment, ...], channel: str) -> bool:
    """Tell whether Chatwoot could not fetch what was sent: it then stores a message without words and file."""
    bare = message.get("content") is None and not mapping(message.get("content_attributes")).get(
        "whatsapp_flow_response"
    )
    return bare and not found and channel not in _ALWAYS_WHOLE


def _occasion(attributes: Object) -> Iterator[Attachment]:
    """Return the occasion of a message, if the channel knows it: the ad clicked, the story that is answered."""
    referral = mapping(attributes.get("referral"))
    said = filter(None, (line(referral.get("headline"), 200), line(referral.get("body"), 300)))
    if title := ": ".join(said):
        yield Attachment(kind="ad", title=title)
    if attributes.get("story_id") and attributes.get("image_type") != "story_mention":
        yield Attachment(kind="story_reply")


def _attachment(one: Object) -> Attachment:
    url = line(one.get("data_url"))
    return Attachment(
        kind=line(one.get("file_type"), 40) or "file",
        url=url,
        content_type=line(one.get("content_type"), 200),
        title=_card(one) or line(one.get("fallback_title"), 500) or _file_name(url),
        transcript=text(one.get("transcribed_text")) or None,
        latitude=coordinate(one.get("coordinates_lat")),
        longitude=coordinate(one.get("coordinates_long")),
    )


def _card(one: Object) -> str | None:
    """Return a contact card: whose it is, and the number (WhatsApp and Telegram spell the keys differently)."""
    if one.get("file_type") != "contact":
        return None
    about = mapping(one.get("meta"))
    keys = ("firstName", "first_name", "lastName", "last_name")
    name = " ".join(filter(None, (line(about.get(key), 200) for key in keys)))
    return ", ".join(filter(None, (name, line(one.get("fallback_title"), 200)))) or None


def _file_name(url: str | None) -> str | None:
    return line(unquote(url.partition("?")[0].rpartition("/")[2]), 500) if url else None
