"""`chatwootai init`: a configuration folder of one's own to begin with."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ops.options import an_address, takes_json

if TYPE_CHECKING:
    from ops.start.starter import Start

SUMMARY = "write a configuration of your own to begin with: mapping, domain, tenant, answers, tools, crew, knowledge"
EXAMPLES = """\
  chatwootai init --name Nimbus --language en,de
  chatwootai init nimbus --name "Nimbus GmbH" --language de,en --domain software --channels email,webchat --account 3
  chatwootai init --name "Padaria do João" --language pt --about "Padaria no centro de Recife."
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the company's name, languages and channels, and where to write."""
    parser.add_argument(
        "folder", nargs="?", type=Path, metavar="DIR", help="a new folder (default: the company's name)"
    )
    parser.add_argument("--name", required=True, metavar="NAME", help="the company's")
    parser.add_argument("--language", required=True, metavar="LANGUAGES", help="as en,de; the company's own first")
    parser.add_argument("--channels", default="email,webchat,whatsapp", help="default: email,webchat,whatsapp")
    parser.add_argument("--domain", default="business", metavar="NAME", help="line of business (default: business)")
    parser.add_argument("--account", type=int, default=1, metavar="ID", help="Chatwoot's number of it (default: 1)")
    parser.add_argument("--about", default="", metavar="TEXT", help="what the company does, for its crews")
    parser.add_argument("--time-zone", metavar="ZONE", help="as Europe/Berlin (default: this machine's)")
    parser.add_argument("--url", type=an_address, help="Chatwoot's address, where it is known")
    takes_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write it and say what comes next; 1 where something is there already, 2 where a value is none."""
    from ops.printing import as_json
    from ops.start.write import next_steps, write

    start = _start(arguments)
    folder = arguments.folder or Path(start.folder)
    written, steps = write(folder, start), next_steps(folder, start)
    if arguments.json:
        as_json({"folder": str(folder), "files": written, "next": steps})
        return 0
    for name in written:
        print(f"  {folder / name}")
    if start.unprepared:
        place = folder / start.place / "config.yaml"
        print(f"\nNo texts ship in {', '.join(start.unprepared)}: {place}")
        print("has the prepared sentences in English for you to translate; `check` names those that are left.")
    print("\nNext:", *steps, sep="\n")
    return 0


def _start(arguments: argparse.Namespace) -> "Start":
    from chatwootai.channels.registry import DEFAULT, names
    from config.schema.base import LANGUAGE_CODES
    from ops.access import UsageError
    from ops.start.starter import Start, folder_name, languages
    from ops.start.write import machine_zone

    if arguments.domain != folder_name(arguments.domain):
        raise UsageError(f"{arguments.domain!r} names no domain: write small letters, digits and _, as `software`")
    return Start(
        name=arguments.name.strip(), domain=arguments.domain,
        languages=_split_words(arguments.language, {*languages(), *LANGUAGE_CODES}),
        channels=_split_words(arguments.channels, {*names()} - {DEFAULT}), account=arguments.account,
        time_zone=_zone(arguments.time_zone) or machine_zone(), about=arguments.about, url=arguments.url,
    )  # fmt: skip


def _split_words(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the words that commas separate, once each."""
    from config.document.problems import suggestion
    from ops.access import UsageError

    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if wrong := next((word for word in words if word not in known), None):
        raise UsageError(f"there is no {wrong} to begin with. {suggestion(wrong, known)}")
    if not words:
        raise UsageError(f"name at least one of {', '.join(known)}")
    return words


def _zone(name: str | None) -> str | None:
    from zoneinfo import available_timezones

    from config.document.problems import nearest
    from ops.access import UsageError

    if name and name not in (zones := available_timezones()):
        near = nearest(name, zones)
        raise UsageError(f"there is no time zone {name}. {f'Did you mean {near}?' if near else 'As Europe/Berlin.'}")
    return name
