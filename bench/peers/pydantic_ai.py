"""pydantic-ai: one agent, built once; the conversation as its message history."""

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.settings import ModelSettings

from bench.peers.prompt import Prompt, Run, main


def _peer(prompt: Prompt) -> Run:
    settings = ModelSettings(temperature=prompt.temperature, max_tokens=prompt.max_tokens)
    agent = Agent(OpenAIChatModel(prompt.model), instructions=prompt.system, model_settings=settings)
    *said, asked = prompt.turns
    history = [_message(turn) for turn in said]

    async def run() -> None:
        await agent.run(asked["content"], message_history=history)

    return run


def _message(turn: dict[str, str]) -> ModelMessage:
    if turn["role"] == "user":
        return ModelRequest(parts=[UserPromptPart(content=turn["content"])])
    return ModelResponse(parts=[TextPart(content=turn["content"])])


main(_peer)
