"""`eval run --live`: a real endpoint is asked under a cap, tools stay recorded, a judge counts once it agrees."""

import json
from pathlib import Path

from aiohttp import web

from ops.evaluation.commands import loaded
from ops.evaluation.judge import LABELLED
from ops.evaluation.running import Order, run_set
from tests.crews_endpoint import Body, completion, endpoint, last, tool_call
from tests.integration.ops.evaluation.rehearsed_shop import TENANT, change, open_shop

CASES = """
- name: the guarantee
  say: ["Qual a garantia do secador?"]
  recorded: {model: ["something else"]}
  expect: {outcome: reply, contains: 18 meses, grounded: true, rubric: [Does it name months?]}
- name: the order
  say: ["Cadê meu pedido 4711?"]
  recorded: {tools: {pedido: [{status: saiu para entrega}]}}
  expect: {outcome: reply, contains: saiu para entrega, tools: [{tool: pedido, arguments: {number: "4711"}}]}
"""


async def answer(body: Body) -> web.StreamResponse:
    """Answer as the shop's model, and say no to whatever it is to judge."""
    if "You judge" in str(body["messages"][0]["content"]):
        return completion("no", prompt_tokens=10, completion_tokens=1)
    if body["messages"][-1]["role"] == "tool":
        return completion("Seu pedido saiu para entrega.", prompt_tokens=50, completion_tokens=9)
    if "4711" in last(body):
        return completion(None, finish="tool_calls", calls=[tool_call("pedido", {"number": "4711"})], prompt_tokens=50)
    return completion("O secador tem garantia de 18 meses.", prompt_tokens=50, completion_tokens=9)


def shop(folder: Path, url: str) -> Path:
    open_shop(folder)
    model = f'model: {{name: gpt-4.1-mini, base_url: "{url}", api_key: "${{SHOP_TOKEN}}"}}\n'
    change(folder, TENANT / "config.yaml", "company:\n", f"{model}company:\n")
    (folder / TENANT / "evals/live/judge").mkdir(parents=True)
    (folder / TENANT / "evals/live/cases.yaml").write_text(CASES, encoding="utf-8")
    return folder


async def test_the_model_is_asked_and_no_tool_is_and_the_cap_holds(tmp_path: Path) -> None:
    async with endpoint(answer) as asked:
        folder = shop(tmp_path, asked.url)
        snapshot, account = loaded(folder, "1")
        found = await run_set(Order(folder, snapshot, account, "live", live=True, repeat=2, judged=True))
        assert [(each.name, each.state, each.passes) for each in found.cases] == [
            ("the guarantee", "passed", 2),
            ("the order", "passed", 2),
        ]
        assert any("counts for nothing" in note for note in found.notes), "it has agreed with nobody"
        assert sum(each.cost for each in found.cases) > 0
        before = len(asked.bodies)
        capped = await run_set(Order(folder, snapshot, account, "live", live=True, most_cost=0.000001))
        assert len(asked.bodies) == before + 1
        assert [each.state for each in capped.cases] == ["passed", "missed"]
        agreed = {"model": "gpt-4.1-mini", "labels": 100, "agreed": 90, "abstained": 0, "kappa": 0.8}
        (folder / TENANT / "evals/live" / LABELLED).with_name("agreement.json").write_text(json.dumps(agreed))
        judged = await run_set(Order(folder, snapshot, account, "live", live=True, judged=True))
        assert judged.cases[0].failures == ["the judge says no to: Does it name months?"]
