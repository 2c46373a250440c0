"""Direct messages of Twitter: plain text, made of the Markdown by Chatwoot."""

from chatwootai.channels.capabilities.shape import Shape

SHAPE = Shape(chatwoot=("Channel::TwitterProfile",), length=10_000)
