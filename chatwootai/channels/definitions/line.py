"""LINE."""

from chatwootai.channels.capabilities.capabilities import BOLD, Capabilities

CAPABILITIES = Capabilities(
    chatwoot=("Channel::Line",),
    length=2000,
    styles=BOLD,
    code=True,
    bullet="• ",
    marked=False,  # Chatwoot drops a list's marks
    newline="  \n",  # a single newline becomes a space
    buttons=2000,
)
