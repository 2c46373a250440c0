"""Facebook Messenger. Legacy Instagram over a page is told apart in words.py."""

from chatwootai.channels.capabilities.capabilities import BOLD, Capabilities

CAPABILITIES = Capabilities(
    chatwoot=("Channel::FacebookPage",),
    length=2000,
    styles=BOLD,  # Chatwoot turns **b** into *b*, which Messenger shows as bold
    buttons=2000,
)
