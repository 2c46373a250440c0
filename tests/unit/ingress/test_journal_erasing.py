"""A contact's records leave the journal's files that no door holds; the others stay as they are."""

import fcntl
import os
from pathlib import Path

from chatwootai.model.message.effects import Signal, SignalKind
from chatwootai.stores.conversation.entries import pack_delivery
from chatwootai.stores.privacy.subject import Subject
from ingress.journal import effect_records, erasing
from ingress.journal.effect_records import ScopedEffect
from ingress.journal.journal_format import frame, scan
from tests.builders import delivery

HERS = b"\x05" + pack_delivery(delivery(conversation=25))
HIS = b"\x05" + pack_delivery(delivery(conversation=26))
SIGNAL = effect_records.pack(ScopedEffect(about=Signal(account="1", conversation=25, kind=SignalKind.RESOLVED, at=1.0)))
SUBJECT = Subject("1", 10**9, {25})


def payloads(path: Path) -> list[bytes]:
    return [payload for payload, _ in scan(path.read_bytes())]


def test_hers_go_also_what_is_about_her_conversation(tmp_path: Path) -> None:
    for name in ("a-1.journal", "rejected.records"):
        (tmp_path / name).write_bytes(b"torn" + frame(HERS) + frame(HIS) + frame(SIGNAL) + frame(b"\x05{"))
    assert erasing.count(tmp_path, SUBJECT) == 4
    assert erasing.erase(tmp_path, SUBJECT) == (4, [])
    for name in ("a-1.journal", "rejected.records"):
        assert payloads(tmp_path / name) == [HIS, b"\x05{"]
    assert erasing.erase(tmp_path, SUBJECT) == (0, [])


def test_a_file_that_a_door_holds_is_named_and_left_alone(tmp_path: Path) -> None:
    held = tmp_path / "b-2.journal"
    held.write_bytes(frame(HERS))
    descriptor = os.open(held, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        assert erasing.erase(tmp_path, SUBJECT) == (0, [held.name])
    finally:
        os.close(descriptor)
    assert payloads(held) == [HERS]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert erasing.erase(tmp_path / "none", SUBJECT) == (0, [])


def test_the_folders_of_shards_and_of_accounts_that_move_are_looked_through(tmp_path: Path) -> None:
    names = ("a/x-1.journal", "_moved/rejected.records")
    for name in names:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(frame(HERS) + frame(HIS))
    assert erasing.count(tmp_path, SUBJECT) == 2
    with (tmp_path / names[0]).open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert erasing.erase(tmp_path, SUBJECT) == (1, [names[0]])
    assert erasing.erase(tmp_path, SUBJECT) == (1, [])
    assert [payloads(tmp_path / name) for name in names] == [[HIS], [HIS]]
