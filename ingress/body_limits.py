"""Default and ceiling of a webhook's length, which `process/environment.py` sets and `webhook.py` applies. Pure.

What a record of the journal can hold follows from them (`journal/journal_format.py`).
"""

from typing import Final

MIB: Final = 1024 * 1024
MOST_MIB: Final = 4
"""What Chatwoot sends of a mail of 400 KB, which stands in it twice and escaped, comes to 1.2 MiB."""
HIGHEST_MIB: Final = 16
"""Whatever an operator says."""
