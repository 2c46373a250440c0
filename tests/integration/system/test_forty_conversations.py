"""Forty customers on five channels of two shops, through real processes: each answered once, nothing refused."""

import re

import aiohttp

from bench.traffic import CHANNELS, drive, ended_and_running, errands, metric, settled
from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import System


async def test_each_of_forty_is_answered_once_and_rightly(system: System) -> None:
    wanted = errands(40)
    assert {(errand.account, errand.channel) for errand in wanted} == {(a, c) for a in (1, 2) for c in CHANNELS}
    report = await drive(system, wanted)
    assert report.problems == []
    assert len(report.seconds) == 40


async def test_a_model_call_knows_one_customer_only(system: System) -> None:
    """After the forty, or alone: whoever asked, no prompt holds two customers' codes."""
    async with aiohttp.ClientSession() as session:
        llm = system.llm(session)
        await llm.reset()
        report = await drive(system, errands(10, seed=11))
        assert report.problems == []
        prompts = await llm.requests("CW-")
    codes = [set(re.findall(r"CW-\d{4}", str(prompt["body"]["messages"]))) for prompt in prompts]
    assert len(codes) == 10
    assert all(len(found) == 1 for found in codes)
    assert len(set.union(*codes)) == 10


async def test_webhooks_that_come_twice_are_answered_once(system: System) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        await driver.send_twice(200)
        try:
            report = await drive(system, errands(20, seed=12))
        finally:
            await driver.clear_faults()
    assert report.problems == []
    assert await metric(system, "ingress", "chatwootai_deliveries_total", 'answer="duplicate"') >= 20


async def test_the_page_can_tell_where_a_turns_time_went(system: System) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        before, _ = await ended_and_running(system)
        sent = await driver.write(2, "webchat", "Qual o telefone da loja? CW-0001")
        (reply,) = await driver.wait_for_reply(sent)
        await settled(system, before + 1, 10)
        trace = await driver.turn(reply["turn"])
    assert trace is not None
    assert {"queue", "draft", "window", "commit", "post"} <= {name for name, _ in trace["steps"]}
