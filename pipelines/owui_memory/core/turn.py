"""A turn of a chat: a user's message and the answer to come, and the same once it is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .chat_servers import NOBODY, AnsweredBy, Local

ChatKind = Literal["chat", "temporary", "channel", "api"]

HASHED = "text:"  # begins a name that is made of what was said


@dataclass(frozen=True, slots=True)
class Turn:
    """One user message and the answer to come, as the inlet sees it.

    `key` is the same in this turn's outlet: the answer's id, or if there is none, a hash of chat, model
    and all that was said. `exchange_key` is the same for every answer to this message: a regenerated one, a
    second model's, a retry. `follows` is the id of the answer before it, or "start": two messages of a chat
    that follow the same are an original and its edited version; "" if that is not known. `memory_switch`
    is None if Open WebUI does not say (API calls). `answered_by`: the model as the servers of the
    chats may know it. `described`: Open WebUI tells of `model`, and not of another one; else these two are
    unknown: `base_model` is what a workspace model stands on, else ""; `connection` says where the model
    runs. `positions` names each user message of the conversation by all that users said up to it, this one
    last. `folder`: the id of the folder that the chat is in; `email`, `name`: the user's. "" if not known.
    `searched`: Open WebUI makes a web, image or file search out of the messages that it gets back.
    `in_prompt`: where not all of the chat stays in its prompt, how the keys of those exchanges end that do,
    and `positions` names their messages only.
    `language`: the code of the interface's, one of `locales.CODES`; "" if there is none.
    `is_others`: somebody else wrote the message, and the user asks for another answer to it.
    `only_recall`: the user wants nothing learned from it. `is_shown`: Open WebUI itself asks, and shows the
    answer to the chat's user under the id `key`. `reserved`: tokens that are added to the prompt later.
    """

    user_id: str
    text: str
    key: str
    exchange_key: str
    chat_kind: ChatKind = "chat"
    chat_id: str = ""
    user_message_id: str = ""
    follows: str = ""
    timezone: str = ""
    model: str = ""
    base_model: str = ""
    described: bool = True
    connection: Local = "unknown"
    answered_by: AnsweredBy = NOBODY
    task: str = ""
    memory_switch: bool | None = None
    memory_capability: bool = True
    positions: tuple[str, ...] = ()
    text_before: str = ""
    searched: bool = False
    in_prompt: tuple[str, ...] = ()
    folder: str = ""
    email: str = ""
    is_admin: bool = False
    is_others: bool = False
    only_recall: bool = False
    is_shown: bool = False
    reserved: int = field(default=0, compare=False)
    name: str = field(default="", compare=False)  # these may change from one message to the next
    language: str = field(default="", compare=False)

    @property
    def channel(self) -> str:
        """The id of the channel of Open WebUI that it is in; "" elsewhere."""
        return self.chat_id.partition(":")[2] if self.chat_kind == "channel" else ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A finished turn, as the outlet sees it: what was said, and what its inlet's `key` may be.

    `name`: the user's, "" if it is not known. `prompt_tokens`: that the model's server has counted; 0 if it
    has not said. `trace`: as of `Exchange`.
    """

    user_id: str
    keys: tuple[str, ...]
    user_text: str
    assistant_text: str
    name: str = ""
    chat_kind: ChatKind = "chat"
    prompt_tokens: int = 0
    trace: str = ""


def chat_kind_of(chat_id: str, message_id: str = "") -> ChatKind:
    """The kind of chat that a message with these ids belongs to."""
    kind = chat_id.partition(":")[0]
    if kind in ("temporary", "local"):
        return "temporary"
    if kind == "channel":
        return "channel"
    return "chat" if chat_id or message_id else "api"


def is_unnamed(key: str) -> bool:
    """Whether a turn's key is a hash of what was said, because the turn has no id."""
    return key.startswith(HASHED)
