"""Differences of Chatwoot's channels: class name, limit, window, how each confirms a delivery."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_DAY: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Medium:
    """One kind of inbox.

    `limit` is characters in one message, `window` seconds after the contact's last message in which a reply may be
    sent (None: always), `confirms` whether the provider reports delivery, `continues` whether a resolved
    conversation takes the next message (otherwise a new one begins), `typing` whether the contact's typing is seen.
    """

    key: str
    chatwoot: str
    label: str
    limit: int
    markup: str
    window: int | None = None
    confirms: bool = False
    source_id: bool = True
    continues: bool = False
    typing: bool = False


_ALL: Final = (
    Medium("whatsapp", "Channel::Whatsapp", "WhatsApp", 4096, "whatsapp", window=_DAY, confirms=True),
    Medium("twilio_whatsapp", "Channel::TwilioSms", "WhatsApp (Twilio)", 1600, "whatsapp", window=_DAY, confirms=True),
    Medium("webchat", "Channel::WebWidget", "Web chat", 10000, "html", source_id=False, continues=True, typing=True),
    Medium("email", "Channel::Email", "E-mail", 25000, "html", continues=True),
    Medium("instagram", "Channel::Instagram", "Instagram", 1000, "meta", window=_DAY, confirms=True),
    Medium("facebook", "Channel::FacebookPage", "Facebook", 2000, "meta", window=_DAY, confirms=True),
    Medium("telegram", "Channel::Telegram", "Telegram", 4096, "telegram"),
    Medium("sms", "Channel::TwilioSms", "SMS", 320, "plain", confirms=True),
    Medium("bandwidth_sms", "Channel::Sms", "SMS (Bandwidth)", 320, "plain", confirms=True),
    Medium("line", "Channel::Line", "LINE", 2000, "plain"),
    Medium("tiktok", "Channel::Tiktok", "TikTok", 6000, "none", window=2 * _DAY),
    Medium("twitter", "Channel::TwitterProfile", "Twitter", 10000, "plain"),
    Medium("api", "Channel::Api", "API", 10000, "none", source_id=False, continues=True, typing=True),
)

MEDIA: Final[Mapping[str, Medium]] = MappingProxyType({medium.key: medium for medium in _ALL})
