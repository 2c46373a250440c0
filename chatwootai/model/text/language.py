"""Detects the language that a contact writes, by words and letters that only one of those spoken here has. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from chatwootai.model.text.normalize import normalized_words

_MOST: Final = 2000
"""Characters that are looked at: nobody changes language after them."""

# Short, frequent words, folded. One that two languages share tells nothing where both are spoken.
_OF: Final = {
    "pt": frozenset(
        "nao voce voces obrigado obrigada ola oi tudo bem meu minha meus minhas seu sua eu ele ela nos isso isto essa "
        "esse esta uma um com sem pra voces tem tenho quero queria gostaria preciso posso pode qual quais quando onde "
        "quanto quanta ainda ja tambem ate aqui agora hoje amanha ontem bom boa dia tarde noite do da dos das ao na "
        "no nas entrega pedido loja preco frete fica chegou comprei foi estou sao mais muito mas ou quem fazer faz "
        "entao pelo pela moco moca atendente falar custa custam vcs obg qto estoque aberto "
        "tamanho valeu beleza blz kd desconto manda".split()
    ),
    "es": frozenset(
        "usted ustedes gracias hola mi mis su sus yo el ella eso esto esa ese una un con sin para tiene tienen tengo "
        "quiero quisiera necesito puedo puede cual cuales cuando donde cuanto cuanta todavia ya tambien hasta aqui "
        "ahora hoy manana ayer buenos buenas buen dias tardes noches del los las al la lo es envio pedido tienda "
        "precio llego compre fue estoy son mas muy pero quien hacer hace entonces y por favor hay hablar "
        "como esta si cuesta buenas tienes porfa perfecto abierto stock tmb xq "
        "talla tallas mandame enviame dame dime pasame avisame muestrame interesa dale ningun ninguna tarjeta efectivo "
        "envios no llegaron descuento".split()
    ),
    "en": frozenset(
        "the you your thanks thank hello hi my i he she it this that these those a an with without for have has want "
        "would need can could which what when where how much still already also until here now today tomorrow "
        "yesterday good morning afternoon evening of and or but who do does did is are was were am not please order "
        "shop store price shipping delivery arrived bought there they we speak talk to in on from hey thx yes why open "
        "refund stock u ur didn don isn doesn won hasn haven wasn couldn size sizes cool cheers get got give send ship "
        "arrive delivered available any another much".split()
    ),
    "de": frozenset(
        "der die das und ist nicht ich sie wir ihr ein eine einen mit fur auf von zu den dem des wie was wann wo wer "
        "warum haben habe hat kann konnen mochte bitte danke hallo guten tag morgen abend auch noch schon aber oder "
        "wenn wurde werden bestellung lieferung versand laden preis kostet kosten sind bin mein meine ihre mir mich "
        "uns gibt heute gestern jetzt einem einer kein keine sicher sehr mehr dass als nach uber sprechen".split()
    ),
    "fr": frozenset(
        "le la les des un une et est pas je vous nous il elle ce cette que qui quoi quand ou comment combien pour "
        "avec sans dans sur mon ma mes votre vos bonjour bonsoir merci salut commande livraison prix magasin avez "
        "avoir suis sont oui non aussi encore deja mais voudrais peux pouvez faire du au aux ai j d l n c plus "
        "aujourd hui demain hier parler quel quelle coute cela".split()
    ),
    "it": frozenset(
        "il lo la gli le un una e non sono che chi cosa quando dove come quanto per con senza mio mia miei vostro "
        "vostri ciao buongiorno buonasera grazie prego ordine spedizione consegna prezzo negozio avete ho hai ha "
        "siete vorrei posso potete anche ancora gia ma o si del della dei alla nel questo questa oggi domani ieri "
        "quale costa arrivato mi parlare".split()
    ),
    "nl": frozenset(
        "de het een en is niet ik u jij je wij we met voor op van naar hoe wat wanneer waar wie waarom heeft heb "
        "hebben kan kunnen graag alsjeblieft alstublieft bedankt dank hallo goedemorgen goedemiddag goedenavond ook "
        "nog al maar of bestelling levering verzending winkel prijs kost zijn ben mijn uw jullie mij ons er dit dat "
        "vandaag morgen gisteren nu spreken hoeveel".split()
    ),
}
# Words that leave no doubt alone.
_SURELY: Final = {
    "pt": frozenset(
        "ola obrigado obrigada obg voce voces vcs nao quero quanto custa custam preco onde estoque hoje falar".split()
    ),
    "es": frozenset(
        "hola gracias usted ustedes quiero quisiera cuanto cuanta cuesta precio tienen tienes donde cuando llego "
        "necesito puedo buenas porfa hablar hoy perfecto abierto talla mandame enviame muestrame interesa llego "
        "tarjeta efectivo descuento".split()
    ),
    "en": frozenset(
        "hello hi hey thanks thx yes please price what why when where how much open refund shipping stock "
        "size didn cheers cool delivered send".split()
    ),
    "de": frozenset("danke bitte nicht kostet bestellung lieferung ich".split()),
    "fr": frozenset("bonjour merci combien livraison voudrais".split()),
    "it": frozenset("grazie buongiorno spedizione vorrei".split()),
    "nl": frozenset("bestelling hoeveel alstublieft goedemorgen".split()),
}
# Letters that only one of them writes.
_LETTERS: Final = {"pt": "ãõ", "es": "ñ¿¡", "de": "ßäöü", "fr": "œùûëî", "it": "ìò"}
_ALSO: Final = {"pt": "ãõçâêôà"}  # where no French, which writes some of them, is spoken
_BUILT: Final = {
    "es": re.compile(
        r"\bll[aeou]\w|\bno (?:se|me|te|lo|les?|hay|es|esta|estoy|tengo|tienen?|puedo|funciona|sirve|entiendo"
        r"|quiero|gracias"
        r"|encuentro|anda)\b"
    )
}
"""Beginnings and sequences of words that only one of them has: a Portuguese `no` stands before a noun."""
_LETTER_WEIGHT: Final = 2
_SURE: Final = 2
"""So many words more than any other language: one alone may be a name."""

_SCRIPTS: Final = (
    (re.compile(r"[\u3040-\u30ff]"), ("ja",)),
    (re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"), ("ko",)),
    (re.compile(r"[\u3400-\u9fff]"), ("zh", "ja")),
    (re.compile(r"[\u0400-\u04ff]"), ("ru", "uk", "bg", "sr", "mk", "be", "kk")),
    (re.compile(r"[\u0370-\u03ff]"), ("el",)),
    (re.compile(r"[\u0590-\u05ff]"), ("he", "iw", "yi")),
    (re.compile(r"[\u0600-\u06ff]"), ("ar", "fa", "ur")),
    (re.compile(r"[\u0900-\u097f]"), ("hi", "mr", "ne")),
    (re.compile(r"[\u0980-\u09ff]"), ("bn",)),
    (re.compile(r"[\u0b80-\u0bff]"), ("ta",)),
    (re.compile(r"[\u0c00-\u0c7f]"), ("te",)),
    (re.compile(r"[\u0e00-\u0e7f]"), ("th",)),
    (re.compile(r"[\u0530-\u058f]"), ("hy",)),
    (re.compile(r"[\u10a0-\u10ff]"), ("ka",)),
)
"""Scripts, and the languages that are written so: the first of them that is spoken here is meant."""
_BEYOND_LATIN: Final = re.compile(r"[\u0370-\u1cff\u3040-\ud7af]")
"""A letter of any of them: nearly no text has one, and then none is looked for."""

ALWAYS: Final = frozenset({"pt", "es", "en"})
"""What is spoken where nobody says otherwise: sentences in these ship."""

DETECTED: Final = frozenset([*_OF, *(code for _, codes in _SCRIPTS for code in codes)])
"""What can be told by words or letters; any other language is told by what Chatwoot knows alone."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A language's code, and whether the words leave no doubt. None: nothing tells."""

    language: str | None
    sure: bool


