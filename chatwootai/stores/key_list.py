"""Every key of ours in Redis: one list, with meaning, type, lifetime and writer.

tests/house compares it with the scripts and with what a running installation leaves in Redis. arq's own keys are
arq:queue (score = ms minus boost), arq:queue:health-check, and arq:job, arq:retry, arq:in-progress:{job}.
"""

from typing import Final, NamedTuple


class KeyKind(NamedTuple):
    """One row of the list; in `pattern`, `{conv}` is `<account>:<conversation>` (the mapping's key, the display id).

    `of_person`: the most that it holds of a contact: `words` (said by or about them, or who they are), `ids` (numbers of
    Chatwoot and names of turns), `counts`, or `nothing`. `privacy/holdings.py` says how the first two are found.
    """

    pattern: str
    type: str
    lifetime: str
    written_by: str
    of_person: str
    meaning: str


_LIST: Final = """
| key | type | lifetime | written by | of a person | meaning |
|---|---|---|---|---|---|
| cw:seen:m:{conv}:{message} | string | 7 days | admit, commit | ids | this message was admitted, and not left to people unanswered |
| cw:seen:r:{conv}:{message}:{digest} | string | 7 days | revise | ids | this wording of a changed message, or this choice, was admitted |
| cw:seen:d:{account}:{delivery} | string, conv and message | 1 day | admit | ids | this webhook request was admitted |
| cw:box:{conv} | zset, score = message id | until answered | admit, commit | words | the mailbox: unanswered messages, in order |
| cw:conv:{conv} | hash | 30 days after the last change | all | ids | job, turn, fence, sequence, tries, worker, posting, committed, said, began, wish, idle, taken, turns, lost, reading, burst |
| cw:contact:{account}:{contact} | zset, score = ms of the newest message | 366 days after the newest message | admit, revise | ids | the display ids of a contact's conversations, the newest 500 |
| cw:erased:{account} | zset, score = ms | 30 days after the last | bury | nothing | contacts and conversations that were erased and when, as keyed digests: what was written before is admitted no more |
| cw:erased | string | for ever | bury | nothing | what these digests are keyed with |
| cw:erased:{account}:secret | string | as these digests | move | nothing | what they are keyed with, where the account came from another shard |
| cw:erasure:{account}:{contact} | string, JSON | until it is done, at most 7 days | erase | words | an erasure under way: what is looked for, so that one that was cut off can be ended |
| cw:erasures | hash, JSON by account and contact | until doors have answered, at most 7 days | erase | words | erasures that doors take part in |
| cw:erasures:done | hash | the same | ingress | ids | how many records each door took out of its journal |
| cw:retention:{account} | hash, ms by kind | for ever | worker | nothing | for how long what the account leaves is kept, which scripts obey when they write it |
| cw:polled:{account} | string | 1 day | worker | nothing | the contacts of this account were looked for in Chatwoot |
| cw:copy:{stream} | stream | 10 minutes | erase | ids | a stream while it is written anew, without what was erased |
| cw:heard:{conv}:{message} | string | 1 day | heard | ids | this message, which needs no turn, was heard |
| cw:failed:{conv}:{message} | string | 7 days | report | ids | people were told that this message of ours did not arrive |
| cw:digest:{account}:{day} | string | 3 days | digest | nothing | the account's digest of this day's morning is on its way |
| cw:media:{conv}:{message} | string, JSON | 1 day | turn | words | what was read in a message's attachments, paid for once |
| cw:calls:{conv}:{burst} | hash, JSON | 1 day after the last call | tool | words | what tools did for this burst that must not be done twice |
| cw:timers | zset, score = due ms | until due, or anything happens | finish, admit, signal | ids | what to do in the silence |
| cw:open | zset, score = ms of the last look | while not idle | admit, finish, repair | ids | conversations with something to do |
| cw:outbox:{conv} | list | until sent | commit, sent | words | decided, not yet known to have arrived |
| cw:context:{conv} | list | settings.context.ttl_hours | commit, signal | words | what was said before |
| cw:life:{conv} | list, newest 200 | 7 days after the last turn began | all | ids | the conversation's steps, in ids and counts |
| cw:kept:{conv} | zset, score = message id, newest 20 | 1 day | commit, drop | words | deliveries dealt with, to be answered again on demand |
| cw:turn:{turn} | string, JSON | 7 days | turn | words | the steps of one turn, for people who ask why |
| cw:turns:{account} | stream, a row a turn, newest 20,000 | 7 days after the last | turn_ended | ids | the account's turns that ended: outcome, cause, seconds, cost, in codes and ids |
| cw:turns-recent | stream, newest 100,000 | 7 days after the last | turn_ended | ids | the same rows, of all accounts |
| cw:turns-kept | string | for ever | turn_ended | counts | how many rows of turns are kept of all accounts |
| cw:turns-kept:sizes | zset, score = rows | for ever | turn_ended | counts | how many of each account |
| cw:day:{account}:{day} | hash of counts | 90 days | turn_ended | counts | what the turns of a day came to |
| cw:days:{day} | hash of counts | 90 days | turn_ended | counts | the same of all accounts together |
| cw:waiting | hash | for ever | admit, commit | counts | messages in mailboxes, by account: back-pressure |
| cw:arrived | hash, ms by account | for ever | admit | counts | when the newest message of each account was taken |
| cw:ready:{lane}:{account} | zset, score = ms minus boost | while waiting | queue | ids | jobs that may run, by account and lane |
| cw:tenants:{lane} | zset | while waiting | queue | nothing | tenants with jobs, the least served first |
| cw:scheduled | zset, score = due ms | until due | queue | ids | jobs to run later |
| cw:leases | zset, score = expiry ms | while running | claim, renew | ids | jobs that run |
| cw:owners | hash | while running | claim | ids | job to worker |
| cw:running | hash | while running | claim, retire | counts | running jobs, by account |
| cw:job:{job} | hash | as the job's blob | queue | ids | account, lane, boost, rank, cause |
| cw:wake | list, at most 64 | until popped | queue | nothing | a token for a worker that sleeps |
| cw:worker:{worker} | string | 15 s | heartbeat | nothing | this worker lives |
| cw:signals:{worker} | channel |  | admit, signal | nothing | words to a running turn |
| cw:full | string | 15 s | crowded | nothing | memory is nearly used up: what only tells people is not kept |
| cw:format | string, a number | for ever | ingress, worker | nothing | the form of keys and jobs that the newest release here writes; a release that is two forms older does not start |
| cw:probe | string | 1 s | probe | nothing | whether a write is taken |
| cw:draft:{account} | hash | 30 days after its last change | console | nothing | what somebody wants changed in the account's files, packed: in force nowhere |
| cw:drafts | zset, score = s | 30 days after the last change | console | nothing | accounts with a draft |
| cw:thumbs:{account} | hash, JSON, newest 5,000 | 30 days after the last | console | ids | what people say of the account's turns: up or down, why, who |
| cw:requests | channel |  | console | nothing | a rehearsal, or another piece of work for people, that a worker may take: its words stand in no key |
| cw:answers:{request} | channel |  | worker | nothing | its answer |
| cw:request:{request} | string, worker | 2 min | worker | nothing | who has taken it |
| cw:dead | zset, score = ms | 30 days | commit | ids | turns that gave up |
| cw:dead:{turn} | string, JSON | 30 days | commit | words | what a dead letter holds |
| cw:paused | zset, score = ms of the end | until the pause is over | pause, resume, repair | nothing | accounts that people have paused: messages are taken and wait, no turn starts |
| cw:paused:about | hash, JSON by account | until the pause is over | pause, resume, repair | nothing | who paused an account, since when and why |
| cw:moved:{account} | string | until the account moves back | hold, move | nothing | it is on another shard, or on its way (`left`, `arriving`, `arrived`, and the other shard): no turn starts, and but for `arrived` nothing is admitted |
| cw:audit | stream, JSON and digest | the newest 20,000 | audit | ids | what people did, in a chain of digests |
| cw:audit:head | hash | for ever | audit | nothing | number and digest of the newest entry of the audit |
| cw:events:info | stream, JSON | the newest 5,000 or a few more, each at most 1 KB | ingress, worker | ids | log lines of all processes, cut to what an operator may see |
| cw:events:trouble | stream, JSON | the newest 5,000 or a few more, each at most 1 KB | ingress, worker | ids | the same of warnings and errors |
| cw:catchup | string, worker | 1 min | catch-up | nothing | one catch-up at a time |
| cw:caught:{account} | string | 1 day | catch-up | nothing | this account was caught up with |
| cw:sweep | string | 1 s | sweeper | nothing | one sweeper at a time |
| cw:config:counter | string | for ever | publish, canary | nothing | the number of the newest configuration |
| cw:config:current | hash | for ever | publish | nothing | version and digest of the configuration in force |
| cw:config:version:{version} | string, packed | the newest 20 | publish, canary | nothing | what was written, references unresolved |
| cw:config:versions | zset, score = version | for ever | publish, canary | nothing | the versions kept |
| cw:config:about | hash, JSON | the newest 20 | publish, canary | nothing | who published a version, when and why |
| cw:config:canary | hash | for ever | canary, canary_over, publish | nothing | the newest canary: version, digest, terms and, once it is over, when, why and by whom |
| cw:config:canary:look | string | 2 s | worker | nothing | one worker at a time looks at a canary's outcomes |
| cw:canary:{version}:{side} | hash of counts | 90 days | turn_ended | counts | what the turns of a canary came to, or of the version in force beside it |
| cw:config:sync | string | until the next is due | worker | nothing | the mapping was compared with Chatwoot |
| cw:incidents | hash, JSON by kind, account and subject; at most 500 | while any; one that has not shown for ten minutes is left out | incident, incident_over, publish, canary | nothing | what goes wrong now (a model, a tool, refused deliveries), since when and how often |
| cw:processes | hash, JSON by process | for ever; one of which nothing was heard for a day is left out | ingress, worker | nothing | who lives, and which configuration each serves |
| cw:config:told | channel |  | publish, canary, canary_over | nothing | word of a new version, or of a canary that begins or ends |
| cw:breaker:{target} | hash | 1 min after the last failure | trip, mend | nothing | a model's endpoint: failures in a row, times opened, until when it rests |
| cw:breakers | zset, score = ms of the end | while any rests | trip, mend | nothing | models' endpoints that are left alone now |
| cw:chatwoot | hash, JSON by account; at most 20,000 | 1 day after the last call of any account | chatwoot_calls | nothing | how calls to Chatwoot went: the last success, the last error and why, calls and errors of the last five minutes |
| cw:chatwoot:failing | zset, score = ms of the last error | five minutes | chatwoot_calls | nothing | accounts of which a call to Chatwoot failed lately |
| cw:refused | set of `{account}:{owner}` | while any | refuse, accept | nothing | tokens that Chatwoot does not take |
| cw:refused:{account}:{owner} | hash | 1 day after the last refusal | refuse, accept | nothing | a token (of bot or user) that is not taken: its digest, since when, the words, who looks again and when |
| cw:parked:{account} | zset of jobs, score = due ms | 1 day after the last came | again, accept | ids | turns that wait until Chatwoot takes the bot's token again |
| cw:worked:{account} | string, display id | 30 days | worker | ids | a conversation that Chatwoot has shown us: whether it still does tells a lost account from a lost conversation |
| cw:limit:{endpoint} | hash | 2 min after the last request | take, settle | nothing | a key's minute: requests and tokens left, and tokens under way |
| cw:queue:{endpoint} | zset, score = rank | 2 min | take | nothing | workers that wait for room at a limited key, the first in line lowest |
| cw:spent:{account}:{scope}:{unit}:{period} | hash | a day: 4 days, a month: 35 | reserve, spend, take_turn | ids | what an account, and of it an inbox or a contact, has spent (`used`), and the threshold told of (`told`) |
| cw:done:{account}:{digest} | hash, answer (zlib) and ms | by the crew | keep | words | a completion that may be given again |
| cw:flight:{account}:{digest} | string, token | 2 s, renewed | recall | nothing | someone asks the model this very question now |
| cw:done | zset, score = ms of the last use | while any | recall, keep | nothing | all completions kept, by account and digest |
| cw:done:sizes | hash | while any | keep | nothing | the bytes of each, and of all (field `*`) |
| cw:done:counts | hash | for ever | recall, keep | counts | hits, misses and the like, for operators |
| cw:alike:{account}:{scope} | hash, packed | by the crew | alike_keep | words | answers that may serve questions alike, by conversation: embedding, keyed digests of the question's words, answer (zlib) |
| cw:alike | zset, score = ms of the last write | while any | alike_keep | nothing | all such scopes, by account and scope |
| cw:alike:sizes | hash | while any | alike_keep | nothing | the bytes of each, and of all (field `*`) |
| cw:shadow:{account} | hash | 90 days after the last | alike_told | counts | would-be hits by verdict, what they would have saved |
| cw:shadow:{account}:rows | list, JSON, newest 50 | 90 days after the last | alike_told | ids | would-be hits for people to look at, in display ids of conversations |
| cw:vector:{account} | hash, int8 | documents: while a kept version uses them; remote questions: 1 day | vectors_keep | words | embeddings, by a keyed digest of kind, encoder and text |
| cw:vectors:{kind} | zset, score = ms of the last use | while any | vectors_keep, vectors_recall | nothing | all embeddings of documents, or of questions, by account and digest |
| cw:vectors:bytes | hash | while any | vectors_keep | nothing | the bytes of each kind |
| cw:vectors:secret | string | for ever | worker, ingest | nothing | what digests of texts are keyed with, where the installation has no key of its own |
| cw:knowledge:{account} | hash | for ever | write, publish_knowledge | nothing | the version of its knowledge in force (`current`), the newest number (`counter`) |
| cw:knowledge:{account}:versions | zset, score = version | for ever | publish_knowledge | nothing | the versions kept |
| cw:knowledge:{account}:about | hash, JSON | the newest 3 | publish_knowledge, ingest | nothing | by version: its sources with their states, when and with which encoder it was made |
| cw:knowledge:{account}:{version}:{audience} | list, pieces of bytes | the newest 3; an hour until published | write | nothing | documents, passages, terms and vectors, for customers or the team; or the name of a version in PostgreSQL |
| cw:knowledge:{account}:ingest | string, token | 1 min, renewed | ingest | nothing | one ingest of an account at a time |
| cw:console:tokens | hash, JSON by id | until revoked | console token | nothing | who may enter the console, and as what: the digest of each token, role, account, end |
| cw:console:used | hash | until the token is revoked | console | nothing | when each token was last entered with |
| cw:console:sessions | zset, score = seconds of the end | 12 hours after the last began | console | nothing | the digests of open sessions |
| cw:console:session:{digest} | string, JSON | 1 hour after the last request | console | nothing | whom a session stands for, and when it ends |
"""


def key_kinds() -> tuple[KeyKind, ...]:
    """Return the rows of the list, in its order."""
    rows = _LIST.strip().splitlines()[2:]
    return tuple(KeyKind(*(cell.strip() for cell in row[1:-1].split(" |"))) for row in rows)
