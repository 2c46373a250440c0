"""Asks each model that a configuration names for one token."""

import asyncio
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from config.settings.settings import Settings
from config.snapshot import Account
from crews.errors import ModelRefused, ModelUnavailable
from crews.model_calls.call import Call, Target
from crews.model_calls.call_terms import OPENAI, targets
from crews.model_calls.endpoint.client import OpenAIClient
from crews.model_calls.request.address import address
from ops.doctor.verdict import Verdict, ok, problem

_SECONDS = 20.0
_AT_ONCE = 8
_REMEDIES = {
    "no_key": "Set OPENAI_API_KEY in this environment and the workers', or write api_key beside base_url",
    "wrong_key": "Write a key that the endpoint takes, then `chatwootai replay --cause model --since 2h --hand-back`",
    "unknown_model": "Write a name under `model` that the endpoint serves",
    "no_credit": "Pay, or write another key or endpoint",
}


async def ask_models(accounts: Iterable[Account]) -> list[Verdict]:
    """Return a line for each model at each endpoint, as all settings of these accounts name them."""
    everyone = [settings for account in accounts for settings in _settings(account)]
    named = {target.name: target for target in targets(everyone)}
    client, limit = OpenAIClient(), asyncio.Semaphore(_AT_ONCE)
    try:
        return list(await asyncio.gather(*(_ask(client, target, limit) for target in named.values())))
    finally:
        await client.aclose()


def _settings(account: Account) -> Iterable[Settings]:
    yield account.settings
    yield from (inbox.settings for inbox in account.inboxes.values())


def _host(target: Target) -> str:
    """Return the host and port of a target's endpoint: the rest of its address may hold a secret."""
    return urlsplit(address(target.endpoint) or OPENAI).netloc.rpartition("@")[2]


async def _ask(client: OpenAIClient, target: Target, limit: asyncio.Semaphore) -> Verdict:
    topic = f"model {target.model} at {_host(target)}"
    async with limit:
        began = time.perf_counter()
        call = Call(
            target=target, messages=[{"role": "user", "content": "Say: ok"}], max_tokens=1,
            deadline=time.time() + _SECONDS,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_SECONDS):
                await client.complete(call)
        except ModelRefused as error:
            said = error.reason or str(error)
            remedy = _REMEDIES.get(error.cause or error.code or "", "Mend what it says, under `model`")
            return problem(topic, f"refuses ({error.status or 'not asked'}): {said}", remedy)
        except ModelUnavailable as error:
            said = f"does not answer: {error.reason or error}"
            return problem(topic, said, "Look at the endpoint; people get what arrives meanwhile")
        except TimeoutError:
            return problem(topic, f"did not answer within {_SECONDS:g} s", "Look at the endpoint")
    return ok(topic, f"answers, in {time.perf_counter() - began:.2f} s")
