"""`chatwootai replay`: have messages answered again."""

import argparse

from ops.options import takes_config

SUMMARY = "have messages answered again: one webhook request, one turn, or a conversation's last turn"
EXAMPLES = """\
  chatwootai replay 1:25
  chatwootai replay 0f6c7f0e-7a7b-4b1e-9d6f-3f9a3a1c2b11 --yes    an X-Chatwoot-Delivery of the last day"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to replay, and how sure."""
    takes_config(parser)
    parser.add_argument("what", help="a webhook request (X-Chatwoot-Delivery), a turn, or a conversation (1:25)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--hand-back", action="store_true", help="take the conversation back from people first")
    parser.add_argument("--force", action="store_true", help="do not ask Chatwoot who owns the conversation")


def run(arguments: argparse.Namespace) -> int:
    """Say what will be done, and do it; 1 where it cannot be done."""
    from ops.access import with_redis
    from ops.jobs.job_actions import replay

    return with_redis(lambda connection: replay(connection, arguments))
