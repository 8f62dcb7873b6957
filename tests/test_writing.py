import errno
import os
import stat
import subprocess
import sys

import pytest

from ptrack_analysis.errors import OutputError
from ptrack_analysis.storage import files as writing
from ptrack_analysis.storage.files import (
    make_folder,
    remove_file,
    remove_leftovers,
    replace_file,
    write_bytes,
    write_text,
)

KILLED = """
import os, signal
from ptrack_analysis.storage.files import replace_file

def write(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

replace_file("table.parquet", write)
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fail(file):
    file.write(b"half of it")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_bytes_and_text_are_written_as_they_are(tmp_path):
    write_bytes(tmp_path / "a", b"\x00\r\n\xff")
    write_text(tmp_path / "b", "Käse\n")
    assert (tmp_path / "a").read_bytes() == b"\x00\r\n\xff"
    assert (tmp_path / "b").read_bytes() == "Käse\n".encode()
    assert names(tmp_path) == ["a", "b"]


def test_a_file_is_replaced(tmp_path):
    write_text(tmp_path / "a", "old and longer")
    write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"


def test_a_new_file_has_the_rights_that_the_user_set(tmp_path):
    write_text(tmp_path / "a", "x")
    (tmp_path / "b").touch()
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "b").stat().st_mode)


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path):
    write_text(tmp_path / "a", "old")
    with pytest.raises(OutputError, match=r"a: cannot be written: No space left on device$"):
        replace_file(tmp_path / "a", fail)
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_any_error_leaves_the_old_file_and_no_other(tmp_path):
    write_text(tmp_path / "a", "old")
    with pytest.raises(KeyboardInterrupt):
        replace_file(tmp_path / "a", _interrupt)
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def _interrupt(file):
    file.write(b"half of it")
    raise KeyboardInterrupt


def test_a_file_that_is_not_what_it_should_be_does_not_come_into_its_place(tmp_path):
    def verify(path):
        assert path.read_bytes() == b"half of it"
        raise OutputError("it is only half")

    write_text(tmp_path / "a", "old")
    with pytest.raises(OutputError, match="it is only half"):
        replace_file(tmp_path / "a", lambda file: file.write(b"half of it"), verify=verify)
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_while_it_is_written_the_file_is_hidden_and_the_old_one_stays(tmp_path):
    def write(file):
        assert (tmp_path / "a").read_text() == "old"
        assert all(name == "a" or name.startswith(".") for name in names(tmp_path))
        file.write(b"new")

    write_text(tmp_path / "a", "old")
    replace_file(tmp_path / "a", write)
    assert (tmp_path / "a").read_text() == "new"


def test_content_and_folder_are_brought_to_the_disk(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr(
        writing.os, "fsync", lambda number: flushed.append(stat.S_ISDIR(os.fstat(number).st_mode))
    )
    write_text(tmp_path / "a", "x")
    assert flushed == [False, True]


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda path: path.mkdir(), "a must be a file, but is a folder"),
        (os.mkfifo, "a cannot be replaced, because it is not a regular file"),
        (lambda path: path.parent.rmdir(), "the folder '.*' does not exist"),
    ],
    ids=["a folder", "a pipe", "no folder"],
)
def test_a_place_where_no_file_can_be_is_refused(prepare, message, tmp_path):
    (tmp_path / "below").mkdir()
    prepare(tmp_path / "below" / "a")
    with pytest.raises(OutputError, match=message):
        write_text(tmp_path / "below" / "a", "x")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the system refuses root nothing")
def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        write_text(tmp_path / "a", "x")


def test_what_the_system_refuses_is_one_sentence(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(writing.Path, "open", refuse)
    with pytest.raises(OutputError, match=r"a: cannot be written: Permission denied$"):
        write_text(tmp_path / "a", "x")


def test_a_link_is_replaced_and_its_target_is_not_touched(tmp_path):
    (tmp_path / "target").write_text("keep")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "target").read_text() == "keep"
    assert (tmp_path / "link").read_text() == "new"


def test_a_name_as_long_as_the_system_allows_can_be_written(tmp_path):
    write_text(tmp_path / ("a" * 255), "x")
    assert names(tmp_path) == ["a" * 255]


def test_what_a_killed_process_left_is_found_by_the_name_of_its_file(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, check=False)
    assert len(names(tmp_path)) == 1
    remove_leftovers(tmp_path, ["another.parquet"])
    assert len(names(tmp_path)) == 1
    remove_leftovers(tmp_path, ["another.parquet", "table.parquet"])
    assert names(tmp_path) == []


def test_leftovers_are_looked_for_only_where_there_is_a_folder(tmp_path):
    remove_leftovers(tmp_path / "none", ["table.parquet"])


def test_a_folder_is_made_with_those_above_it(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("below", ["a", "a/b"])
def test_a_file_where_a_folder_should_go_is_refused(below, tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(OutputError, match="must be a folder, but it or a parent is a file"):
        make_folder(tmp_path / below)


def test_a_file_is_removed_with_the_folders_that_it_leaves_empty(tmp_path):
    for name in ("out/a/b/one", "out/a/two"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    remove_file(tmp_path / "out/a/b/one", up_to=tmp_path / "out")
    assert names(tmp_path / "out/a") == ["two"]
    remove_file(tmp_path / "out/a/two", up_to=tmp_path / "out")
    assert names(tmp_path) == ["out"]
