"""Settings survive the admin panel, and a value that cannot be meant is refused in one sentence."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owui_memory.config.addresses import folder_of
from owui_memory.config.environment import PUBLIC_DEFAULT_KEY, Environment
from owui_memory.config.settings import Valves
from owui_memory.config.valves_codec import MASK, SettingsError, lenient


def bound(presets: dict[str, str] | None = None) -> tuple[type[Valves], list[Valves]]:
    """The settings' class as the plugin makes it; the last item of the list is what is in force."""
    in_force: list[Valves] = []
    return Valves.bound(presets or {}, stored=lambda: in_force[-1] if in_force else None), in_force


@pytest.mark.parametrize(
    ("name", "sent", "meant"),
    [
        ("memories_per_turn", "12", 12),
        ("memories_per_turn", " 12 ", 12),
        ("memories_per_turn", "", 8),
        ("memories_per_turn", None, 8),
        ("relevance_threshold", "0.5", 0.5),
        ("enabled", "false", False),
        ("llm_model", 4, "4"),
        ("llm_model", "  small  ", "small"),
        ("pipelines", [""], []),
        ("pipelines", ["a", " b "], ["a", "b"]),
        ("pipelines", "a, b", ["a", "b"]),
        ("pipelines", ["a,b"], ["a", "b"]),
        ("pipelines", None, ["*"]),
        ("user_switch", "", "follow"),
        ("vector_store_url", "http://qdrant:6333", "http://qdrant:6333"),
        ("webui_url", "http://open-webui:8080/", "http://open-webui:8080"),
    ],
)
def test_what_the_panel_sends(name: str, sent: Any, meant: Any) -> None:
    assert getattr(Valves(**{name: sent}), name) == meant


REFUSED = """
memories_per_turn=many : memories_per_turn must be a whole number from 0 to 50, not 'many'.
memories_per_turn=51 : memories_per_turn must be a whole number from 0 to 50, not '51'.
relevance_threshold=nan : relevance_threshold must be a number from 0 to 1.4, not 'nan'.
enabled=perhaps : enabled must be true or false, not 'perhaps'.
user_switch=on : user_switch must be one of follow, ignore, not 'on'.
llm_base_url=localhost : llm_base_url must be an address like http://host:port.
fallback_llm_base_url=localhost : fallback_llm_base_url must be an address like http://host:port.
llm_base_url=http://a b : llm_base_url must be an address like http://host:port.
llm_base_url=http://a:x : llm_base_url must be an address like http://host:port.
webui_url=open-webui:8080 : webui_url must be an address like http://host:port.
page_url=/memory/ : page_url must be an address like http://host:port.
webui_api_key=sk-1 : webui_api_key must come with webui_url, or be unset.
vector_store=qdrant : vector_store_url must be set when vector_store is qdrant.
vector_store=pgvector : vector_store_url must be set when vector_store is pgvector.
vector_store=pgvector; vector_store_url=http://db : vector_store_url must be an address like postgresql://host:port.
vector_store=pgvector; vector_store_url=/data : vector_store_url must be an address like postgresql://host:port.
vector_store=sqlite; vector_store_url=/data : vector_store_url must be an address like http://host:port.
backend=server : backend_url must be set when backend is server.
backend=platform : backend_api_key must be set when backend is platform.
backend=server; backend_url=https://api.mem0.ai/v1 : backend must be platform when backend_url is mem0's hosted service.
backend=server; backend_url=http://m; extraction=reconcile; llm_provider=none : extraction must not be reconcile when llm_provider is none.
backend=platform; backend_api_key=k; extraction=reconcile : extraction must not be reconcile when llm_provider is auto and no server of the chats is known here.
extraction=mem0; llm_provider=none : extraction must be verbatim or auto when llm_provider is none.
extraction=reconcile : extraction must be verbatim or auto when llm_provider is auto and no server of the chats is known here.
"""  # noqa: E501
QDRANT = "vector_store_url must be an address like http://host:port, or a folder like /data/qdrant."
NO_FOLDERS = (
    *(
        "qdrant",
        "data/qdrant",
        "./qdrant",
        "~/qdrant",
        "/",
        "//",
        "/.",
        "//host/qdrant",
        "/data\0",
        "file://[",
    ),
    *("file://host/qdrant", "file:qdrant", "file:///", "ftp://host/qdrant", "postgresql://db"),
)
PRICES = "llm_prices must be like 'gpt-4.1-mini 0.40 1.60', with commas between models."
NO_PRICES = ("gpt", "gpt 1", "gpt 1 2 3", "gpt 1 -2", "gpt 1 nan", "gpt 1 inf", "a 1 2 b 3 4")


