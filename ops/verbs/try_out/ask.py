"""`chatwootai ask`: what would be answered to a message, and how; nothing is posted."""

import argparse
from os import environ
from typing import TYPE_CHECKING, Any

from chatwootai.channels.registry import names
from ops.access import with_redis
from ops.options import a_phone, takes_account, takes_config, takes_json
from ops.printing import as_json, complain

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from config.snapshot import Account

SUMMARY = "answer a message as a worker would, without Chatwoot: answer, facts, tools, plan, passages, cost and time"
EXAMPLES = """\
  chatwootai ask --account 3 "Do you have a free plan?"
  chatwootai ask --account 3 --channel email --json "Was kostet Nimbus?"
  chatwootai ask --account 1 --inbox 17 --from +5531999990000 "Onde está meu pedido?"
  chatwootai ask --account 1 --draft "Vocês vendem para o exterior?"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the account, where the message comes from, and the message."""
    takes_config(parser)
    takes_json(parser)
    takes_account(parser, required=True)
    parser.add_argument("--inbox", type=int, default=0, metavar="ID", help="Chatwoot's inbox id")
    parser.add_argument("--channel", choices=names(), default="webchat", help="default: webchat")
    parser.add_argument("--from", dest="phone", type=a_phone, metavar="PHONE", help="the contact's phone")
    draft = "with the account's draft in Redis laid upon what is in force, instead of the folder"
    parser.add_argument("--draft", action="store_true", help=draft)
    parser.add_argument("message", help="what a customer writes")


def run(arguments: argparse.Namespace) -> int:
    """Print the answer and how it was made; 1 where people would get it because no model answers."""
    import asyncio

    from config.loading.loader import inspect
    from ops.accounts import resolve_account

    if arguments.draft:
        return with_redis(lambda connection: _ask_draft(connection, arguments))
    found = inspect(arguments.config, environ)
    if not found.snapshot.accounts:
        for problem in found.problems:
            complain(problem)
        return 1
    return asyncio.run(_ask(arguments, resolve_account(found.snapshot.accounts, arguments.account)))


async def _ask_draft(connection: "Connection", arguments: argparse.Namespace) -> int:
    from ops.versions.drafts import drafted_account

    return await _ask(arguments, await drafted_account(connection, arguments.account))


async def _ask(arguments: argparse.Namespace, account: "Account") -> int:
    from chatwootai.telemetry import log
    from workers.rehearsal.rehearse import Trial, answer

    log.configure("CRITICAL", None, process="ops")  # what fails is said in a sentence
    trial = Trial(account, arguments.channel, arguments.message, inbox=arguments.inbox, phone=arguments.phone)
    told = await answer(trial)
    if arguments.json:
        as_json(told)
    else:
        _print(told)
    return 1 if (told["handoff"] or {}).get("cause") in {"model", "failed"} else 0


def _print(told: dict[str, Any]) -> None:
    for part in told["answer"] or ["(nothing is said)"]:
        print("\n".join(f"  {line}" for line in part.splitlines()))
    print()
    if said := told["handoff"]:
        print(f"people     {said['reason']}" + (f" ({said['why']})" if said["why"] else ""))
        if said["held_back"]:
            print(f"held back  {said['held_back']}")
    served = ", ".join(filter(None, (told["served_by"], told["model"], told["plan"])))
    print(
        f"answered   by {told['function'] or 'people alone'}, in {told['language']}" + (f": {served}" if served else "")
    )
    print(f"facts      {', '.join(told['facts']) or 'none are written'}")
    for each in told["passages"]:
        score = f", {each['score']:.2f}" if each["score"] is not None else ""
        print(f"passage    {each['source']}/{each['document']}{score}{', used' if each['cited'] else ''}")
    for each in told["tools"]:
        made = "" if each["called"] else "  (not called: it would change something)"
        print(f"tool       {each['name']} {each['arguments']}{made}")
    tokens = f"{told['prompt_tokens']} + {told['completion_tokens']} tokens"
    print(f"cost       {told['calls']} model call(s), {tokens}, ${told['cost']:.6f}")
    print(f"time       {told['seconds']:.2f} s")
    for note in told["notes"]:
        complain(f"note: {note}")
