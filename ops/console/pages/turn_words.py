"""Words of a turn, live from Chatwoot, for forms that begin with them: what was asked, said before, and answered."""

import asyncio
from dataclasses import dataclass, replace

from aiohttp import web

from ops.console.access.identity import Role
from ops.console.context import QUERY_SECONDS, console_of, person
from ops.console.data.conversation import read_conversation
from ops.console.data.transcript import Said, Transcript, read_transcript

_MOST = 10
_DIGITS = 15


@dataclass(frozen=True, slots=True)
class TurnWords:
    """Words of a turn. `history`: a line each, `>` before what the company said. `trouble`: why there are none.

    `cited`: source and id of each document that the answer was made from.
    """

    question: str = ""
    history: str = ""
    answered: str = ""
    trouble: str = ""
    cited: tuple[tuple[str, str], ...] = ()


async def words_of_turn(request: web.Request) -> TurnWords | None:
    """Return the words of the turn that `conversation` and `turn` name in an address; None where none is named."""
    number, turn = request.query.get("conversation", ""), request.query.get("turn", "")
    if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS and turn):
        return None
    console, who, account = console_of(request), person(request), request.match_info["account"]
    if not who.words or who.role is Role.VIEWER:
        return TurnWords(trouble="no_words")
    accounts = await console.accounts.all()
    async with asyncio.timeout(QUERY_SECONDS):
        known = await read_conversation(console.connection, f"{account}:{int(number)}")
    found = next((one for one in (known.turns if known else ()) if one["turn"] == turn), None)
    if found is None:
        return TurnWords(trouble="no_turns")
    transcript = await read_transcript(accounts.get(account), int(number), words=True)
    cited = tuple((one["source"], one["document"]) for one in found["passages"] or () if one.get("cited"))
    return replace(_words(transcript, turn, set(found["message_ids"])), cited=cited)


def _words(transcript: Transcript, turn: str, asked: set[int]) -> TurnWords:
    if transcript.trouble:
        return TurnWords(trouble=transcript.trouble)
    public = [one for one in transcript.messages if one.type in {"incoming", "outgoing"} and not one.private]
    question = [one for one in public if one.id in asked]
    before = [one for one in public if question and one.id < question[0].id][-_MOST:]
    return TurnWords(
        "\n".join(one.text for one in question),
        "\n".join(_line(one) for one in before),
        "\n\n".join(one.text for one in public if one.turn == turn),
        "" if question else "nothing_said",
    )


def _line(one: Said) -> str:
    text = " ".join(one.text.split())
    return text if one.type == "incoming" else f"> {text}"
