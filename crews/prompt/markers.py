"""The marks that a crew writes beside its words, and the team's software reads: taught here, and taken out here. Pure.

`[[handoff: reason]]` gives the conversation to people, `[[choices: A | B]]` offers answers to pick from,
`[[sure: 40%]]` says how sure the crew is, and `[[sources: 1, 4]]` which passages it used (taught beside them).
Lenient about place, brackets and decoration: a contact must never read one, whatever a model makes of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from config.schema.crew_schema import Blueprint

_BEFORE = r"(?:(?<![ \t>*_`])[ \t>*_`]+)?"  # from the first of them: not tried again from each of many
_AFTER = r"[ \t*_`]*"
_END = r"(?:\n?[ \t]*\]\]|\](?!\()|$)"  # `[Sure: our terms](https://...)` is a link
_HANDOFF = re.compile(
    rf"{_BEFORE}\[(?:\[\s*handoff\b\s*:?|\s*handoff\s*:)\s*(?P<reason>[^\]\n]*){_END}{_AFTER}",
    re.IGNORECASE | re.MULTILINE,
)
_CHOICES = re.compile(
    rf"{_BEFORE}\[\[\s*choices?\b\s*:?"
    rf"(?:(?P<whole>(?:[^\[\]]|\[[^\[\]\n]{{0,40}}\]){{0,600}})\]\]?|(?P<cut>[^\[\]\n]{{0,2000}})$){_AFTER}",
    re.IGNORECASE | re.MULTILINE,
)
_SURE = re.compile(
    rf"{_BEFORE}\[(?:\[\s*(?P<name>(?:un|not )?sure|confidence|certeza|confian[cç]a|confianza)\b\s*:?"
    rf"|\s*(?:sure|confidence)\s*:)\s*(?P<said>[^\]\n]*)(?P<end>{_END}){_AFTER}",
    re.IGNORECASE | re.MULTILINE,
)
_SOURCES = re.compile(
    rf"{_BEFORE}\[(?:\[\s*(?:sources?|fontes?|fuentes?)\b\s*:?|\s*(?:sources?|fontes?|fuentes?)\s*:)"
    rf"(?P<said>[\d\s,;\[\]e&and-]{{0,80}}?){_END}{_AFTER}",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)\s*(%?)")
_DOUBTS = re.compile(r"\bun|\bnot?\b|\bn[aã]o\b|low|baix|baj|little|pouc|poc", re.IGNORECASE)
_DOUBT = 0.3
_BETWEEN = re.compile(r"[|\n]")
_AROUND = ' \t-•*_`"“”'
_BRACKETS = re.compile(r"^\[([^\[\]]*)\]$")
_MOST_CHOICES = 10  # what WhatsApp lists
_LONGEST_CHOICE = 20  # characters of a WhatsApp button, and of a Messenger quick reply
_UNNAMED = "the crew asks for a person"
_REASON = 200  # characters; it stands in a note to the team

_TAUGHT = {
    "[[handoff": "Where a person is needed, and only there, your first line is a mark for the team with the reason, "
    "and below it one short sentence says that a colleague takes over. Two examples of the mark:{}",
    "[[choices": "Where you ask to pick from 2 to 10 short answers, your last line may offer them, each at most 20 "
    "characters. Two examples:{}",
    "[[sure": "Only where you cannot be sure that your answer is right and complete, your last line says how sure you "
    "are. Two examples:{}",
}
_EXAMPLES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "pt": {
        "[[handoff": ("alergia depois de usar o creme", "cobrada duas vezes no pedido 8812"),
        "[[choices": ("Retirar na loja | Receber em casa", "250 ml | 500 ml | 1 litro"),
    },
    "es": {
        "[[handoff": ("alergia después de usar la crema", "cobro doble en el pedido 8812"),
        "[[choices": ("Retirar en tienda | Envío a casa", "250 ml | 500 ml | 1 litro"),
    },
    "en": {
        "[[handoff": ("a rash after using the cream", "charged twice for order 8812"),
        "[[choices": ("Pick up | Home delivery", "250 ml | 500 ml | 1 litre"),
    },
}
_SURE_EXAMPLES = ("40%", "70%")
_RECITED = frozenset(each for several in _EXAMPLES.values() for each in several["[[handoff"])
"""Reasons that stand in our examples: whoever gives one of them word for word gives none."""
_NOT_IN_MAIL = "[[choices"


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A crew's text without its marks, and what they say. `sure` 0 to 1; `sources` count from 1."""

    text: str
    handoff: str | None = None
    choices: tuple[str, ...] = ()
    confidence: float | None = None
    sources: tuple[int, ...] = ()


