import pytest

from sandbox.llm.errors import Refused
from sandbox.llm.faults import Fault, Faults, Kind, from_flag, parse
from sandbox.llm.limits import Limits


def test_a_fault_for_the_next_two_strikes_twice() -> None:
    faults = Faults(1, (Fault(Kind.CUT, next=2),))
    struck = [faults.strike(number, "chat", "m", "") is not None for number in range(4)]
    assert struck == [True, True, False, False]


def test_a_share_strikes_about_so_many_and_the_same_by_seed() -> None:
    def struck(seed: int) -> list[int]:
        faults = Faults(seed, (Fault(Kind.STALL, share=0.2),))
        return [number for number in range(2000) if faults.strike(number, "chat", "m", "")]

    assert 340 < len(struck(3)) < 460
    assert struck(3) == struck(3)
    assert struck(3) != struck(4)


def test_a_fault_strikes_only_what_it_concerns() -> None:
    faults = Faults(1, (Fault(Kind.SLOW, share=1, model="big", contains="PED-1", endpoint="chat"),))
    assert faults.strike(1, "chat", "small", "PED-1") is None
    assert faults.strike(1, "chat", "big", "PED-2") is None
    assert faults.strike(1, "embeddings", "big", "PED-1") is None
    assert faults.strike(1, "chat", "big", "about PED-1")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kind": "cut"}, "next"),
        ({"kind": "cut", "next": 1, "share": 0.5}, "either"),
        ({"next": 1}, "kind"),
        ({"kind": "cut", "next": 1, "colour": "red"}, "colour"),
        ({"kind": "explode", "next": 1}, "explode"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(dict(given))


def test_a_flag_names_kind_and_share() -> None:
    assert from_flag("server_error:0.01") == Fault(Kind.SERVER_ERROR, share=0.01)


def test_a_key_over_its_requests_is_refused_and_others_are_not() -> None:
    limits = Limits(requests=3, tokens=None)
    headers = [limits.admit("a", 10) for _ in range(3)][-1]
    assert headers["x-ratelimit-limit-requests"] == "3"
    assert headers["x-ratelimit-remaining-requests"] == "0"
    with pytest.raises(Refused) as refused:
        limits.admit("a", 10)
    response = refused.value.response()
    assert response.status == 429
    assert 1 <= int(response.headers["retry-after"]) <= 20
    assert limits.refused == 1
    assert limits.admit("b", 10)


def test_tokens_are_limited_too() -> None:
    limits = Limits(requests=None, tokens=100)
    limits.admit("a", 90)
    with pytest.raises(Refused, match="tokens"):
        limits.admit("a", 30)
