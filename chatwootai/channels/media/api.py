"""An API inbox: Chatwoot hands the Markdown on as it is, as it does a teammate's."""

from chatwootai.channels.capabilities.shape import ALL_STYLES, Shape

SHAPE = Shape(
    chatwoot=("Channel::Api",),
    length=10_000,
    styles=ALL_STYLES,
    code=True,
    links=True,
    blocks=True,
    typing=True,
)
