"""WhatsApp: Cloud API, 360dialog, and Twilio's."""

from chatwootai.channels.shape import BOLD, Shape

SHAPE = Shape(
    chatwoot=("Channel::Whatsapp",),
    length=1600,  # Twilio's; Cloud takes 4096, but the word does not say whose it is, and phones like short messages
    styles=BOLD,  # Chatwoot turns **b** into *b*, and shows ~~s~~ as written
    code=True,
    quotes=True,
    buttons=1024,  # Meta's for a text above buttons; Twilio has none (workers/posting.py)
)
