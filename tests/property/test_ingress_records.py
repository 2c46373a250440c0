"""The journal's file format: whatever was written whole comes back, in order; garbage never does."""

from hypothesis import given
from hypothesis import strategies as st

from ingress.journal.journal_format import HEAD_BYTES, MAGIC, frame, scan

payloads = st.lists(st.one_of(st.binary(max_size=200), st.just(MAGIC), st.just(MAGIC * 3 + b"\x00" * 8)), max_size=8)


def read(data: bytes) -> list[bytes]:
    return [record.payload for record in scan(data)]


def file(written: list[bytes]) -> bytes:
    return b"".join(map(frame, written))


@given(payloads)
def test_what_was_written_is_read(written: list[bytes]) -> None:
    assert read(file(written)) == written


@given(payloads)
def test_offsets_lead_from_record_to_record(written: list[bytes]) -> None:
    data = file(written)
    ends = [record.end for record in scan(data)]
    assert ends == [len(file(written[: n + 1])) for n in range(len(written))]
    for n, end in enumerate(ends):
        assert [record.payload for record in scan(data, end)] == written[n + 1 :]


@given(payloads, st.data())
def test_of_a_torn_file_every_whole_record_is_read(written: list[bytes], data: st.DataObject) -> None:
    whole = file(written)
    cut = data.draw(st.integers(0, len(whole)))
    count = sum(record.end <= cut for record in scan(whole))
    # A record's own payload may hold records (here they do): those come after what was whole.
    assert read(whole[:cut])[:count] == written[:count]


@given(st.lists(st.binary(max_size=100).filter(lambda one: MAGIC[:1] not in one), min_size=2, max_size=6), st.data())
def test_a_damaged_record_costs_no_other(written: list[bytes], data: st.DataObject) -> None:
    victim = data.draw(st.integers(0, len(written) - 1))
    start = len(file(written[:victim]))
    raw = bytearray(file(written))
    at = start + data.draw(st.integers(0, HEAD_BYTES + len(written[victim]) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    others = written[:victim] + written[victim + 1 :]
    assert read(bytes(raw)) == others


@given(st.binary(max_size=500))
def test_garbage_holds_no_record(garbage: bytes) -> None:
    assert read(garbage) == []


@given(st.binary(max_size=100), payloads)
def test_garbage_before_a_record_does_not_hide_it(garbage: bytes, written: list[bytes]) -> None:
    assert read(garbage.replace(MAGIC[:1], b"") + file(written)) == written
