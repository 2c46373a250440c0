"""`chatwootai crew`: which crews there are, what one says on a channel, and what its answers take."""

import argparse
from dataclasses import asdict
from os import environ
from typing import TYPE_CHECKING

from ops.printing import as_json, complain, table, takes_config, takes_json

if TYPE_CHECKING:
    from config.settings import Settings
    from crews.catalog import Catalog
    from crews.plan import Plan, Step

SUMMARY = "list the crews, show one with the file and line of each value, or plan its calls, seconds and costs"
EXAMPLES = """\
  chatwootai crew list
  chatwootai crew show customer_service --channel whatsapp
  chatwootai crew plan customer_service --channel whatsapp --tenant account_1"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`list` (default), `show` and `plan`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    takes_json(actions.add_parser("list", help="functions and their channels"))
    show = actions.add_parser("show", help="every value of a crew, and where it came from")
    show.add_argument("function", help="the crew, as customer_service")
    show.add_argument("--channel", default="default", help="the channel (default: default)")
    takes_json(show)
    plan = actions.add_parser("plan", help="calls in a row, tokens, seconds and costs of an answer, in each shape")
    plan.add_argument("function", help="the crew, as customer_service")
    plan.add_argument("--channel", default="default", help="the channel (default: default)")
    plan.add_argument("--tenant", help="whose settings, by tenant, account or name (default: those of _base)")
    takes_config(plan)
    takes_json(plan)


def run(arguments: argparse.Namespace) -> int:
    """List, show or plan; 1 where there is no such crew or tenant, or where a plan cannot meet its deadline."""
    from config.problems import ConfigurationError
    from crews.catalog import Catalog

    catalog = Catalog.from_environment()
    try:
        if arguments.action == "plan":
            return _plan(catalog, arguments)
        return _show(catalog, arguments) if arguments.action == "show" else _list(catalog, arguments)
    except ConfigurationError as error:
        complain(error)
        return 1


def _list(catalog: "Catalog", arguments: argparse.Namespace) -> int:
    rows = [(name, catalog.channels(name)) for name in catalog.functions()]
    if getattr(arguments, "json", False):
        as_json([{"function": name, "channels": list(channels)} for name, channels in rows])
    else:
        table(("FUNCTION", "CHANNELS"), [(name, ", ".join(channels)) for name, channels in rows])
    return 0


def _show(catalog: "Catalog", arguments: argparse.Namespace) -> int:
    values = catalog.values(arguments.function, arguments.channel)
    if arguments.json:
        as_json([asdict(value) for value in values])
        return 0
    for value in values:
        print(f"{value.path}  ({value.file}:{value.line})")
        for line in str(value.value).splitlines() or [""]:
            print(f"    {line}")
    return 0


def _plan(catalog: "Catalog", arguments: argparse.Namespace) -> int:
    from crews.fuse import can_fuse, needs_stock
    from crews.planning import planned, shapes

    settings = _settings(arguments)
    if settings is None:
        return 1
    crews = settings.crewing if arguments.tenant is not None else None
    blueprint = (crews or catalog).blueprint(arguments.function, arguments.channel)
    if wanted := needs_stock(blueprint):
        complain(f"{arguments.function} runs on stock CrewAI ({', '.join(wanted)}): it cannot be planned")
        return 1
    allowed = shapes(blueprint)
    plans = [planned(blueprint, settings, "sequential"), planned(blueprint, settings, "parallel")]
    plans += [planned(blueprint, settings, "fused")] if can_fuse(blueprint) else []
    if arguments.json:
        as_json([{**asdict(each), "fits": each.fits, "allowed": each.shape in allowed} for each in plans])
    else:
        _print_plans(plans, allowed)
    return 0 if any(each.fits for each in plans if each.shape in allowed) else 1


def _settings(arguments: argparse.Namespace) -> "Settings | None":
    """The settings that a plan is made under."""
    from config.loader import load, shipped

    if arguments.tenant is None:
        return shipped()
    snapshot = load(arguments.config, environ)
    for account in snapshot.accounts.values():
        if arguments.tenant in {account.tenant, account.key, account.name}:
            return account.settings
    known = ", ".join(each.tenant for each in snapshot.accounts.values())
    complain(f"there is no tenant {arguments.tenant}; there are: {known or 'none'}")
    return None


def _print_plans(plans: "list[Plan]", allowed: tuple[str, ...]) -> None:
    first = plans[0]
    measured = "" if first.model_known else ", which nobody has measured: planned as a like one"
    print(f"{first.function} on {first.channel}, {first.model}{measured}; deadline {first.deadline:g} s\n")
    head = ("SHAPE", "RUNS", "CALLS IN A ROW", "CALLS", "PROMPT", "COMPLETION", "P50 S", "P95 S", "FITS", "USD/1000")
    table(head, [_row(each, allowed) for each in plans])
    for each in plans:
        if each.shape in allowed:
            print(f"\n{each.shape}: {' > '.join(each.path)}")
            columns = ("TASK", "AGENT", "WAVE", "AFTER", "CALLS", "AT MOST", "PROMPT", "COMPLETION", "LIMIT")
            table(columns, [_step(step) for step in each.steps])


def _row(plan: "Plan", allowed: tuple[str, ...]) -> tuple[object, ...]:
    place = allowed.index(plan.shape) if plan.shape in allowed else None
    runs = "no" if place is None else "yes" if place == 0 else "in a hurry"
    cost = None if plan.cost is None else f"{1000 * plan.cost:.3f}"
    fits = "yes" if plan.fits else "no"
    tokens = (plan.prompt_tokens, plan.completion_tokens)
    return plan.shape, runs, plan.calls_in_row, plan.calls, *tokens, plan.p50, plan.p95, fits, cost


def _step(step: "Step") -> tuple[object, ...]:
    after = ", ".join(step.after) or "-"
    tokens = (step.prompt_tokens, step.completion_tokens, step.limit)
    return step.task, step.agent, step.wave, after, step.calls, step.most_calls, *tokens
