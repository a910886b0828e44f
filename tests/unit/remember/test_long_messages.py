"""A long message is remembered, and nobody's batch with it is lost, whatever the embedder takes."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from tests.harness.narrow_embedder import NarrowEmbedder
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.remember.mind import is_ours
from tests.unit.remember.workbench import Bench

DIARY = "I live in Tartu now. " + "Today I walked along the river with my friend. " * 230
CHINESE = "我现在住在塔尔图。" + "今天下了一整天的雪，河水又灰又慢。" * 42


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("text", "extraction", "kind"),
    [(DIARY, "verbatim", "no words"), (DIARY, "reconcile", "openai"), (CHINESE, "reconcile", "llama.cpp")],
    ids=["en-verbatim", "en", "zh"],
)
def test_the_fact_in_a_long_message_is_held(
    tmp_path: Path, scripted_llm: ScriptedLLM, extraction: str, text: str, kind: str
) -> None:
    operations = [
        {"op": "add", "text": "The user lives in Tartu."},
        {"op": "add", "text": "The user likes tea."},
    ]
    scripted_llm.when(is_ours, json.dumps({"operations": operations}))
    with NarrowEmbedder(kind) as server:
        settings = Valves(
            embedder_provider="openai",
            embedder_base_url=f"{server.url}/v1",
            embedder_model="m",
            **scripted_llm.reads(),
            extraction=extraction,
        )
        with closing(Bench(tmp_path, settings, LibraryBackend.open(settings, tmp_path))) as bench:
            bench.say(text, key="ada\nc\n1")
            bench.say("I like tea.", key="ada\nc\n2")
            bench.drain()
            held = bench.texts()
            assert bench.outbox.counts().dead == 0
            assert bench.metrics.counts().get("failed remembering", 0) == 0
            assert any("Tartu" in one or "塔尔图" in one for one in held)
            assert any("tea" in one for one in held)
            assert bench.backend.search("ada", text, 5), "recall asks with such a text, too"
