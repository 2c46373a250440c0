"""WhatsApp: Meta's Cloud API and 360dialog, and Twilio's."""

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from chatwootai.channels.capabilities.capabilities import BOLD, Capabilities

_TWILIO: Final = Capabilities(
    chatwoot=("Channel::Whatsapp",),  # Twilio's class has SMS too: incoming/channel_names.py tells them apart
    length=1600,
    styles=BOLD,  # Chatwoot turns **b** into *b*, and shows ~~s~~ as written
    code=True,
    quotes=True,
)
_META: Final = replace(_TWILIO, length=4096, buttons=1024)  # Meta's longest text above buttons
CAPABILITIES = replace(_TWILIO, carriers=MappingProxyType({"Channel::Whatsapp": _META}))
