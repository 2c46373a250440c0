from typing import Any

import pytest

from bench.traffic import CHANNELS, Errand, errands, judged

ERRAND = Errand(1, "whatsapp", "Qual o prazo? CW-0001", "CW-0001", "1 dia")


def _reply(text: str = "Sobre CW-0001: 1 dia útil.", turn: str = "a", part: int = 1, **more: Any) -> dict[str, Any]:
    return {"text": text, "turn": turn, "part": part, "status": "sent", "error": None, **more}


def test_one_right_answer_in_parts_is_no_problem() -> None:
    assert judged(ERRAND, [_reply(), _reply("Até logo!", part=2)]) == []


@pytest.mark.parametrize(
    ("replies", "says"),
    [
        ([], "got no answer"),
        ([_reply(), _reply(turn="b")], "answered 2 times"),
        ([_reply(), _reply()], "part of its answer twice"),
        ([_reply("1 dia útil.")], r"answered about \[\]"),
        ([_reply("CW-0001 CW-0002: 1 dia")], "CW-0002"),
        ([_reply("CW-0001: 9 dias")], "should hold '1 dia'"),
        ([_reply(status="failed", error="too long")], "did not arrive: too long"),
    ],
)
def test_a_wrong_answer_is_named(replies: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        assert not judged(ERRAND, replies), "\n".join(judged(ERRAND, replies))


def test_errands_cover_every_channel_of_both_accounts_with_a_code_each() -> None:
    made = errands(40)
    assert len({errand.code for errand in made}) == 40
    assert len({(errand.account, errand.channel) for errand in made}) == 2 * len(CHANNELS)
    assert made == errands(40)
    assert all(errand.code in errand.text for errand in made)
