"""The names of keys in Redis, made from what they are about; key_list.py says what each holds and how long.

`conv_name` is `<account>:<conversation>`: the mapping's key, Chatwoot's display id.
"""

from datetime import date
from typing import Final

QUEUE: Final = "arq:queue"
WAKE: Final = "cw:wake"
OPEN: Final = "cw:open"
DEAD: Final = "cw:dead"
SWEEP: Final = "cw:sweep"
CATCHUP: Final = "cw:catchup"
WAITING: Final = "cw:waiting"
ARRIVED: Final = "cw:arrived"
LEASES: Final = "cw:leases"
OWNERS: Final = "cw:owners"
RUNNING: Final = "cw:running"
SCHEDULED: Final = "cw:scheduled"
CONFIG_CURRENT: Final = "cw:config:current"
CONFIG_ABOUT: Final = "cw:config:about"
CONFIG_SYNC: Final = "cw:config:sync"
CONFIG_TOLD: Final = "cw:config:told"
CONFIG_CANARY: Final = "cw:config:canary"
CONFIG_CANARY_LOOK: Final = "cw:config:canary:look"
CONFIG_DRAFTS: Final = "cw:drafts"
REQUESTS: Final = "cw:requests"
PROCESSES: Final = "cw:processes"
INCIDENTS: Final = "cw:incidents"
TIMERS: Final = "cw:timers"
TURNS_RECENT: Final = "cw:turns-recent"
TURNS_SIZES: Final = "cw:turns-kept:sizes"
REFUSED: Final = "cw:refused"
PAUSED: Final = "cw:paused"
PAUSED_ABOUT: Final = "cw:paused:about"
CONSOLE_TOKENS: Final = "cw:console:tokens"
CONSOLE_USED: Final = "cw:console:used"
CONSOLE_SESSIONS: Final = "cw:console:sessions"
BREAKERS: Final = "cw:breakers"
CHATWOOT_CALLS: Final = "cw:chatwoot"
CHATWOOT_FAILING: Final = "cw:chatwoot:failing"
AUDIT: Final = "cw:audit"
EVENTS_INFO: Final = "cw:events:info"
EVENTS_TROUBLE: Final = "cw:events:trouble"
AUDIT_HEAD: Final = "cw:audit:head"
FORMAT: Final = "cw:format"
ERASED: Final = "cw:erased"
ERASURES: Final = "cw:erasures"
ERASURES_DONE: Final = "cw:erasures:done"


def conv(account: str, conversation: int) -> str:
    """Return the name of one conversation across all keys."""
    return f"{account}:{conversation}"


def split_conv(name: str) -> tuple[str, int]:
    """Return the account and the display id in a conversation's name."""
    account, _, conversation = name.rpartition(":")
    return account, int(conversation)


def retention(account: str) -> str:
    """Return the key of the times for which an account's data is kept, by kind."""
    return f"cw:retention:{account}"


def seen_message(conv_name: str, message: int) -> str:
    """Return the key that is set while a message counts as admitted."""
    return f"cw:seen:m:{conv_name}:{message}"


def seen_delivery(account: str, delivery: str) -> str:
    """Return the key that is set while a webhook request counts as admitted; per account: no signature covers it."""
    return f"cw:seen:d:{account}:{delivery}"


def heard(conv_name: str, message: int) -> str:
    """Return the key that is set while a message that needs no turn counts as heard."""
    return f"cw:heard:{conv_name}:{message}"


def box(conv_name: str) -> str:
    """Return the key of the mailbox."""
    return f"cw:box:{conv_name}"


def state(conv_name: str) -> str:
    """Return the key of the conversation's state."""
    return f"cw:conv:{conv_name}"


def outbox(conv_name: str) -> str:
    """Return the key of the outbox: replies decided but not yet known to have arrived."""
    return f"cw:outbox:{conv_name}"


def context(conv_name: str) -> str:
    """Return the key of the context: exchanges before the burst."""
    return f"cw:context:{conv_name}"


def media(conv_name: str, message: int) -> str:
    """Return the key of the readings of a message's attachments."""
    return f"cw:media:{conv_name}:{message}"


def calls(conv_name: str, burst: str) -> str:
    """Return the key of tool calls that must not be made twice for a burst; `burst`: the id of its first message."""
    return f"cw:calls:{conv_name}:{burst}"


def life(conv_name: str) -> str:
    """Return the key of a conversation's history: its steps, for people who ask why."""
    return f"cw:life:{conv_name}"


def kept(conv_name: str) -> str:
    """Return the key of deliveries that were dealt with, kept for a day."""
    return f"cw:kept:{conv_name}"


def caught(account: str) -> str:
    """Return the key that is set while an account counts as caught up with."""
    return f"cw:caught:{account}"


