"""Chatwoot's widget on a site: Markdown to HTML in the browser, line breaks kept."""

from chatwootai.channels.capabilities.capabilities import ALL_STYLES, Capabilities

CAPABILITIES = Capabilities(
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
