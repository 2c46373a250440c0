"""A model's promise that people would have to keep: that somebody takes over, or that it comes back later. Pure."""

import re
from typing import Final

from chatwootai.model.text.normalize import clauses

_LONGEST: Final = 8_000
"""Characters that are looked at."""
_PEOPLE: Final = (
    r"(?:atendentes?|humanos?|equipe|time|setor|especialistas?|colegas?|responsavel|gerente|consultor\w*|suporte|alguem"
    r"|uma pessoa|agentes?|equipo|asesor\w*|personas?|departamento|companer[oa]s?|soporte|alguien|agents?|teams?"
    r"|atendimento|financeiro|comercial|gerencia|logistica|gerencia|encargad[oa]s?"
    r"|specialists?|colleagues?|humans?|representatives?|managers?|support|someone|somebody|person|supervisor\w*"
    r"|department)"
)
_NOT_OURS: Final = (
    r"(?! (?:de|da|do|of) (?:montagem|entregas?|instalacao|logistica|reparto|montaje|delivery|installation))"
)
"""Who comes with a parcel calls by himself."""
_HANDS: Final = (
    r"(?:transferir|encaminhar|passar|direcionar|conectar|transferindo|encaminhando|passando|transferirte"
    r"|transferirle|pasar|pasarte|pasarle|derivar|derivarte|derivarle|conectarte|comunicarte|transfiriendo"
    r"|transfer|connect|put|pass|forward|escalate|hand|transferring|connecting|forwarding|escalating)"
    r"\b.{0,80}\b(?:para|pra|pro|com|ao|a|al|con|to|with|through)"
)
# Done already, or now: "encaminhei ao financeiro", "te paso con un asesor", "I've forwarded it to the manager".
_GAVE: Final = (
    r"(?:ya (?:avise|notifique|informe|consulte)|encaminhei|transferi|passei|direcionei|repassei|notifiquei|acionei"
    r"|chamei|avisei|transfiro|encaminho|direciono"
    r"|te passo|vou passar|te paso|le paso|te transfiero|le transfiero|te derivo|le derivo|te comunico|le comunico"
    r"|(?:he|hemos) (?:derivado|transferido|enviado|pasado|avisado|notificado|escalado)|deriv[eo]|escale"
    r"|(?:i|we|i ve|i have|we ve|we have|i m|i am) (?:just |already )?(?:handing|forwarded|escalated|transferred|passed"
    r"|notified"
    r"|flagged|alerted|handed|transferring|forwarding|escalating|connecting))"
)
_CALLS: Final = r"(?:chamar|acionar|chamando|acionando|llamar|avisar)(?: a)?"
_GIVEN: Final = rf"(?:{_HANDS}(?: \w+){{0,3}}|{_CALLS}(?: \w+){{0,2}}) {_PEOPLE}\b"
# Who can only be a person at work: a support may hold a shelf, an agent may dissolve grease.
_STAFF: Final = (
    r"(?:atendentes?|alguem|uma pessoa|(?:um|nosso|el|un) agente|asesor\w*|alguien|an agent|representatives?|someone"
    r"|somebody|supervisor\w*)"
)
_WILL: Final = r"(?: \w+){0,3} (?:vai|vao|ira|irao|va a|van a|will|ll)(?: te| lhe| le| se| be)*"
_ATTENDS: Final = r"(?:atender|responder|assist you|help you)"
_SOON: Final = (
    r"(?:em breve|logo|agora|ja|em instantes|hoje|amanha|pronto|enseguida|ahora|hoy|manana|shortly|soon|now|today"
    r"|tomorrow|in a (?:moment|minute|few))"
)
_LATER_PT: Final = r"(?:ja|logo|assim|quando|em (?:breve|instantes|seguida|alguns|poucos|minutos|\d+ min\w*))"
_LATER_ES: Final = r"(?:cuando|luego|pronto|enseguida|en (?:breve|seguida|cuanto|unos|un|minutos|instantes|\d+))"
_HOLD: Final = r"(?:(?:um|so um|un) (?:momento|instante|minuto)|aguarde|one moment|hold on|please wait)"
_STALLS: Final = re.compile(
    rf"\b{_HOLD}(?: por favor| please| que| enquanto| mientras| while| ja| ya| eu| yo| um momento| um instante"
    r"| a moment){0,4} (?:vou|estou|verific(?:o|ando)|consult(?:o|ando)|chec(?:o|ando)|revis(?:o|ando)|voy|estoy|dejame"
    r"|deixe me|deixa eu|let me|i|checking)\b"
)
_PROMISES: Final = (
    *(
        re.compile(pattern)
        for pattern in (
            rf"\b(?:vou|irei|vamos|estou|ja estou|ja vou)(?: ja| te| lhe| a| o| agora)* {_GIVEN}",
            rf"\b(?:voy a|vamos a|estoy|le|te)(?: te| le| ya)* {_GIVEN}",
            rf"\b(?:i ll|i will|i am|i m|we ll|we will|let me)(?: now| going to)* {_GIVEN}",
            rf"\b{_GAVE}\b.{{0,60}}?\b(?:para|pra|pro|ao|a|aos|com|al|con|to|with|o|the|el)(?: \w+){{0,3}}? {_PEOPLE}"
            rf"\b{_NOT_OURS}",
            rf"\b{_PEOPLE}{_NOT_OURS}{_WILL} (?:analisar|verificar|avaliar|revisar|analizar|review|look into"
            r"|(?:now )?join (?:the|this|our) (?:chat|conversation))",
            rf"\b{_PEOPLE}{_NOT_OURS} (?:te|le|lhe|o|a|se) (?:\w+ )?(?:contactara|contactaran|llamara|llamaran"
            rf"|respondera"
            r"|escribira|escribiran|ayudara|retornara|ligara|contatara)n?\b",
            r"\b(?:abri|vou abrir|abrirei|registrei|vou registrar|abrire|voy a abrir|i ll open|i have opened"
            r"|i ve opened)"
            r" (?:um |uma |un |una |a )?(?:chamado|ticket|solicitacao|caso|reclamo|case)\b.{0,80}"
            rf"\b{_PEOPLE} (?:retorna|responde|entra em contato|vai|ira|analisa|will)",
            r"\b(?:assim que|quando|cuando|en cuanto|as soon as) .{1,60}\b(?:aviso voce|retorno"
            r"|(?:te|le|lhe) (?:aviso|escribo|respondo|digo|llamo|contacto|confirmo|escrevo|chamo|ligo)"
            r"|i ll (?:let you|write|message|email|call|contact))\b",
            r"\b(?:voy a|vamos a|vou) (?:consultar|confirmar|preguntar|verificar|revisar|averiguar)\b.{0,80}"
            r"\b(?:te|le|lhe) (?:aviso|respondo|confirmo|digo|escribo)\b",
            rf"\b(?:vou pedir|pedi|pedirei|solicitei|vou solicitar|voy a pedir|pedire)(?: \w+){{0,2}} {_PEOPLE}\b",
            rf"\b(?:i|we)(?: ll| will| ve| have)? (?:have|get|ask|asked)(?: \w+){{0,2}} {_PEOPLE} (?:to )?"
            r"(?:call|contact|reach|e ?mail|help|get|look|check|write|message)\b",
            r"\b(?:i ll|i will|we ll|we will) (?:ask|check with|confirm with|speak (?:to|with)|talk (?:to"
            r"|with)) .{1,60}"
            r"\b(?:let you know|get back|come back|reply to you)\b",
            r"\b(?:sera|seras|vai ser|vas a ser|you ll be|you will be) (?:atendid[oa]|contatad[oa]|contactad[oa]"
            r"|contacted|helped|assisted|transferid[oa]|transferred|connected) (?:por|by|para|to|with|con|com)"
            rf"(?: \w+){{0,2}} {_PEOPLE}\b",
            rf"\b{_PEOPLE}{_NOT_OURS}{_WILL} (?:falar com (?:voce|vc)|conversar com (?:voce|vc)|te ligar|hablar contigo"
            r"|e ?mail you|message you|text you|write to you|speak (?:to|with) you|talk to you)\b",
            r"\blet me (?:check|verify|confirm|ask)\b.{0,60}\b(?:get|come) back to you\b",
            rf"\b{_PEOPLE}{_NOT_OURS}{_WILL} (?:entrar em contato|retornar|contatar|ligar|contactar|contactarte"
            r"|comunicar|contact|reply|call|get back|get in touch|reach|in touch)",
            rf"\b{_STAFF}{_WILL} {_ATTENDS}",
            rf"\b{_PEOPLE}{_WILL} {_ATTENDS}\b.{{0,40}}\b{_SOON}\b",
            rf"\b{_PEOPLE} (?:entrara|retornara|respondera|atendera) ",
            r"\b(?:ja|logo|em breve|em instantes)(?: eu)? (?:te |lhe )?(?:retorno|respondo|aviso|volto)\b",
            r"\b(?:volto|te retorno) (?:em|ja|logo|assim|quando)\b",
            rf"\b(?:retorno|te aviso|te respondo) {_LATER_PT}\b",
            r"\b(?:vou|irei) (?:verificar|consultar|checar|averiguar|confirmar)\b.{0,80}\b(?:retorno|volto|aviso)\b",
            rf"\b(?:te|le) (?:aviso|respondo|escribo|contacto) {_LATER_ES}\b",
            r"\b(?:i ll|i will|we ll|we will) (?:get back to you|come back to you|follow up"
            r"|(?:let you know (?:when|as soon|once)|keep you (?:posted|updated))(?!.{0,80}\b(?:e ?mail|sms"
            r"|tracking)\b))",
            r"^(?:um momento|aguarde(?: um (?:momento|instante))?|so um (?:momento|instante)|un momento|one moment"
            r"|hold on)(?: por favor| please)?$",
        )
    ),
    _STALLS,
)