def refused(account: str, owner: str) -> str:
    """Return the key of a token that Chatwoot does not take."""
    return f"cw:refused:{account}:{owner}"


def worked(account: str) -> str:
    """Return the key of a conversation of an account that Chatwoot has shown."""
    return f"cw:worked:{account}"


def turn(turn_id: str) -> str:
    """Return the key of one turn's record."""
    return f"cw:turn:{turn_id}"


def turns(account: str) -> str:
    """Return the key of an account's index of turns."""
    return f"cw:turns:{account}"


def day_counts(account: str | None, day: date) -> str:
    """Return the key of what an account's turns of a day came to; None: all accounts'."""
    return f"cw:day:{account}:{day.isoformat()}" if account else f"cw:days:{day.isoformat()}"


def dead(turn_id: str) -> str:
    """Return the key of a dead letter."""
    return f"cw:dead:{turn_id}"


def ready(lane: str, account: str) -> str:
    """Return the key of the jobs of an account that may run, in one lane."""
    return f"cw:ready:{lane}:{account}"


def job(job_id: str) -> str:
    """Return the key of a job's entry in the queue."""
    return f"cw:job:{job_id}"


def config_version(number: int) -> str:
    """Return the key of one published configuration."""
    return f"cw:config:version:{number}"


def canary_counts(version: int, side: str) -> str:
    """Return the key of what the turns of one side of a canary came to."""
    return f"cw:canary:{version}:{side}"


def config_draft(account: str) -> str:
    """Return the key of an account's draft of its configuration."""
    return f"cw:draft:{account}"


def thumbs(account: str) -> str:
    """Return the key of what people say of an account's turns."""
    return f"cw:thumbs:{account}"


def worker(worker_id: str) -> str:
    """Return the key of a worker's heartbeat."""
    return f"cw:worker:{worker_id}"


def signals(worker_id: str) -> str:
    """Return the channel on which a worker receives signals of its conversations."""
    return f"cw:signals:{worker_id}"


def alike(account: str, scope: str) -> str:
    """Answers that may serve questions alike."""
    return f"cw:alike:{account}:{scope}"


def alike_told(account: str) -> str:
    """Verdicts on would-be hits, and what they would have saved."""
    return f"cw:shadow:{account}"


def alike_rows(account: str) -> str:
    """Would-be hits that people should look at."""
    return f"cw:shadow:{account}:rows"


def knowledge(account: str) -> str:
    """Return the key of the version of an account's knowledge that is in force."""
    return f"cw:knowledge:{account}"


def knowledge_versions(account: str) -> str:
    """Return the key of the versions of an account's knowledge that are kept."""
    return f"cw:knowledge:{account}:versions"


def knowledge_about(account: str) -> str:
    """Return the key of the descriptions of these versions."""
    return f"cw:knowledge:{account}:about"


def knowledge_version(account: str, version: int, audience: str) -> str:
    """Return the key of one of these versions, for an audience."""
    return f"cw:knowledge:{account}:{version}:{audience}"


def knowledge_ingest(account: str) -> str:
    """Return the key that is set while an ingest of an account's knowledge runs."""
    return f"cw:knowledge:{account}:ingest"


def console_session(digest: str) -> str:
    """Return the key of a session of the console; `digest`: SHA-256 of what the cookie holds."""
    return f"cw:console:session:{digest}"


def request_taken(request: str) -> str:
    """Return the key of the worker that has taken a request of the console."""
    return f"cw:request:{request}"


def request_answers(request: str) -> str:
    """Return the channel on which a request of the console is answered."""
    return f"cw:answers:{request}"


def contact(account: str, contact_id: int) -> str:
    """Return the key of a contact's conversations."""
    return f"cw:contact:{account}:{contact_id}"


def erasure(account: str, contact_id: int) -> str:
    """Return the key of an erasure that is under way."""
    return f"cw:erasure:{account}:{contact_id}"


def erased(account: str) -> str:
    """Return the key of what was erased of an account."""
    return f"cw:erased:{account}"


def erased_secret(account: str) -> str:
    """Return the key of what its digests are keyed with, where the account came from another shard."""
    return f"cw:erased:{account}:secret"


def moved(account: str) -> str:
    """Return the key of the mark of an account that is on another shard, or on its way."""
    return f"cw:moved:{account}"


def polled(account: str) -> str:
    """Return the key that is set while an account's contacts count as looked for in Chatwoot."""
    return f"cw:polled:{account}"


def spent_by_contact(account: str, contact_id: int) -> str:
    """Return the beginning of the keys of what a contact has spent."""
    return f"cw:spent:{account}:contact:{contact_id}:"
