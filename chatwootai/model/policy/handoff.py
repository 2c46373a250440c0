"""Decides when a conversation is given to people, and what they are told. Pure."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from chatwootai.model.message.turn import Exchange
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.meaning import (
    UNTOLD,
    Meaning,
    asks_by_meaning,
    is_angry,
    is_angry_by_meaning,
    is_asking,
)
from chatwootai.model.policy.reasons import UNKNOWING
from chatwootai.model.text.handoff_promise import handoff_promise, offers_handoff
from chatwootai.model.text.ignorance import admitted_ignorance
from chatwootai.model.text.normalize import are_similar, clauses, normalize, normalized_words
from chatwootai.model.text.subjects import matching_subject

_LIKE_A_QUESTION: Final = 0.6
_LIKE_AN_ANSWER: Final = 0.8
_COMPARED: Final = 4_000
"""Characters of two texts that are compared."""
_LEAST_WORDS: Final = 3
"""Shorter messages say nothing when they are said again: "ok", "sim, quero"."""

_UNWANTED: Final = re.compile(
    r"\b(?:nao|no|not|don t|dont) (?:\w+ )?(?:quero|queria|preciso|precisa|quiero|necesito|want|need)(?: \w+){0,2} $"
)


_LONGEST_YES: Final = 80
_YES: Final = frozenset(
    "sim s ss quero pode ser chamar chama chame claro ok okay isso aceito si dale bueno llame llamelo quiero que yes "
    "yeah yep sure do it go ahead of course agora ja ahora now".split()
)
_POLITE: Final = frozenset("por favor pf pfv please obrigado obrigada gracias thanks thank you".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A tenant's rules. `topics` are not for crews; `stuck_after` turns, 0: never.

    `asked`: whoever asks for a person gets one; `phrases`: what else asks for one; `subjects`: by name, phrases that
    tell what a message is about; `unknowing`: a draft that only says that it does not know goes to people.
    """

    asked: bool = True
    phrases: Sequence[str] = ()
    topics: Sequence[str] = ()
    subjects: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unknowing: bool = True
    anger: bool = True
    stuck_after: int = 3
    least_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """People are needed: why, and in what words that shows.

    `reason`: why more exactly, one of a fixed few (`chatwootai.model.policy.reasons`), for records and metrics.
    """

    cause: Cause
    detail: str = ""
    reason: str = ""


def before_draft(
    text: str, history: Sequence[Exchange], rules: Rules, meaning: Meaning = UNTOLD, language: str | None = None
) -> Need | None:
    """Return what a contact's words tell, and their meaning, so that no model need be asked. `history` oldest first.

    `language`: of the text, where it is known.
    """
    if phrase := _first_said(text, rules.phrases, wanted=True) or (is_asking(text, meaning) if rules.asked else None):
        return Need(Cause.ASKED, phrase)
    if topic := _first_said(text, rules.topics):
        return Need(Cause.TOPIC, topic)
    if rules.asked and (yes := accepts(text, history)):
        return Need(Cause.ASKED, yes)
    if rules.anger and is_angry(text, meaning, language):
        return Need(Cause.ANGER)
    return _subject(text, rules, meaning) or (Need(Cause.STUCK) if stuck(text, history, rules.stuck_after) else None)


def by_meaning(text: str, rules: Rules, meaning: Meaning, language: str | None = None) -> Need | None:
    """Return what the meaning of a contact's words tells, where the words alone told `before_draft` nothing."""
    if rules.asked and (likely := asks_by_meaning(text, meaning)):
        return Need(Cause.ASKED, likely)
    if rules.anger and is_angry_by_meaning(text, meaning, language):
        return Need(Cause.ANGER)
    return _subject_by_meaning(rules, meaning)


def _subject(text: str, rules: Rules, meaning: Meaning) -> Need | None:
    if (found := matching_subject(text, rules.subjects)) is not None:
        return Need(Cause.TOPIC, found[1], found[0])
    return _subject_by_meaning(rules, meaning)


def _subject_by_meaning(rules: Rules, meaning: Meaning) -> Need | None:
    if meaning.topic is None:
        return None
    return Need(Cause.TOPIC, meaning.topic, meaning.topic if meaning.topic in rules.subjects else "")


def after_draft(confidence: float | None, asked_by_crew: str | None, rules: Rules, text: str = "") -> Need | None:
    """Return what the draft tells. What its text promises of people is kept, and what it does not know is for them."""
    if asked_by_crew:
        return Need(Cause.CREW, asked_by_crew)
    if promise := handoff_promise(text):
        return Need(Cause.CREW, promise)
    unsure = confidence is not None and rules.least_confidence is not None and confidence < rules.least_confidence
    if unsure:
        return Need(Cause.UNSURE, f"{confidence:.2f}")
    said = admitted_ignorance(text) if rules.unknowing else None
    return Need(Cause.UNSURE, said, UNKNOWING) if said else None


def accepts(text: str, history: Sequence[Exchange]) -> str | None:
    """Return the contact's yes to a person that was offered last, folded; None: there was no offer, or no yes."""
    last = next((one for one in reversed(history) if one.role != "contact"), None)
    if last is None or last.role != "crew" or len(text) > _LONGEST_YES or not offers_handoff(last.text):
        return None
    words = frozenset(normalize(text).split())
    return normalize(text) if words & _YES and words <= _YES | _POLITE else None


def stuck(text: str, history: Sequence[Exchange], turns: int) -> bool:
    """Return whether the contact has asked the same `turns` times, or got about the same answer so often."""
    if turns < 2:
        return False
    rounds = list(islice(_rounds(history), turns))
    asked, told = [text, *(one for one, _ in rounds)][:turns], [one for _, one in rounds]
    return _all_alike(asked, turns, _LIKE_A_QUESTION) or _all_alike(told, turns, _LIKE_AN_ANSWER)


def _rounds(history: Sequence[Exchange]) -> Iterator[tuple[str, str]]:
    """Return what was asked and what the crew answered, newest first; ends where a teammate spoke.

    A message that was answered more than once, for an operator had it answered again, is one round.
    """
    known: set[Exchange] = set()
    answer, asked = "", deque[Exchange]()
    for one in reversed(history):
        if one.role == "teammate":
            return
        if one.role == "contact":
            asked.appendleft(one)
            continue
        if answer and _is_new(asked, known):
            yield "\n".join(said.text[:_COMPARED] for said in asked), answer
        answer, asked = one.text[:_COMPARED], deque()
    if answer and _is_new(asked, known):
        yield "\n".join(said.text[:_COMPARED] for said in asked), answer


def _is_new(asked: Iterable[Exchange], known: set[Exchange]) -> bool:
    """Return whether there is anything among these messages that is not known yet; they are known then."""
    new = {one for one in asked if one.text} - known
    known |= new
    return bool(new)


def _all_alike(texts: Sequence[str], count: int, share: float) -> bool:
    if len(texts) != count:
        return False
    first, *others = (text[:_COMPARED] for text in texts)
    return len(normalized_words(first)) >= _LEAST_WORDS and all(are_similar(first, other, share) for other in others)


def _first_said(text: str, phrases: Sequence[str], *, wanted: bool = False) -> str | None:
    pieces = [f" {piece} " for piece in clauses(text)] if phrases else []
    whole = "".join(pieces)
    for phrase in phrases:
        folded = f" {normalize(phrase)} "
        for piece in pieces if folded.strip() and folded in whole else ():  # thousands of pieces, and mostly in none
            before, found, _ = piece.partition(folded)
            if found and not (wanted and _UNWANTED.search(f"{before} ")):
                return phrase
    return None
