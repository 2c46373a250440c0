"""Actions of `chatwootai config` on a canary: begin, show, promote and stop it."""

import argparse
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from chatwootai.model.canary.rules import Measure
from chatwootai.model.canary.terms import Side
from ops.access import confirm
from ops.printing import as_json, table, tell
from ops.times import format_moment
from ops.versions.canaries import promote_canary, read_canary, running_canary, start_canary, stop_canary
from ops.versions.canary_options import DEFAULT_RULES

if TYPE_CHECKING:
    from chatwootai.stores.installation.config_versions import ConfigVersions
    from chatwootai.stores.server.connection import Connection
    from config.files.sources import Sources

_DAY: Final = 86_400.0
_WORDS: Final = {
    Measure.HANDOFFS: "handed to people",
    Measure.FAILURES: "since something failed",
    Measure.SLOW: "replies of 3 s or more",
}


async def start(versions: "ConfigVersions", sources: "Sources", arguments: argparse.Namespace) -> int:
    """Begin the canary that the options ask for, and tell its version."""
    terms = {
        "share": arguments.canary,
        "account": arguments.account or "",
        "inbox": arguments.inbox,
        "until": time.time() + (arguments.seconds or _DAY),
        "rules": arguments.back_if or list(DEFAULT_RULES),
    }
    await start_canary(versions, sources, terms)
    tell(f"it answers {_place(terms, arguments.canary / 10_000)}, until {format_moment(terms['until'])}")
    tell("`chatwootai config canary` shows what comes of it; `config canary promote` or `stop` ends it")
    return 0


async def show(connection: "Connection", arguments: argparse.Namespace) -> int:
    """Print what both sides of the newest canary came to."""
    found = await read_canary(connection)
    if arguments.json:
        as_json(found)
    elif found is None:
        print("there was no canary yet; `chatwootai config publish --canary 10%` begins one")
    else:
        print_canary(found)
    return 0


async def _promote(connection: "Connection", arguments: argparse.Namespace) -> int:
    await running_canary(connection)  # nobody is asked about none
    if not confirm("put the canary in force everywhere?", yes=arguments.yes, undoable=True):
        return 1
    return int(not await promote_canary(connection))


async def _stop(connection: "Connection", _: argparse.Namespace) -> int:
    await stop_canary(connection)
    return 0


CANARY_ACTIONS: Final[dict[str | None, Any]] = {"promote": _promote, "stop": _stop}
"""Actions by their names; without one it is shown."""


def canary_line(found: Mapping[str, Any]) -> str:
    """Return what a canary is and how it stands, in a sentence."""
    said = f"canary {found['version']} beside version {found['base']}: {_place(found, found['share'])}"
    if found["state"] == "running":
        return f"{said}, until {format_moment(found['until'])}"
    why = f": {found['why']}" if found["why"] else ""
    return f"{said}; {found['state']} at {format_moment(found['ended'])} by {found['ended_by']}{why}"


def print_canary(found: Mapping[str, Any]) -> None:
    """Print a canary as `read_canary` returns it."""
    print(canary_line(found))
    if found["state"] == "running":
        serving = found["workers"]
        print(f"served by {serving['serving']} of {serving['all']} workers; back if {', '.join(found['rules'])}")
    sides = [found["sides"][side] for side in (Side.CANARY, Side.BASE)]
    table(("", f"CANARY {found['version']}", f"VERSION {found['base']}"), _rows(sides))
    print("A share in brackets is what so many turns speak for, whenever you look: where two do not meet, they differ.")


def _rows(sides: list[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    causes = sorted({cause for side in sides for cause in side["handoffs"]})
    return [
        ("turns", *(side["turns"] for side in sides)),
        ("replies", *(side["replies"] for side in sides)),
        *((words, *(_share(side["measures"][measure]) for side in sides)) for measure, words in _WORDS.items()),
        *((f"  {cause}", *(side["handoffs"].get(cause, 0) for side in sides)) for cause in causes),
        ("p95 of replies", *(_seconds(side["p95_seconds"]) for side in sides)),
        ("cost of a turn", *(f"$ {side['cost'] / max(1, side['turns']):.6f}" for side in sides)),
        ("thumbs up / down", *(f"{side['thumbs']['up']} / {side['thumbs']['down']}" for side in sides)),
    ]


def _share(one: Mapping[str, Any]) -> str:
    if not one["of"]:
        return "-"
    return f"{one['hits']} = {100 * one['share']:.1f} % ({100 * one['low']:.1f} to {100 * one['high']:.1f} %)"


def _seconds(found: float | None) -> str:
    return "-" if found is None else f"{found:.2f} s"


def _place(terms: Mapping[str, Any], share: float) -> str:
    where = f" of inbox {terms['inbox']}" if terms["inbox"] is not None else ""
    whose = f" of account {terms['account']}" if terms["account"] else ""
    return f"{100 * share:g} % of the conversations{where}{whose}"
