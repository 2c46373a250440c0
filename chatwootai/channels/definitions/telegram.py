"""Telegram: Chatwoot makes HTML of the Markdown, and does not escape the text in it."""

from types import MappingProxyType

from chatwootai.channels.capabilities.capabilities import ALL_STYLES, Capabilities

CAPABILITIES = Capabilities(
    chatwoot=("Channel::Telegram",),
    length=4096,
    styles=ALL_STYLES,
    code=True,
    links=True,
    bullet="• ",
    marked=False,  # Chatwoot writes a dash for the first item after a blank line and a dot for the others
    # An unescaped "<" makes Telegram refuse the whole message; "&" alone does not. A look-alike reads well whether or
    # not Chatwoot escapes one day; an entity would not.
    fold=MappingProxyType({ord("<"): "＜"}),
    quotes=True,
    buttons=4096,
)
