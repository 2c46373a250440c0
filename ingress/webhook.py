"""POST /webhooks/chatwoot/{account}: from bytes to an answer of docs/reference/http.md, in a fixed order.

Known account, body within its limit, signature, meaning, rate, storage. Nothing is parsed before the signature holds.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from aiohttp import web
from prometheus_client import Counter

from chatwootai.channels.incoming.receipt import ReadingRules
from chatwootai.channels.incoming.updates import STATES
from chatwootai.long_texts import worked_on
from chatwootai.model.message.delivery import Change, Delivery, Reason
from chatwootai.model.message.effects import DeliveryState, Effect, FailedMessage, Ignored, ObservedMessage
from chatwootai.model.message.priority import LOWEST, priority_of
from chatwootai.stores.conversation.mailbox import Admission
from chatwootai.stores.installation.incidents import Kind
from chatwootai.telemetry import log, metrics
from config.settings.settings import Settings
from config.snapshot import Account, Snapshot
from ingress import body, payload
from ingress.body_limits import MIB, MOST_MIB
from ingress.intake import StorageUnavailable
from ingress.intakes import Intakes
from ingress.journal.effect_records import ScopedEffect
from ingress.payload import InvalidPayload, RequestInfo
from ingress.process.drain import Drain
from ingress.rate_limit import CountsPerMinute, RateLimits
from ingress.responses import PrebuiltResponse, adapt_to_request, refusal, retry_later
from ingress.signature import BadSignature, SignatureFault, verify

DELIVERY_ID: Final = "X-Chatwoot-Delivery"
_MOST_DELIVERY_ID: Final = 128
_LONG_BODY: Final = 32 * 1024
"""Bytes from which on a body is read beside the event loop: most mails, and hardly anything else."""
_FULL_SECONDS: Final = 5  # a mailbox that is full empties at the pace of turns

_ACCEPTED: Final = PrebuiltResponse(b'{"status":"accepted"}')
_DUPLICATE: Final = PrebuiltResponse(b'{"status":"duplicate"}')
_IGNORED: Final = {r: PrebuiltResponse(b'{"status":"ignored","reason":"%b"}' % r.value.encode()) for r in Reason}
_ignored_count = {reason: metrics.DELIVERIES.labels("ignored", reason.value) for reason in Reason}
_state_counts = {state: metrics.MESSAGE_STATES.labels(state) for state in STATES}
_accepted_count = metrics.DELIVERIES.labels("accepted", "")
_on_credit_count = metrics.DELIVERIES.labels("accepted", "over_rate")
_duplicate_count = metrics.DELIVERIES.labels("duplicate", "")
_signature_failures = {cause: metrics.SIGNATURE_FAILURES.labels(cause.value) for cause in SignatureFault}
_LATER: Final = {
    "over_rate": "many more messages a minute than `rate_per_minute` allows; Chatwoot gives up within seconds",
    "full": "too many messages wait; workers are too few or too slow",
}
_log = log.get("ingress.webhook")


class WebhookHandler:
    """Answers webhooks. `snapshot` is replaced whole when the configuration changes."""

    def __init__(
        self,
        snapshot: Snapshot,
        intakes: Intakes,
        *,
        most_body: int = MOST_MIB * MIB,
        drain: Drain | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.drain = drain or Drain()
        self._intakes = intakes
        self._most_body = most_body
        self._rates = RateLimits(time.monotonic)
        self._counts = CountsPerMinute(time.monotonic)
        self._log_info = log.get("ingress.webhook").info  # looked up once: a line for each message
        self._in_flight = 0
        self._idle = asyncio.Event()

    def replace(self, snapshot: Snapshot) -> None:
        """Put another configuration in force; a request keeps the account that it began with."""
        self.snapshot = snapshot

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request by the account in its address."""
        account = self.snapshot.account(request.match_info["account"])
        if account is None:
            return refusal(404, "unknown_account", "no such account")
        return await self.handle_for(request, account)

    async def handle_for(self, request: web.BaseRequest, account: Account) -> web.StreamResponse:
        """Answer one webhook request. A mistake of ours is a 500 without details: Chatwoot tries those again."""
        self._in_flight += 1
        try:
            return adapt_to_request(await self._handle(request, account), request, close=self.drain.begun)
        except Exception:  # noqa: BLE001 - whatever it is, the answer is one that Chatwoot tries again after
            _log.exception("surprise", path=request.path)
            return refusal(500, "surprise", "something went wrong here: send it again")
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    async def finish(self) -> None:
        """Wait until no request is in flight. Each ends by itself: reading, Redis and disk all have their time."""
        while self._in_flight:
            self._idle.clear()
            await self._idle.wait()

    async def _handle(self, request: web.BaseRequest, account: Account) -> web.StreamResponse:
        try:
            raw = await body.read_body(request, self._most_body)
        except body.TooLarge as error:
            _log.warning("too_large", account=account.key, bytes=error.size, most=self._most_body)
            return refusal(413, "too_large", f"the body is over {self._most_body // MIB} MiB", close=True)
        except body.TooSlow:
            return refusal(400, "too_slow", "the body did not come in time", close=True)
        now = time.time()
        if not self._is_genuine(raw, request, account, now):
            return refusal(401, "signature", "the signature is missing or wrong, or the clocks differ by over 300 s")
        info = RequestInfo(account.key, account.id, now, _delivery_id(request), _reading_rules(account))
        return await self._process(raw, account, info)

    def _is_genuine(self, raw: bytes, request: web.BaseRequest, account: Account, now: float) -> bool:
        result = verify(raw, request.headers, [secret.reveal() for secret in account.webhook_secrets], now)
        if not isinstance(result, BadSignature):
            self._intakes.of(account).incidents.works(Kind.SIGNATURE, account.key)
            return True
        if account.signature == "optional" and result.cause is SignatureFault.SIGNATURE_MISSING:
            metrics.UNSIGNED.inc()
            _log.warning("unsigned_accepted", account=account.key)
            return True
        _signature_failures[result.cause].inc()
        incidents, cause = self._intakes.of(account).incidents, result.cause.value
        incidents.note(Kind.SIGNATURE, account.key, cause, cause.replace("_", " "))
        _log.warning("signature_refused", account=account.key, cause=result.cause.value, remote=request.remote)
        return False

    async def _process(self, raw: bytes, account: Account, info: RequestInfo) -> web.StreamResponse:
        try:
            meaning = await read_event(raw, info)
        except InvalidPayload as error:
            _log.warning("unusable", account=account.key, delivery=info.delivery_id, cause=error.cause)
            return refusal(400, error.cause, str(error))
        if isinstance(meaning, Ignored):
            return await self._ignore(meaning, account, info)
        mail = _settings_of(account, meaning.inbox).mail
        if meaning.channel == "email" and mail.is_own(meaning.contact.email):  # it would answer itself for ever
            return await self._ignore(Ignored(reason=Reason.AUTOMATIC_MAIL), account, info)
        if meaning.cc:
            meaning = replace(meaning, cc=tuple(each for each in meaning.cc if not mail.is_own(each)))
        return await self._admit(meaning, account)

    async def _ignore(self, ignored: Ignored, account: Account, info: RequestInfo) -> web.StreamResponse:
        for effect in ignored.effects:
            await self._apply(effect, account)
        _ignored_count[ignored.reason].inc()
        if ignored.reason is Reason.TOO_OLD:  # somebody imports history, or a queue stood still for long
            self._log_info("too_old", account=account.key, delivery=info.delivery_id, **_observed_log_fields(ignored))
        _log.debug("ignored", account=account.key, delivery=info.delivery_id, reason=ignored.reason.value)
        return _IGNORED[ignored.reason]

    async def _apply(self, effect: Effect, account: Account) -> None:
        if isinstance(effect, DeliveryState):
            _state_counts[effect.state].inc()
            return
        settings = account.settings
        if isinstance(effect, ObservedMessage | FailedMessage):
            settings = _settings_of(account, effect.inbox)
        limits = settings.context.limits
        scoped = ScopedEffect(about=effect, priority=account.priority, language=settings.language, limits=limits)
        await self._intakes.of(account).intake.apply(scoped)

    async def _admit(self, delivery: Delivery, account: Account) -> web.StreamResponse:
        inbox = account.inboxes.get(delivery.inbox)
        rate = _settings_of(account, delivery.inbox).rate_per_minute
        # Chatwoot saves many old messages again at once (a contact's merge): refusing that would open conversations.
        counted = delivery.change is not Change.EDIT
        if counted and (seconds := self._rates.wait(account.key, rate)):
            return self._respond_later(seconds, "over_rate", account)
        base = inbox.priority if inbox and inbox.priority is not None else account.priority
        priority = priority_of(delivery, base)
        if put_off := counted and self._rates.on_credit(account.key):
            priority = LOWEST
        try:
            admission = await self._intakes.of(account).intake.admit(delivery, priority)
        except StorageUnavailable:
            _log.error("stored_nowhere", **_log_fields(delivery))
            return refusal(500, "stored_nowhere", "the delivery could be stored nowhere: send it again")
        if admission is Admission.FULL:
            return self._respond_later(_FULL_SECONDS, "full", account)
        if admission is Admission.UNCHANGED:
            _ignored_count[Reason.EDIT_WITHOUT_NEW_CONTENT].inc()
            return _IGNORED[Reason.EDIT_WITHOUT_NEW_CONTENT]
        if put_off and (count := self._counts.add(account.key, "put_off")):
            _log.warning("over_rate_put_off", account=account.key, count=count, per_minute=rate)
        return self._respond_admitted(admission, delivery, _on_credit_count if put_off else _accepted_count)

    def _respond_admitted(self, admission: Admission, delivery: Delivery, count: Counter) -> web.StreamResponse:
        accepted = admission is Admission.ACCEPTED
        (count if accepted else _duplicate_count).inc()
        self._log_info("accepted" if accepted else "duplicate", **_log_fields(delivery), channel=delivery.channel)
        return _ACCEPTED if accepted else _DUPLICATE

    def _respond_later(self, seconds: int, cause: str, account: Account) -> web.Response:
        if count := self._counts.add(account.key, cause):
            _log.warning("later", account=account.key, cause=cause, seconds=seconds, count=count)
        self._intakes.of(account).incidents.note(Kind.RATE, account.key, cause, _LATER[cause])
        return retry_later(seconds, cause)


