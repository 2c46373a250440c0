"""An answer out of the prompt: the sentences nearest to the question, nothing invented. Pure."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count, cycle

from sandbox.llm.answering import words
from sandbox.llm.answering.prompt import Prompt, Sentence

_GREETINGS = frozenset(("oi", "ola", "hola", "hello", "hi", "hey", "bom", "boa", "buenos", "buenas", "good"))
SHORTEST = 12
"""A sentence shorter than so many tokens is not to be had: what is left over stays unsaid."""

_FOR_PEOPLE = re.compile(
    r"\b(?:humano|human|atendente|gerente|manager|(?:falar|hablar) con?m? |(?:speak|talk) (?:to|with) |real person"
    r"|pessoa de verdade|persona real|procon|advogad|abogad|lawyer|absurd)"
)
_OPTIONS = re.compile(r"\b(?:op[cç][oõ]es|opciones|options)\s*:\s*([^?.!\n]+)", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*,\s*|\s+(?:ou|or|o|u|and|e|y)\s+", re.IGNORECASE)
_DATA = re.compile(r"<data source=[^>]*>\n(.*)\n</data>", re.DOTALL)
_SAY = {
    "pt": {
        "hello": "Olá!",
        "offer": "Como posso ajudar?",
        "about": "Sobre {}:",
        "person": "Um colega da equipe vai continuar a conversa com você.",
        "before": "Antes você escreveu: “{}”",
        "unknown": "Não encontrei essa informação no que tenho aqui, então prefiro não inventar. "
        "Posso chamar uma pessoa da equipe, se quiser.",
        "more": (
            "Se precisar de mais alguma coisa, é só escrever por aqui.",
            "Fico à disposição para qualquer outra dúvida.",
            "Se quiser, posso explicar algum ponto com mais detalhes.",
        ),
    },
    "es": {
        "hello": "¡Hola!",
        "offer": "¿En qué puedo ayudar?",
        "about": "Sobre {}:",
        "person": "Un colega del equipo va a seguir la conversación contigo.",
        "before": "Antes escribiste: “{}”",
        "unknown": "No encontré esa información en lo que tengo aquí, así que prefiero no inventar. "
        "Puedo llamar a una persona del equipo, si quieres.",
        "more": (
            "Si necesitas algo más, escríbeme por aquí.",
            "Quedo a disposición para cualquier otra duda.",
            "Si quieres, puedo explicar algún punto con más detalle.",
        ),
    },
    "en": {
        "hello": "Hello!",
        "offer": "How can I help?",
        "about": "About {}:",
        "person": "A colleague from the team will take over from here.",
        "before": "Earlier you wrote: “{}”",
        "unknown": "I did not find that in the information I have, so I would rather not guess. "
        "I can bring in a person from the team, if you like.",
        "more": (
            "If you need anything else, just write here.",
            "I am glad to help with any other question.",
            "If you like, I can explain any of this in more detail.",
        ),
    },
}


def compose(prompt: Prompt, tokens: int | None = None) -> str:
    """Answer in about `tokens` tokens (None: as many as it takes). Codes and numbers of the question are echoed.

    Who names options (`options: a, b or c`) is offered them as choices, and where nothing is known that is marked as
    doubt, both where the prompt says how.
    """
    named = _OPTIONS.search(prompt.question) if prompt.choices else None
    offer = f"\n[[choices: {' | '.join(_BETWEEN.split(named[1].strip()))}]]" if named else ""
    said = _sentences(prompt, tokens)
    doubt = "\n[[sure: 20%]]" if prompt.doubt and str(_SAY[prompt.language]["unknown"]) in said else ""
    return said + offer + doubt


def _sentences(prompt: Prompt, tokens: int | None) -> str:
    said = [part for part in _opening(prompt) if part]
    if tokens is None:
        return " ".join(said)
    left = tokens - sum(map(_size, said))
    for more in _more(prompt, said):
        if left < SHORTEST:
            break
        if _size(more) <= left:
            said.append(more)
            left -= _size(more)
    return " ".join(said)


def _size(text: str) -> int:
    return len(words.pieces(text))


def _opening(prompt: Prompt) -> Iterator[str]:
    say = _SAY[prompt.language]
    greeted = bool(_GREETINGS.intersection(words.words(prompt.question)[:2]))
    echoed = words.distinctive(prompt.question)
    if prompt.handoff and _FOR_PEOPLE.search(words.fold(prompt.question)):
        about = f"{str(say['about']).format(', '.join(echoed))} " if echoed else ""
        yield f"[[handoff: the customer asks for a person]]\n{about}{say['person']}"
        return
    if greeted:
        yield str(say["hello"])
    if greeted and not echoed and not words.matter(prompt.question):
        yield str(say["offer"])
        return
    if echoed:
        yield str(say["about"]).format(", ".join(echoed[:8]))
    yield _matter(prompt) or str(say["unknown"])


def _matter(prompt: Prompt) -> str:
    if prompt.results:
        return " ".join(_result(text) for text in prompt.results)
    known = nearest(prompt.question, prompt.facts)
    if known:
        return " ".join(_end_sentence(sentence.text) for sentence in known)
    said = nearest(prompt.question, prompt.said)[:1]
    return " ".join(str(_SAY[prompt.language]["before"]).format(sentence.text) for sentence in said)


def nearest(question: str, sentences: tuple[Sentence, ...], at_most: int = 3) -> list[Sentence]:
    """Return the sentences that share the most and rarest words with the question, in the order given.

    A label that the question names counts like a word that stands nowhere else.
    """
    asked = words.matter(question)
    everywhere = Counter(stem for sentence in sentences for stem in sentence.matter)
    scores = {
        index: sum(1 / everywhere[stem] for stem in asked & sentence.matter) + bool(asked & sentence.topic)
        for index, sentence in enumerate(sentences)
        if asked & sentence.matter
    }
    best = sorted(scores, key=lambda index: -scores[index])[:at_most]
    return [sentences[index] for index in sorted(best) if scores[index] >= 0.5 * scores[best[0]]]


def _more(prompt: Prompt, said: list[str]) -> Iterator[str]:
    """Go on for as long as a model would: what else is known first, then courtesies."""
    spoken = " ".join(said)
    yield from (_end_sentence(sentence.text) for sentence in prompt.facts if sentence.text.rstrip(".!?") not in spoken)
    courtesies = cycle(_SAY[prompt.language]["more"])
    yield from (next(courtesies) for _ in count())


def _result(text: str) -> str:
    """Put a tool's result into a sentence: JSON as `name: value`, anything else as it is, without marks around it."""
    marked = _DATA.search(text)
    text = marked[1] if marked else text
    try:
        found = json.loads(text)
    except ValueError:
        return text.strip()
    return _end_sentence(_flat(found))


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_flat(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return "; ".join(_flat(inner) for inner in value)
    return str(value)


def _end_sentence(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."
