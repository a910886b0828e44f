"""
title: Demo (no model, shows the memory block)
author: the owui-memory authors
version: 0.1.0
license: MIT
description: No language model at all: it answers with the memories that it was given. To see memory work.
"""

import json
import re
from collections.abc import Iterator

BLOCK = re.compile(r"<user_memories>(.*?)</user_memories>", re.DOTALL)
SAY = "Reply with: "
WORD = re.compile(r"\w{3,}")
SMALL_WORDS = {"and", "are", "for", "have", "how", "that", "the", "this", "was", "what", "who", "you"}


class Pipeline:
    def __init__(self):
        self.name = "Demo (no model, shows the memory block)"

    def pipe(self, user_message, model_id, messages, body):
        """The answer: word by word for a stream, else whole."""
        question = BLOCK.sub("", user_message or "")
        answer = task_answer(question) or chat_answer(question, messages)
        return words(answer) if body.get("stream") else answer


def chat_answer(question: str, messages: list[dict]) -> str:
    memories = given_memories(messages)
    if not memories:
        return (
            "I am a demo without a language model, and I was given **no memories** for this message. "
            "Tell me something about yourself, then ask about it in a new chat."
        )
    ranked = sorted(memories, key=lambda memory: -len(key_words(memory) & key_words(question)))
    listed = "\n".join(f"- {memory}" for memory in ranked)
    count = sum(not memory.startswith("[") for memory in ranked)  # a day or title in brackets heads quotes
    number = "1 memory" if count == 1 else f"{count} memories"
    return f"I am a demo without a language model. For this message I was given **{number}**:\n\n{listed}"


def given_memories(messages: list[dict]) -> list[str]:
    """The lines of all memory blocks, in whichever messages they stand."""
    lines = [
        line
        for message in messages
        if message.get("role") in ("system", "user")
        for block in BLOCK.findall(str(message.get("content")))
        for line in block.splitlines()
    ]
    return [line[2:].strip() for line in lines if line.startswith("- ")]


def key_words(text: str) -> set[str]:
    return {word.rstrip("s") for word in WORD.findall(text.lower())} - SMALL_WORDS


def task_answer(prompt: str) -> str | None:
    """What Open WebUI's background tasks and the filter ask for, in their form; None for a chat message."""
    if prompt.startswith(SAY):  # in place of a command to the filter
        return prompt.removeprefix(SAY)
    if not prompt.startswith("### Task:"):
        return None
    if '"title"' in prompt:
        return json.dumps({"title": title_from(prompt)})
    for key in ("tags", "follow_ups", "queries"):
        if f'"{key}"' in prompt:
            return json.dumps({key: []})
    return json.dumps({"text": ""})


def title_from(prompt: str) -> str:
    """The first words that the user said."""
    said = re.search(r"<chat_history>\s*USER:\s*(.+)", prompt)
    first = said[1].split() if said else ["Demo"]
    return " ".join(first[:5]) + (" ..." if len(first) > 5 else "")


def words(text: str) -> Iterator[str]:
    yield from re.findall(r"\s*\S+", text)
