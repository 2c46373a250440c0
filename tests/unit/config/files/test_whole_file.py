from pathlib import Path

import pytest

from config.files.whole_file import write_whole


def test_a_new_file_gets_its_mode_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_whole(path, b"a", 0o640)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o600)
    write_whole(path, b"b", 0o640)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"b", 0o600)


def test_what_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="taken"):
        write_whole(folder, b"a", 0o640)
    assert (folder / "inside").is_dir()
    assert [each.name for each in tmp_path.iterdir()] == ["taken"], "nothing is left beside it"
