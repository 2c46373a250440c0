"""E-mail: Markdown to HTML; one answer is one mail, never split."""

from chatwootai.channels.capabilities.shape import ALL_STYLES, Shape

SHAPE = Shape(
    chatwoot=("Channel::Email",),
    length=25_000,
    parts=1,
    styles=ALL_STYLES,
    code=True,
    links=True,
    blocks=True,
    newline="  \n",  # HTML shows a single newline as a space
)
