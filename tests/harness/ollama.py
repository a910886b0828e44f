"""A stand-in for Ollama, which cannot run here: its list of models, chat and embeddings.

Written from Ollama's public API documentation: GET /api/tags, POST /api/embed and POST /api/chat, and their
errors, `{"error": "..."}`. Names without a tag mean `:latest`; a model that is not there is a 404.
No Ollama was asked, nor its source read: the words of its errors may be others. A pull never ends well.

    with Ollama("qwen3:8b", "nomic-embed-text:latest") as server:
        ...
        assert server.asked == ["/api/tags", ...]
"""

from typing import Any

from fastapi import Body, FastAPI, Request
from fastapi.responses import JSONResponse

from tests.harness.scripted_answers import embedding
from tests.harness.web import WebServer

ANSWER = '{"operations": []}'


class Ollama(WebServer):
    """`models` may be changed while it serves; `asked` are the paths of all requests, in order."""

    def __init__(self, *models: str) -> None:
        self.models = list(models)
        self.asked: list[str] = []
        app = FastAPI()
        app.middleware("http")(self._record)
        app.get("/api/tags")(self._tags)
        app.post("/api/chat")(self._chat)
        app.post("/api/embed")(self._embed)
        app.post("/api/pull")(self._pull)
        super().__init__(app)

    async def _record(self, request: Request, call_next: Any) -> Any:
        self.asked.append(request.url.path)
        return await call_next(request)

    def _tags(self) -> dict[str, Any]:
        return {"models": [{"name": name, "model": name, "size": 1} for name in self.models]}

    def _chat(self, body: dict[str, Any] = Body()) -> Any:  # noqa: B008 - FastAPI's way
        if missing := self._missing(body):
            return missing
        message = {"role": "assistant", "content": ANSWER}
        return {
            "model": body["model"],
            "message": message,
            "done": True,
            "prompt_eval_count": 9,
            "eval_count": 4,
        }

    def _embed(self, body: dict[str, Any] = Body()) -> Any:  # noqa: B008
        if missing := self._missing(body):
            return missing
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        return {"model": body["model"], "embeddings": [embedding(text) for text in texts]}

    def _pull(self) -> JSONResponse:
        return JSONResponse({"error": "pull model manifest: no route to host"}, 500)

    def _missing(self, body: dict[str, Any]) -> JSONResponse | None:
        name = body["model"] if ":" in body["model"] else f"{body['model']}:latest"
        if name in self.models:
            return None
        return JSONResponse({"error": f"model '{body['model']}' not found"}, 404)
