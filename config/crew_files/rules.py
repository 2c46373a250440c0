"""A crew's merged layers checked: every key by type, every name that is referred to, every placeholder."""

from collections.abc import Collection, Iterator

from config.document.merge import is_null
from config.document.problems import Problem, suggestion
from config.document.tree import Node, Scalar, Sequence, Table, leaves
from config.schema.crew_schema import PLACEHOLDERS, CrewEntry, nearly_placeholders, placeholders
from config.schema.validation import quote, validate

NEEDED = {"agents": ("role", "goal", "backstory"), "tasks": ("description", "expected_output", "agent")}
_ONE = {"agents": "agent", "tasks": "task"}


def unknown_overrides(below: Node, overlay: Table) -> list[Problem]:
    """Agents and tasks that an overlay changes and that do not exist below it, nor are they whole ones of its own."""
    problems = []
    for kind, needed in NEEDED.items():
        known, changed = _items(below, kind), _items(overlay, kind)
        for name in changed.keys() - known.keys():
            node = changed[name]
            if is_null(node) or (isinstance(node, Table) and not set(needed) <= node.items.keys()):
                message = f"there is no {_ONE[kind]} `{name[:60]}` here to change"
                also = f"A new one needs {', '.join(f'`{key}`' for key in needed)}."
                mark = _table(overlay, kind).keys[name]
                problems.append(Problem(*mark, f"unknown-{_ONE[kind]}", message, f"{suggestion(name, known)} {also}"))
    return problems


def check_crew(merged: Table, at: str, tools: Collection[str]) -> tuple[CrewEntry | None, list[Problem]]:
    """The crew in types, or None, and every problem in it."""
    said, problems = validate(CrewEntry, merged, at)
    said_of = {(each.file, each.line, each.column) for each in problems}
    more = [*_references(merged), *_templates(merged), *_unknown_tools(merged, tools)]
    problems += [each for each in more if (each.file, each.line, each.column) not in said_of]
    return (None if problems else said), problems


def _references(merged: Table) -> Iterator[Problem]:
    """Every agent that a task names exists, and every context is a task before it."""
    agents, before = _items(merged, "agents"), list[str]()
    for name, task in _items(merged, "tasks").items():
        keys = task.items if isinstance(task, Table) else {}
        agent = keys.get("agent")
        if agents and isinstance(agent, Scalar) and isinstance(agent.value, str) and agent.value not in agents:
            message = f"there is no agent {quote(agent) or 'of that name'}"
            yield Problem(*agent.mark, "unknown-agent", message, suggestion(agent.value, agents))
        context = keys.get("context")
        for each in context.items if isinstance(context, Sequence) else ():
            if isinstance(each, Scalar) and each.value not in before:
                message = f"there is no task {quote(each) or 'of that name'} before task `{name[:60]}`"
                known = [one for one in _items(merged, "tasks") if one != name]
                remedy = (
                    "Write that task above this one." if each.value in known else suggestion(str(each.value), known)
                )
                yield Problem(*each.mark, "unknown-task", message, remedy)
        before.append(name)


def _templates(merged: Table) -> Iterator[Problem]:
    for path, scalar in leaves(merged):
        if not isinstance(scalar.value, str):
            continue
        filled = PLACEHOLDERS if path[0] in NEEDED else ()
        for name in nearly_placeholders(scalar.value) if filled else ():
            message = f"`{'.'.join(path)[:120]}`: something but {name} stands in the braces, so nothing is filled in"
            yield Problem(*scalar.mark, "placeholder", message, f"Write {{{name}}}, without a space.")
        for name in placeholders(scalar.value):
            if name not in filled:
                remedy = f"{suggestion(name, filled)} To write the braces themselves, double them."
                remedy = remedy if filled else "Write it without braces: only agents and tasks are filled in."
                message = f"`{'.'.join(path)[:120]}`: nothing fills the placeholder {{{name[:60]}}}"
                yield Problem(*scalar.mark, "placeholder", message, remedy)


def _unknown_tools(merged: Table, tools: Collection[str]) -> Iterator[Problem]:
    for kind in NEEDED:
        for entry in _items(merged, kind).values():
            named = entry.items.get("tools") if isinstance(entry, Table) else None
            for each in named.items if isinstance(named, Sequence) else ():
                if isinstance(each, Scalar) and each.value not in tools:
                    message = f"there is no tool {quote(each) or 'of that name'}"
                    yield Problem(*each.mark, "unknown-tool", message, suggestion(str(each.value), tools))


def _table(node: Node, kind: str) -> Table:
    found = node.items.get(kind) if isinstance(node, Table) else None
    return found if isinstance(found, Table) else Table(node.mark)


def _items(node: Node, kind: str) -> dict[str, Node]:
    return _table(node, kind).items
