"""Finds drafts that say that they do not know, and leave it at that. Pure."""

import re
from typing import Final

from chatwootai.model.text.normalize import clauses

_LONGEST: Final = 2_000
"""Characters that are looked at; whoever writes more has said something."""
_KNOWLEDGE: Final = (
    r"(?:informac\w+|dados?|detalhes?|respuesta|resposta|datos?|detalles?|information|details?|answer|data|that|this"
    r"|isso|eso|esto|this question|essa pergunta)"
)
_SAYS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:nao|no) (?:tenho|temos|possuo|encontrei|achei|localizei|disponho d\w+|consta|tengo|tenemos|dispongo de"
        rf"|encontre|cuento con)(?: \w+){{0,5}} {_KNOWLEDGE}\b",
        r"\b(?:nao|no) (?:sei|se)(?: te| lhe| le| como)? (?:dizer|informar|responder|decir|decirle|informarle|ao certo"
        r"|se)\b",
        r"^(?:desculpe |infelizmente |lo siento |lamentablemente )?(?:eu |yo )?(?:nao sei|no lo se|no se)(?: \w+)?$",
        r"\bnao (?:tenho|temos) como (?:saber|confirmar|informar|verificar)\b",
        r"\bno (?:tengo|puedo) (?:como )?(?:saber|confirmar)\b",
        rf"\b(?:i|we) (?:do not|don t|did not|didn t|could not|couldn t|cannot|can t) (?:have|find|see|know|confirm"
        rf"|tell|verify)(?: \w+){{0,6}}? {_KNOWLEDGE}\b",
        r"\b(?:i am|i m|we are|we re) (?:not sure|unsure|not able to (?:find|confirm|verify)|unable to (?:find|confirm"
        r"|verify|answer))\b",
        r"^(?:sorry |unfortunately )?i (?:do not|don t) know(?: that| this)?$",
        r"\b(?:that|this|it) is not (?:in|among|part of) (?:my|the) (?:information|facts|knowledge)\b",
    )
)
_GOES_ON: Final = re.compile(
    r"\?|\b(?:posso|podemos|puedo|podemos|can i|i can|we can|shall i|would you like|quer que|gostaria|quieres|desea"
    r"|deseja"
    r"|mas|pero|but|however|porem|no entanto|sin embargo)\b",
    re.IGNORECASE,
)


def admitted_ignorance(text: str) -> str | None:
    """Return the words in which a draft says that it does not know, folded; None: it does not, or it goes on.

    Whoever asks something back, offers something, or knows something else, is still of use to the contact.
    """
    kept = text[:_LONGEST]
    if len(text) > _LONGEST or _GOES_ON.search(kept):
        return None
    return next((found[0] for clause in clauses(kept) for each in _SAYS if (found := each.search(clause))), None)
