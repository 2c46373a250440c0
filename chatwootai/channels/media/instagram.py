"""Instagram messages."""

from chatwootai.channels.capabilities.measure import utf8
from chatwootai.channels.capabilities.shape import Shape

SHAPE = Shape(
    chatwoot=("Channel::Instagram",),
    length=1000,
    measure=utf8,  # Meta's limit is in bytes of UTF-8
    # No styles: Chatwoot would turn **b** into *b*, and Instagram shows the stars.
)
