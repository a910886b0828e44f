"""The whole house on free ports, started by the code of `make up`, with a scripted model."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from scripts.processes import Child, stop
from scripts.services import Connection, OpenWebUI, Pipelines
from tests.harness.bodies import inlet_body, told_text, user_of
from tests.harness.pipelines_server import ROOT, clean_environment, free_port
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

MODEL = "scripted-chat"
DEMO = {"model": "demo_model", "model_name": "Demo (no model, shows the memory block)"}
PASSWORD = "correct horse battery"
OUTLET = "/outlet HTTP"  # the filter's or the function's
WEBUI_VERSION = "0.12.4"

# What makes a test repeatable on a slow and busy machine; everything else is as people have it.
FILTER_SETTINGS = {"MEMORY_INLET_DEADLINE_MS": "10000"}
# ENABLE_LOCAL_WEB_FETCH lets webhooks go to addresses in private networks.
WEBUI_SETTINGS = {"ENABLE_API_KEYS": "True", "ENABLE_LOCAL_WEB_FETCH": "True", "ENABLE_CHANNELS": "True"}


@dataclass
class Account:
    """A user of this Open WebUI."""

    name: str
    email: str
    id: str = ""
    token: str = ""


@dataclass
class House:
    """Everything that runs, and what a test asks of it beside the browser."""

    folder: Path
    llm: ScriptedLLM
    pipelines: Pipelines
    webui: OpenWebUI
    children: list[Child] = field(default_factory=list)
    admin: Account | None = None
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @classmethod
    def build(cls, folder: Path, llm: ScriptedLLM) -> House:
        env = {**clean_environment(), **FILTER_SETTINGS, **WEBUI_SETTINGS}
        port = free_port()
        of_pipelines = {"demo": True, "inherited": env, "webui_port": port}
        pipelines = Pipelines(folder / "pipelines", free_port(), "browser-test-key", **of_pipelines)
        connections = (Connection(llm.base_url, "model-key"), pipelines.connection)
        webui = OpenWebUI(folder / "open-webui", port, "browser-test-secret", connections, (), env)
        return cls(folder, llm, pipelines, webui)

    # Life

    def start(self) -> House:
        self.children.append(self.pipelines.start(self._log("pipelines")))
        self.children.append(self.webui.start(self._log("open-webui")))
        self._wait(self.webui.is_healthy, "Open WebUI is healthy", within=180)
        self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        self._wait(self.is_ready, "the filter's backend is ready", within=120)

    def unload_filter(self) -> None:
        """Take the filter out of the running server. What it stored and its settings stay."""
        (self.pipelines.folder / "memory_filter.py").unlink()
        self._reload()

    def load_filter(self) -> None:
        """The filter as it was, in place of one that was uploaded."""
        self.pipelines.prepare()
        self._reload()
        self.wait_until_ready()

    def _reload(self) -> None:
        ask("POST", f"{self.pipelines.url}/pipelines/reload", self.pipelines.key, None)
        self.list_models_anew()

    def stop(self) -> None:
        stop(self.children)

    def is_ready(self) -> bool:
        """The filter is loaded and its backend, embedding model included, can be asked."""
        parts = {part["name"]: part for part in self.status().get("parts", [])}
        return bool(parts.get("backend", {}).get("ok"))

    def _wait(self, condition: Callable[[], bool], what: str, within: float) -> None:
        def checked() -> bool:
            for child in self.children:
                child.check()
            return condition()

        wait_until(checked, within=within, what=lambda: f"{what}: {self.status()}")

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    # The filter

    def status(self) -> dict[str, Any]:
        return dict(self.pipelines.status() or {})

    def part(self, name: str) -> str:
        """What the status says of one part; "" where it does not name it."""
        parts = self.status().get("parts", [])
        return next((str(part["detail"]) for part in parts if part["name"] == name), "")

    def backend(self) -> tuple[str, str]:
        """Store and embedder in use, as the status names them."""
        return self.part("store"), self.part("embedder")

    def outlets(self) -> int:
        """How many finished turns have reached the filter."""
        return self.filter_log().count(OUTLET)

    def logs(self) -> list[Path]:
        """Of both servers."""
        return [self._log("pipelines"), self._log("open-webui")]

    def filter_log(self) -> str:
        return self._log("pipelines").read_text(errors="replace")

    def wait_for_outlet(self, before: int) -> None:
        """Until one more finished turn has reached the filter than at `before`."""
        wait_until(lambda: self.outlets() > before, what="the answer reaches the filter")

    def wait_until_remembered(self) -> None:
        wait_until(
            lambda: self.status().get("queue", {}).get("pending") == 0,
            within=60,
            what=lambda: f"nothing is left to be remembered: {self.status()}",
        )

    def recalled(self, account: Account, question: str) -> str:
        """What the filter would tell the model if this user asked that now."""
        body = inlet_body(question, user_id=account.id)
        form = {"body": body, "user": user_of(account.id)}
        return told_text(self._filter("POST", "filter/inlet", form))

    def valves(self) -> dict[str, Any]:
        return dict(self._filter("GET", "valves"))

    def save_valves(self, **changes: Any) -> None:
        self._filter("POST", "valves/update", {**self.valves(), **changes})
        if "pipelines" in changes:
            self.list_models_anew()

    def list_models_anew(self) -> None:
        """Open WebUI keeps its list of models, with the filters of each, for a second."""
        if self.admin:
            ask("GET", f"{self.webui.url}/api/models?refresh=true", self.admin.token, None)

    def _filter(self, method: str, path: str, form: Any = None) -> Any:
        return ask(method, f"{self.pipelines.url}/memory_filter/{path}", self.pipelines.key, form)

    # Open WebUI, behind the browser's back

    def new_account(self, name: str = "Bob") -> Account:
        """A user made by the administrator, who has seen the release notes."""
        assert self.admin, "nobody has signed up yet"
        email = f"{name.lower()}-{next(self._numbers)}@example.com"
        form = {"name": name, "email": email, "password": PASSWORD, "role": "user"}
        self._webui("POST", "auths/add", self.admin, form)
        account = Account(name, email)
        self.sign_in(account)
        self._webui("POST", "users/user/settings/update", account, {"ui": {"version": WEBUI_VERSION}})
        return account

    def sign_in(self, account: Account) -> None:
        """Fill in the account's id and token."""
        form = {"email": account.email, "password": PASSWORD}
        answer = self._webui("POST", "auths/signin", None, form)
        account.id, account.token = answer["id"], answer["token"]

    def new_model(self, name: str, capabilities: dict[str, bool]) -> str:
        """A workspace model on top of the scripted one, open to all; returns its id."""
        assert self.admin, "nobody has signed up yet"
        model_id = f"{name}-{next(self._numbers)}"
        form = {
            "id": model_id,
            "base_model_id": MODEL,
            "name": model_id,
            "meta": {"capabilities": capabilities},
            "params": {},
            "is_active": True,
        }
        self._webui("POST", "models/create", self.admin, form)
        return model_id

    def add_native_memory(self, account: Account, text: str) -> dict[str, Any]:
        """Add to Open WebUI's own memories, as its page under Settings > Personalization does."""
        return dict(self._webui("POST", "memories/add", account, {"content": text}))

    def api_key(self) -> str:
        """A new one of the administrator's."""
        return str(self._webui("POST", "auths/api_key", self.admin)["api_key"])

    def add_function(self, content: str, **valves: Any) -> str:
        """As Admin Panel > Functions does; for all models. Returns its id."""
        function_id = f"memory_function_{next(self._numbers)}"
        form = {"id": function_id, "name": "Memory", "content": content, "meta": {"description": ""}}
        self._webui("POST", "functions/create", self.admin, form)
        self.set_valves(function_id, **valves)
        for switch in ("toggle", "toggle/global"):
            self._webui("POST", f"functions/id/{function_id}/{switch}", self.admin)
        return function_id

    def set_valves(self, function_id: str, **valves: Any) -> None:
        self._webui("POST", f"functions/id/{function_id}/valves/update", self.admin, valves)

    def set_user_valves(self, function_id: str, account: Account, **valves: Any) -> None:
        self._webui("POST", f"functions/id/{function_id}/valves/user/update", account, valves)

    def delete_function(self, function_id: str) -> None:
        self._webui("DELETE", f"functions/id/{function_id}/delete", self.admin)

    def chats(self, account: Account) -> list[dict[str, Any]]:
        return list(self._webui("GET", "chats/", account))

    def chat(self, account: Account, chat_id: str) -> str:
        """All that is kept of a chat, as JSON."""
        return json.dumps(self._webui("GET", f"chats/{chat_id}", account), ensure_ascii=False)

    def _webui(self, method: str, path: str, account: Account | None, form: Any = None) -> Any:
        return ask(method, f"{self.webui.url}/api/v1/{path}", account.token if account else "", form)


def ask(method: str, url: str, key: str, form: Any, more: dict[str, str] | None = None) -> Any:
    """One JSON request; raises httpx.HTTPStatusError for an answer that is no success. more: headers."""
    headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **(more or {})}
    answer = httpx.request(method, url, headers=headers, json=form, timeout=60, trust_env=False)
    return answer.raise_for_status().json()


def headers_of_the_page(page: str) -> dict[str, str]:
    """Those that a page of docs/ tells an admin to set."""
    text = (ROOT / "docs" / f"{page}.md").read_text()
    told = re.search(r"```json\n(\{\"X-Memory-User-Id.*?\})\n```", text, re.DOTALL)
    assert told
    return dict(json.loads(told[1]))
