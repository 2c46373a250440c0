"""The channels of Chatwoot, by our names for them: one for each file of `chatwootai/channels/definitions`."""

from typing import Annotated

from chatwootai.channels.registry import names
from config.schema.base import FOR_MACHINES, OneOf

CHANNELS = names()
Channel = Annotated[str, OneOf(CHANNELS), FOR_MACHINES]
