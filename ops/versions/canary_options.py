"""Options of `config publish` that begin a canary, and the action that shows and ends one."""

import argparse
import re
from typing import Any, Final

from ops.access import UsageError
from ops.options import takes_json, takes_yes
from ops.parsing import add_action
from ops.times import a_span

DEFAULT_RULES: Final = ("handoffs>base", "failures>base", "slow>base")
_IDLE: Final = {"account": "--account", "inbox": "--inbox", "seconds": "--for", "back_if": "--back-if"}


def takes_canary(publish: argparse.ArgumentParser) -> None:
    """Take `--canary`, and what says where, how long and how bad."""
    said = "for this share of the conversations alone, as 10%%, beside the version in force"
    publish.add_argument("--canary", type=a_share, metavar="SHARE", help=said)
    publish.add_argument("--account", metavar="ACCOUNT", help="the canary answers only this account")
    publish.add_argument("--inbox", type=int, metavar="INBOX", help="the canary answers only this inbox of the account")
    said = "how long the canary answers at most, as 2h or 3d (default: 1d); then it is over"
    publish.add_argument("--for", dest="seconds", type=a_span, metavar="TIME", help=said)
    said = (
        "send the canary back by itself: handoffs, failures or slow above a share or above `base`, the version in"
        f" force, as handoffs>30%%; may be given several times (default: {', '.join(DEFAULT_RULES)})"
    )
    publish.add_argument("--back-if", action="append", type=a_rule, metavar="RULE", help=said)


def canary_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `config canary [promote|stop]`."""
    what = "show what a canary and the version in force came to, put it in force, or stop it"
    canary = add_action(actions, "canary", what, "chatwootai config canary")
    takes_json(canary)
    several: Any = canary.add_subparsers(dest="canary_action", metavar="ACTION")
    takes_yes(add_action(several, "promote", "put the canary in force", "chatwootai config canary promote --yes"))
    add_action(several, "stop", "let the version in force answer everybody", "chatwootai config canary stop")


def refuse_idle_options(arguments: argparse.Namespace) -> None:
    """Refuse what means nothing together.

    Raises:
        UsageError: an option of a canary without one, an inbox without its account, a canary of everything.
    """
    if arguments.canary is None:
        if idle := [option for name, option in _IDLE.items() if getattr(arguments, name) is not None]:
            raise UsageError(f"{', '.join(idle)}: only with --canary")
        return
    if arguments.inbox is not None and arguments.account is None:
        raise UsageError("--inbox: name its account with --account")
    if arguments.draft:
        raise UsageError("a canary is made of a folder: publish the draft, or write it into a folder")
    whole = arguments.canary == a_share("100%")
    if whole and arguments.account is None:
        raise UsageError("all conversations of all accounts: that is `config publish`, without --canary")
    if whole and any(rule.endswith(">base") for rule in arguments.back_if or DEFAULT_RULES):
        raise UsageError(
            "100% of a place leaves none of it to compare with: write --back-if with shares, as handoffs>30%"
        )


def a_share(text: str) -> int:
    """Return a share in hundredths of a percent: `10%`, `0.5%`."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?) ?%", text.strip())
    share = round(100 * float(found[1])) if found else 0
    if not 0 < share <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; write 10%")
    return share


def a_rule(text: str) -> str:
    """Return a rule as it is written: `handoffs>30%`, `failures>base`."""
    from chatwootai.model.canary.rules import read_rule

    try:
        return str(read_rule(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
