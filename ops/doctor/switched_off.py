"""Says what of the whole is switched off, and what would switch it on."""

import os
from collections.abc import Iterator, Mapping

from config.settings.settings import Settings
from config.snapshot import Account, Snapshot
from ops.doctor.verdict import Verdict, off


def switched_off(snapshot: Snapshot, environ: Mapping[str, str] = os.environ) -> Iterator[Verdict]:
    """Yield a line for each thing that is off, for everybody or for one account."""
    if environ.get("CATCH_UP_HOURS") == "0":
        yield off("catch-up", "never: CATCH_UP_HOURS is 0")
    if not float(environ.get("CATCH_UP_OPENED_MINUTES") or 0):
        said = "what Chatwoot opened because our webhook failed is not given back by itself"
        yield off("catch-up", said, "Set CATCH_UP_OPENED_MINUTES, as 30, where workers run")
    if snapshot.sync is None:
        said = "the mapping is not compared with Chatwoot by itself"
        yield off("sync", said, "Write `sync: {every_minutes: 60}` into the mapping")
    for account in snapshot.accounts.values():
        yield from (_of(account, *each) for each in _settings(account.settings))
        if account.signature == "optional":
            yield off(
                "signature", "deliveries need none", "Write `signature: required` once Chatwoot signs", account.key
            )


def _of(account: Account, topic: str, said: str, remedy: str) -> Verdict:
    return off(topic, said, remedy, account.key)


def _settings(settings: Settings) -> Iterator[tuple[str, str, str]]:
    if not settings.knowledge.sources:
        yield "knowledge", "no documents: crews know the facts alone", "Write knowledge.yaml (docs/guides/knowledge.md)"
    if not settings.company.facts:
        yield "facts", "none: crews know nothing of the company", "Write `company: {facts: ...}`"
    if not settings.tools.http and not settings.tools.mcp:
        yield "tools", "none: crews can look nothing up", "Write tools.yaml (docs/guides/tools-and-answers.md)"
    if not settings.greeting:
        yield "greeting", "nobody is greeted", "Write `greeting:`"
    if settings.hours is None:
        yield "hours", "none: people count as always there", "Write `hours:`"
    if settings.semantic == "off":
        yield "semantic", "no answer serves another question that says the same", ""
    for name, channel in settings.channels.items():
        if not channel.enabled:
            yield name, "left to people", ""
