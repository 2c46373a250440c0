"""A tenant's settings as the words of a prompt. Only trusted settings come in here, never a customer's text."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from chatwootai.model.message.turn import Question
from config.schema.crew_schema import Blueprint
from config.settings.settings import Settings

_LANGUAGES: Final = {
    "pt": "Portuguese", "es": "Spanish", "en": "English", "pt-BR": "Brazilian Portuguese", "de": "German",
    "fr": "French", "it": "Italian", "nl": "Dutch", "pl": "Polish", "sv": "Swedish", "da": "Danish", "no": "Norwegian",
    "fi": "Finnish", "cs": "Czech", "ro": "Romanian", "hu": "Hungarian", "tr": "Turkish", "el": "Greek",
    "ru": "Russian", "uk": "Ukrainian", "bg": "Bulgarian", "he": "Hebrew", "ar": "Arabic", "fa": "Persian",
    "hi": "Hindi", "bn": "Bengali", "ta": "Tamil", "th": "Thai", "vi": "Vietnamese", "id": "Indonesian",
    "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "ca": "Catalan", "gl": "Galician",
}  # fmt: skip
_SPOKEN: Final = ("pt", "es", "en")
_HOURS: Final = {"pt": "horário de atendimento", "es": "horario de atención", "en": "opening hours"}
_TONE = "Friendly, clear and to the point."
_EMOJI: Final = {True: "An emoji now and then is welcome.", False: "Use no emoji."}
_NO_FACTS = "(no facts are on file yet)"


def placeholder_values(settings: Settings, blueprint: Blueprint) -> dict[str, str]:
    """Return every placeholder of `config.schema.crew_schema.PLACEHOLDERS` with its text."""
    channel = settings.channels.get(blueprint.channel)
    tone = (channel and channel.tone) or settings.tone or _TONE
    emoji = settings.emoji if channel is None or channel.emoji is None else channel.emoji
    return {
        "company.name": settings.company.name or "the company",
        "company.description": settings.company.description.strip(),
        "company.facts": _facts(settings),
        "company.hours": _hours(settings),
        "language": _LANGUAGES.get(settings.language, settings.language),
        "tone": tone.strip(),
        "emoji": _EMOJI[emoji],
        "channel.name": blueprint.channel,
        "channel.tone": blueprint.tone,
        "channel.length": blueprint.length,
    }


def daily_situation(settings: Settings, now: datetime) -> str:
    """Return what changes from day to day, after everything that does not: the date, whether people are there, offers.

    `now` must know its time zone. The clock time is left out, so that equal questions stay equal prompts.
    """
    today = now.astimezone(ZoneInfo(settings.hours.time_zone)) if settings.hours else now
    lines = [f"Today is {today:%A, %Y-%m-%d}."]
    if settings.hours:
        lines.append(f"People of the team are {'there now' if settings.hours.open_at(now) else 'not there now'}.")
    lines += [f"Offer until {each.end}: {each.name}. {each.text}" for each in settings.current_promotions(today.date())]
    return "\n".join(lines)


def question_situation(question: Question, settings: Settings) -> str:
    """Return what only this question is like: its language where it is not the tenant's own, and who greets."""
    lines = []
    spoken, own = (question.language or "")[:2], settings.language[:2]
    if spoken in _LANGUAGES and spoken != own:
        lines.append(f"The customer writes in {_LANGUAGES[spoken]}: answer in {_LANGUAGES[spoken]}.")
    if question.greeted:
        lines.append("A greeting is put above your answer: write none yourself.")
    return "\n".join(lines)


def repeatable_texts(question: Question, settings: Settings) -> tuple[str, ...]:
    """Return what an answer may repeat and speak of: what was said, and what a tenant lets customers be told."""
    company = settings.company
    texts = (
        question.text,
        question.subject,
        *(one.text for one in question.history),
        company.name,
        company.description,
        *(f"{_words(topic)}: {text}" for topic, text in company.facts.items()),
        *(settings.hours_text(language) for language in _SPOKEN),
        *(f"{each.name}. {each.text}" for each in settings.promotions),
        *(each.answer for each in settings.answers.values()),
    )
    return tuple(each for each in texts if each)


def _facts(settings: Settings) -> str:
    facts = [f"- {_words(topic)}: {text.strip()}" for topic, text in settings.company.facts.items()]
    return "\n".join(facts) or _NO_FACTS


def _words(topic: str) -> str:
    """Return a fact's key as a person would say it: `batom_aberto` is `batom aberto`."""
    return " ".join(topic.replace("_", " ").replace("-", " ").split())


def _hours(settings: Settings) -> str:
    """Return the hours as customers are told them, in the tenant's own language."""
    name = _HOURS.get(settings.language[:2], _HOURS["en"])
    return f"- {name}: {settings.hours_text()}" if settings.hours else ""
