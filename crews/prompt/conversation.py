"""A question as chat messages. Pure."""

from chatwootai.model.message.turn import Question
from crews.model_calls.call import Chat

_ROLES = {"contact": "user", "crew": "assistant", "teammate": "assistant"}


def chat_messages(question: Question) -> tuple[Chat, ...]:
    """Return the exchanges before, oldest first, then the burst: what customers wrote stands there unchanged."""
    history = [{"role": _ROLES.get(each.role, "user"), "content": each.text} for each in question.history if each.text]
    return (*history, {"role": "user", "content": _question_content(question)})


def _question_content(question: Question) -> str | list[Chat]:
    """Return what was asked, and the images that came with it."""
    asked = _question_text(question)
    if not question.images:
        return asked
    images = [{"type": "image_url", "image_url": {"url": url, "detail": "auto"}} for url in question.images]
    return [{"type": "text", "text": asked}, *images]


def content_text(content: object) -> str:
    """Return the words of a message's content, without its images."""
    if not isinstance(content, list):
        return str(content or "")
    return "\n".join(str(piece.get("text", "[image]")) for piece in content)


def _question_text(question: Question) -> str:
    if question.subject and question.origin.channel == "email":
        return f"Subject: {question.subject}\n\n{question.text}"
    return question.text


def objects_in(text: str) -> tuple[str, ...]:
    """Return what may be a JSON object in a text: all from its first brace to its last."""
    first, last = text.find("{"), text.rfind("}")
    return (text[first : last + 1],) if 0 <= first < last else ()
