"""Words of Portuguese, Spanish and English, as far as finding a sentence that answers a question needs them. Pure."""

import re
from functools import lru_cache

from chatwootai.model.text.marks import without_accents

_PORTUGUESE = (
    "a ao aos as ate com como da das de do dos e ela ele em entre era essa esse esta estao este eu foi ha isso isto"
    " ja la mais mas me meu minha muito na nao nas no nos nossa nosso o onde os ou para pela pelo por porque pra"
    " qual quando que quem quero queria se sem ser seu seus sim sobre sua suas tambem te tem tenho ter um uma voce"
    " voces vou gostaria saber posso favor fazer tudo bem obrigado obrigada oi ola bom dia boa tarde noite"
)
_SPANISH = (
    "a al como con cual cuando de del donde e el ella en entre es esa ese esta estan este esto fue ha hay la las"
    " le lo los mas me mi mucho muy no nos nuestra nuestro o para pero por porque que quien quiero quisiera se ser"
    " si sin sobre son su sus tambien te tengo tiene tienen tu un una usted ustedes y ya yo puedo saber favor hacer"
    " hola buenos buenas dias tardes noches gracias"
)
_ENGLISH = (
    "a about all am an and any are as at be been but by can could did do does for from had has have he her here hi"
    " hello his how i if in into is it its just me my no not of on or our please she so some than thanks that the"
    " their them then there they this to us was we were what when where which who will with would yes you your"
    " want need know like tell get good morning evening"
)
STOP = {"pt": frozenset(_PORTUGUESE.split()), "es": frozenset(_SPANISH.split()), "en": frozenset(_ENGLISH.split())}
"""Folded (no accents, lower case) words that carry no matter, by language."""

_EVERY_STOP = frozenset().union(*STOP.values())

_CONCEPTS = {
    "deliver": ("entreg", "envi", "frete", "deliver", "ship", "flete", "despach"),
    "hours": ("horari", "hours", "abre", "aberto", "abert", "fecha", "open", "clos", "abierto"),
    "pay": ("pag", "pay", "pix", "boleto", "cartao", "cartoes", "tarjeta", "card", "parcel", "cuota", "instal"),
    "return": ("troc", "devol", "reembols", "return", "refund", "exchang", "cambi"),
    "price": ("prec", "valor", "custa", "cuesta", "price", "cost", "quanto", "cuanto"),
    "where": ("enderec", "direccion", "address", "localiz", "fica", "queda"),
    "order": ("pedid", "order", "compra"),
    "person": ("atendent", "humano", "human", "pessoa", "persona", "someone", "alguem", "alguien", "agente", "gerente"),
    "warranty": ("garanti", "warrant", "guarantee"),
    "name": ("nome", "nombre", "name", "chama", "llama"),
}
"""One concept, by how its words begin, so that a question in one language finds a fact in another."""

_BEGINNINGS = tuple((prefix, concept) for concept, prefixes in _CONCEPTS.items() for prefix in prefixes)
_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
_PIECE = re.compile(r"\s*(?:\w{1,6}|[^\w\s])|\s+")
_TOKEN = re.compile(r"(?<![\w@/.])#?(?=[\w-]*\d)[^\W_][\w-]{2,}(?!\w)")
_LETTERS = {"ã": "pt", "õ": "pt", "ç": "pt", "ê": "pt", "à": "pt", "ñ": "es", "¿": "es", "¡": "es"}


def fold(text: str) -> str:
    """Return `text` in lower case without accents."""
    return without_accents(text).casefold()


def words(text: str) -> list[str]:
    """Return the folded words of `text`, in order."""
    return _WORD.findall(fold(text))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return what a folded word is compared by: its concept, or its first six letters (digits are kept whole)."""
    for prefix, concept in _BEGINNINGS:
        if word.startswith(prefix):
            return concept
    return word if any(letter.isdigit() for letter in word) else word[:6].rstrip("s")


def matter(text: str) -> frozenset[str]:
    """Return the stems of the words in `text` that carry matter."""
    return frozenset(stem(word) for word in words(text) if word not in _EVERY_STOP and len(word) > 1)


def language(text: str) -> str | None:
    """Return "pt", "es" or "en", whichever speaks most clearly out of `text`; None where nothing does."""
    found = words(text)
    votes = {name: sum(word in stops for word in found) for name, stops in STOP.items()}
    for letter, name in _LETTERS.items():
        votes[name] += 2 * text.casefold().count(letter)
    best = max(votes, key=lambda name: votes[name])
    return best if votes[best] else None


def distinctive(text: str) -> list[str]:
    """Return what only this text says: order numbers, codes and the like (with a digit, three characters or more)."""
    return list(dict.fromkeys(match.lstrip("#") for match in _TOKEN.findall(text[:2_000])))


def pieces(text: str) -> list[str]:
    """Cut `text` into model-sized tokens (about four characters); joined again they are `text`."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    """Return about how many tokens a model would count in `text`."""
    return (len(text) + 3) // 4
