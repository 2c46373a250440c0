"""A medium that we do not know: plain text, short enough for any. Chatwoot converts nothing for it."""

from chatwootai.channels.capabilities.capabilities import Capabilities
from chatwootai.channels.capabilities.length import utf8

CAPABILITIES = Capabilities(length=1000, measure=utf8, raw=True)
