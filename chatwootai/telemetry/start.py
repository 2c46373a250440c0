"""The command line of a process: everything but `--strict` is said by the environment."""

import argparse


def takes_strict(prog: str, summary: str) -> bool:
    """Read the command line of `prog` and return whether it says `--strict`; exit 2 where it says anything else."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description=summary,
        epilog="Everything else is set by environment variables: docs/reference/environment.md.",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="do not start where the configuration folder has problems (default: start with the last good one)",
    )
    return bool(parser.parse_args().strict)
