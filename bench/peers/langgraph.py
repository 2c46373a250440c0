"""langgraph: a graph of one node that asks langchain's ChatOpenAI, compiled once, tracing off."""

import os
from typing import Any

from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, MessagesState, StateGraph

from bench.peers.prompt import Prompt, Run, main


def _peer(prompt: Prompt) -> Run:
    os.environ["LANGSMITH_TRACING"] = "false"
    model = ChatOpenAI(model=prompt.model, temperature=prompt.temperature, max_tokens=prompt.max_tokens)

    async def answer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    crew = graph.compile()

    async def run() -> None:
        await crew.ainvoke({"messages": prompt.messages})

    return run


main(_peer)
