"""The official client of OpenAI's API, before a model server that answers by rules."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import APIStatusError, AsyncOpenAI, AuthenticationError, NotFoundError, OpenAI
from pydantic import BaseModel

from tests.harness.upstream import completion, delta, says
from tests.unit.interfaces.proxy.desk import Desk
from tests.unit.interfaces.proxy.test_other_forms import response_events


@pytest.fixture
def key(at: Desk, user: str) -> str:
    return at.key(user)["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def client(at: Desk, key: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{at.url}/v1", api_key=key, max_retries=0) as one:
        yield one


def said(text: Any) -> Any:
    return [{"role": "user", "content": text}]


def test_chats_models_and_streams(at: Desk, client: OpenAI) -> None:
    assert "memory/llama3" in [one.id for one in client.models.list()]
    assert client.models.retrieve("memory/llama3").owned_by == "us"
    at.upstream.streams(*says("Nice", " dog."))
    stream = client.chat.completions.create(
        model="memory/llama3", messages=said("My dog is called Rex."), stream=True
    )
    assert "".join(part.choices[0].delta.content or "" for part in stream) == "Nice dog."
    at.settle()
    at.upstream.answers(200, completion("Rex."))
    answer = client.chat.completions.create(
        model="memory/llama3", messages=said("What is my dog called?"), seed=7, logprobs=True
    )
    assert answer.choices[0].message.content == "Rex."
    assert answer.usage.total_tokens == 7
    assert "Rex" in json.dumps(at.sent)
    listed = client.chat.completions.create(model="memory/llama3", messages=said("/memory"))
    assert "Rex" in str(listed.choices[0].message.content)


def test_async_tools_images_and_structure(at: Desk, key: str) -> None:
    class Dog(BaseModel):
        name: str

    call = {"index": 0, "id": "t", "type": "function", "function": {"name": "weather", "arguments": '{"a'}}
    more = {"index": 0, "function": {"arguments": '": 1}'}}
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]

    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}

    async def run() -> None:
        async with AsyncOpenAI(base_url=f"{at.url}/v1", api_key=key, max_retries=0) as client:
            asks = [delta(tool_calls=[call]), delta(tool_calls=[more]), delta(finish="tool_calls")]
            at.upstream.streams(*asks, b"data: [DONE]\n\n")
            stream = await client.chat.completions.create(
                model="memory/llama3", messages=said("Weather?"), tools=tools, stream=True
            )
            pieces = [part.choices[0].delta.tool_calls async for part in stream]
            assert "".join(p[0].function.arguments for p in pieces if p and p[0].function) == '{"a": 1}'
            assert at.sent["tools"] == tools

            at.upstream.answers(200, completion('{"name": "Rex"}'))
            parsed = await client.chat.completions.parse(
                model="memory/llama3",
                response_format=Dog,
                messages=said([{"type": "text", "text": "Which dog?"}, image]),
            )
            assert parsed.choices[0].message.parsed == Dog(name="Rex")
            assert at.sent["messages"][-1]["content"][-1]["image_url"]["url"].endswith("AAAA")
            assert at.sent["response_format"]["type"] == "json_schema"

    asyncio.run(run())


def test_responses(at: Desk, client: OpenAI) -> None:
    at.upstream.streams(*response_events("Nice", " cat."))
    with client.responses.create(model="memory/llama3", input="I like tea.", stream=True) as stream:
        kinds = [part.type for part in stream]
    assert kinds[-1] == "response.completed"
    told = client.responses.create(model="memory/llama3", input="/memory help")
    assert "/memory" in told.output_text
    with client.responses.stream(model="memory/llama3", input="/memory help") as events:
        assert events.get_final_response().output_text == told.output_text


def test_errors_are_the_clients_own(at: Desk, client: OpenAI) -> None:
    at.upstream.answers(429, b'{"error": {"message": "slow down", "code": "rate_limit"}}', retry_after="7")
    with pytest.raises(APIStatusError) as told:
        client.chat.completions.create(model="memory/llama3", messages=said("Hi"))
    assert told.value.status_code == 429
    assert told.value.response.headers["retry-after"] == "7"
    with pytest.raises(NotFoundError):
        client.models.retrieve("nobody")
    wrong = OpenAI(base_url=f"{at.url}/v1", api_key="wrong", max_retries=0)
    with wrong as stranger, pytest.raises(AuthenticationError):
        stranger.models.list()


# Other clients, where they are installed: requirements/clients.in ----------------------------------

NEEDED = "not installed: pip install -r requirements/clients.in (it is big, and for these tests alone)"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # theirs
def test_litellm(at: Desk, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it asks the Internet for prices
    litellm = pytest.importorskip("litellm", reason=NEEDED)
    called = {"model": "openai/memory/llama3", "api_base": f"{at.url}/v1", "api_key": key, "num_retries": 0}
    at.upstream.streams(*says("Nice", " parrot."))
    stream = litellm.completion(messages=said("My parrot is called Coco."), stream=True, **called)
    assert "".join(part.choices[0].delta.content or "" for part in stream) == "Nice parrot."
    at.settle()
    at.upstream.answers(200, completion("Coco."))
    answer = litellm.completion(messages=said("What is my parrot called?"), seed=7, **called)
    assert (answer.choices[0].message.content, answer.usage.total_tokens) == ("Coco.", 7)
    assert "Coco" in json.dumps(at.sent)
    at.upstream.answers(429, b'{"error": {"message": "slow down"}}')
    with pytest.raises(litellm.RateLimitError):
        litellm.completion(messages=said("Hi"), **called)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # theirs
def test_langchain(at: Desk, key: str) -> None:
    openai = pytest.importorskip("langchain_openai", reason=NEEDED)

    class Boat(BaseModel):
        """A boat."""

        name: str

    model = openai.ChatOpenAI(
        model="memory/llama3", base_url=f"{at.url}/v1", api_key=key, max_retries=0, use_responses_api=False
    )
    at.upstream.streams(*says("Nice", " boat."))
    assert "".join(part.text for part in model.stream("My boat is called Mora.")) == "Nice boat."
    at.settle()
    call = {"id": "t", "type": "function", "function": {"name": "Boat", "arguments": '{"name": "Mora"}'}}
    at.upstream.answers(200, completion(None, tool_calls=[call]))
    asking = model.bind_tools([Boat])
    assert asking.invoke("What is my boat called?").tool_calls[0]["args"] == {"name": "Mora"}
    assert at.sent["tools"][0]["function"]["name"] == "Boat"
    assert "Mora" in json.dumps(at.sent)
    at.upstream.answers(200, completion('{"name": "Mora"}'))
    shaped = model.with_structured_output(Boat, method="json_schema")
    assert shaped.invoke("Which boat?") == Boat(name="Mora")
