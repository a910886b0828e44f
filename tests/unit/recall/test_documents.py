"""Documents are long texts about anything, not facts of everyday life, and are asked for as such."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.memory import DOCUMENT, Memory, owner
from owui_memory.core.scope import View, documents_owner
from owui_memory.core.turn import Turn
from owui_memory.models.bundled_embedder import BundledEmbedder
from owui_memory.models.calibration import Calibration
from owui_memory.recall.block import is_of_document
from owui_memory.recall.documents import _CHANCE
from owui_memory.recall.episodes import gate_of
from owui_memory.recall.rank import Ranked
from owui_memory.recall.recall import Recaller
from owui_memory.recall.select import Gate
from owui_memory.state import open_state
from owui_memory.state.documents_table import DocumentsTable, Entry

TEA = (
    "To Make Tea. There is very little art in making good tea; if the water is boiling, and there is no "
    "sparing of the fragrant leaf, the beverage will almost invariably be good. The old-fashioned plan of "
    "allowing a teaspoonful to each person, and one over, is still practised."
)
ASKED = "How many spoons of leaves does one take for a pot?"


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> LibraryBackend:
    made = LibraryBackend.open(Valves(), tmp_path_factory.mktemp("data"))
    made.store_all(
        documents_owner("ada"), [Memory("10000000-0000-4000-8000-000000000001", TEA, kind=DOCUMENT)]
    )
    made.store_all(owner("ada"), [Memory("10000000-0000-4000-8000-000000000002", TEA)])
    return made


def test_documents_are_searched_without_what_the_adapter_has_learned_of_facts(
    backend: LibraryBackend,
) -> None:
    found = backend.search("ada", ASKED, 5, View(documents=True), asked=True)
    near = {one.memory.kind == DOCUMENT: one.meaning for one in found}
    embedder = backend.embedder
    known = embedder.calibration
    text = np.array(embedder.embed(TEA))
    text /= np.linalg.norm(text)
    plainly = float(text @ np.array(known.plain.question(embedder.embed(ASKED))))
    adapted = float(text @ np.array(embedder.question(ASKED)))
    assert known.adapter is not None
    assert near[True] == pytest.approx(known.plain.relevance(plainly), abs=0.002)
    assert near[False] == pytest.approx(known.relevance(adapted), abs=0.002)
    assert near[True] > near[False] + 0.05
    assert len(found) == 2


def test_without_its_adapter_a_calibration_is_that_of_the_model_alone(tmp_path: Path) -> None:
    model = BundledEmbedder()
    alone = Calibration.measured(model.embed_batch)
    with_it = Calibration.measured(model.embed_batch, model.adapter)
    assert (with_it.plain.spread, with_it.plain.answered) == (alone.spread, alone.answered)
    assert with_it.plain.spread < with_it.spread
    assert with_it.plain.adapter is None
    with_it.save(tmp_path, "m", 512)
    kept = Calibration.load(tmp_path, "m", 512, model.adapter)
    assert (kept.plain.spread, kept.spread) == (alone.spread, with_it.spread)
    assert alone.plain.relevance(0.3) == alone.relevance(0.3)


def test_where_a_whole_folder_is_near_the_best_passage_says_less() -> None:
    def needed(near: float) -> float:
        items = [Ranked(Memory(str(n), "x", kind=DOCUMENT), near, 0.0, near) for n in range(39)]
        best = Ranked(Memory("best", "x", kind=DOCUMENT), 0.6, 0.0, 0.6)
        gate = Gate.of([best, *items], 0.42, (0.0, 1.0), "What is this about?")
        return gate_of([best, *items], gate, [None] * 40, 300, chance=_CHANCE).needed

    assert needed(0.1) + 0.03 < needed(0.2) < needed(0.4) - 0.08


def test_of_a_small_folder_only_what_is_about_as_good_as_the_best_is_quoted(
    backend: LibraryBackend, tmp_path: Path
) -> None:
    said = (
        "Heat pump: the manufacturer's guarantee of the heat pump in the cellar ends on 31 March 2031.",
        "Garden: the tomatoes are sown in March and planted out after the last frost in May.",
        "Tools: the spade hangs in the shed, beside the rake, and is oiled before winter.",
        "Washing machine: empty the filter every three months, and use no more than 75 ml of powder.",
    )
    passages = [
        Memory(f"20000000-0000-4000-8000-00000000000{at}", text, kind=DOCUMENT, title=text.split(":")[0])
        for at, text in enumerate(said)
    ]
    backend.store_all(documents_owner("eve"), passages)
    engine = open_state(tmp_path)
    DocumentsTable(engine).put([Entry("eve", "d", "house.md", 1, 1, "x", passages=len(said), at=1.0)])
    turn = Turn(
        user_id="eve",
        text="When does the warranty of the heat pump end?",
        key="k",
        exchange_key="k",
        positions=("k",),
    )
    told = Recaller(engine).recall(backend, turn, Valves(), datetime(2026, 11, 1, tzinfo=UTC)).new
    assert ["2031" in line.line for line in told if is_of_document(line.line)] == [True]
    engine.dispose()
