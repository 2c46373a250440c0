"""TikTok's direct messages."""

from chatwootai.channels.capabilities.shape import Shape

SHAPE = Shape(
    chatwoot=("Channel::Tiktok",),
    length=6000,
    raw=True,
    quotes=True,
)
