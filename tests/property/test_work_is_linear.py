"""No text makes anything slow: each shape of bench/hostile.py against whatever reads a stranger's or a model's text.

Work is counted as processor time of this thread, and only compared with itself: eight times the text may take some
eight times the work, 64 times would be quadratic.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import orjson
import pytest

from bench.hostile import SHAPES, Shape
from chatwootai.channels.outgoing.choices import render_choices
from chatwootai.channels.outgoing.render import render
from chatwootai.model.message.assemble import delivery_text
from chatwootai.model.message.burst import is_unfinished
from chatwootai.model.message.delivery import Attachment, Contact, Delivery, Role
from chatwootai.model.message.turn import Exchange, Question, Told
from chatwootai.model.policy.greeting import with_greeting
from chatwootai.model.policy.handoff import Need, Rules, after_draft, before_draft
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.notes import handover_note
from chatwootai.model.policy.numbered_choice import resolve_choice
from chatwootai.model.policy.output_guard import guard_output
from chatwootai.model.policy.vocabulary import Level
from chatwootai.model.text.language import language_of
from chatwootai.model.text.normalize import clauses, normalize
from chatwootai.model.text.sentences import whole_sentences
from chatwootai.telemetry import mask
from config.settings.answers import normalise_question
from config.settings.settings import Settings
from crews.answer import cacheability, paraphrase
from crews.model_calls.response import harmony, leaked, surrogates
from crews.model_calls.response.thoughts import without_thoughts
from crews.prompt import markers
from crews.prompt.conversation import chat_messages, objects_in
from crews.run_state.result_text import result_text
from ingress.payload import RequestInfo, parse
from sandbox.llm.answering import prompt as model_prompt
from sandbox.llm.answering.answer import compose
from tests.builders import delivery, question
from workers.media import attached_file

FEW, MANY = 2_000, 16_000
_WORTH_A_LOOK: Final = 0.05
"""Seconds of work below which nothing is slow, whatever it grows by."""
_GROWTH: Final = 32.0
_GROWTH_BY_FOUR: Final = 8.0
_HUNG: Final = 10.0
_ARRIVAL: Final = RequestInfo("1", 1, 1_795_200_000.0)
_CONTACT: Final = Contact(id=1)


def _delivery(text: str) -> Delivery:
    enclosed = Attachment(kind="file", title=text, content=text)
    return delivery(1, text, attachments=[enclosed, Attachment(kind="audio", transcript=text)], channel="api")


def _question(text: str) -> Question:
    history = tuple(Exchange(role, text, at) for at in range(3) for role in ("contact", "crew"))
    return question(text, history=history, deadline=1.0, channel="email", subject=text)


def _webhook(**over: Any) -> dict[str, Any]:
    conversation = {"id": 1, "inbox_id": 1, "status": "pending", "channel": "Channel::Email", "labels": []}
    return {
        "event": "message_created", "id": 1, "message_type": "incoming", "content": "oi", "sender": {"id": 1},
        "conversation": conversation, **over,
    }  # fmt: skip


def _through_the_door(text: str) -> None:
    mail = {"from": [text], "to": [text], "cc": [text], "subject": text, "text_content": {"quoted": text}}
    sender = {"id": 1, "name": text, "email": text, "phone_number": text, "identifier": text}
    attachment = {"file_type": "contact", "fallback_title": text, "data_url": text, "transcribed_text": text}
    values = [{"name": text, "title": text, "value": text}]
    bodies = [
        _webhook(content=text, sender=sender, attachments=[attachment] * 30),
        _webhook(content_attributes={"email": mail}),
        _webhook(content=None, content_attributes={"whatsapp_flow_response": {text: text}}),
        _webhook(event="message_updated", content=text),
        _webhook(message_type="outgoing", private=True, content=text, sender={"type": "user"}),
        _webhook(message_type="outgoing", content=text, sender={"type": "user"}),
        _webhook(
            event="message_updated", message_type="outgoing", content_type="input_select", sender={"type": "agent_bot"},
            content_attributes={"submitted_values": values, "external_error": text, "items": values},
        ),
    ]  # fmt: skip
    for body in bodies:
        parse(orjson.dumps(body), _ARRIVAL)


def _as_the_model(text: str) -> None:
    told = {"role": "system", "content": "Answer.\n<facts>\nWe open at 9.\n</facts>"}
    compose(model_prompt.read_prompt([told, {"role": "user", "content": text}]), 100)


def _as_history(text: str) -> None:
    history = tuple(Exchange(role, text, at) for at in range(12) for role in ("contact", "crew"))
    language_of(text, [one.text for one in history], "pt-BR", "pt-BR")
    before_draft("oi", history, Rules())


_RULES: Final = Rules(phrases=("quero um humano", "a a a"), topics=("processo judicial", "9" * 20, "a"))

READERS: dict[str, Callable[[str], object]] = {
    "the door": _through_the_door,
    "fold": normalize,
    "clauses": clauses,
    "rules before a draft": lambda text: before_draft(text, _question(text).history, _RULES),
    "rules after a draft": lambda text: after_draft(0.5, None, _RULES, text),
    "history": _as_history,
    "an item picked": lambda text: resolve_choice(text, (Exchange(Role.CREW, text, 1.0),)),
    "a number picked": lambda text: resolve_choice("1", (Exchange(Role.CREW, text, 1.0),)),
    "the end of a burst": is_unfinished,
    "a burst": lambda text: delivery_text(_delivery(text)),
    "a note": lambda text: handover_note(Need(Cause.CREW, text), _question(text), "pt-BR"),
    "the guard": guard_output,
    "the guard beside what was told": lambda text: guard_output(
        text, Level.STRICT, Told(known=(text,), results=(text,), instructions=(text,))
    ),
    "a greeting": lambda text: with_greeting(text, greeting="Oi!", signature="Ana"),
    "marks of a crew": markers.parse_markers,
    "the last sentence": whole_sentences,
    "a conversation": lambda text: chat_messages(_question(text)),
    "a tool's result": lambda text: result_text("tool", text),
    "a typed answer": objects_in,
    "thoughts": lambda text: without_thoughts(text, cut_headless=True),
    "a model's channels": lambda text: (harmony.speaks(text), harmony.final(text), harmony.calls(text)),
    "calls in words": lambda text: leaked.tool_calls(text, text, frozenset({"a"})),
    "half characters": surrogates.join_all_surrogates,
    "an answer to share": lambda text: cacheability.shareable_policy(_question(text), None),
    "a curated question": normalise_question,
    "a question alike": lambda text: paraphrase.content_words(text, "pt"),
    "a text file": lambda text: attached_file.extract_text(text.encode("utf-8", "replace"), "a.txt", "text/plain"),
    "a page": lambda text: attached_file.extract_text(f"<p>b{text}".encode("utf-8", "replace"), "a.html", "text/html"),
    "a line of the log": lambda text: mask.line(None, "warning", {"error": text, "said": [text]}),
    "a tenant's sentence": lambda text: Settings().fill(text),
    "the sandbox's model": _as_the_model,
    "choices": lambda text: render_choices("whatsapp", "Qual?", tuple(filter(None, text[:200].split("a")))[:10], str),
    **{f"rendering for {name}": lambda text, name=name: render(name, text) for name in ("email", "whatsapp", "sms")},
}


def _work(reader: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    with suppress(attached_file.Unreadable):
        reader(text)
    return time.thread_time() - began


@pytest.mark.parametrize("reader", READERS)
def test_no_text_is_slow(reader: str) -> None:
    slow = [name for name, shape in SHAPES.items() if _is_slow(READERS[reader], shape)]
    assert not slow


def _is_slow(reader: Callable[[str], object], shape: Shape) -> bool:
    """Whether work grows faster than the text; the least of several looks, for this machine has other work too."""
    few, many = shape(FEW), shape(MANY)
    for _ in range(3):
        much = _work(reader, many)
        if much < _WORTH_A_LOOK:
            return False
        grown = much > _GROWTH * max(_work(reader, few) for _ in range(2))
        if much < _HUNG and not grown:
            return False
        if much < _HUNG and _work(reader, shape(4 * MANY)) < _GROWTH_BY_FOUR * much:
            return False  # a step, where a text is first split or read once more, and even growth beyond it
    return True
