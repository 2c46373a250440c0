"""A medium that we do not know: plain text, short enough for any. Chatwoot converts nothing for it."""

from chatwootai.channels.capabilities.measure import utf8
from chatwootai.channels.capabilities.shape import Shape

SHAPE = Shape(length=1000, measure=utf8, raw=True)
