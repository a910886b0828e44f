"""The chats of an archive as exchanges, as a chat that is held here would have left them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from ...config.policy import decide
from ...config.settings import Valves
from ...core.chat_servers import AnsweredBy
from ...core.exchange import Exchange, exchange_key
from ...core.scope import scope_for
from ...core.text import capped
from ...core.turn import Turn
from ...language.secrets import masked
from ...language.spans import without_thoughts
from ...recall.block import without_block
from .entries import Chat, Fact, Said, name_of
from .formats import OPEN_WEBUI

IsCommand = Callable[[str], bool]


def chat_of(source: str, chat: Chat) -> str:
    """The chat's id here: Open WebUI's own, or one that names the program."""
    return chat.id if source == OPEN_WEBUI else f"{source}:{chat.id}"


def exchanges(
    user_id: str, source: str, chat: Chat, settings: Valves, is_command: IsCommand
) -> Iterator[Exchange | str]:
    """What a chat's user said, each with its answers; in place of what may not be remembered, the reason.

    A message of Open WebUI's has the key that it has got, or would have got, when it was said here.
    """
    chat_id = chat_of(source, chat)
    at = chat.at
    for said, answers in _turns(chat.said):
        text = without_block(said.text).strip()
        at = said.at or at  # of what has no time, that of what was said before
        if is_command(text):
            continue
        message_id = said.id or name_of(said.at, text)
        key = exchange_key(user_id, chat_id, message_id, text)
        answered_by, scope = "", ""
        if source == OPEN_WEBUI:
            model = said.model or next((one.model for one in answers if one.model), "")
            turn = _turn(user_id, chat, text, key, model)
            decision = decide(turn, settings)
            if decision.permission is None:
                yield str(decision.reason)
                continue
            answered_by, scope = decision.permission.answered_by, decision.permission.scope
        answer = without_thoughts("\n\n".join(one.text for one in answers)).strip()
        yield Exchange(
            key=key,
            user_id=user_id,
            chat_id=chat_id,
            user_text=masked(text)[0],
            assistant_text=masked(capped(answer))[0],
            said_at=at or time.time(),
            follows=said.follows,
            scope=scope,
            answered_by=answered_by,
            title=chat.title,
        )


def given(user_id: str, fact: Fact) -> Exchange:
    """A memory that is brought along, to be added as it is.

    The same text of the same scope has the same key, from anywhere.
    """
    parts = " ".join(fact.text.split()).casefold(), fact.scope
    key = "\n".join((user_id, "", f"given~{name_of(*filter(None, parts))}"))
    at = fact.at or time.time()
    return Exchange(
        key,
        user_id,
        "",
        masked(fact.text)[0],
        "",
        at,
        scope=scope_for(fact.scope, fact.kind),
        given=fact.kind,
        expires=fact.expires,
        first_at=min(fact.first_at, at),
    )


def _turn(user_id: str, chat: Chat, text: str, key: str, model: str) -> Turn:
    """Where a model ran is not told, nor what a workspace model stands on."""
    answered = AnsweredBy(model)
    turn = Turn(user_id, text, key, key, chat_id=chat.id, model=model, described=bool(model))
    return replace(turn, folder=chat.folder, answered_by=answered)


def _turns(said: tuple[Said, ...]) -> Iterator[tuple[Said, list[Said]]]:
    current: Said | None = None
    answers: list[Said] = []
    for one in said:
        if one.role == "user":
            if current is not None:
                yield current, answers
            current, answers = one, []
        elif current is not None:
            answers.append(one)
    if current is not None:
        yield current, answers
