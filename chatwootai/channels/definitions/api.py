"""An API inbox: Chatwoot hands the Markdown on as it is, as it does a teammate's."""

from chatwootai.channels.capabilities.capabilities import ALL_STYLES, Capabilities

CAPABILITIES = Capabilities(
    chatwoot=("Channel::Api",),
    length=10_000,
    styles=ALL_STYLES,
    code=True,
    links=True,
    blocks=True,
    typing=True,
)
