"""Every key of ours in Redis: one list, with meaning, type, lifetime and writer.

tests/house compares it with the scripts and with what a running installation leaves in Redis. arq's own keys are
arq:queue (score = ms minus boost), arq:queue:health-check, and arq:job, arq:retry, arq:in-progress:{job}.
"""

from typing import Final, NamedTuple


class KeyKind(NamedTuple):
    """One row of the list; in `pattern`, `{conv}` is `<account>:<conversation>` (the mapping's key, the display id)."""

    pattern: str
    type: str
    lifetime: str
    written_by: str
    meaning: str


_LIST: Final = """
| key | type | lifetime | written by | meaning |
|---|---|---|---|---|
| cw:seen:m:{conv}:{message} | string | 7 days | admit, commit | this message was admitted, and not left to people unanswered |
| cw:seen:r:{conv}:{message}:{digest} | string | 7 days | revise | this wording of a changed message, or this choice, was admitted |
| cw:seen:d:{account}:{delivery} | string, conv and message | 1 day | admit | this webhook request was admitted |
| cw:box:{conv} | zset, score = message id | until answered | admit, commit | the mailbox: unanswered messages, in order |
| cw:conv:{conv} | hash | 30 days after the last change | all | job, turn, fence, sequence, tries, worker, posting, committed, said, began, wish, idle, taken, turns, lost, reading, burst |
| cw:heard:{conv}:{message} | string | 1 day | heard | this message, which needs no turn, was heard |
| cw:failed:{conv}:{message} | string | 7 days | report | people were told that this message of ours did not arrive |
| cw:media:{conv}:{message} | string, JSON | 1 day | turn | what was read in a message's attachments, paid for once |
| cw:calls:{conv}:{burst} | hash, JSON | 1 day after the last call | tool | what tools did for this burst that must not be done twice |
| cw:timers | zset, score = due ms | until due, or anything happens | finish, admit, signal | what to do in the silence |
| cw:open | zset, score = ms of the last look | while not idle | admit, finish, repair | conversations with something to do |
| cw:outbox:{conv} | list | until sent | commit, sent | decided, not yet known to have arrived |
| cw:context:{conv} | list | settings.context.ttl_hours | commit, signal | what was said before |
| cw:life:{conv} | list, newest 200 | 7 days after the last turn began | all | the conversation's steps, in ids and counts |
| cw:kept:{conv} | zset, score = message id, newest 20 | 1 day | commit, drop | deliveries dealt with, to be answered again on demand |
| cw:turn:{turn} | string, JSON | 7 days | turn | the steps of one turn, for people who ask why |
| cw:turns:{account} | stream, a row a turn, newest 20,000 | 7 days after the last | turn_ended | the account's turns that ended: outcome, cause, seconds, cost, in codes and ids |
| cw:turns-recent | stream, newest 100,000 | 7 days after the last | turn_ended | the same rows, of all accounts |
| cw:turns-kept | string | for ever | turn_ended | how many rows of turns are kept of all accounts |
| cw:turns-kept:sizes | zset, score = rows | for ever | turn_ended | how many of each account |
| cw:day:{account}:{day} | hash of counts | 90 days | turn_ended | what the turns of a day came to |
| cw:days:{day} | hash of counts | 90 days | turn_ended | the same of all accounts together |
| cw:waiting | hash | for ever | admit, commit | messages in mailboxes, by account: back-pressure |
| cw:ready:{lane}:{account} | zset, score = ms minus boost | while waiting | queue | jobs that may run, by account and lane |
| cw:tenants:{lane} | zset | while waiting | queue | tenants with jobs, the least served first |
| cw:scheduled | zset, score = due ms | until due | queue | jobs to run later |
| cw:leases | zset, score = expiry ms | while running | claim, renew | jobs that run |
| cw:owners | hash | while running | claim | job to worker |
| cw:running | hash | while running | claim, retire | running jobs, by account |
| cw:job:{job} | hash | as the job's blob | queue | account, lane, boost, rank, cause |
| cw:wake | list, at most 64 | until popped | queue | a token for a worker that sleeps |
| cw:worker:{worker} | string | 15 s | heartbeat | this worker lives |
| cw:signals:{worker} | channel | | admit, signal | words to a running turn |
| cw:full | string | 15 s | crowded | memory is nearly used up: what only tells people is not kept |
| cw:format | string, a number | for ever | ingress, worker | the form of keys and jobs that the newest release here writes; a release that is two forms older does not start |
| cw:probe | string | 1 s | probe | whether a write is taken |
| cw:draft:{account} | hash | 30 days after its last change | console | what somebody wants changed in the account's files, packed: in force nowhere |
| cw:drafts | zset, score = s | 30 days after the last change | console | accounts with a draft |
| cw:requests | channel | | console | a rehearsal, or another piece of work for people, that a worker may take: its words stand in no key |
| cw:answers:{request} | channel | | worker | its answer |
| cw:request:{request} | string, worker | 2 min | worker | who has taken it |
| cw:dead | zset, score = ms | 30 days | commit | turns that gave up |
| cw:dead:{turn} | string, JSON | 30 days | commit | what a dead letter holds |
| cw:audit | stream, JSON and digest | the newest 20,000 | audit | what people did, in a chain of digests |
| cw:audit:head | hash | for ever | audit | number and digest of the newest entry of the audit |
| cw:events:info | stream, JSON | the newest 5,000 or a few more, each at most 1 KB | ingress, worker | log lines of all processes, cut to what an operator may see |
| cw:events:trouble | stream, JSON | the newest 5,000 or a few more, each at most 1 KB | ingress, worker | the same of warnings and errors |
| cw:catchup | string, worker | 1 min | catch-up | one catch-up at a time |
| cw:caught:{account} | string | 1 day | catch-up | this account was caught up with |
| cw:sweep | string | 1 s | sweeper | one sweeper at a time |
| cw:config:counter | string | for ever | publish | the number of the newest configuration |
| cw:config:current | hash | for ever | publish | version and digest of the configuration in force |
| cw:config:version:{version} | string, packed | the newest 20 | publish | what was written, references unresolved |
| cw:config:versions | zset, score = version | for ever | publish | the versions kept |
| cw:config:about | hash, JSON | the newest 20 | publish | who published a version, when and why |
| cw:config:sync | string | until the next is due | worker | the mapping was compared with Chatwoot |
| cw:incidents | hash, JSON by kind, account and subject; at most 500 | while any; one that has not shown for ten minutes is left out | incident, incident_over | what goes wrong now (a model, a tool, refused deliveries), since when and how often |
| cw:processes | hash, JSON by process | for ever; one of which nothing was heard for a day is left out | ingress, worker | who lives, and which configuration each serves |
| cw:config:told | channel | | publish | word of a new version |
| cw:breaker:{target} | hash | 1 min after the last failure | trip, mend | a model's endpoint: failures in a row, times opened, until when it rests |
| cw:refused | set of `{account}:{owner}` | while any | refuse, accept | tokens that Chatwoot does not take |
| cw:refused:{account}:{owner} | hash | 1 day after the last refusal | refuse, accept | a token (of bot or user) that is not taken: its digest, since when, the words, who looks again and when |
| cw:parked:{account} | zset of jobs, score = due ms | 1 day after the last came | again, accept | turns that wait until Chatwoot takes the bot's token again |
| cw:worked:{account} | string, display id | 30 days | worker | a conversation that Chatwoot has shown us: whether it still does tells a lost account from a lost conversation |
| cw:limit:{endpoint} | hash | 2 min after the last request | take, settle | a key's minute: requests and tokens left, and tokens under way |
| cw:queue:{endpoint} | zset, score = rank | 2 min | take | workers that wait for room at a limited key, the first in line lowest |
| cw:spent:{account}:{scope}:{unit}:{period} | hash | a day: 4 days, a month: 35 | reserve, spend, take_turn | what an account, and of it an inbox or a contact, has spent (`used`), and the threshold told of (`told`) |
| cw:done:{account}:{digest} | hash, answer (zlib) and ms | by the crew | keep | a completion that may be given again |
| cw:flight:{account}:{digest} | string, token | 2 s, renewed | recall | someone asks the model this very question now |
| cw:done | zset, score = ms of the last use | while any | recall, keep | all completions kept, by account and digest |
| cw:done:sizes | hash | while any | keep | the bytes of each, and of all (field `*`) |
| cw:done:counts | hash | for ever | recall, keep | hits, misses and the like, for operators |
| cw:alike:{account}:{scope} | hash, packed | by the crew | alike_keep | answers that may serve questions alike, by conversation: embedding, keyed digests of the question's words, answer (zlib) |
| cw:alike | zset, score = ms of the last write | while any | alike_keep | all such scopes, by account and scope |
| cw:alike:sizes | hash | while any | alike_keep | the bytes of each, and of all (field `*`) |
| cw:shadow:{account} | hash | 90 days after the last | alike_told | would-be hits by verdict, what they would have saved |
| cw:shadow:{account}:rows | list, JSON, newest 50 | 90 days after the last | alike_told | would-be hits for people to look at, in display ids of conversations |
| cw:vector:{account} | hash, int8 | documents: while a kept version uses them; remote questions: 1 day | vectors_keep | embeddings, by a keyed digest of kind, encoder and text |
| cw:vectors:{kind} | zset, score = ms of the last use | while any | vectors_keep, vectors_recall | all embeddings of documents, or of questions, by account and digest |
| cw:vectors:bytes | hash | while any | vectors_keep | the bytes of each kind |
| cw:vectors:secret | string | for ever | worker, ingest | what digests of texts are keyed with, where the installation has no key of its own |
| cw:knowledge:{account} | hash | for ever | write, publish_knowledge | the version of its knowledge in force (`current`), the newest number (`counter`) |
| cw:knowledge:{account}:versions | zset, score = version | for ever | publish_knowledge | the versions kept |
| cw:knowledge:{account}:about | hash, JSON | the newest 3 | publish_knowledge, ingest | by version: its sources with their states, when and with which encoder it was made |
| cw:knowledge:{account}:{version}:{audience} | list, pieces of bytes | the newest 3; an hour until published | write | documents, passages, terms and vectors, for customers or the team; or the name of a version in PostgreSQL |
| cw:knowledge:{account}:ingest | string, token | 1 min, renewed | ingest | one ingest of an account at a time |
| cw:console:tokens | hash, JSON by id | until revoked | console token | who may enter the console, and as what: the digest of each token, role, account, end |
| cw:console:used | hash | until the token is revoked | console | when each token was last entered with |
| cw:console:sessions | zset, score = seconds of the end | 12 hours after the last began | console | the digests of open sessions |
| cw:console:session:{digest} | string, JSON | 1 hour after the last request | console | whom a session stands for, and when it ends |
"""


def key_kinds() -> tuple[KeyKind, ...]:
    """Return the rows of the list, in its order."""
    rows = _LIST.strip().splitlines()[2:]
    return tuple(KeyKind(*(cell.strip() for cell in row[1:-1].split(" |"))) for row in rows)