def _refused() -> Iterator[tuple[dict[str, Any], str]]:
    for line in REFUSED.strip().splitlines():
        given, _, sentence = line.partition(" : ")
        yield dict(part.split("=", 1) for part in given.split("; ")), sentence
    yield from (({"vector_store": "qdrant", "vector_store_url": url}, QDRANT) for url in NO_FOLDERS)
    yield from (({"llm_prices": text}, PRICES) for text in NO_PRICES)
    yield {"pipelines": {"a": 1}}, "pipelines must be a list of names, separated by commas, not \"{'a': 1}\"."


@pytest.mark.parametrize(("sent", "sentence"), list(_refused()))
def test_what_cannot_be_meant_is_refused_in_one_sentence(sent: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Valves(**sent)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("sent", "folder"),
    [
        ("/data/qdrant", "/data/qdrant"),
        (" /data/my qdrant/ ", "/data/my qdrant/"),
        ("file:///data/qdrant", "/data/qdrant"),
        ("file://localhost/data/qdrant", "/data/qdrant"),
        ("file:///data/my%20qdrant", "/data/my qdrant"),
        ("http://qdrant:6333", ""),
        ("https://qdrant.example/a/b", ""),
    ],
)
def test_qdrant_is_in_a_folder_or_at_an_address(sent: str, folder: str) -> None:
    settings = Valves(vector_store="qdrant", vector_store_url=sent)
    settings.check()

    assert folder_of(settings.vector_store_url) == folder


def test_a_secret_is_shown_nowhere() -> None:
    with pytest.raises(SettingsError) as refused:
        Valves(llm_api_key=["sk-secret"])
    cls, _ = bound({"llm_api_key": "sk-secret"})
    shown = repr(Valves(llm_api_key="sk-secret")), json.dumps(cls.model_json_schema()), str(refused.value)
    assert "sk-secret" not in "".join(shown)


def test_the_form_comes_back_as_it_was_sent() -> None:
    """The panel posts what it was given, so that must always be acceptable and change nothing."""
    cls, in_force = bound()
    first = cls(llm_api_key="sk-1", memories_per_turn="5", vector_store_url="http://q:6333")
    in_force.append(first)
    form = json.loads(first.model_dump_json())
    assert form["llm_api_key"] == MASK
    assert form["llm_model"] is None, "the panel cannot save an empty text box"
    second = cls(**form)
    assert second.llm_api_key == "sk-1"
    assert second.model_dump() == first.model_dump()


def test_a_mask_without_a_stored_secret_is_no_secret() -> None:
    assert Valves(llm_api_key=MASK).llm_api_key == ""


def test_only_what_differs_from_the_preset_reaches_the_disk() -> None:
    cls, in_force = bound({"llm_api_key": "sk-env", "memories_per_turn": "5"})
    in_force.append(cls())
    saved = cls(**json.loads(in_force[-1].model_dump_json()) | {"inlet_deadline_ms": "500"})
    assert (saved.llm_api_key, saved.memories_per_turn) == ("sk-env", 5)
    assert saved.model_dump() == {"inlet_deadline_ms": 500}


def test_a_saved_value_wins_over_the_preset_and_null_goes_back_to_it() -> None:
    cls, _ = bound({"memories_per_turn": "5"})
    assert cls(memories_per_turn="8").model_dump() == {"memories_per_turn": 8}, "8 is the built-in default"
    assert cls(memories_per_turn=None).memories_per_turn == 5


def test_presets_that_belong_together_are_judged_together() -> None:
    cls, _ = bound({"vector_store": "qdrant", "vector_store_url": "http://q:6333"})
    assert cls().vector_store == "qdrant"
    assert cls.problems == ()


def test_a_bad_preset_is_told_and_ignored() -> None:
    cls, _ = bound({"memories_per_turn": "lots", "collection": "mine"})
    assert cls().memories_per_turn == 8
    assert cls().collection == "mine"
    assert "memories_per_turn" in cls.problems[0]


def test_loading_drops_what_no_longer_fits_and_keeps_the_rest() -> None:
    cls, _ = bound()
    loaded = lenient(cls)(memories_per_turn="zzz", vector_store="qdrant", collection="mine", gone_setting=1)
    assert loaded.dropped == ["memories_per_turn must be a whole number from 0 to 50, not 'zzz'."]
    strict = cls.strict_from(loaded)
    assert type(strict) is cls
    assert (strict.memories_per_turn, strict.collection, strict.vector_store) == (8, "mine", "qdrant")
    with pytest.raises(SettingsError, match="vector_store_url must be set"):
        strict.check()


