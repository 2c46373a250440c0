"""Tools handed out by account and settings: which mapping is the same, when a server's change, what is closed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest

from config.settings.settings import Settings
from config.settings.tools import BUILT_IN, Tools
from crews.runtime import environment
from crews.tools.toolset import ToolRegistry

HTTP = {"stock": {"description": "Looks up stock.", "url": "https://api.example.com/stock"}}
MCP = {"desk": {"url": "https://mcp.example.com/mcp"}, "shelf": {"url": "https://mcp.example.com/shelf"}}


class Server:
    """A server of tools in memory. `offers`: by its name, what it has from the next look on."""

    made: ClassVar[list["Server"]] = []
    offers: ClassVar[dict[str, tuple[Any, ...]]] = {}

    def __init__(self, name: str, _said: object, _tools: Tools, account: str) -> None:
        self.name, self.account = name, account
        self.tools: tuple[Any, ...] = ()
        self.trouble = ""
        self.looks = 0
        self.may_close: asyncio.Event | None = None
        self.closed = False
        Server.made.append(self)

    async def ready(self) -> bool:
        self.looks += 1
        offered = Server.offers.get(self.name, ())
        if offered != self.tools:
            self.tools = offered
        return True

    async def close(self) -> None:
        if self.may_close is not None:
            await self.may_close.wait()
        self.closed = True


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


@pytest.fixture(autouse=True)
def _servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crews.tools.mcp.server.ServerClient", Server)
    Server.made, Server.offers = [], {}


@pytest.fixture
async def registry() -> AsyncIterator[ToolRegistry]:
    made = ToolRegistry()
    yield made
    await made.close()


def settings(*, http: bool = False, mcp: bool = False, private: tuple[str, ...] = ()) -> Settings:
    tools: dict[str, Any] = {"hosts": ["api.example.com", "mcp.example.com"], "private_hosts": list(private)}
    tools |= ({"http": HTTP} if http else {}) | ({"mcp": MCP} if mcp else {})
    return Settings(tools=Tools.model_validate(tools))


def server(name: str, account: str = "1") -> Server:
    (found,) = [one for one in Server.made if (one.name, one.account) == (name, account)]
    return found


async def test_who_has_no_tools_of_their_own_shares_ours_with_everybody(registry: ToolRegistry) -> None:
    first = await registry.toolset_for("1", settings())
    assert set(first) == set(BUILT_IN)
    assert await registry.toolset_for("1", settings()) is first
    assert await registry.toolset_for("2", settings()) is first
    assert Server.made == []


async def test_own_tools_stand_beside_ours_in_one_mapping_as_long_as_settings_stay(registry: ToolRegistry) -> None:
    own = settings(http=True)
    first = await registry.toolset_for("1", own)
    assert set(first) == {*BUILT_IN, "stock"}
    assert await registry.toolset_for("1", own) is first
    assert await registry.toolset_for("1", Settings(tools=own.tools)) is first


async def test_settings_that_were_read_anew_have_tools_of_their_own(registry: ToolRegistry) -> None:
    first = await registry.toolset_for("1", settings(http=True))
    assert await registry.toolset_for("1", settings(http=True)) is not first


async def test_accounts_of_one_folder_share_neither_servers_nor_tools(registry: ToolRegistry) -> None:
    shared = settings(http=True, mcp=True)
    one, two = await registry.toolset_for("1", shared), await registry.toolset_for("2", shared)
    assert one is not two
    assert sorted((each.name, each.account) for each in Server.made) == [
        ("desk", "1"), ("desk", "2"), ("shelf", "1"), ("shelf", "2"),
    ]  # fmt: skip


async def test_a_servers_name_stands_for_all_of_its_tools(registry: ToolRegistry) -> None:
    Server.offers["desk"] = ("book", "cancel")
    found: Any = await registry.toolset_for("1", settings(mcp=True))
    assert found["desk"] == ("book", "cancel")
    assert found["shelf"] == ()


async def test_the_mapping_is_replaced_only_when_a_server_offers_others(registry: ToolRegistry) -> None:
    own = settings(mcp=True)
    Server.offers["desk"] = ("book",)
    first = await registry.toolset_for("1", own)
    assert await registry.toolset_for("1", own) is first
    Server.offers["desk"] = ("book", "cancel")
    second = await registry.toolset_for("1", own)
    assert second is not first
    offered: tuple[Any, Any] = first["desk"], second["desk"]
    assert offered == (("book",), ("book", "cancel"))
    assert await registry.toolset_for("1", own) is second


async def test_the_last_toolset_asks_no_server(registry: ToolRegistry) -> None:
    own = settings(mcp=True)
    assert registry.last_toolset_for("1", own) == {}
    ours = await registry.toolset_for("2", settings())
    assert registry.last_toolset_for("1", own) is ours
    handed_out = await registry.toolset_for("1", own)
    looks = server("desk").looks
    assert registry.last_toolset_for("1", own) is handed_out
    assert registry.last_toolset_for("2", own) is ours
    assert server("desk").looks == looks


async def test_why_servers_are_away_is_told_of_those_used_last(registry: ToolRegistry) -> None:
    assert registry.servers_of("1") == {}
    await registry.toolset_for("1", settings(mcp=True))
    server("desk").trouble = "old trouble"
    newest = settings(mcp=True)
    await registry.toolset_for("1", newest)
    Server.made[-1].trouble = "it does not answer"
    assert registry.servers_of("1") == {"desk": "", "shelf": "it does not answer"}
    assert registry.servers_of("2") == {}


async def test_what_nobody_has_used_for_a_quarter_of_an_hour_is_closed(registry: ToolRegistry) -> None:
    old, new = settings(mcp=True), settings(http=True)
    await registry.toolset_for("1", old)
    kept = registry._by_account.peek(("1", id(old.tools)))
    assert kept is not None
    kept.used_at -= 899
    await registry.toolset_for("1", new)
    assert ("1", id(old.tools)) in registry._by_account
    kept.used_at -= 2
    await registry.toolset_for("1", new)
    assert ("1", id(old.tools)) not in registry._by_account
    await asyncio.sleep(0)
    assert server("desk").closed
    assert server("shelf").closed


async def test_beyond_so_many_accounts_the_one_used_longest_ago_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crews.tools.toolset._ACCOUNTS", 2)
    registry, shared = ToolRegistry(), settings(mcp=True)
    for account in ("1", "2", "1", "3"):
        await registry.toolset_for(account, shared)
    await asyncio.sleep(0)
    assert [server("desk", account).closed for account in "123"] == [False, True, False]
    await registry.close()
    assert all(each.closed for each in Server.made)


async def test_closing_waits_for_servers_that_are_being_closed_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crews.tools.toolset._ACCOUNTS", 1)
    registry, shared = ToolRegistry(), settings(mcp=True)
    await registry.toolset_for("1", shared)
    slow = server("desk")
    slow.may_close = asyncio.Event()
    await registry.toolset_for("2", shared)
    closing = asyncio.create_task(registry.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    slow.may_close.set()
    await asyncio.wait_for(closing, 5)
    assert slow.closed


async def test_requests_to_the_same_private_hosts_share_a_session_that_close_ends() -> None:
    registry = ToolRegistry()
    one, same, other = (registry._session(frozenset(hosts)) for hosts in ({"a"}, {"a"}, set[str]()))
    assert one is same
    assert one is not other
    await registry.close()
    assert one.closed
    assert other.closed
