"""`chatwootai tail`: what all processes said last."""

import argparse

from ops.options import a_count, takes_config, takes_json, takes_selection

SUMMARY = "show the newest log lines of all doors and workers, from one place"
EXAMPLES = """\
  chatwootai tail --errors --since 1h
  chatwootai tail --account 1 --follow
  chatwootai tail --cause signature -o jsonl"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take what narrows it, and whether to go on."""
    takes_config(parser)
    takes_json(parser)
    takes_selection(parser)
    parser.add_argument(
        "--level", choices=("info", "warning", "error", "critical"), default="info", help="this and worse ones"
    )
    parser.add_argument("--errors", action="store_true", help="warnings and errors: the same as --level warning")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what comes, until Ctrl-C")
    parser.add_argument(
        "-n", "--lines", type=a_count, default=200, metavar="N", help="the newest (default: 200; 0: all that are kept)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the lines; 3 where there is no such account, 5 where Redis is away."""
    from ops.access import with_redis
    from ops.events.tail import show

    return with_redis(lambda connection: show(connection, arguments))
