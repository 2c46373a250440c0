"""Instagram messages."""

from chatwootai.channels.capabilities.capabilities import Capabilities
from chatwootai.channels.capabilities.length import utf8

CAPABILITIES = Capabilities(
    chatwoot=("Channel::Instagram",),
    length=1000,
    measure=utf8,  # Meta's limit is in bytes of UTF-8
    # No styles: Chatwoot would turn **b** into *b*, and Instagram shows the stars.
)
