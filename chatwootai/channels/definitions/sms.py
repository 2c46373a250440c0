"""SMS through Twilio or Bandwidth: plain text, paid by the segment."""

from types import MappingProxyType

from chatwootai.channels.capabilities.capabilities import ZERO_WIDTH, Capabilities

CAPABILITIES = Capabilities(
    chatwoot=("Channel::TwilioSms", "Channel::Sms"),
    length=320,
    # One typographic character more than doubles the price of a text (`segments` in capabilities/length.py).
    fold=MappingProxyType(
        {
            **dict.fromkeys(map(ord, "“”„«»"), '"'),
            **dict.fromkeys(map(ord, "‘’‚"), "'"),
            **dict.fromkeys(map(ord, "–—−‑"), "-"),
            **dict.fromkeys(map(ord, "•·"), "-"),
            ord("…"): "...",
            ord(ZERO_WIDTH): "",
        }
    ),
    joint=" ",
    ellipsis="...",
)
