"""A question as chat messages, and a model's text as a draft's. Pure."""

import re

from chatwootai.model.turn import Question
from crews.call import Chat

_ROLES = {"contact": "user", "crew": "assistant", "teammate": "assistant"}
_HANDOFF = re.compile(
    r"[ \t>*_`]*\[\[\s*handoff\b\s*:?\s*(?P<reason>[^\]\n]*)(?:\]\]?|$)[ \t*_`]*", re.IGNORECASE | re.MULTILINE
)
_CHOICES = re.compile(
    r"[ \t>*_`]*\[\[\s*choices?\b\s*:?(?:(?P<whole>[^\[\]]{0,600})\]\]?|(?P<cut>[^\]\n]*)$)[ \t*_`]*",
    re.IGNORECASE | re.MULTILINE,
)
_BETWEEN = re.compile(r"[|\n]")
_AROUND = ' \t-•*_`"“”'
_MOST_CHOICES = 10  # what WhatsApp lists
_LONGEST_CHOICE = 20  # characters of a WhatsApp button, and of a Messenger quick reply
_UNNAMED = "the crew asks for a person"
_REASON = 200  # characters; it stands in a note to the team
_SENTENCE = re.compile(r"[.!?…](?=[\"'”’)*_]*(?:\s|$))[\"'”’)*_]*|\n")


def messages(question: Question) -> tuple[Chat, ...]:
    """The exchanges before, oldest first, then the burst: what customers wrote stands there unchanged."""
    history = [{"role": _ROLES.get(each.role, "user"), "content": each.text} for each in question.history if each.text]
    return (*history, {"role": "user", "content": _shown(question)})


def _shown(question: Question) -> str | list[Chat]:
    """What was asked, and the images that came with it."""
    asked = _asked(question)
    if not question.images:
        return asked
    images = [{"type": "image_url", "image_url": {"url": url, "detail": "auto"}} for url in question.images]
    return [{"type": "text", "text": asked}, *images]


def words(content: object) -> str:
    """The words of a message's content, without its images."""
    if not isinstance(content, list):
        return str(content or "")
    return "\n".join(str(piece.get("text", "[image]")) for piece in content)


def _asked(question: Question) -> str:
    if question.subject and question.channel == "email":
        return f"Subject: {question.subject}\n\n{question.text}"
    return question.text


def split_handoff(text: str) -> tuple[str, str | None]:
    """The text without its `[[handoff: reason]]`, and the reason if it had one.

    Lenient about place and decoration: a customer must never read the marker, whatever a model makes of it.
    """
    found = _HANDOFF.search(text)
    if found is None:
        return text.strip(), None
    reason = found["reason"].strip()[:_REASON] or _UNNAMED
    return _HANDOFF.sub(" ", text).strip(), reason


def split_choices(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without its `[[choices: A | B]]`, and the titles; those that no button could show are dropped.

    As lenient as `split_handoff`. Of a marker that was cut off, the last title is not whole, and dropped too.
    """
    found = _CHOICES.search(text)
    if found is None:
        return text.strip(), ()
    whole = found["whole"]
    given = _BETWEEN.split(found["cut"])[:-1] if whole is None else _BETWEEN.split(whole)
    titles = (" ".join(title.strip(_AROUND).split()) for title in given)
    fit = {title.casefold(): title for title in titles if 0 < len(title) <= _LONGEST_CHOICE}
    return _CHOICES.sub(" ", text).strip(), tuple(fit.values())[:_MOST_CHOICES]


def end_at_sentence(text: str) -> str:
    """A text cut off by its length limit, shortened to its last whole sentence; with an ellipsis where it has none."""
    ends = [found.end() for found in _SENTENCE.finditer(text)]
    return text[: ends[-1]].rstrip() if ends else f"{text.rstrip()}…"