def with_marker_instructions(blueprint: Blueprint, *, doubt: bool = False, language: str = "en") -> Blueprint:
    """Return the crew with its last task told of each mark that it does not name itself.

    Of `[[sure` where `doubt` matters.

    By examples in the tenant's `language`: a pattern to fill in is filled in with its own words by small models.
    """
    *before, last = blueprint.tasks
    wanted = [mark for mark in _TAUGHT if mark not in last.description and (doubt or mark != "[[sure")]
    lines = [
        f"- {_instruction(mark, language)}" for mark in wanted if mark != _NOT_IN_MAIL or blueprint.channel != "email"
    ]
    if not lines:
        return blueprint
    told = replace(last, description="\n".join([last.description, *lines]))
    return replace(blueprint, tasks=(*before, told))


def _instruction(mark: str, language: str) -> str:
    own = _EXAMPLES.get(language[:2], _EXAMPLES["en"])
    examples = own.get(mark, _SURE_EXAMPLES)
    return _TAUGHT[mark].format("".join(f"\n  {mark}: {each}]]" for each in examples))


def parse_markers(text: str) -> MarkedText:
    """Return the words and the marks of an answer."""
    if "[" not in text:
        return MarkedText(text.strip())
    said, handoff = split_handoff(text)
    said, choices = split_choices(said)
    said, sure = split_confidence(said)
    said, sources = split_sources(said)
    return MarkedText(said, handoff, choices, sure, sources)


def split_handoff(text: str) -> tuple[str, str | None]:
    """Return the text without its `[[handoff: reason]]`, and the reason if it had one."""
    found = _HANDOFF.search(text)
    if found is None:
        return text.strip(), None
    reason = found["reason"].strip()[:_REASON]
    reason = _UNNAMED if not reason or reason.casefold() in _RECITED else reason
    return _HANDOFF.sub(" ", text).strip(), reason


def split_choices(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text without its `[[choices: A | B]]`, and the titles; those that no button could show are dropped.

    Of a marker that was cut off, the last title is not whole, and dropped too.
    """
    found = _CHOICES.search(text)
    if found is None:
        return text.strip(), ()
    whole = found["whole"]
    given = _BETWEEN.split(found["cut"])[:-1] if whole is None else _BETWEEN.split(whole)
    titles = (" ".join(_BRACKETS.sub(r"\1", title.strip(_AROUND)).split()) for title in given)
    fit = {title.casefold(): title for title in titles if 0 < len(title) <= _LONGEST_CHOICE}
    return _CHOICES.sub(" ", text).strip(), tuple(fit.values())[:_MOST_CHOICES]


def split_confidence(text: str) -> tuple[str, float | None]:
    """Return the text without its `[[sure: 40%]]`, and the number (0 to 1).

    None where there is none, or it was cut off.

    Of several the least: a contact who writes such a mark, and is quoted, makes no answer surer than it is.
    """
    found = [_parse_confidence(each["said"], each["name"] or "") for each in _SURE.finditer(text) if each["end"]]
    return _SURE.sub(" ", text).strip(), min((sure for sure in found if sure is not None), default=None)


def split_sources(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the text without its `[[sources: 1, 4]]`, and the numbers, each once."""
    numbers = dict.fromkeys(int(n) for each in _SOURCES.finditer(text) for n in re.findall(r"\d{1,3}", each["said"]))
    return _SOURCES.sub(" ", text).strip(), tuple(numbers)


def _parse_confidence(said: str, name: str) -> float | None:
    number = _NUMBER.search(said)
    if number is None:
        return _DOUBT if _DOUBTS.search(f"{name} {said}") else None
    value = float(number[1].replace(",", "."))
    return min(value / 100 if number[2] or value > 1 else value, 1.0)
