"""Bodies as Open WebUI 0.12.4 sends them, made from the recordings in tests/fixtures/recordings.

chat = Chat("ada")
turn = chat.say("My dog is called Rex.")
server.inlet(turn.inlet, turn.user)
server.outlet(turn.outlet("Nice name."), turn.user)
later = chat.say("What is he called?")                # the same chat, with the history so far
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from owui_memory.recall.block import without_block

BLOCK = re.compile(r"<user_memories>.*?</user_memories>", re.DOTALL)
RECORDINGS = Path(__file__).parent.parent / "fixtures" / "recordings"
Body = dict[str, Any]
User = dict[str, Any]


def recording(name: str) -> dict[str, Any]:
    """One recording, `{"body": ..., "user": ...}`: a fresh copy to change at will. `name` without `.json`."""
    return json.loads((RECORDINGS / f"{name}.json").read_text())


def recording_names() -> list[str]:
    return sorted(path.stem for path in RECORDINGS.glob("*.json"))


def new_id() -> str:
    return str(uuid.uuid4())


def user_of(user_id: str) -> User:
    """The `user` that Open WebUI sends beside a body."""
    return {"id": user_id, "email": f"{user_id}@example.com", "name": user_id.title(), "role": "user"}


def inlet_body(
    text: str,
    *,
    user_id: str = "ada",
    chat_id: str | None = None,
    message_id: str | None = None,
    user_message_id: str | None = None,
    parent_id: str | None = None,
    memory: bool | None = True,
    capability: bool | None = None,
    task: str | None = None,
    history: list[dict[str, Any]] | None = None,
    temporary: bool = False,
    system: str | None = None,
    model: str | None = None,
    connection: str | None = "external",
    language: Any = "en-US",
) -> Body:
    """What the inlet gets for the user message `text`.

    memory: the user's Memory switch; False leaves the key out, as Open WebUI does; None says false.
    capability: the Memory capability of a workspace model; None is a plain model, which has no such entry.
    task: `title_generation`, `tags_generation`, `follow_up_generation`: a body of that task, about this chat.
    history: earlier messages (`role`, `content`); `system`: a system prompt of the chat.
    connection: the type of the model's connection; None is a function's model, which has none.
    language: the interface's, whatever comes for it; ... leaves it out, as API calls do.
    """
    body = copy.deepcopy(_template(capability, task))
    metadata = body["metadata"]
    chat_id = chat_id or (f"temporary:{new_id()}" if temporary else new_id())
    message_id = message_id or new_id()
    user_message_id = user_message_id or new_id()

    metadata.update(
        user_id=user_id, chat_id=chat_id, user_message_id=user_message_id, session_id=f"session-{user_id}"
    )
    metadata["user_message"].update(
        id=user_message_id,
        parentId=parent_id,
        childrenIds=[message_id],
        user={"id": user_id, "name": user_id.title()},
        user_id=user_id,
        content=text,
    )
    if task:
        metadata.pop("message_id", None)
        body["messages"][0]["content"] = _about(body["messages"][0]["content"], text)
    else:
        metadata["message_id"] = message_id
        messages = [*(history or []), {"role": "user", "content": text}]
        body["messages"] = ([{"role": "system", "content": system}] if system else []) + [
            {"role": m["role"], "content": m["content"]} for m in messages
        ]
    for features in (body.get("features"), metadata.get("features")):
        if features is not None:
            features.pop("memory", None)
            if memory is not False:
                features["memory"] = bool(memory)
    if model:
        body["model"] = metadata["model"]["id"] = model
    metadata["model"]["connection_type"] = connection
    metadata["variables"]["{{USER_LANGUAGE}}"] = language
    if language is ...:
        del metadata["variables"]["{{USER_LANGUAGE}}"]
    if capability is not None:
        metadata["model"]["info"]["meta"]["capabilities"]["memory"] = capability
    return body


def outlet_body(
    text: str,
    answer: str = "Hello from the model.",
    *,
    chat_id: str | None = None,
    message_id: str | None = None,
    user_message_id: str | None = None,
    history: list[dict[str, Any]] | None = None,
    inlet: Body | None = None,
    model: str | None = None,
) -> Body:
    """What the outlet gets for the same turn. `inlet`: the inlet's body; ids and model are taken from it.

    For temporary chats Open WebUI sends back the messages as the model got them, without ids: then pass
    the body that the inlet returned.
    """
    metadata = inlet["metadata"] if inlet else {}
    chat_id = chat_id or metadata.get("chat_id") or new_id()
    message_id = message_id or metadata.get("message_id") or new_id()
    user_message_id = user_message_id or metadata.get("user_message_id") or new_id()
    body = recording("first-turn.outlet")["body"]
    asked, answered = body["messages"]
    timestamp = asked["timestamp"]
    if _is_temporary(chat_id) and inlet:
        before = [{"id": None, "info": None, "timestamp": None, **message} for message in inlet["messages"]]
        answered["timestamp"] = None
    else:
        asked.update(id=user_message_id, content=text)
        earlier = [
            {"id": new_id(), "info": None, "timestamp": timestamp, **message} for message in history or []
        ]
        before = [*earlier, asked]
    answered.update(id=message_id, content=answer)
    answered["output"][0]["content"][0]["text"] = answer
    body.update(messages=[*before, answered], chat_id=chat_id, id=message_id)
    body["session_id"] = metadata.get("session_id", body["session_id"])
    body["model"] = model or (inlet or body)["model"]
    return body


@dataclass
class Turn:
    """One user message: the inlet's body at once, the outlet's when there is an answer."""

    chat: Chat
    text: str
    inlet: Body
    history: list[dict[str, Any]]

    @property
    def user(self) -> User:
        return self.chat.user

    @property
    def message_id(self) -> str:
        return str(self.inlet["metadata"]["message_id"])

    def outlet(self, answer: str = "Hello from the model.", *, sent: Body | None = None) -> Body:
        """The outlet's body; the chat goes on from here. `sent`: what the inlet returned, if it matters."""
        inlet = {**self.inlet, "messages": sent["messages"]} if sent else self.inlet
        body = outlet_body(self.text, answer, inlet=inlet, history=self.history)
        asked = {"id": self.inlet["metadata"]["user_message_id"], "role": "user", "content": self.text}
        self.chat.history = [
            *self.history,
            asked,
            {"id": self.message_id, "role": "assistant", "content": answer},
        ]
        return body

    def regenerated(self) -> Turn:
        """The same question asked again: the same user message, a new answer to come."""
        inlet = copy.deepcopy(self.inlet)
        inlet["metadata"]["message_id"] = new_id()
        return Turn(self.chat, self.text, inlet, self.history)


