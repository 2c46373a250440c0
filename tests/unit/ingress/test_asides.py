"""What needs no turn lies in the journal as it came, and what is no such record is told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.message.delivery import Failure, Heard, RequestedStatus, Signal, SignalKind, Withdrawn
from chatwootai.model.message.priority import HIGHEST
from chatwootai.model.message.turn import ContextLimits
from chatwootai.stores.conversation.entries import BrokenEntry
from ingress.journal import asides
from ingress.journal.asides import Aside

_WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
_IDS = st.integers(1, 2**53)
_TIMES = st.floats(0, 2e9)
_WHERE = {"account": _WORDS, "conversation": _IDS}
_ABOUT = st.one_of(
    st.builds(
        Heard, **_WHERE, inbox=_IDS, message=_IDS, role=_WORDS, text=_WORDS, at=_TIMES,
        wish=st.sampled_from([None, *RequestedStatus]),
    ),
    st.builds(Signal, **_WHERE, kind=st.sampled_from(SignalKind), at=_TIMES),
    st.builds(Withdrawn, **_WHERE, message=_IDS, at=_TIMES),
    st.builds(
        Failure, **_WHERE, inbox=_IDS, channel=_WORDS, message=_IDS, why=_WORDS, text=_WORDS, at=_TIMES
    ),
)  # fmt: skip
_ASIDES = st.builds(
    Aside,
    about=_ABOUT,
    priority=_IDS,
    language=_WORDS,
    limits=st.builds(ContextLimits, entries=_IDS, milliseconds=_IDS),
)


@given(_ASIDES)
def test_what_is_packed_comes_back(aside: Aside) -> None:
    payload = asides.pack(aside)
    assert payload[:1] == asides.MARK > bytes([HIGHEST])
    assert asides.unpack(payload) == aside


@pytest.mark.parametrize(
    "rest", [b"", b"{}", b"[]", b'["heard",{}]', b'["another",{"about":{}}]', b'["signal",{"about":{"kind":"x"}}]']
)
def test_what_is_none_is_said_to_be_broken(rest: bytes) -> None:
    with pytest.raises(BrokenEntry):
        asides.unpack(asides.MARK + rest)
