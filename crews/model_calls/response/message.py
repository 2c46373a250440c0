"""One message, put together from the events of an answer: streamed deltas, or whole messages. Pure.

    bytes -> events.EventReader -> Message -> Completion

What a customer may read is decided here: see thoughts.py for what is taken out, finish.py for what counts as cut.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from chatwootai.model.message.turn import Usage
from chatwootai.model.text.normalize import LONGEST
from chatwootai.model.text.sentences import cut_at_sentence
from crews.model_calls.call import Completion, Own, ToolCall
from crews.model_calls.response import finish, leaked
from crews.model_calls.response.content import THOUGHT_FIELDS, is_marked_thought, text_and_thoughts
from crews.model_calls.response.events import Event, EventReader, MalformedStream
from crews.model_calls.response.own import OwnFields
from crews.model_calls.response.surrogates import join_all_surrogates, join_surrogates
from crews.model_calls.response.thoughts import FirstWord, begins_without_mark, ends_thought, without_thoughts
from crews.model_calls.response.tool_calls import ToolCalls
from crews.model_calls.response.usage import read_usage

_NO_EVENT_OF_OURS = (KeyError, IndexError, TypeError, AttributeError, ValueError)
_MOST_BYTES = 8 * 1024 * 1024
_MOST_CHARACTERS = 128 * 1024
"""Of an answer, thoughts within its text included."""
_BYTES_A_CHARACTER = 64
"""At least so many an endpoint sends around each character of an answer in pieces; in one piece, far fewer."""
_PLAIN = frozenset({"role", "content"})
_ENDS_WHOLE = frozenset(".!?…。！？｡؟۔।॥။།។։።)]}\"'”’»*_`|")


class EndpointError(Exception):
    """The endpoint reported an error in the body of a 200; `error` is that, as it came."""

    def __init__(self, error: Any) -> None:
        super().__init__("the endpoint reported an error in its answer")
        self.error = error


class Message:
    """An answer as far as it has come.

    `alive`: the model does something, be it that it thinks. `spoken`: a word for the customer, or a tool call, is
    there. `thought`: some of it were thoughts; `headless`: they began without a mark, as the next answer's will.
    `done`: the endpoint said that its answer ended. `pieces`: events that held something, about a token each.
    """

    def __init__(self, *, headless: bool = False, suspect: bool = False, tools: frozenset[str] = frozenset()) -> None:
        """Begin with what is known of the model.

        `headless`: its thoughts begin without a mark; `suspect`: they may, going by its name. `tools`: the names of
        those that it may ask for.
        """
        self.alive = self.thought = False
        self.pieces = 0
        self.usage: Usage | None = None
        self._reader = EventReader()
        self._known_headless, self._suspect = headless, suspect
        self._known_tools = tools
        self._first = FirstWord(headless=headless)
        self._texts: list[str] = []
        self._characters = self._bytes = 0
        self._calls = ToolCalls()
        self._own = OwnFields()
        self._refused = self._beside = False
        self._word: str | None = None
        self._heard = self._streamed = False
        self._model = ""
        self._number: str | None = None

    def feed(self, data: bytes) -> Iterator[None]:
        """Take in some bytes of the answer, however they were cut: an event a step, others may come between.

        Raises:
            MalformedStream: they are no chat completion.
            EndpointError: the endpoint reports an error.
        """
        self._count_bytes(data)
        yield from self._take(self._reader.feed(data))

    def feed_plain(self, data: bytes) -> bool:
        """Take in bytes of plain events, as nearly all are; False where nothing was taken in, and `feed` has to.

        Raises:
            MalformedStream, EndpointError: as `feed`.
        """
        events = self._reader.plain_events(data)
        if events is None:
            return False
        self._count_bytes(data)
        for _ in self._take(events):
            pass
        return True

    def close(self) -> Iterator[None]:
        """Take in that the answer's bytes have ended, in steps as `feed`.

        Raises:
            MalformedStream, EndpointError: as `feed`.
        """
        yield from self._take(self._reader.close())
        if not self._heard and not self.done:
            raise MalformedStream

    @property
    def done(self) -> bool:
        """Tell whether the endpoint said `[DONE]`."""
        return self._reader.done

    @property
    def spoken(self) -> bool:
        """Tell whether a word for the customer, or a tool call, has come."""
        return self._first.spoken or bool(self._calls) or self._refused

    @property
    def ended(self) -> bool:
        """Tell whether the model ended its answer, or the endpoint said that it did."""
        return self._word is not None or self.done

    @property
    def finish(self) -> str:
        """Return why the answer ended, in the words of finish.py."""
        if self._refused:
            return finish.REFUSAL
        if self._word is None:
            return finish.TOOLS if self._calls else finish.STOP if _seems_whole(self._joined_text) else finish.CUT
        return finish.meaning(self._word)

    @property
    def failed(self) -> bool:
        """Tell whether the answer's end says that the endpoint failed."""
        return self._word is not None and finish.is_failure(self._word)

    @property
    def headless(self) -> bool:
        """Tell whether the thoughts began without a mark: their end stands in the text, and no beginning."""
        return self._known_headless or (self._first.spoken and begins_without_mark(self._joined_text))

    @property
    def size(self) -> int:
        """Return how much work there is in it, in characters."""
        return max(self._characters, self._bytes // _BYTES_A_CHARACTER)

    @property
    def tools(self) -> bool:
        """Tell whether a tool was asked for."""
        return bool(self._calls)

    def text(self, *, cut: bool) -> str:
        """Return the words for the customer so far. `cut`: they are not all."""
        headless = (self._known_headless or self._suspect) and not self._beside
        return without_thoughts(self._joined_text, cut_headless=cut and headless)

    def completion(self, model: str, target: str, usage: Usage, *, ended_by_us: bool = False) -> Completion:
        """Return all of it as a completion of `model`.

        `usage` counts where the endpoint said nothing of it; `ended_by_us`: we stopped listening at the deadline.
        """
        end = finish.DEADLINE if ended_by_us else self.finish
        text = self.text(cut=end not in finish.WHOLE)
        calls = self._calls.calls()
        if not calls:
            text, calls = leaked.tool_calls(self._joined_text, text, self._known_tools)
        return Completion(
            text=cut_at_sentence(text, LONGEST),
            finish=finish.TOOLS if calls and end == finish.STOP else end,
            model=self._model or model,
            tool_calls=calls,
            usage=self.usage or usage,
            own=self._given_back(target, calls),
        )

    @property
    def _joined_text(self) -> str:
        return join_surrogates("".join(self._texts))

    def _given_back(self, target: str, calls: tuple[ToolCall, ...]) -> Own | None:
        if not calls:
            return None
        extras = {call.id: join_all_surrogates(dict(call.extra)) for call in calls if call.extra}
        return Own(target, self._joined_text or None, join_all_surrogates(self._own.fields), extras)

    def _count_bytes(self, data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes > _MOST_BYTES:
            raise MalformedStream

    def _take(self, events: Iterable[Event]) -> Iterator[None]:
        try:
            for event in events:
                self._event(event)
                yield
        except _NO_EVENT_OF_OURS:
            raise MalformedStream from None

    def _event(self, event: Event) -> None:
        if event.get("error"):
            raise EndpointError(event["error"])
        if event.get("object") == "error" or event.get("type") == "error":
            raise EndpointError(event)
        if event.get("usage"):
            self.usage = read_usage(event["usage"])
        if isinstance(event.get("model"), str):
            self._model = event["model"] or self._model
        choices = event.get("choices") or ()
        for choice in [choices] if isinstance(choices, dict) else choices:
            if choice is not None and self._is_ours(choice.get("index") or 0):
                self._choice(choice)

    def _is_ours(self, number: object) -> bool:
        """Tell whether a choice is of the answer that we read: of several, the one that came first."""
        if self._number is None:
            self._number = str(number)
        return str(number) == self._number

    def _choice(self, choice: dict[str, Any]) -> None:
        self._heard = True
        if choice.get("delta") is not None:
            self._streamed = True
            self._delta(choice["delta"])
        elif not self._streamed:  # beside deltas, some repeat all that was said so far as a whole message
            self._delta(choice.get("message") or {"content": choice.get("text")})
        if choice.get("error"):
            raise EndpointError(choice["error"])
        if choice.get("finish_reason"):
            self._word = str(choice["finish_reason"])

    def _delta(self, delta: dict[str, Any]) -> None:
        content = delta.get("content")
        if isinstance(content, str) and delta.keys() <= _PLAIN:  # as nearly all are: nothing else to look for
            self._own.fed = False
            if content:
                self._add_text(content)
            self.pieces += bool(content or self._calls)
            return
        text, thought = text_and_thoughts(content)
        if any(delta.get(name) for name in THOUGHT_FIELDS) or thought:
            self._beside = self.thought = self.alive = True
        if text and is_marked_thought(delta) and (self._streamed or not ends_thought(text)):
            self._beside = self.thought = self.alive = True
        elif text:
            self._add_text(text)
        if delta.get("refusal"):
            self._refused = self.alive = True
        if delta.get("tool_calls"):
            self._calls.feed(delta["tool_calls"])
        if delta.get("function_call"):
            self._calls.legacy(delta["function_call"])
        self._own.feed(delta)
        self.alive = self.alive or bool(self._calls)
        self.pieces += bool(text or thought or self._calls or delta.get("refusal") or self._own.fed)

    def _add_text(self, text: str) -> None:
        self._texts.append(text)
        self._characters += len(text)
        if self._characters > _MOST_CHARACTERS:
            raise MalformedStream
        self._first.feed(text)
        self.alive, self.thought = True, self.thought or self._first.thinking


def _seems_whole(text: str) -> bool:
    """Tell whether an answer whose endpoint gave no reason for its end is all of it.

    One that ends in the middle of a word or a clause, after a whole sentence, is not; one without any sentence may be.
    """
    last = text.rstrip()[-1:]
    if not last or last in _ENDS_WHOLE or not (last.isalpha() or last in ",;:-–—(["):
        return True
    return not any(sign in text[:-1] for sign in ".!?。！？؟।")
