"""Open WebUI's request bodies -> frozen values, and a block of memories -> back into a body.

Everything that comes in may be missing or of a wrong type: what cannot be read is read as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from ..commands.parse import COMMAND_CHARS, read_command
from ..config.model_patterns import is_ollama_cloud
from ..context.abstract import without_abstract
from ..core.chat_servers import AnsweredBy, Local
from ..core.exchange import exchange_key, message_id_of
from ..core.locales import code_of
from ..core.text import TEXT_CHARS, capped, plain
from ..core.turn import HASHED, Answered, Turn, chat_kind_of
from ..language.spans import without_thoughts
from ..recall.block import Blocks, without_block

LANGUAGE = "{{USER_LANGUAGE}}"  # among the variables: that of the interface
_OF_RESPONSES = ("input_text", "input_image", "input_file")  # parts of the responses API
_TEXTS = ("text", "input_text", "output_text")
_SEARCHES = ("web_search", "image_generation")

# What comes in is as long as whoever sends it likes. Nothing below looks at more of it than this; hashes do.
_ANSWER_CHARS = 300_000  # of an answer, in which reasoning is looked for
_MESSAGES = 10_000  # of a chat, half from its beginning and half from its end
_MOST_TOKENS = 100_000_000
_NAME_CHARS = 200  # of the name of a user, a chat, a model; PostgreSQL's indexes hold 2,704 bytes of a row


def read_inlet(body: Any, user: Any) -> Turn:
    """The turn that a body begins."""
    body = mapping(body)
    meta = mapping(body.get("metadata"))
    user_id = _id(mapping(user).get("id"))
    texts = _user_texts(_seen(_messages(body)))
    chat_id = _id(meta.get("chat_id"))
    message_id = _id(meta.get("message_id"))
    user_message_id = _id(meta.get("user_message_id"))
    last = texts[-1] if texts else ""
    so_far = "" if user_message_id else _hash((user_id, *texts))
    features = mapping(body.get("features") or meta.get("features"))
    model, described = _id(body.get("model")), mapping(meta.get("model"))
    info = mapping(described.get("info"))
    capabilities = mapping(mapping(info.get("meta")).get("capabilities"))
    # Of two models side by side only the first is described, and of an arena the arena itself.
    is_described = bool(model) and _id(described.get("id")) == model
    base_model = _id(info.get("base_model_id")) if is_described else ""
    connection = _connection(described, model, base_model) if is_described else "unknown"
    return Turn(
        user_id=user_id,
        text=_kept(last),
        key=message_id or _unnamed(user_id, chat_id, model, texts),
        exchange_key=exchange_key(user_id, chat_id, user_message_id, last) if user_message_id else so_far,
        chat_kind=chat_kind_of(chat_id, message_id),
        chat_id=chat_id,
        user_message_id=user_message_id,
        follows=_follows(meta) if chat_id and user_message_id else "",
        timezone=_id(mapping(meta.get("variables")).get("{{CURRENT_TIMEZONE}}"))[:64],
        language=code_of(mapping(meta.get("variables")).get(LANGUAGE)),
        model=model,
        base_model=base_model,
        described=is_described,
        connection=connection,
        answered_by=_answered_by(meta, described if is_described else {}, base_model or model, connection),
        task=_id(meta.get("task")),
        memory_switch=features.get("memory") is True if features else None,
        memory_capability=capabilities.get("memory") is not False,
        positions=tuple(_hashes((user_id, chat_id), texts)),
        text_before=_kept(texts[-2]) if len(texts) > 1 else "",
        folder=_id(meta.get("folder_id")),
        email=_id(mapping(user).get("email")),
        is_admin=mapping(user).get("role") == "admin",
        name=plain(_text(mapping(user).get("name"))[:_NAME_CHARS]),
        is_others=_is_others(meta, user_id, user_message_id),
        searched=any(features.get(name) is True for name in _SEARCHES)
        or bool(body.get("files") or meta.get("files")),
    )


def read_outlet(body: Any, user: Any) -> Answered | None:
    """The exchange that a body ends; None if it holds none."""
    body = mapping(body)
    user_id = _id(mapping(user).get("id"))
    messages = _messages(body)
    if not messages or messages[-1].get("role") != "assistant":
        return None
    texts = _user_texts(_seen(messages[:-1]))
    if not texts:
        return None
    chat_id, session_id, id_ = (_id(body.get(name)) for name in ("chat_id", "session_id", "id"))
    keys = [id_] if id_ else []
    # A chat in the browser has all three, and its inlet knew the id. That of an API call is made after its
    # inlet: such a turn is found by what was said, to which model, and in which chat if the call named one.
    if not (chat_id and session_id and id_):
        keys.append(_unnamed(user_id, chat_id, _id(body.get("model")), texts))
    return Answered(
        user_id=user_id,
        keys=tuple(keys),
        user_text=_kept(texts[-1]),
        assistant_text=final_text(text_of(messages[-1].get("content"))),
        name=plain(_text(mapping(user).get("name"))[:_NAME_CHARS]),
        chat_kind=chat_kind_of(chat_id),
        prompt_tokens=prompt_tokens(messages[-1].get("usage")),
    )


def prompt_tokens(usage: Any) -> int:
    """How many tokens a server says that a prompt had; 0 where it does not say."""
    told = mapping(usage)
    counts = (told.get(name) for name in ("prompt_tokens", "input_tokens", "prompt_eval_count"))
    return next((count for count in counts if isinstance(count, int) and 0 < count < _MOST_TOKENS), 0)


def with_blocks(body: Mapping[str, Any], blocks: Blocks, *, in_system: bool = False) -> dict[str, Any]:
    """A copy of the body with its blocks, in place of earlier ones of ours; no other message changes.

    Without a system message none is made, for it would take the place of the model's own: the first block
    then stands before the first message of the user. `in_system`: it is made all the same, so that no block
    is among what the user says.
    """
    messages = body["messages"]
    unseen = range(_MESSAGES // 2, len(messages) - _MESSAGES // 2)
    # But for those that hold nothing but a block of ours.
    first = mapping(next((kept for message in messages for kept in _without_block(message)), None))
    before: dict[int, Any] = dict(blocks.before)
    has_system = first.get("role") == "system" and isinstance(first.get("content") or "", str | list)
    if blocks.system and not has_system and not in_system:
        before[0] = prepended(blocks.system, before.get(0, ""))
    told: list[Any] = []
    users = 0
    for at, message in enumerate(messages):
        if at in unseen:
            told.append(message)
            continue
        kept = _without_block(message)
        if mapping(message).get("role") == "user":
            if block := before.get(users):
                kept = [{**message, "content": prepended(block, without_blocks(message.get("content")))}]
            users += 1
        told += kept
    if blocks.system and has_system:
        told[0] = {**told[0], "content": prepended(blocks.system, told[0].get("content"))}
    elif blocks.system and (in_system or not users):
        told.insert(0, {"role": "system", "content": blocks.system})
    return {**body, "messages": told}


def with_answer(body: Mapping[str, Any], answer: str, *, below: bool = False) -> dict[str, Any]:
    """A copy of an outlet's body with another answer, or with this text `below` the answer.

    Open WebUI shows the message items of `output`, and where there are none, `content`.
    """
    *before, last = body["messages"]
    content = f"{text_of(last.get('content'))}\n\n{answer}" if below else answer
    changed = {**last, "content": content}
    if isinstance(output := last.get("output"), list):
        changed["output"] = _added_to(output, answer) if below else [_message_item(output, answer)]
    return {**body, "messages": [*before, changed]}


def _message_item(output: list[Any], answer: str) -> dict[str, Any]:
    items = (item for item in output if mapping(item).get("type") == "message")
    first = next(items, {"type": "message", "id": "msg_memory", "status": "completed", "role": "assistant"})
    return {**first, "content": [{"type": "output_text", "text": answer}]}


def _added_to(output: list[Any], text: str) -> list[Any]:
    """The output with a text after that of its last message; nothing changes where it has none."""
    changed = list(output)
    for at in reversed(range(len(changed))):
        item = mapping(changed[at])
        parts = item.get("content")
        if item.get("type") == "message" and isinstance(parts, list) and parts:
            part = mapping(parts[-1])
            told = {**part, "text": f"{_text(part.get('text'))}\n\n{text}"}
            changed[at] = {**item, "content": [*parts[:-1], told]}
            return changed
    return changed


def _without_block(message: Any) -> list[Any]:
    """The message without our block; nothing if nothing else was in a system message."""
    if not isinstance(message, Mapping) or message.get("role") not in ("system", "user"):
        return [message]
    content = message.get("content")
    rest = without_blocks(content)
    if rest == content:
        return [message]
    return [{**message, "content": rest}] if rest or message.get("role") == "user" else []


def without_blocks(content: Any) -> Any:
    """A message's content, a text or a list of parts, without blocks of ours."""
    if isinstance(content, str):
        return without_block(content)
    if isinstance(content, list):
        return [part for part in content if not _is_block(part)]
    return content