def detect(text: str, among: frozenset[str] = ALWAYS) -> Guess:
    """Guess the language of a text, of those that are spoken here."""
    text = text[:_MOST]
    if (written := _by_script(text, among)) is not None:
        return Guess(written, True)
    words = normalized_words(text)
    lowered = text.casefold()
    scores = {code: _score(words, lowered, code, among) for code in _telling(among)}
    ranked = sorted(scores, key=lambda code: scores[code], reverse=True)
    best = scores[ranked[0]] if ranked else 0
    second = scores[ranked[1]] if len(ranked) > 1 else 0
    if best == second:
        return Guess(None, False)
    return Guess(ranked[0], best - second >= _SURE)


def _by_script(text: str, among: frozenset[str]) -> str | None:
    """Return the language of a script other than Latin that most of a text is written in, if it is spoken here."""
    return next((code for code in script_codes(text, among) or () if code in among), None)


def script_codes(text: str, among: frozenset[str] = frozenset()) -> tuple[str, ...] | None:
    """Return the languages of the script other than Latin that most of a text is written in; None: it is Latin.

    `among`: where some of a script's languages are meant, other scripts are not.
    """
    if _BEYOND_LATIN.search(text) is None:
        return None
    letters = sum(map(str.isalpha, text))
    for script, codes in _SCRIPTS:
        found = len(script.findall(text))
        most = found >= max(2, letters / 3 if codes[0] == "ja" else letters / 2)
        if most and (not among or any(code in among for code in codes)):
            return codes
    return None


