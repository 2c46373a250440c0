"""`chatwootai jobs` says why a turn was put off, and which one waits until Chatwoot takes a token again."""

from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.embedded import Embedded
from tests.integration.chatwootai.stores.test_stores_refusals import note, put_off
from tests.integration.ops.test_ops_jobs import Desk


async def test_a_turn_of_a_closed_account_says_what_it_waits_for(redis: Connection, redis_server: Embedded) -> None:
    desk = Desk({"REDIS_URL": redis_server.url})
    await note(redis, "1:25")
    parked, failed = await put_off(redis, 26), await put_off(redis, 27, behind="")
    listed = {one["job"]: one for one in (await desk.says("jobs", "list", "--json")).data["jobs"]}
    assert [(listed[job]["cause"], listed[job]["parked"]) for job in (parked, failed)] == [
        ("HTTP 401 Invalid", True),
        ("HTTP 401 Invalid", False),
    ]
    lines = (await desk.says("jobs", "list")).out.splitlines()
    (of_parked,) = [line for line in lines if parked in line]
    assert "once the token is taken, or in 14 min" in of_parked
    assert "Chatwoot refuses the account's bot_token (HTTP 401 Invalid)" in of_parked
    (of_failed,) = [line for line in lines if failed in line]
    assert "due in 14 min" in of_failed
    assert "bot_token" not in of_failed
    assert "bot_token (HTTP 401 Invalid)" in (await desk.says("jobs", "show", "1:26")).out
