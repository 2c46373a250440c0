"""The channels in which gpt-oss speaks, where its endpoint hands them on unparsed: only `final` is the answer. Pure.

`<|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>final<|message|>...<|return|>`; where the endpoint
leaves special tokens out, `analysis...assistantfinal...` remains.
"""

import re

BEGINS = re.compile(
    r"\s*(?:<\|start\|>|<\|channel\|>|<\|message\|>|analysis(?=[A-Z\"'“¿¡(])|(?:assistant)?(?:commentary|final)(?=[A-Z]))"
)
"""How such a text begins."""
FINAL = re.compile(r"<\|channel\|>\s*final\b[^<]{0,100}(?:<\|constrain\|>[^<]{0,40})?<\|message\|>|assistantfinal")
"""What the answer comes after."""
_TOKEN = re.compile(r"<\|(start|channel|message|end|return|call|constrain)\|>")
_TO = re.compile(r"\bto=([\w.-]+)")
_BARE = re.compile(r"\s*analysis(?=\s*\n|[A-Z\"'“¿¡(])")
_BARE_FINAL = "assistantfinal"


def speaks(text: str) -> bool:
    """Return whether a text is in channels."""
    return "<|channel|>" in text or "<|message|>" in text or _BARE.match(text) is not None


def final(text: str) -> str:
    """Return what was said in the final channel; empty where nothing was."""
    if "<|channel|>" not in text and "<|message|>" not in text:
        _, found, answer = text.rpartition(_BARE_FINAL)
        return answer if found else ""
    said = [body for channel, _, body in _messages(text) if channel == "final"]
    return "".join(said).strip("\n")


def calls(text: str) -> list[tuple[str, str]]:
    """Return the names and arguments of the tools asked for: messages to `functions.NAME`."""
    return [(to.removeprefix("functions."), body.strip()) for _, to, body in _messages(text) if to]


def _messages(text: str) -> list[tuple[str, str, str]]:
    """Return channel, recipient and body of each message; what stands before the first mark is of no channel."""
    found: list[tuple[str, str, str]] = []
    channel, to, kind, at = "", "", "", 0
    for token in _TOKEN.finditer(text):
        part = text[at : token.start()]
        if kind == "channel":
            channel = next(iter(part.split()), "").lower()
        if kind in ("start", "channel") and (recipient := _TO.search(part)) is not None:
            to = recipient[1]
        elif kind == "message":
            found.append((channel, to, part))
        if token[1] == "start":
            channel = to = ""
        kind, at = token[1], token.end()
    if kind == "message":
        found.append((channel, to, text[at:]))
    return found