async def read_event(raw: bytes, info: RequestInfo) -> Delivery | Ignored:
    """Read a verified body as payload.parse does; a long one beside the event loop."""
    if len(raw) < _LONG_BODY:
        return payload.parse(raw, info)
    return await worked_on(len(raw), partial(payload.parse, raw, info), long=_LONG_BODY)


def _settings_of(account: Account, inbox: int) -> Settings:
    own = account.inboxes.get(inbox)
    return own.settings if own else account.settings


def _reading_rules(account: Account) -> Callable[[int | None], ReadingRules]:
    return lambda inbox: _settings_of(account, inbox or 0).messages.reading_rules


def _observed_log_fields(ignored: Ignored) -> dict[str, object]:
    known = ignored.effect(ObservedMessage)
    return {"conversation": known.conversation, "message": known.message, "written_at": known.at} if known else {}


def _delivery_id(request: web.BaseRequest) -> str | None:
    """Return the request's id, if it looks like one: it is not covered by the signature."""
    value = request.headers.get(DELIVERY_ID, "")
    return value if 0 < len(value) <= _MOST_DELIVERY_ID and value.isascii() and value.isprintable() else None


def _log_fields(delivery: Delivery) -> dict[str, object]:
    return {
        "account": delivery.account,
        "conversation": delivery.conversation,
        "message": delivery.message.id,
        "delivery": delivery.delivery_id,
    }
