"""`chatwootai replay`: have messages answered again."""

import argparse

from ops.options import takes_bulk, takes_config, takes_yes

SUMMARY = "have messages answered again: of a webhook request, a turn or a conversation, or of many by cause"
EXAMPLES = """\
  chatwootai replay 1:25
  chatwootai replay 0f6c7f0e-7a7b-4b1e-9d6f-3f9a3a1c2b11 --yes    an X-Chatwoot-Delivery of the last day
  chatwootai replay --cause model --since 1h --hand-back --dry-run"""

_STATES = {"handed-over": "last turn gave it to people", "answered": "last turn answered, rightly or not"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to replay, and how sure."""
    takes_config(parser)
    what = "a webhook request (X-Chatwoot-Delivery), a turn, or a conversation (1:25)"
    parser.add_argument("what", nargs="?", help=what)
    takes_bulk(parser, "all of that state", _STATES)
    takes_yes(parser)
    parser.add_argument("--hand-back", action="store_true", help="take the conversation back from people first")
    parser.add_argument("--force", action="store_true", help="do not ask Chatwoot who owns the conversation")


def run(arguments: argparse.Namespace) -> int:
    """Say what will be done, and do it; not 0 where it cannot be done."""
    from ops.access import with_redis
    from ops.jobs.bulk import is_bulk, replay_selected
    from ops.jobs.job_actions import replay

    act = replay_selected if is_bulk(arguments) else replay
    arguments.state = arguments.state or "handed-over"
    return with_redis(lambda connection: act(connection, arguments))
