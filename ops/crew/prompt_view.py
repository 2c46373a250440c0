"""Prints for `chatwootai crew show --prompt` the messages that a model would be sent, and the origin of each part."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ops.printing import as_json, complain

if TYPE_CHECKING:
    from config.schema.crew_set import CrewSet
    from config.settings.settings import Settings
    from crews.answer.preview import PreviewedCall
    from crews.prompt.brief import Part

_FILLED = ("company.", "hours", "tone", "emoji", "language", "promotions", "channels.")
"""Settings that fill a crew's texts, or make the day's situation."""


def show_prompt(crew_set: "CrewSet", settings: "Settings", arguments: argparse.Namespace) -> int:
    """Print each call's messages; 1 where the crew cannot run here."""
    from crews.answer.preview import preview
    from crews.catalog import Catalog
    from crews.errors import CrewError

    catalog = Catalog.from_environment()
    try:
        sent = asyncio.run(preview(arguments.function, arguments.channel, arguments.say, settings, catalog))
    except CrewError as error:
        complain(error)
        return 1
    origins = _origins(crew_set, arguments)
    calls = [_plain(each, origins) for each in sent]
    filled = _fill(arguments)
    if arguments.json:
        as_json({"calls": calls, "settings": filled})
    else:
        _print(calls, filled)
    return 0


def _origins(crew_set: "CrewSet", arguments: argparse.Namespace) -> dict[str, str]:
    """`file:line` by the path of a crew's value, and of each task's agent under the task's name too."""
    values = {value.path: value for value in crew_set.values(arguments.function, arguments.channel)}
    found = {path: f"{value.file}:{value.line}" for path, value in values.items()}
    for path, value in values.items():
        _, task, key = (*path.split("."), "", "")[:3]
        if path.startswith("tasks.") and key == "agent":
            for text in ("role", "goal", "backstory"):
                found[f"{task}.{text}"] = (
                    f"agents.{value.value}.{text} ({found.get(f'agents.{value.value}.{text}', '?')})"
                )
        elif path.startswith("tasks."):
            found[f"{task}.{key}"] = f"{path} ({found[path]})"
    return found


def _plain(sent: "PreviewedCall", origins: Mapping[str, str]) -> dict[str, Any]:
    messages = [_message(each) for each in sent.messages]
    messages[0]["parts"] = [_part(each, origins) for each in sent.parts]
    return {
        "model": sent.call.model,
        "max_tokens": sent.call.max_tokens,
        "tokens": sent.tokens,
        "tools": [tool["function"]["name"] for tool in sent.call.tools],
        "messages": messages,
    }


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    from crews.answer.preview import estimate_tokens
    from crews.prompt.conversation import content_text

    text = content_text(message.get("content"))
    return {"role": message.get("role"), "content": text, "tokens": estimate_tokens(text)}


def _part(part: "Part", origins: Mapping[str, str]) -> dict[str, Any]:
    from crews.answer.preview import estimate_tokens

    name = part.source.rpartition(".")[2]
    situation = "the day and the question (hours, promotions, language, prefetched tools)"
    made = {"situation": situation, "crewai": "CrewAI's own words"}
    source = made.get(name) or origins.get(part.source, part.source)
    marks = " and the marks that every crew is taught" if name == "description" and "[[" in part.text else ""
    return {"source": source + marks, "tokens": estimate_tokens(part.text), "text": part.text}


def _fill(arguments: argparse.Namespace) -> list[dict[str, str]]:
    """Return the settings that stand in it, with file and line; empty where no account is named."""
    from os import environ

    from config.loading.effective import effective_values
    from config.loading.loader import inspect
    from ops.accounts import resolve_account

    if arguments.account is None:
        return []
    found = inspect(arguments.config, environ)
    account = resolve_account(found.snapshot.accounts, arguments.account)
    values = effective_values(found, account.key, arguments.inbox)
    return [
        {"setting": each.path, "from": f"{each.file}:{each.line}" if each.line else each.file}
        for each in values
        if each.path.startswith(_FILLED)
    ]


def _print(calls: Sequence[dict[str, Any]], filled: Sequence[dict[str, str]]) -> None:
    for number, call in enumerate(calls, 1):
        tools = f", tools: {', '.join(call['tools'])}" if call["tools"] else ""
        print(
            f"call {number}: {call['model']}, about {call['tokens']} tokens, at most {call['max_tokens']} back{tools}"
        )
        for message in call["messages"]:
            print(f"\n== {message['role']} (about {message['tokens']} tokens)")
            if not message.get("parts"):
                print(message["content"])
            for part in message.get("parts") or ():
                print(f"\n-- {part['source']}, about {part['tokens']} tokens\n{part['text']}")
    if filled:
        print("\n== settings that fill it")
        for each in filled:
            print(f"{each['setting']}  ({each['from']})")
