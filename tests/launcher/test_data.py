from pathlib import Path

import pytest

from launcher.data import DataFolder, Running
from launcher.errors import LaunchError


def test_a_new_or_empty_folder_becomes_ours(tmp_path: Path) -> None:
    for path in (tmp_path / "new" / "deep", tmp_path / "empty"):
        DataFolder(path).open()
        assert DataFolder(path).is_ours()


def test_a_folder_of_somebody_else_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    for act in (DataFolder(tmp_path).open, DataFolder(tmp_path).clear):
        with pytest.raises(LaunchError, match="not made by Copydesk"):
            act()
    assert [entry.name for entry in tmp_path.iterdir()] == ["files"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LaunchError):
        DataFolder(tmp_path / "file").open()


def test_fresh_removes_what_we_made_and_nothing_else(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    data.open()
    data.secret_key()
    for ours in ("pg18", "pg19.new", "files", "mail"):
        (tmp_path / ours).mkdir(exist_ok=True)
        (tmp_path / ours / "content").touch()
    for theirs in ("pg", "pg18-backup", "notes"):
        (tmp_path / theirs).mkdir()
    data.clear()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["copydesk-data.txt", "notes", "pg", "pg18-backup"]


def test_fresh_does_not_follow_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    data = DataFolder(tmp_path / "data")
    data.open()
    (data.path / "files").rmdir()
    (data.path / "files").symlink_to(elsewhere)
    data.clear()
    assert (elsewhere / "kept").exists()
    assert not (data.path / "files").is_symlink()


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    assert data.secret_key() == data.secret_key()
    assert len(data.secret_key()) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_second_launch_is_refused(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    first.take()
    with pytest.raises(LaunchError, match="in use by another launch"):
        second.take()
    first.lock.release()
    second.take()
    second.lock.release()


def test_where_the_cluster_is_reached(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    assert data.running() is None
    socket = tmp_path / "copydesk-abc"
    socket.mkdir()
    data.note_running(Running(socket=str(socket), port=8000))
    assert data.running() == Running(socket=str(socket), port=8000)
    data.forget_running()
    assert data.running() is None
    assert not socket.exists()


def test_only_a_socket_folder_of_ours_is_removed(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    data.note_running(Running(socket=str(theirs), port=None))
    data.forget_running()
    assert theirs.exists()
