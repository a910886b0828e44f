"""Files that programs send land in their user's folder, and in nobody else's."""

import os
from pathlib import Path

import pytest

from owui_memory.documents.inbox import Inbox, RejectedError


@pytest.mark.parametrize("user_id", ["", "*", "../ada", "a/../bob", "ada/saved", ".ada", "a\x00b"])
def test_who_has_no_folder_is_sent_nothing(tmp_path: Path, user_id: str) -> None:
    with pytest.raises(RejectedError):
        Inbox(tmp_path).receive(user_id, "a.html", replaces=True)
    assert list(tmp_path.iterdir()) == []


def send(root: Path, content: bytes, *, replaces: bool = False) -> str:
    with Inbox(root).receive("ada", "notes.md", replaces=replaces) as incoming:
        incoming.write(content)
        return incoming.keep()


def test_a_name_that_is_taken_gets_a_number_unless_the_file_says_the_same(tmp_path: Path) -> None:
    contents = (b"tea", b"milk", b"tea", b"milk", b"salt")
    names = ["notes.md", "notes (2).md", "notes.md", "notes (2).md", "notes (3).md"]
    assert [send(tmp_path, content) for content in contents] == names
    assert send(tmp_path, b"rice", replaces=True) == "notes.md"
    kept = {file.name: file.read_bytes() for file in (tmp_path / "ada" / "saved").iterdir()}
    assert kept == {"notes.md": b"rice", "notes (2).md": b"milk", "notes (3).md": b"salt"}


def test_a_file_that_vanishes_meanwhile_hinders_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(tmp_path, b"tea")
    scandir = os.scandir

    class Late:
        """A folder of which a file goes while it is looked through."""

        def __init__(self, folder: Path) -> None:
            with scandir(folder) as found:
                self._found = list(found)
            (folder / "notes.md").unlink()

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self._found

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Late)
    assert send(tmp_path, b"milk") == "notes.md"
