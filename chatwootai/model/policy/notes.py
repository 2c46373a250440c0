"""Writes the private note that people read when they are given a conversation, in the tenant's language. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from chatwootai.model.message.tool_call import KeptCall
from chatwootai.model.message.turn import Exchange, Question
from chatwootai.model.policy.handoff import Need
from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.reasons import reason_text
from chatwootai.model.text.plain import as_plain_text, as_quotation

LAST_WORDS: Final = 500
"""Characters of the contact's last words that a note repeats."""
_SHORT: Final = 160

_LINES: Final[Mapping[str, Mapping[str, str]]] = {
    "pt": {
        "title": "**Conversa entregue pelo assistente**",
        "reason": "Motivo",
        "summary": "Resumo",
        "tried": "O que foi tentado",
        "last": "Últimas palavras do contato",
        "began": "o contato começou com “{}”; mensagens dele até agora: {}",
        "answered": "o assistente respondeu {} vez(es); a última resposta foi “{}”",
        "nothing": "o assistente ainda não tinha respondido",
        "tries": "esta resposta foi tentada {} vez(es) sem sucesso",
        "used": "Feito por ferramentas nesta resposta:",
        "doubtful": "Pode já ter sido feito por uma ferramenta; confira antes de repetir:",
        Cause.ASKED: "o contato pediu uma pessoa",
        Cause.TOPIC: "o assunto fica com a equipe",
        Cause.ANGER: "o contato parece irritado",
        Cause.STUCK: "a conversa não avança",
        Cause.UNSURE: "o assistente não tem certeza da resposta",
        Cause.CREW: "o assistente pediu ajuda",
        Cause.UNFIT: "a resposta do assistente não podia ser mostrada",
        Cause.MODEL: "o serviço de IA não respondeu",
        Cause.FAILED: "o assistente não conseguiu responder",
        Cause.OFF: "o assistente está desligado neste canal",
        Cause.IDLE: "o contato não respondeu mais",
        Cause.UNREAD: "a mensagem não pôde ser lida pelo assistente; ela está na conversa",
    },
    "es": {
        "title": "**Conversación entregada por el asistente**",
        "reason": "Motivo",
        "summary": "Resumen",
        "tried": "Lo que se intentó",
        "last": "Últimas palabras del contacto",
        "began": "el contacto empezó con “{}”; mensajes suyos hasta ahora: {}",
        "answered": "el asistente respondió {} vez (veces); la última respuesta fue “{}”",
        "nothing": "el asistente todavía no había respondido",
        "tries": "esta respuesta se intentó {} vez (veces) sin éxito",
        "used": "Hecho por herramientas en esta respuesta:",
        "doubtful": "Puede que una herramienta ya lo haya hecho; compruébelo antes de repetirlo:",
        Cause.ASKED: "el contacto pidió una persona",
        Cause.TOPIC: "el tema es del equipo",
        Cause.ANGER: "el contacto parece molesto",
        Cause.STUCK: "la conversación no avanza",
        Cause.UNSURE: "el asistente no está seguro de la respuesta",
        Cause.CREW: "el asistente pidió ayuda",
        Cause.UNFIT: "la respuesta del asistente no se podía mostrar",
        Cause.MODEL: "el servicio de IA no respondió",
        Cause.FAILED: "el asistente no pudo responder",
        Cause.OFF: "el asistente está apagado en este canal",
        Cause.IDLE: "el contacto no respondió más",
        Cause.UNREAD: "el asistente no pudo leer el mensaje; está en la conversación",
    },
    "en": {
        "title": "**Handed over by the assistant**",
        "reason": "Reason",
        "summary": "Summary",
        "tried": "What was tried",
        "last": "Last words of the contact",
        "began": "the contact began with “{}”; messages of theirs so far: {}",
        "answered": "the assistant answered {} time(s); its last answer was “{}”",
        "nothing": "the assistant had not answered yet",
        "tries": "this answer was tried {} time(s) without success",
        "used": "Done by tools for this answer:",
        "doubtful": "A tool may have done this already; check before it is repeated:",
        Cause.ASKED: "the contact asked for a person",
        Cause.TOPIC: "the subject is for the team",
        Cause.ANGER: "the contact seems angry",
        Cause.STUCK: "the conversation makes no progress",
        Cause.UNSURE: "the assistant is not sure of its answer",
        Cause.CREW: "the assistant asked for help",
        Cause.UNFIT: "the assistant's answer could not be shown",
        Cause.MODEL: "the AI service did not answer",
        Cause.FAILED: "the assistant could not answer",
        Cause.OFF: "the assistant is switched off on this channel",
        Cause.IDLE: "the contact did not write again",
        Cause.UNREAD: "the assistant could not read the message; it stands in the conversation",
    },
}


