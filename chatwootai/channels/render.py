"""One answer in Markdown, made into the parts that a channel can carry."""

import re
from typing import Final

_LENGTHS: Final = {
    "whatsapp": 1600,
    "instagram": 1000,
    "facebook": 2000,
    "telegram": 4096,
    "sms": 320,
    "line": 2000,
    "email": 25000,
}
_PAIR: Final = re.compile(r"(?<=\{)(?=[{%])|(?<=[}%])(?=\})")


def render(channel: str, markdown: str) -> tuple[str, ...]:
    """Render Markdown for a channel, as parts ready to post through Chatwoot; never an empty one."""
    limit = _LENGTHS.get(channel, 10000)
    text = _PAIR.sub("\u200b", markdown).strip()
    return tuple(part for part in (text[i : i + limit].strip() for i in range(0, len(text), limit)) if part)[:3]
