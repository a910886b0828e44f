"""An embedder that answers without end, or drop by drop, is given up in time, also while it is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from owui_memory.backends.assemble import assemble
from owui_memory.config.settings import Valves
from owui_memory.core.errors import MemoryFault
from owui_memory.models import embedder as embedders
from owui_memory.models import providers
from tests.harness.hang import returns
from tests.harness.hostile_server import HostileServer


@pytest.mark.parametrize("provider", ["openai", "ollama", "huggingface"])
@pytest.mark.parametrize("kind", ["endless body", "drops", "gzip bomb", "redirects", "endless headers"])
def test_opening_ends(kind: str, provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "EMBED_TIMEOUT_S", 1.5)
    monkeypatch.setattr(embedders, "_SECONDS", 1.5)
    with HostileServer(kind) as server:
        url = server.url if provider == "ollama" else f"{server.url}/v1"
        settings = Valves(embedder_provider=provider, embedder_base_url=url, embedder_model="m")
        with returns(kind), pytest.raises(MemoryFault, match=r"^The embedder"):
            assemble(settings, tmp_path)
        assert server.sent < 12_000_000