def handover_note(need: Need, question: Question, language: str, *, tries: int = 0) -> str:
    """Return the note of a handoff: reason, summary, what was tried, and the contact's words, quoted line by line."""
    code = language.split("-", maxsplit=1)[0].lower()
    say, reason = _LINES.get(code, _LINES["en"]), _cause_text(need, code)
    if need.cause is Cause.UNREAD:  # of its words nothing is known
        return f"{say['title']}\n{say['reason']}: {reason}\n{say['tried']}: {say['tries'].format(tries)}"
    words = question.text if len(question.text) <= LAST_WORDS else question.text[: LAST_WORDS - 1] + "…"
    return (
        f"{say['title']}\n{say['reason']}: {reason}\n{say['summary']}: {_summary(question, say)}\n"
        f"{say['tried']}: {_attempts_text(question.history, say, tries)}\n{say['last']}:\n{as_quotation(words)}"
    )


def tool_calls_note(done: Sequence[KeptCall], doubtful: Sequence[KeptCall], language: str) -> str:
    """Return the note of what tools did that must not be done twice, as plain text; empty if there is nothing."""
    say = _LINES.get(language.split("-", maxsplit=1)[0].lower(), _LINES["en"])
    return "\n".join((*_calls(say["doubtful"], doubtful), *_calls(say["used"], done)))


def _calls(title: str, calls: Sequence[KeptCall]) -> list[str]:
    return [title, *(f"{call.tool} {_line(call.arguments)}" for call in calls)] if calls else []


def cause_text(need: Need) -> str:
    """Return the reason in English, for logs and operators."""
    return _cause_text(need, "en")


def cause_words(cause: str, language: str) -> str:
    """Return a cause alone in a language that is spoken here, else in English; its name where it is none of ours."""
    say = _LINES.get(language, _LINES["en"])
    return say[cause] if cause in set(Cause) else cause.replace("_", " ")


def _cause_text(need: Need, language: str) -> str:
    say, reason = _LINES.get(language, _LINES["en"]), reason_text(need.reason, language)
    # That a model is the cause needs no words of its own where it is said what befell it.
    cause = reason if need.cause is Cause.MODEL and reason else say[need.cause] + (f": {reason}" if reason else "")
    return cause + (f" ({_line(need.detail)})" if need.detail else "")


def _summary(question: Question, say: Mapping[str, str]) -> str:
    theirs = [one.text for one in question.history if one.role == "contact"]
    return say["began"].format(_line((theirs or [question.text])[0]), len(theirs) + 1)


def _attempts_text(history: Sequence[Exchange], say: Mapping[str, str], tries: int) -> str:
    ours = [one.text for one in history if one.role == "crew"]
    answered = say["answered"].format(len(ours), _line(ours[-1])) if ours else say["nothing"]
    return f"{answered}; {say['tries'].format(tries)}" if tries else answered


def _line(text: str) -> str:
    """Return a text in one line, short, without what would end the quotation, and shown as it was written."""
    line = " ".join(text.split()).replace("“", '"').replace("”", '"')
    return as_plain_text(line if len(line) <= _SHORT else line[: _SHORT - 1] + "…")
