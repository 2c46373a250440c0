"""Has a worker answer a question of each account as a turn would, and says what came of it; nothing is posted.

What `door.knock` begins ends here: that delivery shows the way from outside to the door, this one the way from Redis
through a worker, the account's configuration and its model to the words of an answer.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from chatwootai.stores.operators.worker_requests import RequestFailed, Requests
from chatwootai.stores.server.connection import BadRedisUrl, StoreUnavailable, connect
from chatwootai.stores.server.shards import BadShards, Shards, UnknownShard
from config.snapshot import Account
from ops.doctor.verdict import Verdict, off, ok, problem, warning

_SECONDS: Final = 30.0
_AT_ONCE: Final = 2
"""Questions that wait side by side: as many as one worker takes beside its turns."""
_QUESTIONS: Final = {"pt": "Olá! Com o que vocês podem me ajudar?", "es": "¡Hola! ¿En qué me pueden ayudar?"}
_QUESTION: Final = "Hello! What can you help me with?"
_TOPIC: Final = "answer"


async def have_each_answered(accounts: Iterable[Account], environ: Mapping[str, str]) -> list[Verdict]:
    """Return a line for each account; none where its Redis is away, which has lines of its own."""
    try:
        shards = Shards.from_environment(environ)
        homes = [(shards.of(one.key, one.shard), one) for one in accounts]
    except (BadShards, UnknownShard):
        return []
    found = await asyncio.gather(
        *(_have_shard_answer(each.url, [one for home, one in homes if home == each]) for each in shards)
    )
    return [line for lines in found for line in lines]


async def _have_shard_answer(url: str, accounts: Iterable[Account]) -> list[Verdict]:
    try:
        connection = connect(url, timeout=5.0)
    except BadRedisUrl:
        return []
    requests, gate = Requests(connection), asyncio.Semaphore(_AT_ONCE)
    try:
        return list(await asyncio.gather(*(_have_answered(requests, gate, account) for account in accounts)))
    except StoreUnavailable:
        return []
    finally:
        await connection.aclose()


async def _have_answered(requests: Requests, gate: asyncio.Semaphore, account: Account) -> Verdict:
    question = _QUESTIONS.get(account.settings.language[:2], _QUESTION)
    try:
        async with gate:
            told = await requests.ask("rehearse", {"account": account.key, "text": question}, within=_SECONDS)
    except RequestFailed as error:
        remedy = "`chatwootai config status` shows the workers; `chatwootai tail --level error` what they say"
        return problem(_TOPIC, f"no worker answered a question ({error})", remedy, account.key)
    return _verdict(told, account)


def _verdict(told: Mapping[str, Any], account: Account) -> Verdict:
    took = f"{told['seconds']:.1f} s"
    further = f'The same through Chatwoot: `chatwootai trigger message --account {account.key} "..."`'
    if told["outcome"] == "reply":
        by = told["served_by"] or "a rule"
        return ok(_TOPIC, f"a worker answered a question in {took} ({by}); nothing was posted. {further}", account.key)
    if told["outcome"] != "handoff":
        return off(_TOPIC, "a worker took a question; this configuration leaves it unanswered", "", account.key)
    handoff = told["handoff"] or {}
    said = f"a worker took a question and would hand it to people: {handoff.get('why') or handoff.get('cause')}"
    return warning(_TOPIC, said, f'See why: `chatwootai ask --account {account.key} "{_QUESTION}"`', account.key)
