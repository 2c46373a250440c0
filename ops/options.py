"""Options that verbs have in common, and the types of their values."""

import argparse
import os
import re
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

ACCOUNT = "key in the mapping, folder (or domain/folder), company's name, or Chatwoot's number of the account"


def takes_config(parser: ArgumentParser) -> None:
    """Take the configuration's folder."""
    folder = Path(os.environ.get("CHATWOOTAI_CONFIG") or "config")
    parser.add_argument("--config", type=Path, default=folder, metavar="DIR", help=f"configuration (now: {folder})")


def takes_account(parser: ArgumentParser, what: str = "the account", *, required: bool = False) -> None:
    """Take an account, however it is named; `ops.accounts` finds it."""
    parser.add_argument("-a", "--account", required=required, metavar="ACCOUNT", help=f"{what}: {ACCOUNT}")
    takes_hidden(parser, "--tenant", dest="account")


def takes_hidden(parser: ArgumentParser, *names: str, dest: str) -> None:
    """Take an older name of an option, which the help does not show any more."""
    parser.add_argument(*names, dest=dest, default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def takes_json(parser: ArgumentParser, *, names: bool = False) -> None:
    """Take the form of the output. `names`: rows have names, which `-o name` prints alone for loops of a shell."""
    forms = ("table", "json", "jsonl", *(("name",) if names else ()))
    parser.add_argument(
        "-o", "--output", choices=forms, metavar="FORM", default="table", help=f"one of {', '.join(forms)}"
    )
    parser.add_argument("--json", action="store_const", dest="output", const="json", help="the same as -o json")


def takes_yes(parser: ArgumentParser) -> None:
    """Take the assent beforehand."""
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def takes_selection(parser: ArgumentParser) -> None:
    """Take what narrows a selection: account, cause, and from when to when."""
    from ops.times import a_moment

    takes_account(parser, "only this one's")
    parser.add_argument("--cause", metavar="TEXT", help="only those whose cause holds this text")
    when = "2h, 02:10 or 2026-11-28T02:10, in this machine's time zone"
    parser.add_argument("--since", type=a_moment, metavar="WHEN", help=f"only from then on: {when}")
    parser.add_argument("--until", type=a_moment, metavar="WHEN", help="only until then")


def takes_bulk(parser: ArgumentParser, everything: str, states: dict[str, str]) -> None:
    """Take a selection and how it is worked through. `states`: those that can be named, with their meaning."""
    takes_selection(parser)
    meaning = "; ".join(f"{name}: {said}" for name, said in states.items())
    parser.add_argument("--state", choices=tuple(states), help=f"{meaning} (default: {next(iter(states))})")
    parser.add_argument("--all", action="store_true", help=everything)
    parser.add_argument("--dry-run", action="store_true", help="only show and count them")
    parser.add_argument("--rate", type=a_rate, metavar="N", help="at most so many a second")


def a_rate(text: str) -> float:
    """Return a rate a second, more than 0; `5/s` is taken too."""
    try:
        rate = float(text.removesuffix("/s"))
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no rate; write 5 for five a second")
    return rate


def an_address(text: str) -> str:
    """Return the address of a server, without a slash at its end."""
    if not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s@?#]*)?", text) or "/app/" in text:
        raise ArgumentTypeError(f"{text!r} is no address; write it as https://chat.example.com")
    return text.rstrip("/")


def a_phone(text: str) -> str:
    """Return a phone number with its country code."""
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", text):
        raise ArgumentTypeError(f"{text!r} is no phone number; write + and digits alone, as +5531999990000")
    return text


def ids(text: str) -> tuple[int, ...]:
    """Return a list of ids that commas separate."""
    if not re.fullmatch(r"\s*[0-9]+\s*(,\s*[0-9]+\s*)*", text):
        raise ArgumentTypeError(f"{text!r} are no numbers; write them as 11,12")
    return tuple(int(each) for each in text.split(","))


def a_count(text: str) -> int:
    """Return a count: digits alone."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is no count")
    return int(text)


def at_least_one(text: str) -> int:
    """Return a count of 1 or more."""
    if (count := a_count(text)) < 1:
        raise ArgumentTypeError(f"{text!r} is too few; write 1 or more")
    return count


def an_interval(text: str) -> float:
    """Return seconds between two times, more than 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no number of seconds; write 2 or 0.5")
    return seconds