def test_every_setting_tells_what_it_is_and_numbers_their_bounds() -> None:
    for name, field in Valves.model_fields.items():
        assert field.title, name
        assert str(field.description).endswith("."), name
    for name, shown in Valves.model_json_schema()["properties"].items():
        if shown.get("type") in ("integer", "number"):
            assert {"minimum", "maximum"} <= set(shown), name


_SENT = (None, "", " ", "abc", 1e99, -1, [""], "null", [None], {}, True, "1e99", "\ud800", 10**5000, "nan")


def test_whatever_a_form_holds_it_is_saved_or_told() -> None:
    cls, in_force = bound()
    in_force.append(cls())
    for name in Valves.model_fields:
        for sent in _SENT:
            try:
                saved = cls(**{name: sent})
            except SettingsError:
                assert sent not in (None, "", " "), name
                assert [told.field for told in cls.refusals or ()] == [name]
                continue
            if sent in (None, "", " "):
                assert getattr(saved, name) == getattr(in_force[0], name)
            json.dumps(saved.model_dump())
            cls(**saved.model_dump())
        other = "priority" if name != "priority" else "memory_token_budget"
        with pytest.raises(SettingsError):
            cls(**{name: {}, other: "many"})
        described = cls.schema()["properties"]
        for one in (name, other):  # in the panel, which shows the admin no other word of it
            assert described[one]["description"].startswith(f"NOT SAVED: {one} must")
    cls(memories_per_turn="5")
    assert "NOT SAVED" not in json.dumps(cls.schema())


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        (
            {"memories_per_turn": "many", "inlet_deadline_ms": "soon", "llm_api_key": MASK},
            ["memories_per_turn", "inlet_deadline_ms"],
        ),
        ({"vector_store": "qdrant", "webui_api_key": "sk-1"}, ["vector_store_url", "webui_api_key"]),
    ],
)
def test_all_that_is_wrong_is_told_at_once(sent: dict[str, str], fields: list[str]) -> None:
    cls, in_force = bound({"inlet_deadline_ms": "900"})
    in_force.append(cls(memories_per_turn="5", llm_api_key="sk-1"))
    with pytest.raises(SettingsError):
        cls(**sent)
    assert [refusal.field for refusal in cls.refusals or ()] == fields


def test_the_panel_tells_groups_bounds_and_defaults() -> None:
    shown = Valves.schema()["properties"]
    assert shown["inlet_deadline_ms"]["title"] == "Recall: Deadline (ms)"
    assert shown["inlet_deadline_ms"]["description"].endswith(
        "A whole number from 50 to 10000; 800 by default."
    )
    assert shown["llm_provider"]["description"].endswith("Default: auto.")
    assert shown["llm_model"]["title"] == "LLM's model", "it bears its group's name"


@pytest.mark.parametrize(
    ("settings", "costs"),
    [
        ({}, False),
        ({"llm_provider": "openai", "llm_api_key": "k"}, True),
        ({"llm_provider": "openai", "llm_api_key": "k", "extraction": "verbatim"}, False),
        ({"backend": "server", "backend_url": "http://m:8000"}, True),
    ],
)
def test_auto_extraction_uses_an_llm_where_there_is_one(settings: dict[str, str], costs: bool) -> None:
    assert Valves(**settings).uses_llm is costs


def test_the_environment() -> None:
    environment = Environment.read(
        {"MEMORY_COLLECTION": "mine", "MEMORY_UNKNOWN": "x", "PIPELINES_DIR": "/p", "MEMORY_LLM_MODEL": ""}
    )
    assert environment == Environment(
        presets={"collection": "mine"},
        data_dir=Path("/p/memory_data"),
        server_key=PUBLIC_DEFAULT_KEY,
        valves_file=Path("/p/memory_filter/valves.json"),
    )
    elsewhere = Environment.read({"MEMORY_DATA_DIR": "/d", "PIPELINES_API_KEY": "k"})
    assert (elsewhere.data_dir, elsewhere.server_key) == (Path("/d"), "k")


def test_where_state_lives() -> None:
    environment = Environment.read(
        {"MEMORY_STATE_URL": " postgresql://pipelines:hunter2@db/state\n", "MEMORY_STATE_PASSWORD": "hunter3"}
    )
    assert environment.state_url == "postgresql://pipelines:hunter2@db/state"
    assert environment.state_password == "hunter3"
    assert "hunter" not in repr(environment)
