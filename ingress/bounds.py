"""Limits of a webhook's body. What the journal can hold follows from them (records.py). Pure."""

from typing import Final

MIB: Final = 1024 * 1024
MOST_MIB: Final = 4
"""What Chatwoot sends of a mail of 400 KB, which stands in it twice and escaped, comes to 1.2 MiB."""
HIGHEST_MIB: Final = 16
"""Whatever an operator says."""