@dataclass
class Chat:
    """One chat of one user. `options` go to every `inlet_body`: memory, system, model..."""

    user_id: str = "ada"
    chat_id: str = field(default_factory=new_id)
    options: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def temporary(cls, user_id: str = "ada", **options: Any) -> Chat:
        return cls(user_id, f"temporary:{new_id()}", options)

    @classmethod
    def channel(cls, user_id: str = "ada", **options: Any) -> Chat:
        return cls(user_id, f"channel:{new_id()}", options)

    @property
    def user(self) -> User:
        return user_of(self.user_id)

    def say(self, text: str, **options: Any) -> Turn:
        """The next user message of the chat."""
        history = list(self.history)
        parent_id = history[-1]["id"] if history else None
        given = {"user_id": self.user_id, "chat_id": self.chat_id, "parent_id": parent_id, "history": history}
        return Turn(self, text, inlet_body(text, **{**given, **self.options, **options}), history)


def system_text(body: Body) -> str:
    """All system messages of a body, as one text."""
    return "\n".join(m["content"] for m in body["messages"] if m["role"] == "system")


def told_text(body: Body) -> str:
    """All blocks of memories in a body, as one text."""
    contents = (message["content"] for message in body["messages"])
    texts = (text if isinstance(text, str) else json.dumps(text, ensure_ascii=False) for text in contents)
    return "\n".join(block for text in texts for block in BLOCK.findall(text))


def without_blocks(body: Any) -> Any:
    """Any body as it was before the filter put its blocks in. An empty system message says nothing."""
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        return body
    messages = []
    for message in body["messages"]:
        if isinstance(message, dict) and message.get("role") in ("system", "user"):
            content = message.get("content")
            if isinstance(content, str):
                content = without_block(content)
            elif isinstance(content, list) and content and _is_block(content[0]):
                content = content[1:]
            if not content and message["role"] == "system":
                continue
            message = {**message, "content": content}
        messages.append(message)
    return {**body, "messages": messages}


def _is_block(part: Any) -> bool:
    text = part.get("text") if isinstance(part, dict) else None
    return isinstance(text, str) and bool(text) and not without_block(text)


def _template(capability: bool | None, task: str | None) -> Body:
    if task:
        return recording(f"first-turn.inlet.{task}")["body"]
    return recording("first-turn.inlet" if capability is None else "memory-capability-off.inlet")["body"]


def _about(prompt: str, text: str) -> str:
    """A recorded task prompt, with `text` as the chat it is about."""
    head = prompt.partition("<chat_history>")[0]
    return f"{head}<chat_history>\nUSER: {text}\nASSISTANT: \n</chat_history>"


def _is_temporary(chat_id: str) -> bool:
    return chat_id.startswith(("temporary:", "local"))
