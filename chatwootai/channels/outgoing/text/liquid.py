"""Takes apart what Chatwoot would execute in a text that is posted.

Chatwoot renders every outgoing content as a Liquid template before it is stored, with the contact, the conversation and
the inbox within reach; syntax errors leave it as it is, anything else is eaten or filled in. It wraps what stands
between backticks in `{% raw %}` first, by a regular expression: a brace right before a backtick would meet the brace of
that tag. Later it marks blank lines with `{{PRESERVE_n_NEWLINES}}` and turns such marks back into n newlines. One
invisible character between the two of a pair ends all of this, and a reader sees the braces as they were written.
"""

import re
from typing import Final

from chatwootai.channels.capabilities.capabilities import ZERO_WIDTH

_PAIR: Final = re.compile(r"(?<=\{)(?=[{%`])|(?<=[%}])(?=\})")
_SUSPECT: Final = re.compile(r"[{}]|mention:", re.IGNORECASE)  # every pair has a brace: most words have none
_MENTION: Final = re.compile(r"(?<=mention:)(?=//)", re.IGNORECASE)


def is_suspect(text: str) -> bool:
    """Return whether a text could hold a pair or a mention: what is not, `neutral` leaves as it is, piece by piece."""
    return _SUSPECT.search(text) is not None


def neutral(text: str, joint: str = ZERO_WIDTH, before: str = "") -> str:
    """Break every Liquid pair and every Chatwoot mention (`mention://user/1/Name`) of a text.

    Args:
        text: what will be posted, or a piece of it.
        joint: the character that breaks a pair.
        before: the character that stands before the piece.
    """
    tail = before[-1:]
    if not is_suspect(tail + text):
        return text
    return _MENTION.sub(joint, _PAIR.sub(joint, tail + text)[len(tail) :])
