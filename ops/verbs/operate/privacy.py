"""`chatwootai privacy`: for how long what an account's contacts leave here is kept."""

import argparse

from ops.options import takes_account, takes_config, takes_json
from ops.parsing import add_action

SUMMARY = "show for how long what contacts leave here is kept, and how far a tenant may shorten it"
EXAMPLES = "  chatwootai privacy retention --account 1"


def arguments(parser: argparse.ArgumentParser) -> None:
    """`retention`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    what = "list each kind of key with the time for which it is kept, the longest there may be, and the setting"
    retention = add_action(actions, "retention", what, EXAMPLES.strip())
    takes_config(retention)
    takes_account(retention, required=True)
    takes_json(retention)


def run(arguments: argparse.Namespace) -> int:
    """Print the table, of the configuration in the folder; always 0."""
    from dataclasses import asdict

    from ops.access import sound_accounts
    from ops.accounts import resolve_account
    from ops.printing import as_json, table
    from ops.privacy.retention import kept_keys

    rows = list(kept_keys(resolve_account(sound_accounts(arguments.config), arguments.account)))
    if arguments.json:
        as_json([asdict(one) for one in rows])
    else:
        table(
            ("KEY", "OF A PERSON", "KEPT", "AT MOST", "SETTING"),
            [(one.key, one.of_person, one.kept, one.most, one.setting) for one in rows],
        )
    return 0
