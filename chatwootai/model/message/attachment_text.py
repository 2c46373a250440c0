"""Describes a message's attachments in words, as a crew reads them. Pure."""

from collections.abc import Mapping
from typing import Final

from chatwootai.model.message.delivery import Attachment

_NAMED: Final[Mapping[str, str]] = {
    "unsupported": "something that this channel cannot pass on",
    "contact": "contact card",
    "quoted": "quoted or forwarded mail",
    "share": "shared post",
    "story_mention": "mention in a story",
    "ig_reel": "reel",
    "ig_post": "post",
    "ig_story": "story",
    "fallback": "link",
    "ad": "written after clicking the ad",
    "story_reply": "an answer to a story of the company",
}


def attachment_text(one: Attachment) -> str:
    """Return an attachment in words: a voice note as what was said in it, everything else in brackets."""
    if one.transcript:
        return one.transcript
    name = _NAMED.get(one.kind, one.kind)
    if one.latitude is not None and one.longitude is not None:
        title = f" {one.title}" if one.title else ""
        return f"[{name}: {one.latitude:.6g}, {one.longitude:.6g}{title}]"
    label = f"{name}: {one.title}" if one.title else name
    if one.content:
        return f"[{label}; it says:]\n{one.content}\n[end of {name}]"
    return f"[{label}; not opened: {one.problem}]" if one.problem else f"[{label}]"
