"""TikTok's direct messages."""

from chatwootai.channels.capabilities.capabilities import Capabilities

CAPABILITIES = Capabilities(
    chatwoot=("Channel::Tiktok",),
    length=6000,
    raw=True,
    quotes=True,
)
