"""The filter in one file, uploaded in the admin panel as an admin does it."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from scripts.bundle import BUNDLE
from tests.browser.house import House
from tests.browser.pages import Person, PipelinesSettings, PipelinesSource
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.web import WebServer

FACT = "I am allergic to walnuts and I live in Evora."
QUESTION = "Where do I live, and what am I allergic to?"
DONE = "Pipeline downloaded successfully"  # Open WebUI's words, for an upload too


@pytest.fixture
def bare_house(house: House) -> Iterator[House]:
    """The house without the filter; afterwards it is there again as before."""
    house.unload_filter()
    yield house
    house.load_filter()


def version_told(house: House) -> str:
    return str({part["name"]: part["detail"] for part in house.status()["parts"]}["filter"])


def test_an_uploaded_file_remembers_and_a_newer_one_takes_effect(
    bare_house: House, admin: Person, scripted_llm: ScriptedLLM, screenshots: bool
) -> None:
    assert bare_house.status() == {}
    code = BUNDLE.read_text(encoding="utf-8")

    assert PipelinesSource(admin).upload(BUNDLE) == DONE
    bare_house.wait_until_ready()
    if screenshots:
        PipelinesSource(admin).choose(BUNDLE)
        admin.keep_screenshot("upload.png", height=500)
    assert (bare_house.pipelines.folder / "memory_filter.py").read_text(encoding="utf-8") == code
    assert "version 0.1.0," in version_told(bare_house)

    admin.new_chat()
    admin.say(FACT)
    admin.new_chat()
    assert "walnuts" in admin.say(QUESTION)
    assert "walnuts" in admin.asked_model(QUESTION).text

    settings = PipelinesSettings(admin)
    settings.fill("Memories per message", "7")
    assert "success" in settings.save()
    newer = code.replace('__version__ = "0.1.0"', '__version__ = "9.9.9"')
    app = FastAPI()
    app.get("/single_file/memory_filter.py")(lambda: PlainTextResponse(newer))
    with WebServer(app) as web:
        assert PipelinesSource(admin).install(f"{web.url}/single_file/memory_filter.py") == DONE
    bare_house.wait_until_ready()

    assert "version 9.9.9," in version_told(bare_house)
    assert bare_house.valves()["memories_per_turn"] == 7
    admin.new_chat()
    assert "walnuts" in admin.say("What am I allergic to, by the way?")
