"""A model's promise that people would have to keep: that somebody takes over, or that it comes back later. Pure."""

import re
from typing import Final

from chatwootai.model.words import clauses

_LONGEST: Final = 8_000
"""Characters that are looked at."""
_PEOPLE: Final = (
    r"(?:atendentes?|humanos?|equipe|time|setor|especialistas?|colegas?|responsavel|gerente|consultor\w*|suporte|alguem"
    r"|uma pessoa|agentes?|equipo|asesor\w*|personas?|departamento|companer[oa]s?|soporte|alguien|agents?|teams?"
    r"|specialists?|colleagues?|humans?|representatives?|managers?|support|someone|somebody|person|supervisor\w*|department)"
)
_HANDS: Final = (
    r"(?:transferir|encaminhar|passar|direcionar|conectar|transferindo|encaminhando|passando|chamar|acionar|transferirte"
    r"|transferirle|pasar|pasarte|pasarle|derivar|derivarte|derivarle|conectarte|comunicarte|transfiriendo"
    r"|transfer|connect|put|pass|forward|escalate|hand|transferring|connecting|forwarding|escalating)"
)
_PROMISES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:vou|irei|vamos|estou|ja estou|ja vou)(?: ja| te| lhe| a| o| agora)* {_HANDS}\b.{{0,80}}\b{_PEOPLE}\b",
        rf"\b(?:voy a|vamos a|estoy|le|te)(?: te| le| ya)* {_HANDS}\b.{{0,80}}\b{_PEOPLE}\b",
        rf"\b(?:i ll|i will|i am|i m|we ll|we will|let me)(?: now| going to)* {_HANDS}\b.{{0,80}}\b{_PEOPLE}\b",
        rf"\b{_PEOPLE}(?: \w+){{0,3}} (?:vai|vao|ira|irao|va a|van a|will|ll)(?: te| lhe| le| se| be)*"
        r" (?:atender|responder|entrar em contato|retornar|contatar|ligar|contactar|contactarte|comunicar|contact"
        r"|reply|call|get back|get in touch|reach|in touch|assist you|help you)",
        rf"\b{_PEOPLE} (?:entrara|retornara|respondera|atendera) ",
        r"\b(?:ja|logo|em breve|em instantes)(?: eu)? (?:te |lhe )?(?:retorno|respondo|aviso|volto)\b",
        r"\b(?:volto|retorno|te aviso|te respondo|te retorno) (?:em|ja|logo|assim|quando)\b",
        r"\b(?:vou|irei) (?:verificar|consultar|checar|averiguar|confirmar)\b.{0,80}\b(?:retorno|volto|aviso)\b",
        r"\b(?:te|le) (?:aviso|respondo|escribo|contacto) (?:en|cuando|luego|pronto|enseguida)\b",
        r"\b(?:i ll|i will|we ll|we will) (?:get back to you|come back to you|let you know (?:when|as soon|once)"
        r"|keep you (?:posted|updated)|follow up)",
        r"\b(?:um momento|aguarde|so um (?:momento|instante|minuto)|un momento|one moment|hold on|please wait)\b"
        r".{0,80}\b(?:vou|verific\w+|consult\w+|check\w*|revis\w+|while i)\b",
        r"^(?:um momento|aguarde(?: um (?:momento|instante))?|so um (?:momento|instante)|un momento|one moment|hold on)"
        r"(?: por favor| please)?$",
    )
)


def promised(text: str) -> str | None:
    """The promise, folded; None: there is none. An offer ("shall I?") is no promise."""
    said = clauses(text[:_LONGEST])
    for clause in (*said, " ".join(said[-2:]) if len(said) > 1 else ""):
        for pattern in _PROMISES:
            if found := pattern.search(clause):
                return found[0]
    return None
