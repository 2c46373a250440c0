"""Facebook Messenger. Legacy Instagram over a page is told apart in incoming/channel_names.py."""

from chatwootai.channels.capabilities.capabilities import BOLD, Capabilities

CAPABILITIES = Capabilities(
    chatwoot=("Channel::FacebookPage",),
    length=2000,
    styles=BOLD,  # Chatwoot turns **b** into *b*, which Messenger shows as bold
    buttons=2000,
)
