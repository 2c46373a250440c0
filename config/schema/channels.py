"""The channels of Chatwoot, by our names for them: said once, and cheap to import."""

from typing import Literal, get_args

Channel = Literal[
    "whatsapp",
    "webchat",
    "email",
    "instagram",
    "facebook",
    "telegram",
    "sms",
    "line",
    "tiktok",
    "twitter",
    "api",
    "default",
]
CHANNELS: tuple[str, ...] = get_args(Channel)