def _is_block(part: Any) -> bool:
    text = _text(mapping(part).get("text"))
    return bool(text) and not without_block(text)


def prepended(block: str, content: Any) -> str | list[Any]:
    """A message's content, a text or a list of parts, with a text before it."""
    if isinstance(content, list):
        return [_part(block, content), *content]
    return f"{block}\n\n{content}" if content else block


def appended(block: str, content: Any) -> str | list[Any]:
    """The same with a text behind it."""
    if isinstance(content, list):
        return [*content, _part(block, content)]
    return f"{content}\n\n{block}" if content else block


def _part(text: str, beside: Sequence[Any]) -> dict[str, Any]:
    of_responses = any(mapping(part).get("type") in _OF_RESPONSES for part in beside)
    return {"type": "input_text" if of_responses else "text", "text": text}


def _messages(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return mappings(body.get("messages"))


def _seen(messages: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of a chat's messages that are looked at."""
    half = _MESSAGES // 2
    return messages if len(messages) <= _MESSAGES else messages[:half] + messages[-half:]


def _user_texts(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the user typed, message by message."""
    return [typed(message) for message in messages if message.get("role") == "user"]


def typed(message: Mapping[str, Any]) -> str:
    """What the user typed of a message: its text parts, whole, without images and files, and what is ours."""
    return without_abstract(without_block(text_of(message.get("content")))).strip()


def exchange_names(turn: Turn, texts: Sequence[str]) -> list[str]:
    """How the exchanges' keys end of a chat's messages: see `context.turns.Past`."""
    if not turn.user_message_id:  # then they are made of all that was said
        return [f"~{name}" if turn.chat_id else name for name in _hashes((turn.user_id,), texts)]
    return [message_id_of(exchange_key("", "", "", text)) for text in texts]


def key_of_cut(turn: Turn, body: Any) -> str:
    """The key by which the outlet finds a turn without ids whose body has lost its oldest messages."""
    return _unnamed(turn.user_id, turn.chat_id, turn.model, _user_texts(_seen(_messages(mapping(body)))))


def seen_numbers(messages: Sequence[Any]) -> list[int]:
    """The numbers of those of a chat's messages that are looked at."""
    numbers = [at for at, one in enumerate(messages) if isinstance(one, Mapping)]
    half = _MESSAGES // 2
    return numbers if len(numbers) <= _MESSAGES else numbers[:half] + numbers[-half:]


def _kept(text: str) -> str:
    """What of a message is looked at; of a command one character more than it may have."""
    if len(text) > TEXT_CHARS:
        is_long_command = read_command(text) is not None
        text = text[: COMMAND_CHARS + 1] if is_long_command else capped(text, TEXT_CHARS)
    return plain(text)


def text_of(content: Any) -> str:
    """The text of a message's content, without images and files."""
    if isinstance(content, str):
        return content
    return "\n".join(_text(part.get("text")) for part in mappings(content) if part.get("type") in _TEXTS)


def final_text(text: str) -> str:
    """What of an answer is said to the user: no reasoning, and not more than is looked at."""
    return plain(capped(without_thoughts(capped(text, _ANSWER_CHARS)).strip(), TEXT_CHARS))


def _connection(described: Mapping[str, Any], model: str, base_model: str) -> Local:
    """Where a model runs, as the admin has said of its connection; a workspace model where its base does.

    Ollama's cloud models come through a connection that is local.
    """
    told = described.get("connection_type")
    if told == "external" or mapping(described.get("ollama")).get("remote_host"):
        return "external"
    if any(is_ollama_cloud(name) for name in (model, base_model)):
        return "external"
    return "local" if told == "local" else "unknown"


def _answered_by(
    meta: Mapping[str, Any], described: Mapping[str, Any], model: str, connection: Local
) -> AnsweredBy:
    """Functions' models, those of Pipelines and users' own connections are on no server of the chats."""
    is_program = described.get("pipe") or described.get("pipeline")
    if is_program or meta.get("direct") is True or described.get("direct") is True:
        return AnsweredBy(local=connection)
    owner = _text(described.get("owned_by"))
    return AnsweredBy(model, connection, owner if owner in ("openai", "ollama") else "")


def _follows(meta: Mapping[str, Any]) -> str:
    """ "start" for a chat's first message, whose parent is null."""
    message = mapping(meta.get("user_message"))
    return _id(message.get("parentId")) or ("start" if "parentId" in message else "")


def _is_others(meta: Mapping[str, Any], user_id: str, user_message_id: str) -> bool:
    """Whether another user wrote the message: in a shared chat, anyone may ask for another answer to it."""
    message = mapping(meta.get("user_message"))
    is_meant = user_id == _id(meta.get("user_id")) and user_message_id == _id(message.get("id"))
    return bool(user_id and user_message_id) and is_meant and _id(message.get("user_id")) not in ("", user_id)


def _unnamed(user_id: str, chat_id: str, model: str, texts: list[str]) -> str:
    """The key of a turn whose answer has no id yet."""
    return _hash(("turn", user_id, chat_id, model, *texts))


def _hash(texts: Iterable[str]) -> str:
    *_, last = _hashes((), texts)
    return last


def _hashes(head: Iterable[str], texts: Iterable[str]) -> Iterator[str]:
    """For each text, a name of all up to it."""
    digest = blake2b(digest_size=16)
    for text in head:
        digest.update(text.encode(errors="surrogatepass") + b"\0")
    for text in texts:
        digest.update(text.encode(errors="surrogatepass") + b"\0")
        yield HASHED + digest.hexdigest()


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is one, else nothing."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """Those that are in a list; none where the value is no list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def role_of(message: Any) -> Any:
    return mapping(message).get("role")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _id(value: Any) -> str:
    """A name as Open WebUI or an API client made it; of a very long one its begin and a hash."""
    text = _text(value)
    return plain(text if len(text) <= _NAME_CHARS else f"{text[: _NAME_CHARS // 2]}~{_hash((text,))}")
