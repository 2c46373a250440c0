"""`chatwootai crew`: which crews there are, and what one says on a channel."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from ops.printing import as_json, complain, table, takes_json

if TYPE_CHECKING:
    from crews.catalog import Catalog

SUMMARY = "list the crews, or show one as it is on a channel, with the file and line of each value"
EXAMPLES = """\
  chatwootai crew list
  chatwootai crew show customer_service --channel whatsapp"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`list` (default) and `show`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    takes_json(actions.add_parser("list", help="functions and their channels"))
    show = actions.add_parser("show", help="every value of a crew, and where it came from")
    show.add_argument("function", help="the crew, as customer_service")
    show.add_argument("--channel", default="default", help="the channel (default: default)")
    takes_json(show)


def run(arguments: argparse.Namespace) -> int:
    """List or show; 1 where there is no such crew."""
    from config.problems import ConfigurationError
    from crews.catalog import Catalog

    catalog = Catalog.from_environment()
    try:
        return _show(catalog, arguments) if arguments.action == "show" else _list(catalog, arguments)
    except ConfigurationError as error:
        complain(error)
        return 1


def _list(catalog: "Catalog", arguments: argparse.Namespace) -> int:
    rows = [(name, catalog.channels(name)) for name in catalog.functions()]
    if getattr(arguments, "json", False):
        as_json([{"function": name, "channels": list(channels)} for name, channels in rows])
    else:
        table(("FUNCTION", "CHANNELS"), [(name, ", ".join(channels)) for name, channels in rows])
    return 0


def _show(catalog: "Catalog", arguments: argparse.Namespace) -> int:
    values = catalog.values(arguments.function, arguments.channel)
    if arguments.json:
        as_json([asdict(value) for value in values])
        return 0
    for value in values:
        print(f"{value.path}  ({value.file}:{value.line})")
        for line in str(value.value).splitlines() or [""]:
            print(f"    {line}")
    return 0