_OFFERS: Final = re.compile(
    r"\b(?:posso|podemos|quer que eu|gostaria que eu|deseja que eu|prefere que eu|puedo|quieres que|desea que"
    r"|quiere que"
    r"|shall i|should i|can i|i can|may i|would you like me to|do you want me to|would you like to)"
    rf"(?: te| lhe| le| a| eu| yo)* (?:{_HANDS}|chamar|chame|acionar|acione|transferir|transfira|encaminhar|encaminhe"
    r"|passar|llamar|llame|avisar|transfiera|derive|conecte|call|get|bring in|bring|fetch|connect you (?:to|with)"
    rf"|speak (?:to|with)|talk (?:to|with))\b(?: \w+){{0,5}} {_PEOPLE}\b"
)


def offers_handoff(text: str) -> bool:
    """Return whether a text offers a person: what a yes to it asks for is known then."""
    return any(_OFFERS.search(clause) for clause in clauses(text[-_LONGEST:]))


def handoff_promise(text: str) -> str | None:
    """Return the promise, folded; None: there is none. An offer ("shall I?") is no promise."""
    said = clauses(text[:_LONGEST])
    for clause in said:
        if _OFFERS.search(clause):
            continue
        for pattern in _PROMISES:
            if found := pattern.search(clause):
                return found[0]
    stalls = _STALLS.search(" ".join(said[-2:]))  # "one moment, let me check", and no answer after it
    return stalls[0] if stalls else None
