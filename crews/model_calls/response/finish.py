"""Reasons why an answer ended, in one vocabulary: endpoints have some forty words for it. Pure."""

STOP, TOOLS, LENGTH, WITHHELD, REFUSAL, DEADLINE, CUT = (
    "stop",
    "tool_calls",
    "length",
    "content_filter",
    "refusal",
    "deadline",
    "cut",
)
WHOLE = frozenset({STOP, TOOLS})
"""With every other word an answer is cut: there may be half a sentence at its end."""

_WORDS = {
    STOP: "stop end_turn eos eos_token stop_sequence stop_token complete completed end done "
    "finish finished normal stopped stop_sequence_reached stop_word end_of_text",
    TOOLS: "tool_calls function_call tool_use tool_call function_calls tools",
    LENGTH: "length max_tokens max_output_tokens model_length max_length token_limit max_new_tokens context_length "
    "model_context_window_exceeded incomplete limit length_capped tokens token_budget",
    WITHHELD: "content_filter content_filtered safety recitation prohibited_content blocklist spii image_safety "
    "language sensitive guardrail guardrail_intervened guardrails policy_violation content_policy moderation filtered "
    "blocked other",
    REFUSAL: "refusal refused",
}
_MEANS = {word: finish for finish, words in _WORDS.items() for word in words.split()}
_BROKEN = frozenset(
    "error network_error insufficient_system_resource abort aborted cancelled canceled malformed_function_call "
    "unexpected_tool_call timeout internal_error finish_reason_unspecified".split()
)


def meaning(word: str) -> str:
    """Return what an endpoint's word for an answer's end means: one of the words above; `cut` for one unknown."""
    plain = word.strip().lower().rpartition(".")[2].removeprefix("finish_reason_").replace("-", "_")
    return _MEANS.get(plain, CUT)


def is_failure(word: str) -> bool:
    """Return whether a word says that the endpoint failed: another request may go well."""
    return word.strip().lower() in _BROKEN
