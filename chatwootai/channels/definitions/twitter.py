"""Direct messages of Twitter: plain text, made of the Markdown by Chatwoot."""

from chatwootai.channels.capabilities.capabilities import Capabilities

CAPABILITIES = Capabilities(chatwoot=("Channel::TwitterProfile",), length=10_000)
