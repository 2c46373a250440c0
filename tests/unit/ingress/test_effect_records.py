"""What needs no turn lies in the journal as it came, and what is no such record is told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.message.effects import (
    DeletedMessage,
    FailedMessage,
    ObservedMessage,
    RequestedStatus,
    Signal,
    SignalKind,
)
from chatwootai.model.message.priority import HIGHEST
from chatwootai.model.message.turn import ContextLimits
from chatwootai.stores.conversation.entries import BrokenEntry
from ingress.journal import effect_records
from ingress.journal.effect_records import ScopedEffect

_WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
_IDS = st.integers(1, 2**53)
_TIMES = st.floats(0, 2e9)
_WHERE = {"account": _WORDS, "conversation": _IDS}
_ABOUT = st.one_of(
    st.builds(
        ObservedMessage, **_WHERE, inbox=_IDS, message=_IDS, role=_WORDS, text=_WORDS, at=_TIMES,
        wish=st.sampled_from([None, *RequestedStatus]),
    ),
    st.builds(Signal, **_WHERE, kind=st.sampled_from(SignalKind), at=_TIMES),
    st.builds(DeletedMessage, **_WHERE, message=_IDS, at=_TIMES),
    st.builds(
        FailedMessage, **_WHERE, inbox=_IDS, channel=_WORDS, message=_IDS, why=_WORDS, text=_WORDS, at=_TIMES
    ),
)  # fmt: skip
_EFFECTS = st.builds(
    ScopedEffect,
    about=_ABOUT,
    priority=_IDS,
    language=_WORDS,
    limits=st.builds(ContextLimits, entries=_IDS, milliseconds=_IDS),
)


@given(_EFFECTS)
def test_what_is_packed_comes_back(effect: ScopedEffect) -> None:
    payload = effect_records.pack(effect)
    assert payload[:1] == effect_records.MARK > bytes([HIGHEST])
    assert effect_records.unpack(payload) == effect


@pytest.mark.parametrize(
    "rest", [b"", b"{}", b"[]", b'["heard",{}]', b'["another",{"about":{}}]', b'["signal",{"about":{"kind":"x"}}]']
)
def test_what_is_none_is_said_to_be_broken(rest: bytes) -> None:
    with pytest.raises(BrokenEntry):
        effect_records.unpack(effect_records.MARK + rest)


def test_records_of_before_are_read_and_written_as_they_were() -> None:
    """Doors of two versions adopt each other's journals: the bytes of a record stay what they are."""
    record = (
        b'\xff["heard",{"about":{"account":"1","conversation":25,"inbox":17,"message":8,"role":"teammate",'
        b'"text":"Oi","at":2.0,"wish":"open"},"priority":5,"language":"pt-BR",'
        b'"limits":{"entries":80,"milliseconds":86400000}}]'
    )
    effect = effect_records.unpack(record)
    assert isinstance(effect.about, ObservedMessage)
    assert (effect.about.role, effect.about.wish, effect.limits.entries) == ("teammate", RequestedStatus.OPEN, 80)
    assert effect_records.pack(effect) == record
    assert [
        type(effect_records.unpack(b"\xff" + rest).about)
        for rest in (
            b'["signal",{"about":{"account":"1","conversation":25,"kind":"takeover","at":2.0},"priority":0,'
            b'"language":"","limits":{"entries":1,"milliseconds":1}}]',
            b'["withdrawn",{"about":{"account":"1","conversation":25,"message":7,"at":2.0},"priority":0,'
            b'"language":"","limits":{"entries":1,"milliseconds":1}}]',
            b'["failure",{"about":{"account":"1","conversation":25,"inbox":17,"channel":"sms","message":7,"why":"no",'
            b'"text":"Oi","at":2.0},"priority":5,"language":"pt","limits":{"entries":1,"milliseconds":1}}]',
        )
    ] == [Signal, DeletedMessage, FailedMessage]
