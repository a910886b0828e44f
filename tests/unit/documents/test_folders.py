"""Which files are read, and that nothing outside of a user's folder is."""

import os
from pathlib import Path

import pytest

from owui_memory.documents.folders import Folders


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "documents" / "ada").mkdir(parents=True)
    return Folders(tmp_path / "documents")


def paths(folders: Folders, user: str = "ada") -> dict[str, str]:
    return {file.path: file.scope for file in folders.files(user)}


def test_files_of_known_formats_are_found_in_all_folders(folders: Folders) -> None:
    own = folders.root / "ada"
    for name in ("a.md", "B.PDF", "trip/c.html", "projects/f1/d.txt", "projects/e.txt", "x.exe", "noend"):
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text("text")
    assert paths(folders) == {
        **dict.fromkeys(("a.md", "B.PDF", "trip/c.html", "projects/e.txt"), ""),
        "projects/f1/d.txt": "folder:f1",
    }


def test_hidden_files_links_and_what_is_no_file_are_left_out(folders: Folders, tmp_path: Path) -> None:
    own, outside = folders.root / "ada", tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (own / "link.txt").symlink_to(outside / "secret.txt")
    (own / "folder").symlink_to(outside)
    (own / ".hidden.txt").write_text("hidden")
    (own / ".git").mkdir()
    (own / ".git" / "a.txt").write_text("hidden")
    os.mkfifo(own / "pipe.txt")
    assert paths(folders) == {}
    for path in ("link.txt", "folder/secret.txt", "../outside/secret.txt"):
        with pytest.raises(OSError, match="Errno"), folders.opened("ada", path):
            pass


def test_only_folders_that_bear_a_users_id_are_looked_at(folders: Folders, tmp_path: Path) -> None:
    for name in ("bob", ".trash", "no user", "everyone"):
        (folders.root / name).mkdir()
    (folders.root / "loose.txt").write_text("nobody's")
    (folders.root / "carol").symlink_to(tmp_path)
    assert folders.users() == ["ada", "bob", "everyone"]


@pytest.mark.parametrize("path", ["../bob/notes.txt", "trips/../../bob/notes.txt"])
def test_no_path_leads_to_another_user(folders: Folders, path: str) -> None:
    for user in ("ada", "bob"):
        (folders.root / user / "trips").mkdir(parents=True, exist_ok=True)
    (folders.root / "bob" / "notes.txt").write_text("I like tea.")
    with pytest.raises(PermissionError), folders.opened("ada", path):
        pass


def test_a_sent_file_is_removed_and_none_beside_it(folders: Folders, tmp_path: Path) -> None:
    own, outside = folders.root / "ada", tmp_path / "outside"
    for path in ("a.md", "saved/a.md", "saved/sub/a.md", "saved/sub/b.md"):
        (own / path).parent.mkdir(parents=True, exist_ok=True)
        (own / path).write_text("text")
    outside.mkdir()
    (outside / "a.md").write_text("text")
    (own / "saved" / "link").symlink_to(outside)
    for path in ("a.md", "saved/sub/a.md", "saved/link/a.md", "saved/gone/a.md", "saved/sub"):
        folders.remove("ada", path)
    assert set(paths(folders)) == {"a.md", "saved/a.md", "saved/sub/b.md"}
    assert (outside / "a.md").exists()


def test_only_digests_go_with_digests(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folders.root / "ada" / "digests"
    folder.mkdir()
    ours = ["week 2026-11-28.md", "reading-list 2026-11-28.md", ".12-345"]
    theirs = ["week.md", "Letter 2026-11-28.md", "week 2026-11-28.md.bak", ".hidden", "notes.txt", "a b.md"]
    for name in (*ours, *theirs):
        (folder / name).write_text("text")
    unlink = Path.unlink

    def vanished(path: Path) -> None:
        unlink(path)
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "unlink", vanished)
    folders.remove_digests("ada", lambda placed: True)
    assert len(list(folder.iterdir())) == len(ours) + len(theirs)
    folders.remove_digests("ada", lambda placed: False)
    assert {file.name for file in folder.iterdir()} == set(theirs)
