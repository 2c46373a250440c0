"""openai-agents: one agent, built once, on chat completions, tracing off."""

from typing import Any, cast

from agents import Agent, ModelSettings, Runner, set_default_openai_api, set_tracing_disabled

from bench.peers.prompt import Prompt, Run, main


def _peer(prompt: Prompt) -> Run:
    set_tracing_disabled(True)
    set_default_openai_api("chat_completions")
    agent = Agent(
        name="attendant",
        instructions=prompt.system,
        model=prompt.model,
        model_settings=ModelSettings(temperature=prompt.temperature, max_tokens=prompt.max_tokens),
    )

    async def run() -> None:
        await Runner.run(agent, cast("list[Any]", prompt.turns))

    return run


main(_peer)
