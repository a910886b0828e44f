"""No text is too long to be remembered or to recall by: the embedder's limit is learned from its refusals."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Drop, MemoryFault
from owui_memory.core.memory import Memory
from owui_memory.models.text_limit import legible, shortened
from tests.harness.narrow_embedder import REFUSALS, NarrowEmbedder, tokens_of
from tests.harness.scripted_llm import ScriptedLLM

ENGLISH = "I live in Tartu now. " + "Today I walked along the river and thought about the summer. " * 180
CHINESE = "我现在住在塔尔图。" + "今天我沿着河边散步，想着夏天的事情。" * 45
THAI = "ฉันอาศัยอยู่ในทาร์ทู " + "วันนี้ฉันเดินเล่นริมแม่น้ำ" * 60
EMOJI = "I live in Tartu now. " + "👩‍👩‍👧‍👦" * 2000
WORD = "wlan-" * 40_000


@contextmanager
def backend_on(server: NarrowEmbedder, folder: Path) -> Iterator[LibraryBackend]:
    provider = "ollama" if server.kind == "ollama" else "openai"
    url = server.url if provider == "ollama" else f"{server.url}/v1"
    settings = Valves(embedder_provider=provider, embedder_base_url=url, embedder_model="m")
    with closing(LibraryBackend.open(settings, folder)) as backend:
        yield backend


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(pytest.param(kind, ENGLISH, id=kind) for kind in REFUSALS),
        *(
            pytest.param("openai", text, id=script)
            for script, text in (("zh", CHINESE), ("th", THAI), ("emoji", EMOJI), ("word", WORD))
        ),
    ],
)
def test_a_long_text_is_stored_and_found(kind: str, text: str, tmp_path: Path) -> None:
    with NarrowEmbedder(kind) as server, backend_on(server, tmp_path) as backend:
        backend.store("ada", Memory("", text))
        assert backend.search("ada", text, 5)[0].memory.text == text
        assert backend.similarities(text, [text, "", text]) == [pytest.approx(1), 0, pytest.approx(1)]
        asked = len(server.refused)
        assert asked <= 12

        backend.search("ada", f"And another. {text}", 5)
        assert len(server.refused) == asked, "the limit is remembered"
        assert text is WORD or max(map(tokens_of, server.taken)) > 100, "as much is sent as is taken"
        assert all(one.isprintable() or "\u200d" in one for one in server.taken)


def test_a_limit_that_is_learned_from_one_language_holds_for_another(tmp_path: Path) -> None:
    with NarrowEmbedder("openai") as server, backend_on(server, tmp_path) as backend:
        for text in (ENGLISH, CHINESE, ENGLISH, THAI):
            backend.search("ada", text, 5)
        server.taken.clear()
        backend.search("ada", f"Hello. {ENGLISH}", 5)
        assert tokens_of(server.taken[0]) > 200, "English is not cut to a third for it"


def test_too_many_texts_at_once(tmp_path: Path) -> None:
    kind = "text-embeddings-inference"
    with NarrowEmbedder(kind, most_texts=8) as server, backend_on(server, tmp_path) as backend:
        others = [f"Fact number {number}." for number in range(50)]
        assert len(backend.similarities("Fact number 7.", others)) == 50
        refused = len(server.refused)
        backend.similarities("Fact number 8.", [f"Again, {other}" for other in others])
        assert len(server.refused) == refused, "the number is remembered"


def test_a_refusal_for_another_reason_is_none_of_length(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    settings = Valves(**scripted_llm.embeds())
    with closing(LibraryBackend.open(settings, tmp_path)) as backend:
        scripted_llm.clear()
        with scripted_llm.fault("embeddings", when="tea", status=400), pytest.raises(Drop, match="HTTP 400"):
            backend.search("ada", "Where is my tea?", 5)
        assert len(scripted_llm.embedded_texts()) == 1
        with scripted_llm.fault("embeddings", status=500), pytest.raises(MemoryFault, match="HTTP 500"):
            backend.search("ada", ENGLISH, 5)
        assert len(scripted_llm.embedded_texts()) == 2
        with scripted_llm.fault("embeddings", status=400), pytest.raises(Drop, match="HTTP 400"):
            backend.search("ada", ENGLISH, 5)
        scripted_llm.clear()
        backend.search("ada", f"Once more. {ENGLISH}", 5)
        assert len(scripted_llm.embedded_texts()[0]) > 10_000, "nothing was learned from it"


def test_empty_text_is_never_embedded(tmp_path: Path) -> None:
    with NarrowEmbedder("openai") as server, backend_on(server, tmp_path) as backend:
        server.taken.clear()
        for text in ("", " ", "\n\t ", "\u3000", "\u200b\u200e", "\x01\x02"):
            assert backend.search("ada", text, 5) == []
            assert backend.similarities(text, ["a", "b"]) == [0, 0]
            assert backend.similarities("a", [text]) == [0]
            with pytest.raises(Drop, match="no text"):
                backend.store("ada", Memory("", text))
        assert (server.taken, server.refused) == ([], [])


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, THAI, EMOJI, WORD, "\ud83d" * 500, "a" * 64])
@pytest.mark.parametrize("size", [64, 65, 100, 1000])
def test_shortened(text: str, size: int) -> None:
    short = shortened(text, size)
    assert 0 < len(short.encode()) <= size
    if len(text) > size and text.count(" ") > 100:
        assert set(short.split()) <= set(text.split()), "cut between words"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("My dog is Rex.\n\nHe is two.", "My dog is Rex.\n\nHe is two."),
        ("My\x00 dog\x07 \x1b[31mRex", "My\N{REPLACEMENT CHARACTER} dog   [31mRex"),
        ("\u202eMy dog\u202c\ufeff", "My dog"),
        ("a\ud83db", "a\N{REPLACEMENT CHARACTER}b"),
        ("می\u200cخواهم 👩\u200d👧", "می\u200cخواهم 👩\u200d👧"),
        ("Noooooooooooooo!", "Nooo!"),
        ("my account 100000000000", "my account 100000000000"),
        (f"key {'aB3' * 3000} of mine", f"key {'aB3' * 10}aB  of mine"),
        ("https://example.com/a/page/of/mine", "https://example.com/a/page/of/mine"),
        ("我住在里斯本，" * 100, "我住在里斯本，" * 100),
    ],
)
def test_what_no_model_reads_is_not_sent(text: str, read: str) -> None:
    assert legible(text) == read
