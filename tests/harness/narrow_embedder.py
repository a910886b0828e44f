"""An embeddings server that refuses what is too long for its model, as different servers put it.

The statuses and words are those that the servers' documentation and issues show; no such server was asked.

    with NarrowEmbedder("llama.cpp", most_tokens=512) as server:
        ...
        assert max(map(tokens_of, server.taken)) <= 512
"""

from typing import Any

from fastapi import Body, FastAPI
from fastapi.responses import JSONResponse

from tests.harness.scripted_answers import embedding
from tests.harness.web import WebServer

REFUSALS: dict[str, tuple[int, dict[str, Any]]] = {
    "openai": (
        400,
        {"error": {"message": "This model's maximum context length is 512 tokens, however you sent more."}},
    ),
    "llama.cpp": (
        500,
        {
            "error": {
                "code": 500,
                "message": "input is too large to process. increase the physical batch size",
            }
        },
    ),
    "text-embeddings-inference": (
        413,
        {
            "error": "Input validation error: `inputs` must have less than 512 tokens.",
            "error_type": "Validation",
        },
    ),
    "vllm": (
        400,
        {"object": "error", "message": "The prompt is longer than the maximum model length", "code": 400},
    ),
    "ollama": (400, {"error": "the input length exceeds the context length"}),
    "no words": (400, {"error": {"message": "bad request"}}),
}


def tokens_of(text: str) -> int:
    """Four ASCII characters a token, and of other scripts three tokens for two characters."""
    ascii_chars = sum(char.isascii() for char in text)
    return -(-ascii_chars // 4) + (len(text) - ascii_chars) * 3 // 2


class NarrowEmbedder(WebServer):
    """`taken` and `refused` are the texts of the requests that were answered, and were not."""

    def __init__(self, kind: str, *, most_tokens: int = 512, most_texts: int = 1000) -> None:
        self.kind, self.most_tokens, self.most_texts = kind, most_tokens, most_texts
        self.taken: list[str] = []
        self.refused: list[str] = []
        app = FastAPI()
        app.post("/v1/embeddings")(self._embeddings)
        app.post("/api/embed")(self._embed)
        app.get("/api/tags")(lambda: {"models": [{"name": "m:latest", "model": "m:latest"}]})
        super().__init__(app)

    def _embeddings(self, body: dict[str, Any] = Body()) -> Any:  # noqa: B008 - FastAPI's way
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        if refusal := self._refusal(texts):
            return refusal
        data = [{"object": "embedding", "index": at, "embedding": embedding(t)} for at, t in enumerate(texts)]
        return {
            "object": "list",
            "data": data,
            "model": "m",
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        }

    def _embed(self, body: dict[str, Any] = Body()) -> Any:  # noqa: B008
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        return self._refusal(texts) or {"model": "m", "embeddings": [embedding(text) for text in texts]}

    def _refusal(self, texts: list[str]) -> JSONResponse | None:
        if not all(texts) or max(map(tokens_of, texts)) > self.most_tokens or len(texts) > self.most_texts:
            self.refused += texts
            status, told = REFUSALS[self.kind]
            return JSONResponse(told, status)
        self.taken += texts
        return None
