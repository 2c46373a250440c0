"""`chatwootai erase`: erase all that is kept of a contact, and print a receipt."""

import argparse
from typing import TYPE_CHECKING

from ops.options import takes_account, takes_config, takes_json, takes_yes

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection

SUMMARY = "erase all that is kept of a contact here, and say what lies elsewhere"
EXAMPLES = """\
  chatwootai erase --account 1 --contact 93 --dry-run
  chatwootai erase --account 1 --contact 93 --yes --json
  chatwootai erase --account 1 --contact 93 --in-chatwoot"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the contact, and how sure."""
    from ops.privacy.contacts import takes_contact

    takes_config(parser)
    takes_account(parser, required=True)
    takes_contact(parser)
    parser.add_argument("--dry-run", action="store_true", help="only count what is kept")
    parser.add_argument("--in-chatwoot", action="store_true", help="at the end delete the contact in Chatwoot too")
    takes_yes(parser)
    takes_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Erase and print; 1 where something is left, or nothing was known."""
    from ops.access import with_redis
    from ops.printing import as_json, table
    from ops.privacy.erase import erase

    async def work(connection: "Connection") -> int:
        receipt = await erase(connection, arguments)
        said = receipt.as_json()
        if arguments.json:
            as_json(said)
        else:
            rows = [(one["place"], one["found"], one["erased"]) for one in said["places"]]
            table(("PLACE", "FOUND", "ERASED"), rows)
            for line in said["outside"]:
                print(f"elsewhere: {line}")
            print("verified: nothing is left" if receipt.verified else f"left: {said['left'] or 'not looked'}")
        return 0 if receipt.verified or arguments.dry_run else 1

    return with_redis(work)
