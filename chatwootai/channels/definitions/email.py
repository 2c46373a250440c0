"""E-mail: Markdown to HTML; one answer is one mail, never split."""

from chatwootai.channels.capabilities.capabilities import ALL_STYLES, Capabilities

CAPABILITIES = Capabilities(
    chatwoot=("Channel::Email",),
    length=25_000,
    parts=1,
    styles=ALL_STYLES,
    code=True,
    links=True,
    blocks=True,
    newline="  \n",  # HTML shows a single newline as a space
)
