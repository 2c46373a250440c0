"""Lifetimes of what is in Redis, in milliseconds; key_list.py says which key has which."""

from typing import Final

SECOND: Final = 1000
DAY: Final = 86_400 * SECOND
SEEN_MESSAGE_MS: Final = 7 * DAY
SEEN_DELIVERY_MS: Final = DAY
HEARD_MS: Final = DAY
JOB_MS: Final = 30 * DAY
"""The life of a job's blob beyond its due time: arq's own day would drop turns over a long weekend."""
STATE_MS: Final = 30 * DAY
TURN_MS: Final = 7 * DAY
DAY_COUNTS_MS: Final = 90 * DAY
DEAD_MS: Final = 30 * DAY
CATCHUP_MS: Final = 60 * SECOND
CAUGHT_MS: Final = DAY
DIGEST_MS: Final = 3 * DAY
MEDIA_MS: Final = DAY
REFUSED_MS: Final = DAY
WORKED_MS: Final = 30 * DAY
CHATWOOT_CALLS_MS: Final = DAY
QUESTION_VECTOR_MS: Final = DAY
DOCUMENT_VECTOR_MS: Final = 90 * DAY
"""Longer than any version of knowledge is kept without being ingested anew."""
ALIKE_TOLD_MS: Final = 90 * DAY
CALLS_MS: Final = DAY
"""As long as messages can be answered again on demand: what was done for them is not done again then."""
HISTORY_MS: Final = 7 * DAY
KEPT_MS: Final = DAY
PARKED_MS: Final = DAY
SPENT_MS: Final = {"day": 4 * DAY, "month": 35 * DAY}
LIMIT_MS: Final = 120 * SECOND
INGEST_MS: Final = 60 * SECOND
UNPUBLISHED_MS: Final = 3600 * SECOND
CANARY_LOOK_MS: Final = 2 * SECOND
FULL_MS: Final = 15 * SECOND
SESSION_MS: Final = 12 * 3600 * SECOND
SESSION_IDLE_MS: Final = 3600 * SECOND
THUMB_MS: Final = 30 * DAY
DRAFT_MS: Final = 30 * DAY
REQUEST_MS: Final = 120 * SECOND
CONTACT_MS: Final = 366 * DAY
"""Longer than anything that a conversation leaves (context.ttl_hours: a year): what is left has a known owner."""
ERASED_MS: Final = 30 * DAY
"""Longer than Chatwoot repeats a request and than catching up reaches back."""
ERASURE_MS: Final = 7 * DAY
POLLED_MS: Final = DAY
RETAINED: Final = {
    "messages": KEPT_MS,
    "turns": TURN_MS,
    "dead_letters": DEAD_MS,
    "thumbs": THUMB_MS,
    "figures": DAY_COUNTS_MS,
}
"""The longest time for each kind of data that a tenant may have kept for a shorter one (privacy/retention.py)."""
IN_SCRIPTS: Final = {
    "LIFE_MS": HISTORY_MS,
    "KEPT_MS": KEPT_MS,
    "PARKED_MS": PARKED_MS,
    "LIMIT_MS": LIMIT_MS,
    "CONTACT_MS": CONTACT_MS,
}
"""Lifetimes that scripts know by name (scripts.py writes them above each); all others are arguments."""
