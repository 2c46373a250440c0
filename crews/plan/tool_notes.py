"""Notes of `check` on tools: declared and named by no agent, so that no model ever sees them."""

from collections.abc import Iterator

from config.document.problems import ConfigurationError
from config.schema.channels import CHANNELS
from config.schema.crew_schema import Blueprint
from config.settings.settings import Settings
from config.settings.tools import FILE
from config.snapshot import Account, Note, Snapshot


def notes(snapshot: Snapshot) -> list[Note]:
    """Return a note for each tool of an account that none of its crews uses, with what to write."""
    found: dict[tuple[str, str], Note] = {}
    for account in snapshot.accounts.values():
        place = f"domains/{account.domain}/{account.folder}"
        crews = list(_crews(account))
        named = {tool for crew in crews for tool in _used_tools(crew)}
        for tool in sorted(_declared_tools(account) - named) if crews else ():
            found.setdefault((place, tool), Note(f"{place}/{FILE}", 1, _note_text(tool, place, crews[0])))
    return list(found.values())


def _note_text(tool: str, place: str, crew: Blueprint) -> str:
    agent = crew.agents[0]
    several = ", ".join((*agent.tools, tool))
    return (
        f"tool `{tool}`: no agent names it, so it is never called; "
        f"write `{agent.name}: {{tools: [{several}]}}` into {place}/crews/{crew.function}/agents.yaml"
    )


def _declared_tools(account: Account) -> set[str]:
    several = [account.settings.tools, *(inbox.settings.tools for inbox in account.inboxes.values())]
    return {name for tools in several for name in (*tools.http, *tools.mcp)}


def _used_tools(crew: Blueprint) -> Iterator[str]:
    for agent in crew.agents:
        yield from agent.tools
    for task in crew.tasks:
        yield from task.tools


def _crews(account: Account) -> Iterator[Blueprint]:
    """Yield every crew that answers for the account, on every channel; the account's own first."""
    special = [(account.settings, function) for function in account.special_numbers.values()]
    own = [(inbox.settings, inbox.crew or account.crew) for inbox in account.inboxes.values()]
    for settings, function in [(account.settings, account.crew), *own, *special]:
        yield from _blueprints(settings, function)


def _blueprints(settings: Settings, function: str) -> Iterator[Blueprint]:
    if settings.crew_set is None:
        return
    for channel in CHANNELS:
        try:
            yield settings.crew_set.blueprint(function, channel)
        except ConfigurationError:
            return  # said already, as a problem of the crew
