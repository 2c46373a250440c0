"""Which language a contact writes: Portuguese, Spanish or English, told by words that only one of them has. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chatwootai.model.words import folded_words

# Short, frequent words, folded. One that two languages share tells nothing and stands in neither.
_OF: Final = {
    "pt": frozenset(
        "nao voce voces obrigado obrigada ola oi tudo bem meu minha meus minhas seu sua eu ele ela nos isso isto essa "
        "esse esta uma um com sem pra voces tem tenho quero queria gostaria preciso posso pode qual quais quando onde "
        "quanto quanta ainda ja tambem ate aqui agora hoje amanha ontem bom boa dia tarde noite do da dos das ao na "
        "no nas entrega pedido loja preco frete fica chegou comprei foi estou sao mais muito mas ou quem fazer faz "
        "entao pelo pela moco moca atendente falar".split()
    ),
    "es": frozenset(
        "usted ustedes gracias hola mi mis su sus yo el ella eso esto esa ese una un con sin para tiene tienen tengo "
        "quiero quisiera necesito puedo puede cual cuales cuando donde cuanto cuanta todavia ya tambien hasta aqui "
        "ahora hoy manana ayer buenos buenas buen dias tardes noches del los las al la lo es envio pedido tienda "
        "precio llego compre fue estoy son mas muy pero quien hacer hace entonces y por favor hay hablar "
        "como esta si".split()
    ),
    "en": frozenset(
        "the you your thanks thank hello hi my i he she it this that these those a an with without for have has want "
        "would need can could which what when where how much still already also until here now today tomorrow "
        "yesterday good morning afternoon evening of and or but who do does did is are was were am not please order "
        "shop store price shipping delivery arrived bought there they we speak talk to in on from".split()
    ),
}
_SHARED: Final = {
    word for code, words in _OF.items() for word in words if any(word in _OF[other] for other in _OF if other != code)
}
# Letters that only one of them writes.
_LETTERS: Final = {"pt": "ãõçâêôà", "es": "ñ¿¡"}
_LETTER_WEIGHT: Final = 2
_LONGEST: Final = 2_000
"""Characters that are looked at: a language shows within a few lines."""
_SURE: Final = 2
"""So many words more than any other language: one alone may be a name."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A language's code, and whether the words leave no doubt. None: nothing tells."""

    language: str | None
    sure: bool


def detect(text: str) -> Guess:
    """Guess the language of a text."""
    text = text[:_LONGEST]
    said, lowered = folded_words(text), text.casefold()
    scores = {code: _score(said, lowered, code) for code in _OF}
    ranked = sorted(scores, key=lambda code: scores[code], reverse=True)
    best, second = scores[ranked[0]], scores[ranked[1]]
    if best == second:
        return Guess(None, False)
    return Guess(ranked[0], best - second >= _SURE)


def _score(said: Sequence[str], lowered: str, code: str) -> int:
    words = sum(word in _OF[code] and word not in _SHARED for word in said)
    return words + _LETTER_WEIGHT * any(letter in lowered for letter in _LETTERS.get(code, ""))


def language_of(text: str, before: Iterable[str], conversation: str | None, tenant: str) -> str:
    """The language to answer in: what the contact writes now, wrote before (newest first), his conversation's, ours."""
    now = detect(text)
    if now.sure and now.language:
        return now.language
    for earlier in before:
        guess = detect(earlier)
        if guess.sure and guess.language:
            return guess.language
    known = (conversation or "").replace("_", "-").split("-")[0].lower()
    own = tenant.split("-", maxsplit=1)[0]
    if now.language and now.language in (known, own):
        return now.language if now.language != own else tenant
    return known if known in _OF else tenant
