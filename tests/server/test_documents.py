"""Documents through the real server: read, quoted with title and page, changed, forgotten, erased."""

from pathlib import Path

import docx
import httpx
import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import ask, recalled
from tests.harness.waiting import wait_until

PARAGRAPH = (
    "The lighthouse of the old harbour was painted with tar and lime after the storm of that winter, and the "
    "fishermen paid for it with a share of the herring that they caught in the bay until the end of March."
)
QUESTION = "Which bracket holds the walnut shelf of the workshop?"


@pytest.fixture(scope="module")
def server(module_servers: StartServer, tmp_path_factory: pytest.TempPathFactory) -> PipelinesServer:
    """With a folder of documents from the start: it seldom looks for one that is not there."""
    data = tmp_path_factory.mktemp("data")
    Path(data, "documents").mkdir()
    return module_servers(env={"MEMORY_DATA_DIR": str(data)})


def told(server: PipelinesServer, user: str, question: str = QUESTION) -> str:
    return recalled(server, question, user=user)


def folder_of(server: PipelinesServer, user: str) -> Path:
    folder = server.data_dir / "documents" / user
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_file_is_quoted_until_it_changes(server: PipelinesServer, user: str) -> None:
    folder = folder_of(server, user)
    notes = folder / "workshop.md"
    notes.write_text("# Shelves\n\nThe walnut shelf of the workshop is held by a brass bracket.\n")
    wait_until(lambda: "brass bracket" in told(server, user))
    block = told(server, user)
    assert '"workshop"' in block
    assert "brass bracket" not in told(server, "somebody else")
    assert "brass bracket" not in told(server, user, "Write a haiku about the sea.")
    notes.write_text("# Shelves\n\nThe walnut shelf of the workshop is held by a steel bracket.\n")
    wait_until(lambda: "steel bracket" in told(server, user))
    assert "brass bracket" not in told(server, user)
    notes.unlink()
    wait_until(lambda: "steel bracket" not in told(server, user))


def test_everyone_is_told_of_a_folder_for_all(server: PipelinesServer, user: str) -> None:
    path = folder_of(server, "everyone") / "rules.docx"
    document = docx.Document()
    document.add_heading("House rules", 1)
    document.add_paragraph("The laundry room on the third floor is closed on Sundays.")
    document.save(str(path))
    asked = "When is the laundry room on the third floor closed?"
    wait_until(lambda: "closed on Sundays" in told(server, user, asked))
    chat = Chat(user)
    assert "everyone's" in ask(server, "/memory documents", chat=chat)
    assert "only your own" in ask(server, "/memory forget document 1", chat=chat)
    path.unlink()


def test_a_user_lists_finds_and_forgets(server: PipelinesServer, user: str) -> None:
    folder = folder_of(server, user)
    (folder / "shelf.txt").write_text("The walnut shelf of the workshop is held by a brass bracket.")
    (folder / "broken.pdf").write_text("no PDF")
    (folder / "outside.txt").symlink_to("/etc/passwd")
    wait_until(lambda: "brass bracket" in told(server, user))
    wait_until(lambda: "cannot be read" in ask(server, "/memory documents", user=user))
    chat = Chat(user)
    listed = ask(server, "/memory documents", chat=chat)
    assert "2 documents" in listed
    assert "cannot be read" in listed
    assert "outside" not in listed
    assert "brass" in ask(server, "/memory documents walnut shelf", chat=chat)
    assert "Forgotten" in ask(server, "/memory forget document 1", chat=chat)
    assert "brass bracket" not in told(server, user)
    (folder / "other.txt").write_text("The lighthouse of Peniche was painted green in spring.")
    asked = "Which colour was the lighthouse of Peniche painted?"
    wait_until(lambda: "painted green" in told(server, user, asked))
    assert "brass bracket" not in told(server, user), "what was forgotten is not read again"
    ask(server, "/memory forget everything yes", user=user)
    wait_until(lambda: "painted green" not in told(server, user, asked))


@pytest.mark.parametrize("way", ["PUT", "POST"])
def test_a_program_sends_a_page(server: PipelinesServer, user: str, way: str) -> None:
    page = f"<html><title>Harbour</title><h1>Harbour</h1><p>{PARAGRAPH}</p></html>"
    headers = {"authorization": f"Bearer {server.key}", "x-memory-user-id": user}
    if way == "PUT":
        answer = httpx.put(f"{server.url}/memory/documents/trip/Harbour.html", content=page, headers=headers)
    else:
        files = {"file": ("Harbour.html", page)}
        answer = httpx.post(
            f"{server.url}/memory/documents", files=files, data={"url": "https://a.example"}, headers=headers
        )
    assert answer.status_code == 201, answer.text
    saved = folder_of(server, user) / "saved" / "Harbour.html"
    assert saved.read_text() == page
    asked = "What was the lighthouse of the old harbour painted with?"
    wait_until(lambda: "tar and lime" in told(server, user, asked))
    ask(server, "/memory forget everything yes", user=user)
    wait_until(lambda: not saved.exists())
    assert "tar and lime" not in told(server, user, asked)


@pytest.mark.parametrize(
    ("headers", "name", "status"),
    [
        ({}, "a.html", 401),
        ({"authorization": "Bearer wrong"}, "a.html", 401),
        ({"authorization": "Bearer {key}"}, "a.html", 400),
        ({"authorization": "Bearer {key}", "x-memory-user-id": "../ada"}, "a.html", 400),
        ({"authorization": "Bearer {key}", "x-memory-user-id": "a%00b"}, "a.html", 400),
        ({"authorization": "Bearer {key}", "x-memory-user-id": "ada"}, "a.exe", 415),
        ({"authorization": "Bearer {key}", "x-memory-user-id": "ada"}, ".html", 415),
    ],
)
def test_what_is_not_taken(server: PipelinesServer, headers: dict[str, str], name: str, status: int) -> None:
    sent = {key: value.format(key=server.key) for key, value in headers.items()}
    answer = httpx.put(f"{server.url}/memory/documents/{name}", content=b"<p>text</p>", headers=sent)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'--x\r\ncontent-disposition: form-data; name="url"\r\n\r\n' + b"a" * 2_000_000, 413),
        (b"no form at all", 400),
        (b'--x\r\ncontent-disposition: form-data; name="url"\r\n\r\nhttps://a\r\n--x--\r\n', 400),
    ],
    ids=["a field without end", "broken", "no file"],
)
def test_forms_that_hold_no_file_are_refused_within_bounds(
    server: PipelinesServer, content: bytes, status: int
) -> None:
    headers = {
        "authorization": f"Bearer {server.key}",
        "x-memory-user-id": "ada",
        "content-type": "multipart/form-data; boundary=x",
    }
    answer = httpx.post(f"{server.url}/memory/documents", content=content, headers=headers)
    assert answer.status_code == status, answer.text
