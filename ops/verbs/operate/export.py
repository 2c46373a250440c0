"""`chatwootai export`: print all that is kept of a contact."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ops.options import takes_account, takes_config

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection

SUMMARY = "print all that is kept of a contact here, as JSON that people can read"
EXAMPLES = """\
  chatwootai export --account 1 --contact 93
  chatwootai export --account 1 --contact 93 --output contact-93.json"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the contact, and where to write."""
    from ops.privacy.contacts import takes_contact

    takes_config(parser)
    takes_account(parser, required=True)
    takes_contact(parser)
    what = "write it there, readable by you alone, instead of printing it"
    parser.add_argument("--output", dest="file", type=Path, metavar="FILE", help=what)
    what = "jsonl: all of it on one line (default: json)"
    parser.add_argument("-o", dest="form", choices=("json", "jsonl"), default="json", metavar="FORM", help=what)
    parser.add_argument("--json", action="store_const", dest="form", const="json", help="the form it has anyway")


def run(arguments: argparse.Namespace) -> int:
    """Print or write; not 0 where nothing is known of them."""
    import json

    from ops.access import with_redis
    from ops.printing import tell
    from ops.privacy.export import export

    async def work(connection: "Connection") -> int:
        found = await export(connection, arguments)
        text = json.dumps(found, ensure_ascii=False, indent=2 if arguments.form == "json" else None, default=str)
        if arguments.file is None:
            print(text)
            return 0
        arguments.file.touch(mode=0o600, exist_ok=True)
        arguments.file.write_text(f"{text}\n", encoding="utf-8")
        tell(f"written to {arguments.file}: it holds what the contact wrote; hand it over, then delete it")
        return 0

    return with_redis(work)
