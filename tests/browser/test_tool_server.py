"""Open WebUI with memory's tools as its tool server: the model calls them, and answers from them."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.house import MODEL, House, ask, headers_of_the_page
from tests.browser.pages import Person
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request, text_of

EVERYBODY = [{"principal_type": "user", "principal_id": "*", "permission": "read"}]
FACT = "My dog is called Rex."


@pytest.fixture
def model(house: House, admin: Person) -> Iterator[str]:
    """A model whose chats have the tools."""
    connection = {
        "url": f"{house.pipelines.url}/memory/tools",
        "path": "openapi.json",
        "type": "openapi",
        "auth_type": "bearer",
        "key": house.pipelines.key,
        "headers": headers_of_the_page("tools"),
        "config": {"enable": True, "access_grants": EVERYBODY},
        "info": {"id": "memory", "name": "Memory"},
    }
    register = "configs/tool_servers"
    house._webui("POST", register, house.admin, {"TOOL_SERVER_CONNECTIONS": [connection]})
    form = {
        "id": "with-tools",
        "base_model_id": MODEL,
        "name": "with-tools",
        "meta": {"toolIds": ["server:memory"]},
        "params": {},
        "is_active": True,
        "access_grants": EVERYBODY,
    }
    house._webui("POST", "models/create", house.admin, form)
    yield "with-tools"
    house._webui("POST", register, house.admin, {"TOOL_SERVER_CONNECTIONS": []})


def test_a_model_searches_and_remembers_by_the_tool_server(
    house: House, model: str, user: Person, scripted_llm: ScriptedLLM
) -> None:
    user.new_chat()
    user.say(FACT)

    def use(request: Request) -> str:
        """The model: it calls a tool, and answers from what the tool has told."""
        last = request.messages[-1]
        if last["role"] == "tool":
            return f"I found: {text_of(last)}"
        if "cello" in request.last_user_text:
            return 'CALL remember {"text": "I play the cello."}'
        return 'CALL search_memory {"query": "dog"}'

    def has_tools(request: Request) -> bool:
        tools = (request.body or {}).get("tools") or ()
        return "search_memory" in [tool["function"]["name"] for tool in tools]

    scripted_llm.when(has_tools, use)
    user.new_chat(model=model)
    expect(user.page.get_by_role("button", name="Available Tools")).to_be_visible()
    assert FACT in user.say("Look up my dog.")
    assert "remembered" in user.say("Keep in mind that I play the cello, please.")
    assert "cello" in house.recalled(user.account, "Which instrument do I play?")

    def tool(name: str, given: dict[str, Any]) -> Any:
        url, named = f"{house.pipelines.url}/memory/tools/{name}", {"X-Memory-User-Id": user.account.id}
        return ask("POST", url, house.pipelines.key, given, named)

    found = tool("search_memory", {"query": "cello"})["results"]
    ids = [one["id"] for one in found if one["text"] == "I play the cello."]
    (made,) = tool("why", {"id": ids[0]})["history"][:1]
    assert made["by"] == f"a model ({model})"
    assert made["chat"], "and in which chat"
