"""Chatwoot's widget on a site: Markdown to HTML in the browser, line breaks kept."""

from chatwootai.channels.capabilities.shape import ALL_STYLES, Shape

SHAPE = Shape(
    chatwoot=("Channel::WebWidget",),
    length=10_000,
    styles=ALL_STYLES,
    code=True,
    links=True,
    blocks=True,
    typing=True,
    quotes=True,
    buttons=10_000,
)
