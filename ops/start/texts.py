"""Writes the texts of a new configuration's files: what holds, with a comment beside it, and examples to take up."""

import json
from collections.abc import Iterable

from ops.connect.examples import ADDRESS
from ops.start.starter import WORDY, Start


def texts(start: Start) -> dict[str, str]:
    """Return each file's text by its path below the configuration's folder."""
    place = start.place
    return {
        "chatwoot_mapping.yaml": _mapping(start),
        **({} if start.is_shipped else {f"domains/{start.domain}/config.yaml": _domain(start)}),
        f"{place}/config.yaml": _tenant(start),
        f"{place}/answers.yaml": _answers(start),
        f"{place}/tools.yaml": _tools(start),
        f"{place}/crews/customer_service/agents.yaml": _crew(),
        f"{place}/knowledge.yaml": _knowledge(),
        **{f"{place}/knowledge/{each}/questions.md": _document(start, each) for each in start.languages},
        ".gitignore": _GITIGNORE,
    }


def _text(value: str) -> str:
    """Return a text as YAML in double quotes."""
    return json.dumps(value, ensure_ascii=False)


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


_GITIGNORE = _lines(
    "# Secrets: `chatwootai connect` writes them into .env of the folder that it is called in.",
    ".env*", "*.env", "*.env.*", "secrets.*", "*.pem", "*.key",
)  # fmt: skip


def _mapping(start: Start) -> str:
    name = f"CHATWOOT_{start.account}"
    return _lines(
        "# Which account of which Chatwoot is served by whom. Secrets never stand here: ${NAME} is a variable of the",
        "# processes' environment; `chatwootai connect` makes them and writes them into .env.",
        "version: 1",
        "chatwoot:",
        f"  default: {{url: {_text(start.url or ADDRESS)}}}   # your Chatwoot's address",
        "accounts:",
        f'  "{start.account}":   # the last segment of its webhook address: /webhooks/chatwoot/{start.account}',
        f"    id: {start.account}   # Chatwoot's number of the account: /app/accounts/{start.account} in the browser",
        f"    name: {_text(start.name)}",
        f"    domain: {start.domain}",
        f"    tenant: {start.folder}",
        "    crew: customer_service   # `chatwootai crew list` names the others",
        f'    webhook_secrets: ["${{{name}_SECRET}}", "${{{name}_WEBHOOK_SECRET}}"]',
        f'    bot_token: "${{{name}_BOT_TOKEN}}"',
        "    # user_token, a teammate's, serves history and catch-up: `connect --user-token` writes it",
    )


def _domain(start: Start) -> str:
    return _lines(
        "# A line of business: what holds for all of its tenants. A tenant's folder says what differs.",
        f"language: {start.own}",
        f"tone: {_text(start.words[start.own].tone)}",
        "# company: {facts: {}}   # what is true of every company of this line",
        "# model: {name: gpt-4.1-mini}   # docs/guides/own-model.md has one on your own machine",
    )


def _tenant(start: Start) -> str:
    return _lines(
        f"# {start.name}: who answers. `chatwootai tenants show {start.account} --explain` shows all settings.",
        f"language: {start.own}",
        f"languages: [{', '.join(start.languages)}]   # answered in these; others in {start.own}",
        "company:",
        f"  name: {_text(start.name)}",
        f"  description: {_text(start.about)}   # two or three sentences: what it does, for whom, where",
        *_facts(start),
        "greeting:   # above the first answer of a conversation; no question in it, since an answer follows",
        *_greetings(start),
        f"signature: {_text(start.name)}   # below e-mails; or language to text, as the greeting",
        "hours:   # of the people who take over: put them right before customers write",
        f"  time_zone: {start.time_zone}",
        "  week:",
        *(f'    {day}: ["09:00-18:00"]' for day in ("monday", "tuesday", "wednesday", "thursday", "friday")),
        *_channels(start.channels),
        *_sentences(start),
    )


def _greetings(start: Start) -> Iterable[str]:
    """Yield each language's greeting; the English one, to be translated, where none ships in it."""
    for each in start.languages:
        if each in start.unprepared:
            yield f"  {each}: {_text(start.to_translate['greeting'])}   # to be translated"
        else:
            yield f"  {each}: {_text(start.greetings[each])}"


def _sentences(start: Start) -> Iterable[str]:
    """Yield the block of prepared sentences of each language in which none ship, to be translated."""
    if not start.unprepared:
        return
    named = " and ".join(start.unprepared)
    yield f"# Said when no crew writes. None ship in {named}: translate the right-hand sides; what is between braces"
    yield "# is filled in. `chatwootai check` names those that are English still; docs/guides/people.md has them all."
    yield "sentences:"
    for language in start.unprepared:
        yield f"  {language}:"
        for name, text in start.to_translate.items():
            yield f"    {name}: {_text(text)}"


def _facts(start: Start) -> Iterable[str]:
    yield "  # Facts are all that a crew knows of the company: write what customers ask for, take the # away."
    yield "  # facts:"
    for name, text in start.words[start.own].facts.items():
        yield f"  #   {name}: {_text(text)}"


def _channels(channels: Iterable[str]) -> Iterable[str]:
    yield "channels:   # what differs on one; `enabled: false` leaves a channel to people"
    for each in channels:
        yield f"  {each}: {{emoji: false}}" if each in WORDY else f"  {each}: {{enabled: true}}"


def _answers(start: Start) -> str:
    head = _lines(
        "# Given word for word, without a model, to whoever asks one of the questions.",
        "# docs/guides/tools-and-answers.md says more.",
    )
    return head + "".join(_answer(start, each) for each in start.languages)


def _answer(start: Start, language: str) -> str:
    """Return an example of a curated answer; as a comment where it must be translated before it serves."""
    words = start.words[language]
    lines = _lines(
        f"hours_{language}:",
        f"  language: {language}",
        "  questions:",
        *(f"    - {_text(question)}" for question in words.questions),
        f"  answer: {_text(words.answer)}",
    )
    if language not in start.unprepared:
        return lines
    return f"# To be translated into {language}; then take the # away.\n" + "".join(
        f"# {line}\n" for line in lines.splitlines()
    )


def _tools(start: Start) -> str:
    variable = f"{start.folder.upper()}_TOKEN"
    return _lines(
        "# What a crew may ask: take the # away, then name the tool in crews/customer_service/agents.yaml beside this.",
        "# Other hosts are not reached. config/templates/tools ships ready ones for Odoo, WooCommerce and Shopify.",
        "# hosts: [api.example.com]",
        "# http:",
        "#   order_status:",
        "#     description: The status of an order, by its number.",
        '#     url: "https://api.example.com/orders/{number}"',
        f'#     headers: {{Authorization: "${{{variable}}}"}}   # a variable of the workers\' environment',
        "#     parameters: {properties: {number: {type: string}}}",
    )


def _crew() -> str:
    return _lines(
        "# What differs from the shipped crew; `chatwootai crew show customer_service` shows it.",
        "# attendant: {tools: [order_status]}   # the tools that it may call, of tools.yaml",
    )


def _knowledge() -> str:
    return _lines(
        "# Documents that crews answer from. Write yours into the files, take the # away, and have them read:",
        "# `chatwootai knowledge ingest`. docs/guides/knowledge.md says more.",
        "# sources:",
        '#   questions: {files: ["knowledge/*/*.md"]}',
        '#   site: {site: "https://www.example.com/", pages: 200}',
    )


def _document(start: Start, language: str) -> str:
    return start.words[language].document.replace("{company}", start.name)
