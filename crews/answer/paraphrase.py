"""The answer to a question put in other words, for when no model can be asked. Pure.

Whoever is answered by this cannot be misunderstood by much: after greetings and words that carry nothing are gone, the
very same words must be left, in the same order; only what is said first may be said last instead ("on Sunday, are you
open?"), where that turns nothing round. So a number, a negation, a day, a product or a direction that differs is
another question, and so is who does what to whom. Singular and plural, and common abbreviations, are one.
"""

import re
from datetime import date
from functools import lru_cache

from chatwootai.model.message.turn import Question
from config.settings.answers import LONGEST, normalise_question
from config.settings.settings import Settings

_LEAST = 2
"""Words that carry something: with fewer, anything could be meant."""
_SHORT = 3

_CARRY_NOTHING = {
    "pt": "o a os as um uma uns umas de do da dos das em na nas ao aos e eh que qual quais sao esta estao"
    " ai entao ja voce voces gostaria queria quero de saber me diz diga dizer informar informa pode podem poderia",
    "es": "el la los las un una unos unas de del en al y e es son que cual cuales esta estan ya usted ustedes"
    " quisiera queria quiero saber me dice dime decir informar puede pueden podria",
    "en": "the a an of in at on is are do does what which you your please could would like know tell me",
}
_SHORT_FOR = {
    "vc": "voce",
    "vcs": "voces",
    "ce": "voce",
    "q": "que",
    "pq": "por",
    "porque": "por",
    "qto": "quanto",
    "qnto": "quanto",
    "qdo": "quando",
    "hj": "hoje",
    "p": "para",
    "pra": "para",
    "pro": "para",
    "u": "you",
    "ur": "your",
}
_NOTHING = {language: frozenset(words.split()) for language, words in _CARRY_NOTHING.items()}
_COURTESY = re.compile(r"\bpor (?:favor|gentileza)\b")
_TURN_ROUND = frozenset(
    "para ate entre sem com to from for until hasta desde between without with sin con"
    " nao nem nunca ni not never than que antes depois despues before after".split()
)
"""What comes after these belongs to them: words before and after may not change places."""
_WRITTEN = 8192  # questions of tenants, kept in order: all of them are looked through while no model answers

Words = tuple[str, ...]


def find_paraphrased(question: Question, settings: Settings, day: date) -> str | None:
    """Return the name of the one answer of `settings` whose question says the same on `day`, or None."""
    language = (question.language or settings.language)[:2]
    asked = content_words(question.text, language) if len(question.text) <= LONGEST else ()
    if not asked:
        return None
    same = {
        name
        for name, answer in settings.answers.items()
        if answer.holds(question.origin.channel, day)
        and (answer.language or language)[:2] == language
        and any(_content_words_of_written(each, language) == asked for each in answer.questions)
    }
    return same.pop() if len(same) == 1 else None


def content_words(text: str, language: str) -> Words:
    """Return the words that carry something, begun at the same one wherever they may be.

    None where they are too few.
    """
    nothing = _NOTHING.get(language)
    if nothing is None:
        return ()
    spelled = [_SHORT_FOR.get(word, word) for word in _COURTESY.sub(" ", normalise_question(text)).split()]
    said = [word for word in spelled if word not in nothing]
    words = tuple(map(_singular, said))
    if len(set(words)) < _LEAST:
        return ()
    if _TURN_ROUND & set(said):
        return words
    return min(words[at:] + words[:at] for at in range(len(words)))


_content_words_of_written = lru_cache(_WRITTEN)(content_words)


def _singular(word: str) -> str:
    """Return one form for one and many, of nouns (`lojas`) and of verbs (`abrem`)."""
    if len(word) <= _SHORT or any(each.isdigit() for each in word):
        return word
    if word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:-1] if word.endswith(("am", "em")) else word
