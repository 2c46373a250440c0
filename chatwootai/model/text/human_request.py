"""Finds a contact's request for a person, in Portuguese, Spanish or English. Pure.

Not by phrases but by how they are built: someone is to be reached, and it is a person; or it is a machine, and it is
not wanted. Read clause by clause, folded (normalize.py), so that a "no" counts where it stands.
"""

import re
from collections.abc import Iterator
from typing import Final

from chatwootai.model.text.normalize import clauses

_LONGEST: Final = 4_000
"""Characters that are looked at."""


def _any(*several: str) -> str:
    return "(?:" + "|".join(word for words in several for word in words.split("|")) + ")"


# Who answers for a company, whatever is said around the word.
_STAFF: Final = _any(
    r"atendentes?|humanos?|humanas?|ser(?:es)? humanos?|gerentes?|supervisor(?:a|es)?|operador(?:a|es)?|encarregad[oa]",
    r"responsavel|coordenador(?:a)?|asesor(?:a|es)?|ejecutiv[oa]s?|representantes?|encargad[oa]|agentes?",
    r"humans?|human beings?|agents?|representatives?|reps?|operators?|managers?|supervisors?|advis[oe]rs?",
    r"funcionari[oa]|emplead[oa]|atendiente|vendedor(?:a)? human[oa]|member of staff",
)
# Where those are: reached, but not asked after ("do you have support?").
_TEAM: Final = _any(
    r"customer (?:service|support|care)|live (?:chat|support)|support|staff|equipe|equipo|suporte|soporte|atendimento",
    r"vendedor(?:a|as|es)?|consultor(?:a|as|es)?|seller|salesperson",
)
# Anyone: a person only where it is said what for.
_ANYONE: Final = _any(
    r"pessoas?|alguem|gente|persona|alguien|person|people|someone|somebody|anyone|anybody|uma? moca|um? rapaz",
    r"quem (?:manda|decide|resolve|cuida)|quien (?:manda|decide|resuelve)|whoever is in charge",
)
_REAL: Final = _any(r"real|reais|reales|de verdade|de verdad|human[oa]s?|viv[oa]|de carne e osso|real life|actual|live")
_REAL_PERSON: Final = rf"(?:{_ANYONE} {_REAL}|{_REAL} {_ANYONE})"
_BETWEEN: Final = (
    r"(?:(?:um|uma|uns|o|a|os|as|algum|alguma|seu|sua|outr[oa]|un|una|unos|el|la|los|las|algun|alguna|su|otr[oa]|"
    r"the|an|your|some|any|another|one|my|real|actual|live|verdadeir[oa]|de|do|da|dos|das|voces|of|ustedes) )"
)
_PERSON: Final = rf"(?:{_BETWEEN}{{0,4}}(?:{_STAFF}|{_TEAM}|{_ANYONE})\b)"
_STAFF_OR_TEAM: Final = rf"(?:{_BETWEEN}{{0,4}}(?:{_STAFF}|{_TEAM})\b)"
_SPEAK: Final = _any(
    r"falar|conversar|tratar|resolver|contato|contatar|hablar|platicar|charlar|comunicarme|comunicar|contacto",
    r"contactar|speak|talk|chat|contact|reach|deal",
)
_WITH: Final = r"(?:com|c|con|to|with)"
# To be given to somebody: "me passa para", "transfer me to", "put me through to".
_MATTER: Final = r"(?: (?:isso|a conversa|o caso|meu caso|minha conversa|essa conversa))?"
_GIVE: Final = _any(
    r"passa|passe|passar|coloca|coloque|poe|liga|ligue|transfere|transfira|transferir|encaminha|encaminhe|encaminhar",
    r"direciona|direcione|ponme|poneme|pongame|transferid[oa]|encaminhad[oa]|pasame|paseme|pasa|pasar|pasarme|pase|transfiere|transfiera",
    r"transfiereme|transfierame|transferirme|deriva|derivame|derivar|comunica|comunicame|comuniqueme|comunique|conectame",
    r"transfer|connect|put|pass|hand|forward|redirect|switch|escalate|transferred|connected|escalated",
)
_GIVEN_TO: Final = (
    rf"{_GIVE}(?: (?:me|us|this|it))?(?: (?:over|on|through))?{_MATTER}"
    r" (?:para|pra|pro|ao|aos|a|com|em contato com|con|al|to|with)"
)
_CALL: Final = _any(r"chamar?|chame|chama|llamar?|llame|get me|get|give me|find me|traga|traz|me da|deme|dame|bring me")
_WANT: Final = _any(
    r"quero|queria|gostaria|preciso|necessito|prefiro|preferia|exijo|desejo|quiero|quisiera|necesito|prefiero|solicito",
    r"want|need|prefer|rather have|demand|would like|d like|request|require",
)
_SORELY: Final = r"(?: (?:urgente|urgentemente|muito|mucho|logo|ja|ya|now|really))?"
_HELP: Final = (
    r"(?:que |para |pra |p |to |who can |that can )?(?:possa |puede |pueda )?(?:me )?"
    r"(?:ajud\w+|atend\w+|atiend\w+|ayud\w+|resolv\w+|help|assist|answer me|handle|talk|speak)"
)
_POLITE: Final = (
    r"(?: (?:por favor|pf|pfv|pfvr|please|agora|ja|urgente|aqui|now|ahora|ya|right now|asap|ai|alli|ahi|obrigad[oa]))*"
)
_MACHINE: Final = _any(
    r"robos?|robots?|bots?|maquinas?|machines?|ia|ai|inteligencia artificial|artificial intelligence|chatbots?",
    r"automatic[oa]s?|automated|assistente virtual|asistente virtual|virtual assistant|computadora?|computer",
)
_ALONE: Final = re.compile(
    r"(?:oi |ola |hola |hi |hello |hey |ok |entao |so |quero |queria |um |una? |an? |the |por favor |please )*"
    r"(?:(?:atendente|humano|humana|humanos|ser humano|agente|asesor|operador|operadora|supervisor|gerente"
    r"|representante|human|agent|operator|representative|(?:real|actual|live|human) (?:person|agent|support)"
    r"|pessoa real|persona real"
    r"|(?:customer service|customer support|support) (?:rep|agent|representative)|pessoa de verdade|persona de verdad"
    rf"|manager)(?: (?:humano|humana|human|real|de verdade))?|atendimento humano|atencion humana){_POLITE}"
)
_ASKS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_SPEAK}(?: \w+)?? {_WITH} {_PERSON}",
        rf"\b(?:speak|talk|contact|reach|contactar|contatar) {_PERSON}",
        r"\b(?:anyone|someone|somebody|quem|quien|alguien) (?:i can|que eu possa|posso|puedo)"
        r" (?:talk|speak|falar|hablar)",
        rf"\b{_GIVEN_TO} {_STAFF_OR_TEAM}",
        rf"\b(?:me {_GIVEN_TO}|(?:transfer|connect|put|pass|hand) me (?:over |on |through )?to) {_PERSON}",
        rf"\b{_CALL} (?:al |a )?{_BETWEEN}{{0,3}}(?:{_STAFF}\b|{_REAL_PERSON}|{_ANYONE}(?: {_HELP}\b|{_POLITE}$))",
        rf"\bhave {_BETWEEN}{{1,2}}(?:{_STAFF}|{_ANYONE}) (?:contact|call|help|message|email|reach)",
        r"\b(?:pode|poderia|puede|podria) (?:me )?(?:ligar|llamarme|llamar|atender|atenderme)"
        r" (?:alguem|alguien|uma? |una? )",
        rf"\bser atendid[oa]s? por {_PERSON}",
        rf"\bme (?:\w+ )?(?:ati?end\w+|ayud\w+|ajud\w+) (?:un|una|um|uma|algun) (?:{_STAFF}|{_ANYONE})\b",
        rf"\b{_BETWEEN}{_STAFF} (?:que )?me (?:cham|lig|atend|llam|atiend|contact|respond)\w+",
        rf"\bque me (?:llame|atienda|ligue|atenda|contacte) {_PERSON}",
        r"\b(?:atendimento|suporte|atencion|soporte|assistencia|ayuda|ajuda) (?:com |de |por |por um |de um |de una )?"
        r"(?:um |una |uma )?(?:ser )?(?:human[oa]|persona|pessoa real|uma pessoa)\b",
        r"\bhuman (?:agent|support|representative|help|assistance|operator|being)\b",
        rf"\b{_WANT}{_SORELY}(?: de| que)? {_BETWEEN}{{0,3}}{_STAFF}(?: {_HELP}| {_REAL})?{_POLITE}$",
        rf"\b{_WANT}{_SORELY}(?: de| que)? {_BETWEEN}{{0,3}}(?:{_REAL_PERSON}|{_ANYONE} {_HELP})\b",
        rf"^(?:algum|alguma|algun|any) {_STAFF}\b(?! (?:de|do|da|for|to|of|para)\b)",
        rf"\b(?:tem|ha|existe|hay|is there|are there|cade|donde esta|where is|onde esta) {_BETWEEN}{{0,3}}"
        rf"(?:{_STAFF}\b(?! (?:de|do|da|for|to|of|para|que|hair)\b)|{_REAL_PERSON}|{_ANYONE} {_HELP})",
        r"\b(?:alguem|alguien|someone|somebody|una persona|uma pessoa|a person) (?:pode|poderia|puede|podria|can|could)"
        r" (?:me )?(?:atender|ligar|call|speak|atenderme|llamar|llamarme|talk)",
        rf"\b{_REAL_PERSON} (?:pode |puede |can |could |to )?(?:me )?(?:atend\w+|respond\w+|help\w*|ayud\w+|ajud\w+)",
    )
)
# A machine is not wanted.
_NO_MACHINE: Final = re.compile(
    r"\b(?:nao|no|not|don t|dont|nem|stop|pare|para|deja)(?: \w+){0,4}? "
    rf"(?:{_SPEAK}|falando|hablando|talking|speaking|atendid[oa]|sending me|mandar|transferir)"
    rf"(?: {_WITH}| por| a| para)? (?:\w+ ){{0,2}}?{_MACHINE}\b"
    r"|\b(?:chega de|cansei de|cansad[oa] de|hart[oa] de|basta de|enough of|tired of|sick of|hate)"
    r"(?: (?:falar|hablar|talking|speaking|tratar|tanto|tanta|um|esse|ese|this|these|your|com|con|to|with|seu|su))*"
    rf" {_MACHINE}\b"
    rf"|\b(?:nao quero|no quiero|don t want)(?: mais| mas)? (?:um |uma |un |una |a |an )?{_MACHINE}$"
)
_UNWANTED: Final = re.compile(
    r"\b(?:nao|no|not|don t|dont|nem|never|nunca|sin|sem|without|ni|instead of|em vez de|en vez de)"
    r"(?: (?:quero|queria|preciso|precisa|precisamos|necessito|gosto|e|quiero|necesito|hace|falta|gusta|want|need|have"
    r"|like|wanna|necessary|necessario|necesario|de|me|que|to|voy|vou|going|i|eu|yo|ter|tener|por|ainda|mais|se|quer"
    r"|enquanto|precisar|agora|ahora|now|aun|yet|still|quiere|the|gostaria|would|d|wish|desejo|please|te|lo|la|any|um))*$"
)
# It has happened, somebody else does it, or it is asked whether one has to.
_TOLD: Final = re.compile(
    r"(?<!nao )(?<!no )\b(?:consegui|conseguiu|depois de|apos|acabei de|antes de|despues de|luego de|acabo de|after"
    r"|pude|logre|managed to|was able to|ontem|yesterday|ayer|foi|was|were|got to|had to|tive que|tuve que|vaga"
    r"|trabalhar|trabajar|curso|treinamento|job|work as|become|do i (?:have|need) to|should i|must i|tengo que|hay que)"
    r"(?: \w+){0,3}$"
)


def asks_for_human(text: str) -> str | None:
    """Return the words with which a person is asked for, folded; None: none is."""
    for clause in clauses(text[:_LONGEST]):
        if _ALONE.fullmatch(clause):
            return clause
        if found := _NO_MACHINE.search(clause):
            return found[0]
        for pattern in _ASKS:
            if (found := pattern.search(clause)) and _is_meant(clause[: found.start()].rstrip()):
                return found[0]
    return None


def declines_human(text: str) -> bool:
    """Return whether a person is spoken of only as somebody who is not wanted, or was reached before."""
    found = [clause[: one.start()].rstrip() for clause in clauses(text[:_LONGEST]) for one in _spoken_of(clause)]
    return bool(found) and not any(map(_is_meant, found))


def _spoken_of(clause: str) -> Iterator[re.Match[str]]:
    return (found for pattern in _ASKS if (found := pattern.search(clause)))


def _is_meant(before: str) -> bool:
    return not _UNWANTED.search(before) and not _TOLD.search(before)
