"""`chatwootai crew plan`: what a crew's answers take, in each shape that it could run in."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from ops.printing import as_json, complain, table

if TYPE_CHECKING:
    from config.schema.crew_set import CrewSet
    from config.settings.settings import Settings
    from crews.plan.plan import Plan, Step


def show_plan(crew_set: "CrewSet", settings: "Settings", arguments: argparse.Namespace) -> int:
    """Print the plans of a crew; 1 where none that it may take meets the deadline.

    Raises:
        config.document.problems.ConfigurationError: there is no such crew.
    """
    from crews.plan.planning import plan_for, shapes
    from crews.plan.single_call import fits_single_call, needs_stock

    blueprint = crew_set.blueprint(arguments.function, arguments.channel)
    if wanted := needs_stock(blueprint):
        complain(f"{arguments.function} runs on stock CrewAI ({', '.join(wanted)}): it cannot be planned")
        return 1
    allowed = shapes(blueprint)
    plans = [plan_for(blueprint, settings, "sequential"), plan_for(blueprint, settings, "parallel")]
    plans += [plan_for(blueprint, settings, "fused")] if fits_single_call(blueprint) else []
    if arguments.json:
        as_json([{**asdict(each), "fits": each.fits, "allowed": each.shape in allowed} for each in plans])
    else:
        one = len(blueprint.tasks) == 1  # side by side is in a row then, and would be said twice
        _print_plans([each for each in plans if not one or each.shape in allowed], allowed)
    return 0 if any(each.fits for each in plans if each.shape in allowed) else 1


def _print_plans(plans: "list[Plan]", allowed: tuple[str, ...]) -> None:
    first = plans[0]
    measured = "" if first.model_known else ", which nobody has measured: planned as a like one"
    print(f"{first.function} on {first.channel}, {first.model}{measured}; deadline {first.deadline:g} s\n")
    head = ("SHAPE", "RUNS", "CALLS IN A ROW", "CALLS", "PROMPT", "COMPLETION", "P50 S", "P95 S", "FITS", "USD/1000")
    table(head, [_task_row(each, allowed) for each in plans])
    for each in plans:
        if each.shape in allowed:
            print(f"\n{each.shape}: {' > '.join(each.path)}")
            columns = ("TASK", "AGENT", "WAVE", "AFTER", "CALLS", "AT MOST", "PROMPT", "COMPLETION", "LIMIT")
            table(columns, [_step(step) for step in each.steps])


def _task_row(plan: "Plan", allowed: tuple[str, ...]) -> tuple[object, ...]:
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
