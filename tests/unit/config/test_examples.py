"""The presets in examples/valves are settings as they are now, and docs/providers.md tells of each."""

import contextlib
import json
import os
import re
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from owui_memory.config.marks import Mark, marked
from owui_memory.config.settings import Valves
from owui_memory.config.valves_codec import SettingsError
from owui_memory.models import providers
from owui_memory.state import open_state
from owui_memory.stores.sqlite.store import SqliteStore
from scripts.manifests import ROOT

PRESETS = {path.stem: path for path in sorted((ROOT / "examples" / "valves").glob("*.json"))}
SECRETS = set(marked(Valves, Mark.SECRET))
PAGE = (ROOT / "docs" / "providers.md").read_text()
SAYS_DEFAULTS = {"offline-no-llm"}  # as docs/providers.md says


def said(name: str) -> dict[str, Any]:
    return json.loads(PRESETS[name].read_text())


def keys(name: str) -> dict[str, str]:
    """The settings that the page says to give as keys, each with a made-up one."""
    (row,) = re.findall(rf"^\| `{name}\.json` \|.*$", PAGE, re.MULTILINE)
    return {found.lower(): f"key-{found}" for found in re.findall(r"MEMORY_(\w+_KEY)", row)}


def settings(name: str) -> Valves:
    """The preset as the server takes it, with the keys from the environment."""
    bound = Valves.bound(keys(name), stored=lambda: None)
    assert bound.problems == ()
    return bound(**said(name))


def test_the_presets_are_those_of_the_page() -> None:
    assert set(PRESETS) == set(re.findall(r"^\| `([\w-]+)\.json` \|", PAGE, re.MULTILINE))
    assert len(PRESETS) == 6


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_accepted_with_its_keys_only_and_changes_what_it_names(name: str) -> None:
    given, needed = said(name), keys(name)
    assert set(given) <= set(Valves.model_fields) - SECRETS
    taken = settings(name)
    taken.check()
    assert {field: getattr(taken, field) for field in given} == given
    assert taken.model_dump().items() <= given.items()
    if name not in SAYS_DEFAULTS:
        assert taken.model_dump() == given, "every value differs from its default"
    if not needed or name == "mem0-server":  # which may do without
        Valves(**given).check()
        return
    with pytest.raises(SettingsError) as refused:
        Valves(**given)
    assert str(refused.value).split(" must be set")[0] in needed


@pytest.mark.parametrize("name", [name for name in PRESETS if not name.startswith("mem0-")])
def test_a_preset_gives_mem0_an_llm_and_an_embedder(name: str) -> None:
    """With the keys of the page, and with no one of them to spare."""
    taken = settings(name)
    for role, config_of in (("llm", providers.llm), ("embedder", providers.embedder)):
        named = getattr(taken, f"{role}_provider")
        if named in ("none", "bundled"):
            continue
        provider, config = config_of(taken)
        assert (provider, config["model"]) == (named, getattr(taken, f"{role}_model"))
        assert (config["api_key"] != providers.NO_KEY) == (f"{role}_api_key" in keys(name))


def test_another_embedder_has_another_collection() -> None:
    """Vectors of two sizes do not go into one."""
    embedders: dict[str, set[str]] = {}
    for name in PRESETS:
        taken = settings(name)
        embedders.setdefault(taken.collection, set()).add(f"{taken.embedder_provider} {taken.embedder_model}")
    assert all(len(used) == 1 for used in embedders.values()), embedders


def test_the_table_of_servers_names_providers_and_addresses_that_are_accepted() -> None:
    rows = re.findall(r"^\| [^|]+ \| `(\w+)` \| `(http://HOST:\d+/v1)` \|", PAGE, re.MULTILINE)
    assert len(rows) == 6
    for provider, url in rows:
        taken = Valves(llm_provider=provider, llm_base_url=url.replace("HOST", "box"), llm_model="m")
        name, config = providers.llm(taken)
        assert config[f"{name}_base_url"] == taken.llm_base_url
        assert config["api_key"] == providers.NO_KEY, "none is needed"


@pytest.mark.parametrize("page", ["docs/providers.md", "docs/operations.md", "deploy/kubernetes/README.md"])
def test_links_and_settings_of_a_page_exist(page: str) -> None:
    path = ROOT / page
    text = path.read_text()
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (path.parent / link).exists(), link
    for variable in re.findall(r"MEMORY_([A-Z_]+[A-Z])", text):
        assert variable.lower() in {*Valves.model_fields, "data_dir", "state_url", "state_password"}, variable


def test_the_backup_of_the_page_has_all_that_was_written_while_the_databases_are_in_use(
    tmp_path: Path,
) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    command = page.split("## Back up")[1].split("```sh")[1].split("```")[0]
    data, copy = tmp_path / "data", tmp_path / "copy"
    engine = open_state(data)
    store = SqliteStore("memories", 3, str(data / "memories.db"))
    try:
        store.insert([[1, 0, 0]], [{"data": "has a dog called Rex", "user_id": "anne"}], ["one"])
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO switches (user_id, chat_id, is_on, at) VALUES ('anne', '', 1, 1.0)"
            )
        assert (data / "state.db-wal").stat().st_size > 0, "a plain copy would miss what is in here"
        environment = {**os.environ, "MEMORY_DATA_DIR": str(data), "BACKUP_DIR": str(copy)}
        subprocess.run(["bash", "-ec", command], env=environment, check=True, timeout=30)
    finally:
        store.close()
        engine.dispose()
    assert (copy / "memories.db").stat().st_mode & 0o077 == 0, "nobody else's"
    with sqlite3.connect(copy / "state.db") as state:
        assert state.execute("SELECT user_id FROM switches").fetchall() == [("anne",)]
        assert state.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    state.close()
    with contextlib.closing(SqliteStore("memories", 3, str(copy / "memories.db"))) as restored:
        asked: dict[str, Any] = {"top_k": 5, "filters": {"user_id": "anne"}}
        for found in (restored.search("", [1, 0, 0], **asked), restored.keyword_search("Rex", **asked)):
            assert [row.payload["data"] for row in found] == ["has a dog called Rex"]