def _score(words: Sequence[str], lowered: str, code: str, among: frozenset[str]) -> int:
    telling = _telling(among)[code]
    sure = _SURELY[code]
    counted = sum(1 + (word in sure) for word in words if word in telling)
    letters = _ALSO.get(code, "") if "fr" not in among else ""
    signs = any(letter in lowered for letter in letters or _LETTERS.get(code, ""))
    built = code in _BUILT and _BUILT[code].search(" ".join(words)) is not None
    return counted + _LETTER_WEIGHT * (signs or built)


@lru_cache(256)
def _telling(among: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """Of each language that is spoken the words that no other one of them has."""
    spoken = {code: words for code, words in _OF.items() if code in among}
    others = {code: frozenset().union(*(w for c, w in spoken.items() if c != code)) for code in spoken}
    return {code: words - others[code] for code, words in spoken.items()}


def _is_brief(text: str) -> bool:
    """Return whether a text is one word of Latin letters, which people say in the midst of another language: ok, hi."""
    return text.isascii() and len(text.split()) == 1


def language_of(
    text: str,
    before: Iterable[str],
    conversation: str | None,
    tenant: str,
    among: frozenset[str] = ALWAYS,
    guess: Callable[[str, frozenset[str], str], Guess] | None = None,
) -> str:
    """Return the language to answer in: of what the contact writes now, wrote before, the conversation's, or ours.

    `among`: the languages that are spoken here, without countries; `guess`: what tells a text's, also one of others;
    None: words do.
    """
    own = tenant.split("-", maxsplit=1)[0]
    among = among | {own}
    told = guess or (lambda said, spoken, _: detect(said, spoken))
    now = told(text, among, own)
    if now.sure and now.language and not _is_brief(text):
        return now.language
    for earlier in before:
        then = told(earlier, among, own)
        if then.sure and then.language:
            return then.language
    if now.sure and now.language:
        return now.language
    known = (conversation or "").replace("_", "-").split("-")[0].lower()
    if now.language and now.language in (known, own):
        return now.language if now.language != own else tenant
    return known if known in among and known != own else tenant
