"""The directory: snapshots under any name, in a folder that one mock uses at a time."""

from __future__ import annotations

import os
import stat
from contextlib import closing

import pytest

from contract_first.mock.state.data_directory import (
    MOST_SNAPSHOTS,
    DataDirectory,
    DataDirectoryError,
    TooManySnapshots,
    UnknownSnapshot,
)
from contract_first.mock.stateful.store import ItemStore
from strict_s3.store.archive import Archive

NAMES = [
    "a",
    "../../escape",
    "/etc/passwd",
    ".",
    "a/b\\c",
    "ünï\u202ecode \U0001f4f7",
    "x" * 200,
    "\ud800",
    " ",
]


@pytest.fixture(params=["own", "given"])
def directory(request, tmp_path):
    """A directory in a folder of its own, and in one that it is given."""
    directory = DataDirectory(tmp_path / "data" if request.param == "given" else None)
    yield directory
    directory.close()


def keep(directory, name, text="", **facts):
    """Keep a snapshot with a text for a database."""
    with directory.draft() as draft:
        draft.database.write_text(text)
        directory.publish(draft, name, facts)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_will_do(directory, name, tmp_path):
    """Whatever a name is, the snapshot is kept below the folder, and found by exactly that name."""
    before = set(tmp_path.rglob("*")) - set((tmp_path / "data").rglob("*"))
    keep(directory, name, "content", number=7)
    assert directory.names() == [name]
    assert directory.snapshot(name).database.read_text() == "content"
    assert directory.snapshot(name).facts["number"] == 7
    assert set(tmp_path.rglob("*")) - set((tmp_path / "data").rglob("*")) == before


def test_an_unknown_name_is_reported(directory):
    """A name that nothing is kept under is an error that repeats it."""
    keep(directory, "a")
    with pytest.raises(UnknownSnapshot, match=r"'a/\.\./a'"):
        directory.snapshot("a/../a")


def test_a_name_is_taken_over(directory):
    """What is kept under a name last is what is there."""
    keep(directory, "a", "old")
    keep(directory, "a", "new")
    assert (directory.names(), directory.snapshot("a").database.read_text()) == (["a"], "new")


def test_there_is_an_end_of_names(directory):
    """A hundred are kept; one more is refused, a new content for one of them is not."""
    for number in range(MOST_SNAPSHOTS):
        keep(directory, str(number))
    with pytest.raises(TooManySnapshots, match="100 snapshots"):
        keep(directory, "one more")
    keep(directory, "7", "new")
    assert directory.snapshot("7").database.read_text() == "new"


def test_a_folder_of_its_own_goes_with_it():
    """Without a folder of its user's nothing is left."""
    directory = DataDirectory()
    keep(directory, "a")
    folder = directory.snapshot("a").folder
    directory.close()
    assert not folder.exists()


def test_a_draft_that_gets_no_name_goes(directory):
    """What is not kept leaves nothing behind, nor does what fails before it is."""
    with pytest.raises(LookupError), directory.draft() as draft:
        raise LookupError
    assert not draft.folder.exists()


def test_it_is_for_its_owner_alone(tmp_path):
    """A folder that is made can be read by nobody else, whatever the umask allows."""
    before = os.umask(0)
    try:
        with closing(DataDirectory(tmp_path / "data")) as directory:
            keep(directory, "a")
            Archive(directory.s3)
            with closing(ItemStore(directory.database)) as store:
                store.save(tmp_path / "data" / "saved.db")
    finally:
        os.umask(before)
    names = ("mock.db", "saved.db", "s3/index.sqlite3")
    modes = {stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) for name in names}
    assert modes == {0o600}
    folders = [tmp_path / "data", *(file for file in (tmp_path / "data").iterdir() if file.is_dir())]
    assert len(folders) == len(("data", "snapshots", "s3"))
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_one_mock_at_a_time(tmp_path):
    """A folder in use is refused; once it is let go of, it may be used again, and starts are counted."""
    first = DataDirectory(tmp_path)
    with pytest.raises(DataDirectoryError, match="another mock uses it"):
        DataDirectory(tmp_path)
    first.close()
    second = DataDirectory(tmp_path)
    assert (first.starts, second.starts) == (0, 1)
    second.close()


def test_a_folder_that_no_url_can_name_is_reported(tmp_path):
    """A database's URL ends its path at a question mark, so a folder with one is refused."""
    with pytest.raises(DataDirectoryError, match="question mark"):
        DataDirectory(tmp_path / "what?")


def test_a_folder_that_cannot_be_made_is_reported(tmp_path):
    """A file in the way is an error that names the folder."""
    (tmp_path / "file").touch()
    with pytest.raises(DataDirectoryError, match=r"file/data cannot be used: Not a directory"):
        DataDirectory(tmp_path / "file" / "data")


@pytest.mark.parametrize("starts", [b"", b"abc", b"\xff", b"-5", b"9.5"])
def test_a_number_of_starts_that_is_none_is_reported(tmp_path, starts):
    """Somebody may have changed the file; once it is gone, the folder can be used."""
    (tmp_path / "starts").write_bytes(starts)
    with pytest.raises(DataDirectoryError, match="starts is no number of starts"):
        DataDirectory(tmp_path)
    (tmp_path / "starts").unlink()
    DataDirectory(tmp_path).close()  # which could not lock a folder that is still locked


@pytest.mark.parametrize("facts", [None, "no", "[1]", "[" * 100_000, "{}", '{"name": 1}'])
def test_a_folder_that_is_no_snapshot_is_passed_over(directory, facts):
    """It has no name, and cannot be restored."""
    with directory.draft() as draft:
        directory.publish(draft, "a", {})
    folder = directory.snapshot("a").folder
    (folder / "facts.json").unlink() if facts is None else (folder / "facts.json").write_text(facts)
    assert directory.names() == []
    with pytest.raises(UnknownSnapshot):
        directory.snapshot("a")
